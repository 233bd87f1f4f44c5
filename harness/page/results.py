"""The results of a run as plain data: `results.json`, the only input of the page."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = 2
Record = Mapping[str, Any]


class Unreadable(ValueError):
    """A file does not hold results or verdicts; the message says what was expected and what was found."""


class Results(NamedTuple):
    """A run: its conditions, the results of its tests, and verdicts. docs/page.md describes each field.

    Times are seconds, memory is bytes, accuracies lie in [0, 1], losses are nats. A missing value is None or absent.
    """

    made: str
    command: str
    machine: Record
    dataset: Record
    networks: Mapping[str, Record]
    variants: Sequence[str]
    tests: Mapping[str, int]
    steps: Mapping[str, Record]
    results: Sequence[Record]  # `Result.as_record` of each
    troubles: Sequence[Record]
    upgrades: Sequence[Record]

    def of(self, kind: str, network: str) -> list[Record]:
        """Return the results of a kind about a network, in the order of the variants."""
        records = [each for each in self.results if (each["kind"], each["network"]) == (kind, network)]
        return sorted(records, key=lambda record: self.place(record["variant"]))

    def by_network(self, kind: str) -> Iterator[tuple[str, list[Record]]]:
        """Yield each network that has such results, with them."""
        for network in self.networks:
            records = self.of(kind, network)
            if records:
                yield network, records

    def followed(self, network: str) -> list[Record]:
        """Return the comparisons that follow a training in float64, with the error of each step."""
        return [each for each in self.of("error", network) if each.get("growth") and each["dtype"] == "float64"]

    def frameworks(self) -> dict[str, str]:
        """Return the framework of each variant that was trained, with its version."""
        return {each["variant"]: each["framework"] for each in self.results if each["kind"] == "training"}

    def place(self, variant: str) -> int:
        """Return the position of a variant in each table."""
        return self.variants.index(variant) if variant in self.variants else len(self.variants)

    def colour(self, variant: str) -> str:
        """Return the CSS class of a variant's colour."""
        return f"v{self.place(variant) % 8}"


def as_json(results: Results) -> str:
    """Return strict JSON, in which a number that is not finite is null."""
    text = json.dumps({"schema": SCHEMA, **results._asdict()})
    return json.dumps(json.loads(text, parse_constant=lambda _: None), separators=(",", ":"), allow_nan=False)


def read(files: Sequence[Path]) -> Results:
    """Return the results in the first file, with the verdicts of the others. Raises `Unreadable`."""
    results = results_of(_parsed(files[0]), str(files[0]))
    return results._replace(upgrades=[*results.upgrades, *(_verdicts(file) for file in files[1:])])


def results_of(content: Any, name: str) -> Results:
    """Return the results in parsed JSON; `name` is that of the file. Raises `Unreadable`."""
    if not isinstance(content, dict) or "schema" not in content:
        raise Unreadable(f"{name}: expected the results of a run (pytest --results FILE), got other JSON")
    if content["schema"] != SCHEMA:
        raise Unreadable(f"{name}: expected schema {SCHEMA}, got {content['schema']}: write it with this version")
    missing = [key for key in Results._fields if key not in content]
    if missing:
        raise Unreadable(f"{name}: expected the results of a run, {', '.join(missing)} is missing")
    return Results(**{key: content[key] for key in Results._fields})


def _verdicts(file: Path) -> Record:
    content = _parsed(file)
    if not isinstance(content, dict) or not {"sides", "variants", "max_slowdown"} <= content.keys():
        raise Unreadable(f"{file}: expected verdicts (pytest -m regression --regression-json FILE), got other JSON")
    return content


def _parsed(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes(), parse_constant=lambda _: None)
    except OSError as error:
        raise Unreadable(f"{file}: {error.strerror or error}") from None
    except ValueError as error:
        raise Unreadable(f"{file}: expected JSON: {error}") from None
