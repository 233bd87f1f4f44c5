"""Requirements of an environment, and the distributions that meet them: of those imported alike, it holds one."""

import contextlib
import importlib.metadata
from collections.abc import Iterable, Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement

from harness.regression import installed
from harness.regression.installed import canonical

SAME_IMPORT_NAME = {  # import name -> distributions that install the same files
    "keras": {"keras", "keras-nightly"},
    "numpy": {"numpy", "intel-numpy"},
    "tensorflow": {
        *("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-rocm", "tensorflow-tpu"),
        *("tf-nightly", "tf-nightly-cpu", "tf-nightly-gpu", "tf-nightly-tpu"),
        *("intel-tensorflow", "intel-tensorflow-avx512"),
    },
}
IMPORTED_AS = {name: package for package, names in SAME_IMPORT_NAME.items() for name in names}


class NotBuilt(ValueError):
    """An exception for a request for versions that makes no sense or cannot be met. The message is one line."""


@contextlib.contextmanager
def errors_in_a_line() -> Iterator[None]:
    """Raise `NotBuilt` for an error of the system, such as a full disk."""
    try:
        yield
    except OSError as error:
        raise NotBuilt(f"no environment can be kept: {error}") from None


def parsed(requirement: str) -> Requirement:
    """Parse a requirement such as "keras==3.14.1". Raises `NotBuilt` if it is none, or has no fixed content."""
    try:
        result = Requirement(requirement)
    except InvalidRequirement as error:
        raise NotBuilt(f'{requirement!r} is no requirement such as "keras==3.14.1": {error}'.split("\n")[0]) from None
    if (result.url or "").startswith("file:"):
        raise NotBuilt(f"{requirement!r} may change under the same name: install it, and give its python to --*-python")
    if result.marker and not result.marker.evaluate({"extra": ""}):
        raise NotBuilt(f"{requirement!r} has no effect: {result.marker} is false here")
    return result


def chosen(requirements: Iterable[str], packages: Iterable[str]) -> tuple[set[str], set[str]]:
    """Choose the distributions that an environment must hold, and those that it must not hold.

    `packages` are import names. Of distributions that are imported alike, the required one is chosen, or else the
    installed one. Raises `NotBuilt` if these are several.
    """
    required = {canonical(parsed(requirement).name) for requirement in requirements}
    held = required.union(*map(providers, packages))
    excluded = set()
    for package, alike in SAME_IMPORT_NAME.items():
        able = required & alike or providers(package)
        if len(able) > 1:
            raise NotBuilt(f"{' and '.join(sorted(able))} overwrite each other, as both are {package}: name one")
        if dependents(package) & set(map(package_of, held)):
            held |= able
        excluded |= alike - able
    return held - excluded, excluded


def given_or_installed(given: Sequence[str], packages: Iterable[str]) -> Sequence[str]:
    """Return these requirements, or else the installed versions of the distributions that provide these packages."""
    if given:
        return given
    versions = installed.versions()
    names = sorted(set().union(*map(providers, packages)))
    return [f"{name}=={versions[name]}" for name in names if name in versions]


def dependents(distribution: str) -> set[str]:
    """Return the installed distributions that need this one, directly or not, and itself, as `package_of` names."""
    needs = {
        name: {
            package_of(need.name)
            for need in map(Requirement, each.requires or ())
            if not need.marker or need.marker.evaluate({"extra": ""})
        }
        for name, each in installed.distributions().items()
    }
    result = {package_of(distribution)}
    while more := {package_of(name) for name in needs if needs[name] & result} - result:
        result |= more
    return result


def package_of(distribution: str) -> str:
    """Return one name for all distributions that are imported alike: `keras-nightly` -> `keras`."""
    return IMPORTED_AS.get(canonical(distribution), canonical(distribution))


def providers(package: str) -> set[str]:
    """Return the installed distributions with this import name, or the name itself if there is none."""
    by_name = {name for name in installed.distributions() if package_of(name) == canonical(package)}
    others = () if by_name else importlib.metadata.packages_distributions().get(package, ())  # PIL -> pillow
    return by_name or set(map(canonical, filter(None, others))) or {canonical(package)}
