"""Is each side what was asked for? What was really imported, beside the requirements and the metadata."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

import impls
from harness.regression.imported import imported
from harness.regression.installed import canonical
from harness.regression.pair import SIDES, Pair
from harness.regression.versions import Side

Imported = Mapping[str, Mapping[str, Any]]  # package -> what `harness.regression.imported` tells of it


class Contradiction(BaseException):
    """A side is not what was asked for. It ends the run: who handles failures must not take it for one."""


def identified(pair: Pair, sides: Sequence[Side]) -> dict[str, Imported]:
    """What each side, which must be built, has imported. Raises `Contradiction`, and what `Pair.run` raises."""
    requirements = [list(map(Requirement, side.requirements)) for side in sides]
    named = sorted({canonical(each.name) for of_side in requirements for each in of_side})
    packages = [*impls.variants()[pair.variant].packages, "numpy"]
    found = dict(zip(SIDES, pair.run(imported, packages, named), strict=True))
    for (name, of_side), asked in zip(found.items(), requirements, strict=True):
        for flaw in _contradictions(of_side, asked):
            raise Contradiction(f"{pair.variant}: the {name} {flaw}")
    return found


def _contradictions(imported: Imported, asked: Sequence[Requirement]) -> Iterator[str]:
    """`asked` is what the environment was built for, if it was built."""
    for package, module in imported.items():
        says = f"imports {package} {module['version']} from {module['file']}"
        if asked and not module["inside"]:
            yield f"{says}, which is outside of the environment that was built for {', '.join(map(str, asked))}"
        pins = [pin.partition("==") for pin in module["distributions"]]
        names = {name for name, *_ in pins} or {canonical(package)}
        for requirement in asked:
            if canonical(requirement.name) in names and not allows(str(requirement.specifier), module["version"]):
                yield f"{says}, and {requirement} was asked for; `make clean-envs` lets the environment be built anew"
        if pins and not any(allows(f"=={version}", module["version"]) for *_, version in pins):
            yield f"{says}, where its metadata say {', '.join(module['distributions'])}: install it anew"


def allows(specifier: str, version: str) -> bool:
    """Whether a module of this version may be what the specifier means, such as "==2.15.0+cpu".

    A local part that only one of both has contradicts nothing, and neither does what is no version at all.
    """
    try:
        asked = specifier if Version(version).local else re.sub(r"\+[\w.]+", "", specifier)
        return SpecifierSet(asked).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True
