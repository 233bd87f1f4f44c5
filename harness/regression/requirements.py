"""What is asked of an environment, and the distributions that it stands for: of those imported alike, it holds one."""

import functools
import importlib.metadata
from collections.abc import Iterable
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from harness.regression import installed
from harness.regression.installed import canonical

IMPORTED_AS = {
    "intel-numpy": "numpy",
    "keras-nightly": "keras",
    "intel-tensorflow": "tensorflow",
    "intel-tensorflow-avx512": "tensorflow",
    "tensorflow-aarch64": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-cpu-aws": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-intel": "tensorflow",
    "tensorflow-macos": "tensorflow",
    "tensorflow-rocm": "tensorflow",
    "tf-nightly": "tensorflow",
    "tf-nightly-cpu": "tensorflow",
    "tf-nightly-cpu-aws": "tensorflow",
    "tf-nightly-gpu": "tensorflow",
    "tf-nightly-intel": "tensorflow",
    "tf-nightly-macos": "tensorflow",
    "tf-nightly-tpu": "tensorflow",
}
# On some systems, tensorflow or tf-nightly is empty, and needs the one of these that holds it.
PARTS = {
    f"{whole}-{system}" for whole in ("tensorflow", "tf-nightly") for system in ("cpu-aws", "intel", "macos", "aarch64")
}


class NotBuilt(Exception):
    """An environment that was asked for cannot be had; the message says why, and nothing is left of it."""


def parsed(requirement: str) -> Requirement:
    """Raises `NotBuilt` if it is no requirement of a package that stays what it is, such as "keras==3.14.1"."""
    try:
        found = Requirement(requirement)
    except InvalidRequirement as error:
        raise NotBuilt(f'{requirement!r} is no requirement such as "keras==3.14.1": {error}'.split("\n")[0]) from None
    if (found.url or "").startswith("file:"):
        raise NotBuilt(
            f"{requirement!r} may change while its name stays: install it, and name its python with --*-python"
        )
    if found.marker and not found.marker.evaluate({"extra": ""}):
        raise NotBuilt(f"{requirement!r} asks for nothing: {found.marker} is not so here")
    return found


class Chosen(NamedTuple):
    """Names of distributions: `held` by an environment, with all that they need but the `rivals`, which would be
    written over them."""

    held: set[str]
    rivals: set[str]


def chosen(requirements: Iterable[str], packages: Iterable[str]) -> Chosen:
    """Of the distributions imported alike: the one that is named, or else the one that is installed here.

    Raises `NotBuilt` if these are several.
    """
    named = {canonical(parsed(requirement).name) for requirement in requirements}
    wanted = set().union(*map(imported_as, packages))
    held = named | {name for name in wanted if package_of(name) not in map(package_of, named)}
    rivals = set()
    for package in set(IMPORTED_AS.values()):
        able = {name for name in named if package_of(name) == package} or imported_as(package)
        if len(able - PARTS) > 1:
            raise overwritten(able, package)
        if depends_on(package) & set(map(package_of, wanted)):
            held |= able
        rivals |= {package, *(name for name in IMPORTED_AS if IMPORTED_AS[name] == package)} - able - PARTS
    return Chosen(held, rivals)


def overwritten(distributions: Iterable[str], package: str) -> NotBuilt:
    """What to raise of distributions that are imported alike."""
    return NotBuilt(f"{' and '.join(sorted(distributions))} would be written over each other, as {package}: name one")


def as_installed(packages: Iterable[str]) -> list[str]:
    """Requirements of exactly the versions that are installed here of what is imported as `packages`."""
    versions = installed.versions()
    names = sorted(set().union(*map(imported_as, packages)))
    return [f"{name}=={versions[name]}" for name in names if name in versions]


def depends_on(distribution: str) -> set[str]:
    """What is installed here and needs this, or another that is imported alike, directly or not, and itself.

    Each by its name as of `package_of`.
    """
    needs = [
        (
            package_of(name),
            {
                package_of(need.name)
                for need in map(Requirement, each.requires or ())
                if not need.marker or need.marker.evaluate({"extra": ""})
            },
        )
        for name, each in installed.distributions().items()
    ]
    found, before = {package_of(distribution)}, set()
    while found != before:
        before = set(found)
        found |= {name for name, of_it in needs if of_it & found}
    return found


def package_of(distribution: str) -> str:
    """One name for all distributions that are imported alike: `keras-nightly` -> `keras`."""
    return IMPORTED_AS.get(canonical(distribution), canonical(distribution))


def imported_as(package: str) -> set[str]:
    """The distributions installed here that are imported by this name; one of this name, if none is."""
    alike = {name for name in installed.distributions() if package_of(name) == canonical(package)}
    return alike or _of_other_names().get(package) or {canonical(package)}


@functools.cache
def _of_other_names() -> dict[str, set[str]]:
    """Import -> distributions, as `PIL` -> `pillow`."""
    found = importlib.metadata.packages_distributions().items()
    return {package: set(map(canonical, filter(None, names))) for package, names in found}
