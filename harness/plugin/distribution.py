"""Under pytest-xdist: tests that share a worker, or else a file, share a process."""

import re
from functools import cache

import pytest
from xdist.scheduler import LoadScopeScheduling

import impls


@cache
def _naming() -> re.Pattern[str]:
    """Finds the longest name of a variant or framework among the parameters of a test."""
    known = impls.variants().values()
    names = {name for variant in known for name in (variant.name, variant.implementation, *variant.packages)}
    longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(rf"\[(?:.*?-)??({longest_first})(?:-.*)?\]$")


def group(nodeid: str) -> str:
    """The variant or framework that a test of tests/ names among its parameters; otherwise its file."""
    file, _, test = nodeid.partition("::")
    named = _naming().search(test)
    return named[1] if named and file.count("/") == 1 else file


class Scheduling(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> Scheduling | None:
    """Unless another --dist was asked for."""
    return Scheduling(config, log) if config.option.dist == "load" else None
