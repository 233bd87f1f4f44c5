"""What an upgrade is about: its two sides, the variants that it concerns, and what is asked of each."""

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest
from packaging.utils import canonicalize_name

import impls
from harness import environments

ACCURACY = "accuracy"


class Side(NamedTuple):
    """A version: what was asked for, in words, and the interpreter that has it."""

    wanted: str
    python: str


def side(option: argparse.Namespace, name: str, variants: Iterable[str], say: Callable[[str], None]) -> Side:
    """The "baseline" or the "candidate" that was asked for, its environment built if need be.

    Raises `environments.NotBuilt`. `say` hears what takes minutes.
    """
    packages = {package for variant in variants for package in impls.variants()[variant].packages}
    python, requirements = getattr(option, f"{name}_python"), getattr(option, name)
    if python:
        return Side(python, python)
    if requirements:
        return Side(", ".join(requirements), str(environments.obtain(requirements, packages, say)))
    return Side("the current environment", sys.executable)


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
