"""Check that each side is the version that was requested: by its imports, its requirements and its metadata."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

import impls
from harness.regression.installed import canonical, imported
from harness.regression.pair import SIDES, Pair
from harness.regression.versions import Side

Imported = Mapping[str, Mapping[str, Any]]  # package -> its description by `imported`


class Contradiction(BaseException):
    """An exception for a side that is not the requested version. It ends the run: no `except Exception` catches it."""


def identified(pair: Pair, sides: Sequence[Side]) -> dict[str, Imported]:
    """Return the imports of each side, which must be built. Raises `Contradiction`, and the errors of `Pair.run`."""
    requirements = [list(map(Requirement, side.requirements)) for side in sides]
    required = sorted({canonical(each.name) for of_side in requirements for each in of_side})
    packages = ["numpy"] if pair.built else [*impls.variants()[pair.variant].packages, "numpy"]
    result = dict(zip(SIDES, pair.run(imported, packages, required), strict=True))
    for (name, modules), of_side in zip(result.items(), requirements, strict=True):
        for package, module in modules.items():
            for problem in _problems(package, module, of_side):
                found = f"{package} {module['version']} from {module['file']}"
                raise Contradiction(f"{pair.variant}: the {name} imports {found}, {problem}")
    return result


def _problems(package: str, module: Mapping[str, Any], requirements: Sequence[Requirement]) -> Iterator[str]:
    """Yield each problem; `requirements` are those of the environment, empty if it was not built for this run."""
    pins = [pin.partition("==") for pin in module["distributions"]]
    names = {name for name, *_ in pins} or {canonical(package)}
    if requirements and not module["inside"]:
        yield f"outside of the environment that was built for {', '.join(map(str, requirements))}"
    if requirements and len(names) > 1:
        yield f"and {' and '.join(sorted(names))} overwrite each other: name one"
    for requirement in requirements:
        if canonical(requirement.name) in names and not allows(str(requirement.specifier), module["version"]):
            yield f"but {requirement} is required: `make clean-envs` has the environment built anew"
    if pins and not any(allows(f"=={version}", module["version"]) for *_, version in pins):
        yield f"but its metadata are of {', '.join(module['distributions'])}: install it anew"


def allows(specifier: str, version: str) -> bool:
    """Return whether a module of this version may have been installed by a specifier such as "==2.15.0+cpu".

    A local part that only one of both has is ignored. A version that cannot be parsed is allowed.
    """
    try:
        compared = specifier if Version(version).local else re.sub(r"\+[\w.]+", "", specifier)
        return SpecifierSet(compared).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True
