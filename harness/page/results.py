"""What a run found, as plain data: `results.json`, the only thing that a page is drawn from."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = 1
LISTS = ("trainings", "rungs", "lessons", "launches", "floors", "profiles", "troubles", "upgrades")
KEYS = ("made", "command", "machine", "dataset", "networks", "variants", "frameworks", "tests", "steps", *LISTS)


class Unreadable(ValueError):
    """A file is not what a page can be drawn from; the message says what was expected, and what came."""


class Results(NamedTuple):
    """Times are seconds, memory bytes, accuracies in [0, 1], losses nats; what was not measured is null, or not there.

    - `dataset["samples"]`: some test images of each class, as a base64 PNG. `dataset["hard"]`: `indices` and `labels`
      of the test images that a training got wrong, and a `png` of them, 25 in a row.
    - A training: `losses`, `epoch_accuracies`, `seconds` of each seed and epoch; of each seed its last of the
      `accuracies`, and what is `wrong`: test image -> what it was taken for.
    - A rung: as the ladder records it; the one that follows a training has its errors by step, `growth`.
    - Launches of a variant: `seconds` of each operation, `starting` and `memory`, a number for each launch.
    """

    made: str
    command: str
    machine: Mapping[str, Any]
    dataset: Mapping[str, Any]  # name, image_shape, class_counts of the test images, "samples" and "hard", see below
    networks: Mapping[str, Mapping[str, Any]]  # shapes, parameters, step_bytes, epochs, accuracy asked for after them
    variants: Sequence[str]
    frameworks: Mapping[str, str]  # variant -> its framework and version
    tests: Mapping[str, int]  # outcome -> how many
    steps: Mapping[str, Mapping[str, Any]]  # implementation -> file, first line and text of its training step
    trainings: Sequence[Mapping[str, Any]]
    rungs: Sequence[Mapping[str, Any]]
    lessons: Sequence[Mapping[str, Any]]
    launches: Sequence[Mapping[str, Any]]
    floors: Sequence[Mapping[str, Any]]
    profiles: Sequence[Mapping[str, Any]]
    troubles: Sequence[Mapping[str, str]]  # of each test that did not pass: test, outcome, why
    upgrades: Sequence[Mapping[str, Any]]  # what --regression-json writes

    def of(self, kind: str, network: str) -> list[Mapping[str, Any]]:
        """The records of a network in the order of the variants."""
        found = [record for record in getattr(self, kind) if record["network"] == network]
        return sorted(found, key=lambda record: self.place(record["variant"]))

    def floor(self, network: str, operation: str) -> Sequence[float | None]:
        """Of each launch; empty where it was not measured."""
        return next((each["seconds"].get(operation, []) for each in self.floors if each["network"] == network), [])

    def followed(self, network: str) -> list[Mapping[str, Any]]:
        """The rungs that follow a training in float64, with the error of each step."""
        rungs = self.of("rungs", network)
        return [rung for rung in rungs if rung.get("growth") and rung["dtype"] == "float64"]

    def place(self, variant: str) -> int:
        """Where a variant stands in each table, and which colour it has."""
        return self.variants.index(variant) if variant in self.variants else len(self.variants)

    def colour(self, variant: str) -> str:
        return f"v{self.place(variant) % 8}"


def as_json(results: Results) -> str:
    """Strict JSON: what is not finite is null, as what is missing is."""
    return json.dumps(_plain({"schema": SCHEMA, **results._asdict()}), separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read(files: Sequence[Path]) -> Results:
    """The results in the first of these files, with what the others say of upgrades. Raises `Unreadable`."""
    found = results_of(_parsed(files[0]), str(files[0]))
    return found._replace(upgrades=[*found.upgrades, *(_verdicts(file) for file in files[1:])])


def results_of(content: Any, name: str) -> Results:
    """Raises `Unreadable`."""
    if not isinstance(content, dict) or "schema" not in content:
        raise Unreadable(f"{name}: expected the results of a run (pytest --results FILE), got other JSON")
    if content["schema"] != SCHEMA:
        raise Unreadable(f"{name}: it has schema {content['schema']}, and this version reads schema {SCHEMA}")
    missing = [key for key in KEYS if key not in content]
    if missing:
        raise Unreadable(f"{name}: it lacks {', '.join(missing)}")
    return Results(**{key: content[key] for key in KEYS})


def _verdicts(file: Path) -> Mapping[str, Any]:
    content = _parsed(file)
    if not isinstance(content, dict) or not {"sides", "variants", "max_slowdown"} <= content.keys():
        raise Unreadable(f"{file}: expected verdicts (pytest -m regression --regression-json FILE), got other JSON")
    return content


def _parsed(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except OSError as error:
        raise Unreadable(f"{file}: {error.strerror or error}") from None
    except ValueError as error:
        raise Unreadable(f"{file}: no JSON: {error}") from None


def is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def finite(values: Sequence[float | None]) -> list[float]:
    return list(filter(is_number, values))


def median(values: Sequence[float | None]) -> float | None:
    """Of what was measured; None if nothing was."""
    known = sorted(finite(values))
    return (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2 if known else None


def of_networks(results: Results, kind: str) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Each network of which there are such records, with them."""
    for network in results.networks:
        records = results.of(kind, network)
        if records:
            yield network, records
