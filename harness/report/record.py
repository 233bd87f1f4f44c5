"""The record of a run: tests write results; the tables, the JSON files, JUnit's properties and the page read them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from impls import Case

PROPERTY = "result"  # the name under which pytest, pytest-xdist and JUnit carry a result


class Result(NamedTuple):
    """One result of a test, about a variant and its network, or about none.

    `kind` says which `values` there are; the table in docs/reference/results.md documents the kinds. Values are JSON:
    seconds, bytes, accuracies in [0, 1], losses in nats. A value that was not measured is absent.
    """

    kind: str
    case: Case | None
    values: dict[str, Any]

    def as_property(self) -> tuple[str, str]:
        """Return the result as an entry of pytest's `user_properties`: a name and JSON."""
        return PROPERTY, json.dumps(self.as_record())

    def as_record(self) -> dict[str, Any]:
        """Return the result as one flat mapping, as in results.json."""
        variant, network = self.case or (None, None)
        return {"kind": self.kind, "variant": variant, "network": network, **self.values}


def results_in(properties: Iterable[tuple[str, Any]]) -> Iterator[Result]:
    """Yield the results in the `user_properties` of a test report."""
    for name, value in properties:
        if name == PROPERTY:
            record = json.loads(value)
            kind, variant, network = (record.pop(key) for key in ("kind", "variant", "network"))
            yield Result(kind, Case(variant, network) if variant else None, record)


def of_kind(results: Iterable[Result], kind: str, network: str | None = None) -> list[Result]:
    """Return the results of a kind, of one network if it is named."""
    chosen = (each for each in results if each.kind == kind)
    return [each for each in chosen if network is None or (each.case and each.case.network == network)]
