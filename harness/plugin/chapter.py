"""A chapter of the suite: its marker, the tests that it selects, and its tables, declared in one file.

A chapter is a pytest plugin with a `CHAPTER`: a file in harness/plugin/chapters/, or a module named by `pytest -p`. It
holds the fixtures and options of its tests as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.table import Table

from harness.plugin.stash import REFERENCES
from harness.report.record import Result
from impls import Case

FOLDER = Path(__file__).parent / "chapters"
CHAPTERS = [f"harness.plugin.chapters.{path.stem}" for path in sorted(FOLDER.glob("[!_]*.py"))]


@dataclass(frozen=True)
class Chapter:
    """An optional part of the suite, which an implementation has if it has the chapter's file.

    - `marker`, `description`: the marker of the chapter's tests, as `pytest --markers` shows it.
    - `exists(variant, network)`: whether this case has the chapter. Other cases' tests are deselected.
    - `parameters`: test parameters of the chapter; the first holds the case.
    - `expand(case)`: the values of `parameters` for a case, for tests that have all of them.
    - `on_request`: whether the tests run only if `-m` names the marker.
    - `tables(network, results)`: the chapter's tables at the end of a run, from its tests' results.
    """

    marker: str
    description: str
    exists: Callable[[str, str], bool]
    parameters: tuple[str, ...] = ("framework",)
    expand: Callable[[Case], Iterable[tuple]] = lambda case: [(case,)]
    on_request: bool = False
    tables: Callable[[str, Sequence[Result]], Iterable[Table]] = lambda network, results: ()

    def parametrize(self, metafunc: pytest.Metafunc, cases: Iterable[Case]) -> bool:
        """Parametrize a test function that has the marker and all parameters; return whether it has."""
        marked = metafunc.definition.get_closest_marker(self.marker) is not None
        if not (marked and set(self.parameters) <= set(metafunc.fixturenames)):
            return False
        rows = [row for case in cases for row in self.expand(case)]
        ids = ["-".join(map(str, row)) for row in rows]
        metafunc.parametrize(self.parameters, rows, indirect=self.parameters[:1], ids=ids)
        return True


def chapters(config: pytest.Config) -> list[Chapter]:
    """Return the chapters of all registered plugins."""
    found = (getattr(plugin, "CHAPTER", None) for plugin in config.pluginmanager.get_plugins())
    return sorted((each for each in found if isinstance(each, Chapter)), key=lambda each: each.marker)


def parameters_of(item: pytest.Item) -> Mapping[str, Any]:
    """Return the parameters of a test; {} for one without."""
    return item.callspec.params if hasattr(item, "callspec") else {}


def case_of(item: pytest.Item) -> Case | None:
    """Return the variant and the network that a test is about; None if it is about none."""
    parameters = parameters_of(item)
    for name in ("framework", "timed", *(chapter.parameters[0] for chapter in chapters(item.config))):
        if isinstance(parameters.get(name), Case):
            return parameters[name]
    if "upgraded" in parameters:
        return Case(parameters["upgraded"], next(iter(item.config.stash[REFERENCES])))
    return None
