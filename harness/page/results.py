"""The results of a run as plain data: `results.json`, the only input of the page."""

import json
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = 1
Record = Mapping[str, Any]


class Unreadable(ValueError):
    """A file does not hold results or verdicts; the message says what was expected and what was found."""


class Results(NamedTuple):
    """Times are seconds, memory is bytes, accuracies lie in [0, 1], losses are nats. A missing value is None or absent.

    - `dataset["samples"]`: some test images of each class, a base64 PNG. `dataset["hard"]`: the `indices` and `labels`
      of test images that some training misclassified, and a `png` of them, `sprite.COLUMNS` in a row.
    - A training has `losses`, `epoch_accuracies` and `seconds` by seed and epoch. By seed it has the final
      `accuracies` and the `wrong` predictions: test image -> predicted class.
    - A rung is a comparison with the reference, as a test records it. One that follows a training has `growth`: the
      relative error of the loss at each step.
    - The launches of a variant: `seconds` of each operation, `starting` and `memory`, one number for each process run.
    """

    made: str
    command: str
    machine: Record
    dataset: Record  # name, image_shape, class_counts of the test images, samples, hard
    networks: Mapping[str, Record]  # name -> shapes, parameters, step_bytes, epochs, accuracy required after them
    variants: Sequence[str]
    frameworks: Mapping[str, str]  # variant -> its framework and version
    tests: Mapping[str, int]  # outcome -> number of tests
    steps: Mapping[str, Record]  # implementation -> file, first line and text of its training step
    trainings: Sequence[Record]
    rungs: Sequence[Record]
    lessons: Sequence[Record]
    launches: Sequence[Record]
    floors: Sequence[Record]
    profiles: Sequence[Record]
    troubles: Sequence[Record]  # test, outcome and reason of each test that did not pass
    upgrades: Sequence[Record]  # the content of --regression-json

    def of(self, kind: str, network: str) -> list[Record]:
        """Return the records of a network in the order of the variants."""
        records = [record for record in getattr(self, kind) if record["network"] == network]
        return sorted(records, key=lambda record: self.place(record["variant"]))

    def by_network(self, kind: str) -> Iterator[tuple[str, list[Record]]]:
        """Yield each network that has such records, with them."""
        for network in self.networks:
            records = self.of(kind, network)
            if records:
                yield network, records

    def floor(self, network: str, operation: str) -> Sequence[float | None]:
        """Return the roofline's seconds in each process run; empty if it was not measured."""
        return next((each["seconds"].get(operation, []) for each in self.floors if each["network"] == network), [])

    def followed(self, network: str) -> list[Record]:
        """Return the comparisons that follow a training in float64, with the error of each step."""
        return [rung for rung in self.of("rungs", network) if rung.get("growth") and rung["dtype"] == "float64"]

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


def finite(values: Iterable[float | None]) -> list[float]:
    """Return the values that were measured."""
    return [value for value in values if value is not None and math.isfinite(value)]


def median(values: Iterable[float | None]) -> float | None:
    """Return the median of the values that were measured; None if there is none."""
    known = finite(values)
    return statistics.median(known) if known else None
