"""What is installed for this interpreter. Standard library alone: it is asked in workers, too."""

import importlib.metadata
import platform
import re


def canonical(name: str) -> str:
    """The name of a distribution as indexes compare it: `Intel_TensorFlow` -> `intel-tensorflow`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(path: list[str] | None = None) -> dict[str, importlib.metadata.Distribution]:
    """By canonical name, in the folders of `path` (`sys.path`).

    Of several of one name, it is the one that Python finds first, as `importlib.metadata.version` does. What pip left
    of one that it removed (`~eras-3.1.dist-info`), or what has no name or no version, is none.
    """
    where = {} if path is None else {"path": path}
    found = {}
    for name in {each.name for each in importlib.metadata.distributions(**where) if each.name}:
        whole = (each for each in importlib.metadata.distributions(name=name, **where) if each.name and each.version)
        if first := next(whole, None):
            found[canonical(name)] = first
    return found


def versions() -> dict[str, str]:
    """Canonical name -> version."""
    return {name: each.version for name, each in distributions().items()}


def versions_with_python() -> dict[str, str]:
    return {"python": platform.python_version(), **versions()}
