"""What an upgrade is about: its two sides, the variants that it concerns, and what is asked of each."""

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest
from packaging.utils import canonicalize_name

import impls
from harness import interpreter
from harness.host import Host
from harness.regression import environments

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
    if not option.host:
        check_interpreters(option)
    packages = {package for variant in variants for package in impls.variants()[variant].packages}
    builds = bool(option.baseline or option.candidate)
    return [
        _side(python, requirements, packages, builds, say)
        for python, requirements in (
            (option.baseline_python, option.baseline),
            (option.candidate_python, option.candidate),
        )
    ]


def check_interpreters(option: argparse.Namespace, host: Host | None = None) -> None:
    """Raise `environments.NotBuilt` unless the interpreters that are named can run workers: here, or on the host."""
    for side in ("baseline", "candidate"):
        question = (getattr(option, f"{side}_python"), option.worker_timeout)
        flaw = question[0] and (host.do(interpreter.flaw, *question) if host else interpreter.flaw(*question))
        if flaw:
            raise environments.NotBuilt(f"--{side}-python: {flaw}")


def _side(python: str, requirements: list[str], packages: set[str], builds: bool, say: Callable[[str], None]) -> Side:
    if python:
        return Side(python, python)
    if not requirements and not builds:
        return Side("the current environment", sys.executable)
    wanted = requirements or environments.as_installed(packages)
    name = ", ".join(requirements) or "the installed versions"
    say(f"the environment of {name}: some minutes, the first time")
    return Side(name, str(environments.obtain(wanted, packages)), tuple(wanted))


def affected(option: argparse.Namespace, variants: list[str]) -> list[str]:
    """The variants of which a package, or one that it needs, is named by a requirement; those of `--framework`."""
    if option.framework or not (option.baseline or option.candidate):
        return variants
    try:
        named = {environments.parsed(text).name for text in [*option.baseline, *option.candidate]}
    except environments.NotBuilt as error:
        raise pytest.UsageError(str(error)) from None
    changed = set().union(*map(environments.depends_on, named))
    found = [name for name in variants if changed & set(map(canonicalize_name, impls.variants()[name].packages))]
    if not found:
        raise pytest.UsageError(
            f"nothing here depends on {', '.join(sorted(named))}; name with --framework what is to be compared"
        )
    return found


def claims_of(items: Iterable[pytest.Item]) -> dict[str, list[str]]:
    """Variant -> what the tests that were collected ask of it."""
    claims: dict[str, list[str]] = {}
    for parameters in (item.callspec.params for item in items if "upgraded" in item.fixturenames):
        claim = parameters.get("check") or parameters.get("quantity") or ACCURACY
        claims.setdefault(parameters["upgraded"], []).append(claim)
    return claims
