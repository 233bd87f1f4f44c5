"""The record of a run: tests write results; the tables, the JSON files, JUnit's properties and the page read them.

A result is a mapping, as in results.json: its `kind`, the `variant` and the `network` that it is about, or None, and
the values of its kind, which docs/reference/results.md lists. Values are JSON: seconds, bytes, accuracies in [0, 1],
losses in nats. A value that was not measured is absent.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from impls import Case

PROPERTY = "result"  # the name under which pytest, pytest-xdist and JUnit carry a result

Result = Mapping[str, Any]


def as_property(kind: str, case: Case | None, **values: Any) -> tuple[str, str]:
    """Return a result as an entry of pytest's `user_properties`: a name and JSON."""
    variant, network = case or (None, None)
    return PROPERTY, json.dumps({"kind": kind, "variant": variant, "network": network, **values})


def results_in(properties: Iterable[tuple[str, Any]]) -> Iterator[Result]:
    """Yield the results in the `user_properties` of a test report."""
    return (json.loads(value) for name, value in properties if name == PROPERTY)


def of_kind(results: Iterable[Result], kind: str, network: str | None = None) -> list[Result]:
    """Return the results of a kind, of one network if it is named."""
    return [each for each in results if each["kind"] == kind and network in (None, each["network"])]
