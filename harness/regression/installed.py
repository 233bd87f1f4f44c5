"""Installed distributions, and modules that this process has imported. Standard library only: it runs in workers."""

import contextlib
import functools
import importlib.metadata
import platform
import re
import sys
from collections.abc import Collection
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any


def canonical(name: str) -> str:
    """Return the normalized name of a distribution: `Intel_TensorFlow` -> `intel-tensorflow`."""
    return re.sub(r"[-_.]+", "-", name).lower()


@functools.cache
def distributions() -> dict[str, Distribution]:
    """Return the installed distributions by canonical name; of several with one name, the first that Python finds.

    Leftovers of pip, such as `~eras-3.1.dist-info`, and incomplete metadata do not count.
    """
    result = {}
    for name in {each.name for each in filter(_is_complete, importlib.metadata.distributions())}:
        if first := next(filter(_is_complete, importlib.metadata.distributions(name=name)), None):
            result[canonical(name)] = first
    return result


def versions() -> dict[str, str]:
    """Return the version of each distribution by canonical name."""
    return {name: each.version for name, each in distributions().items()}


def versions_with_python() -> dict[str, str]:
    """Return the same with the version of this interpreter, as "python"."""
    return {"python": platform.python_version(), **versions()}


def imported(packages: Collection[str], required: Collection[str]) -> dict[str, dict[str, Any]]:
    """Describe each of `packages`, and those of the distributions `required`, if it is imported and has a version.

    - `version`, `file`: of the module.
    - `inside`: whether the file lies in the environment of this interpreter.
    - `distributions`: "name==version" of those that provide it by their metadata; several if some are stale.
    """
    providers: dict[str, set[str]] = {}
    wanted = set(packages)
    for each in filter(_is_complete, importlib.metadata.distributions()):
        with contextlib.suppress(UnicodeDecodeError):
            for package in _provided(each):
                providers.setdefault(package, set()).add(f"{canonical(each.name)}=={each.version}")
                wanted |= {package} if canonical(each.name) in required else set()
    modules = {package: sys.modules[package] for package in sorted(wanted & sys.modules.keys())}
    return {
        package: {
            "version": str(module.__version__),
            "file": module.__file__,
            "inside": Path(module.__file__).is_relative_to(sys.prefix),
            "distributions": sorted(providers.get(package, ())),
        }
        for package, module in modules.items()
        if getattr(module, "__version__", None) and getattr(module, "__file__", None)
    }


def _is_complete(distribution: Distribution) -> bool:
    with contextlib.suppress(Exception):  # importlib.metadata raises several, by version of Python
        return bool(distribution.name and distribution.version)
    return False


def _provided(distribution: Distribution) -> set[str]:
    """Return its top-level packages; none if it is editable, as its metadata are of the day of its installation."""
    if '"editable": true' in (distribution.read_text("direct_url.json") or ""):
        return set()
    declared = (distribution.read_text("top_level.txt") or "").split()
    return set(declared) or {file.parts[0].removesuffix(".py") for file in distribution.files or ()}
