"""The two sides of an upgrade, and the variants that it concerns."""

import argparse
import difflib
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import impls
from harness import HAS_PIP
from harness.regression import content, environments, pip
from harness.regression.pair import SIDES
from harness.regression.requirements import IMPORTED_AS, NotBuilt, dependents, package_of, parsed, providers
from harness.workers import interpreter

ACCURACY = "accuracy"


class Side(NamedTuple):
    """A version: its name, its interpreter, and the requirements that its environment was built for, if it was."""

    wanted: str
    python: str
    requirements: tuple[str, ...] = ()


class Compared(NamedTuple):
    """The variants of which two versions are compared, or the files of their runtimes.

    - `packages`: for each name of these, what the environments of both sides must be able to import.
    - `requirements(given, packages)`: returns all of a side for which the command line gives these.
    - `checks`, `quantities`: what is compared.
    - `unnamed`: the name of a side for which the command line gives none.
    - `built(request, names)`: returns what is built in place of these variants, as in `Pairs`. The last argument of
      each is the file that workers read; `request` is pytest's. Raises `NotBuilt`.
    """

    packages: Mapping[str, Collection[str]]
    requirements: Callable[[list[str], Collection[str]], Sequence[str]]
    checks: Sequence[str]
    quantities: Sequence[str]
    unnamed: str = "the installed versions"
    built: Callable[[Any, Iterable[str]], Mapping[str, tuple]] = lambda request, names: {}


def sides(
    option: argparse.Namespace, compared: Compared, names: Iterable[str], say: Callable[[str], None]
) -> list[Side]:
    """Return the baseline and the candidate of the command line. Build their environments if necessary.

    If one side is built, the other is built, too: a comparison with the current environment would include its other
    packages. `names` are those of `compared` that are asked about. Raises `NotBuilt`. `say` gets a line before each
    long step.
    """
    pythons = {side: getattr(option, f"{side}_python") for side in SIDES}
    for side, python in pythons.items():
        problem = python and interpreter.problem(python, option.worker_timeout)
        if problem:
            raise NotBuilt(f"--{side}-python: {problem}")
    result = {
        side: Side(python or "the current environment", python or sys.executable) for side, python in pythons.items()
    }
    built = [side for side in SIDES if not pythons[side]] if option.baseline or option.candidate else []
    if built:
        if not HAS_PIP:
            say(pip.UNREAD)
        root = environments.folder()
        packages = set().union(*(compared.packages[name] for name in names))
        wanted = {side: compared.requirements(getattr(option, side), packages) for side in built}
        pins = {side: _of(side, content.resolve, wanted[side], packages) for side in built}
        if len(pins) == 2 and len(set(pins.values())) == 1:
            say("both sides are alike: the same version of each package")
    for side in built:
        name = ", ".join(getattr(option, side)) or compared.unnamed
        say(f"the environment of {name}: some minutes, the first time")
        python = _of(side, environments.built, pins[side], packages, root)
        result[side] = Side(name, str(python), tuple(wanted[side]))
    return list(result.values())


def _of(side: str, function: Callable, *arguments: Any) -> Any:
    """Call the function. Its `NotBuilt` names the side."""
    try:
        return function(*arguments)
    except NotBuilt as error:
        raise NotBuilt(f"the {side}: {error}") from None


def affected(option: argparse.Namespace, variants: list[str]) -> list[str]:
    """Return the variants with a package that a requirement names, or that needs one; those of `--framework` if given.

    Raises `NotBuilt` if there are none, or a requirement makes no sense.
    """
    required = sorted({parsed(text).name for text in [*option.baseline, *option.candidate]})
    if not required or option.framework:
        return variants
    changed = set().union(*map(dependents, required))
    needed = {
        name: {package_of(each) for package in impls.variants()[name].packages for each in providers(package)}
        for name in variants
    }
    result = [name for name in variants if changed & needed[name]]
    if not result:
        known = {*IMPORTED_AS, *set().union(*needed.values())}
        near = [name for text in required for name in difflib.get_close_matches(text, known, n=1)]
        raise NotBuilt(
            f"nothing here depends on {', '.join(required)}{f' (is it {near[0]}?)' if near else ''}; "
            "name with --framework the variants to compare"
        )
    return result
