"""The results of a run as plain data: `results.json`, the only input of the page."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.page import forms
from harness.report.record import of_kind
from impls.files import check_regular

SCHEMA = 3
MOST_BYTES = 2**28  # of a file; that of a run has 200,000
UNREADABLE = "unreadable"  # outcome of a record that the page leaves out
Record = Mapping[str, Any]


class Unreadable(ValueError):
    """An exception for a file without results or verdicts; the message has the expected and the actual content."""


class Results(NamedTuple):
    """A run: its conditions, the results of its tests, and verdicts. docs/reference/results.md describes each field.

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
    results: Sequence[Record]
    troubles: Sequence[Record]
    upgrades: Sequence[Record]

    def of(self, kind: str, network: str) -> list[Record]:
        """Return the results of a kind about a network, in the order of the variants."""
        return sorted(of_kind(self.results, kind, network), key=lambda record: self.place(record["variant"]))

    def by_network(self, kind: str) -> Iterator[tuple[str, list[Record]]]:
        """Yield each network that has such results, with them."""
        for network in self.networks:
            records = self.of(kind, network)
            if records:
                yield network, records

    def followed(self, network: str) -> list[Record]:
        """Return the comparisons that follow a training in float64, with the error of each step."""
        return [each for each in self.of("error", network) if each.get("trajectory") and each["dtype"] == "float64"]

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
    """Return the results in parsed JSON; `name` is that of the file. Raises `Unreadable`.

    A record that the page cannot show becomes a trouble with the outcome `UNREADABLE`, which names it.
    """
    if not isinstance(content, dict) or "schema" not in content:
        raise Unreadable(f"{name}: expected the results of a run (pytest --results FILE), got other JSON")
    if content["schema"] != SCHEMA:
        raise Unreadable(f"{name}: expected schema {SCHEMA}, got {content['schema']!r:.40}: write it with this version")
    _require(content, forms.RUN, name)
    results = Results(**{key: content[key] for key in Results._fields})
    hard = results.dataset["hard"]
    if len(results.dataset["image_shape"]) != 2 or (hard and len(hard["indices"]) != len(hard["labels"])):
        raise Unreadable(f"{name}: expected dataset.hard with a label for each index, and images of two dimensions")
    known, troubles = [], []
    for number, record in enumerate(results.results):
        problem = forms.problem(record, forms.record_form(record)) or _unknown_image(record, hard)
        if problem:
            about = (record.get(key) for key in ("kind", "variant", "network")) if isinstance(record, dict) else ()
            words = " ".join(str(each)[:40] for each in about if each is not None)
            troubles.append({"test": f"results[{number}] {words}".strip(), "outcome": UNREADABLE, "why": problem})
        else:
            known.append(record)
    return results._replace(results=known, troubles=[*results.troubles, *troubles])


def _unknown_image(record: Record, hard: Record | None) -> str:
    """Return the first wrong prediction whose image is not among those of the file; "" if all are, or it has none."""
    if record["kind"] != "training" or not hard:
        return ""
    unknown = {int(image) for each in record["wrong"] for image in each}.difference(hard["indices"])
    return f"wrong: expected images of dataset.hard.indices, got {min(unknown)}" if unknown else ""


def _require(content: Any, form: Any, name: str) -> None:
    problem = forms.problem(content, form)
    if problem:
        raise Unreadable(f"{name}: {problem}")


def _verdicts(file: Path) -> Record:
    content = _parsed(file)
    if not isinstance(content, dict) or not {"sides", "variants", "max_slowdown"} <= content.keys():
        raise Unreadable(f"{file}: expected verdicts (pytest -m regression --regression-json FILE), got other JSON")
    _require(content, forms.UPGRADE, str(file))
    return content


def _parsed(file: Path) -> Any:
    try:
        check_regular(file, MOST_BYTES)
        return json.loads(file.read_bytes(), parse_constant=lambda _: None)
    except OSError as error:
        raise Unreadable(f"{file}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{file} cannot be read as JSON: {error}") from None
