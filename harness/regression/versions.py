"""What an upgrade is about: its two sides, the variants that it concerns, and what is asked of each."""

import argparse
import contextlib
import difflib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import pytest

import impls
from harness.regression import environments
from harness.regression.pair import SIDES
from harness.regression.requirements import (
    IMPORTED_AS,
    NotBuilt,
    as_installed,
    depends_on,
    imported_as,
    package_of,
    parsed,
)
from harness.workers import interpreter

ACCURACY = "accuracy"


class Side(NamedTuple):
    """A version: what was asked for, in words, the interpreter that has it, and what that was built for, if it was."""

    wanted: str
    python: str
    requirements: tuple[str, ...] = ()


def sides(option: argparse.Namespace, variants: Iterable[str], say: Callable[[str], None]) -> list[Side]:
    """The baseline and the candidate that were asked for, with their environments built if need be.

    Who is compared with a built environment gets one, too, of the versions that are installed here: what else is
    installed, and how, has an influence of its own. Raises `environments.NotBuilt`. `say` hears what takes minutes.
    """
    check_interpreters(option)
    packages = {package for variant in variants for package in impls.variants()[variant].packages}
    pins = _resolved(option, packages) if option.baseline or option.candidate else {}
    if len(pins) == 2 and len(set(pins.values())) == 1:
        say("both sides are alike: the same version of each package")
    return [_side(option, side, pins.get(side), packages, say) for side in SIDES]


def _resolved(option: argparse.Namespace, packages: set[str]) -> dict[str, str]:
    """Side -> exact versions of all that its environment is to hold: of both, before either is built."""
    environments.folder()
    pins = {}
    for side in SIDES:
        if not getattr(option, f"{side}_python"):
            with _said_of(side):
                pins[side] = environments.resolve(getattr(option, side) or as_installed(packages), packages)
    return pins


def check_interpreters(option: argparse.Namespace) -> None:
    """Raise `environments.NotBuilt` unless the interpreters that are named can run workers."""
    for side in SIDES:
        python = getattr(option, f"{side}_python")
        flaw = python and interpreter.flaw(python, option.worker_timeout)
        if flaw:
            raise NotBuilt(f"--{side}-python: {flaw}")


def _side(
    option: argparse.Namespace, side: str, pins: str | None, packages: set[str], say: Callable[[str], None]
) -> Side:
    if python := getattr(option, f"{side}_python"):
        return Side(python, python)
    if pins is None:
        return Side("the current environment", sys.executable)
    name = ", ".join(getattr(option, side)) or "the installed versions"
    say(f"the environment of {name}: some minutes, the first time")
    wanted = getattr(option, side) or as_installed(packages)
    with _said_of(side):
        return Side(name, str(environments.built(pins, packages, environments.folder())), tuple(wanted))


@contextlib.contextmanager
def _said_of(side: str) -> Iterator[None]:
    try:
        yield
    except environments.ForNumPy1 as error:
        raise NotBuilt(f"the {side}: {error}: add --{side} 'numpy<2'") from None
    except NotBuilt as error:
        raise NotBuilt(f"the {side}: {error}") from None


def affected(option: argparse.Namespace, variants: list[str]) -> list[str]:
    """The variants of which a package, or one that it needs, is named by a requirement; those of `--framework`.

    Raises `pytest.UsageError` if there are none, or a requirement makes no sense.
    """
    if not (option.baseline or option.candidate):
        return variants
    try:
        named = {parsed(text).name for text in [*option.baseline, *option.candidate]}
    except NotBuilt as error:
        raise pytest.UsageError(str(error)) from None
    if option.framework:
        return variants
    changed = set().union(*map(depends_on, named))
    needed = {name: _needs(name) for name in variants}
    found = [name for name in variants if changed & needed[name]]
    if not found:
        known = {*IMPORTED_AS, *set().union(*needed.values())}
        near = [name for text in sorted(named) for name in difflib.get_close_matches(text, known, n=1)]
        raise pytest.UsageError(
            f"nothing here depends on {', '.join(sorted(named))}{f' (is it {near[0]}?)' if near else ''}; "
            "name with --framework what is to be compared"
        )
    return found


def _needs(variant: str) -> set[str]:
    return {package_of(name) for package in impls.variants()[variant].packages for name in imported_as(package)}


def claims_of(items: Iterable[pytest.Item]) -> dict[str, list[str]]:
    """Variant -> what the tests that were collected ask of it."""
    claims: dict[str, list[str]] = {}
    for parameters in (item.callspec.params for item in items if "upgraded" in item.fixturenames):
        claim = parameters.get("check") or parameters.get("quantity") or ACCURACY
        claims.setdefault(parameters["upgraded"], []).append(claim)
    return claims
