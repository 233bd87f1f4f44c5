"""Does each variant learn? Training loss and test accuracy by epoch, a dot a seed."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from harness.page.elements import element, figure, table
from harness.page.results import Results, finite, is_number, median, of_networks
from harness.page.svg import Series, axes, lines

PICTURES = (("losses", "training loss, nats", 1), ("epoch_accuracies", "right of the test images, %", 100))


def section(results: Results) -> list[Element]:
    parts = []
    for network, trainings in of_networks(results, "trainings"):
        parts.append(element("h3", network))
        parts.append(_table(results, trainings))
        asked = trainings[0]["required"]
        for key, name, unit in PICTURES:
            values = [unit * each for each in finite([value for of in trainings for seed in of[key] for value in seed])]
            if values:
                limits = [(unit * asked, f"asked for: {unit * asked:g} %")] if unit == 100 else []
                low, high = min([*values, *(value for value, _ in limits)]), max(values)
                room = 0.06 * (high - low) or 0.05 * unit
                epochs = max(len(seed) for training in trainings for seed in training[key])
                x, y = axes((0, epochs), (max(0, low - room), high + room))
                drawn = lines(_series(results, trainings, key, unit), x, y, ("epoch", name), limits)
                parts.append(figure(drawn, f"{network}: {name}. A dot is a seed, a line their mean."))
    return parts


def _series(results: Results, trainings: Sequence[Mapping[str, Any]], key: str, unit: float) -> list[Series]:
    found = []
    for training in trainings:
        colour = results.colour(training["variant"])
        seeds = [[unit * value if is_number(value) else None for value in seed] for seed in training[key]]
        epochs = range(1, max(map(len, seeds), default=0) + 1)
        means = [_mean([seed[epoch - 1] for seed in seeds if len(seed) >= epoch]) for epoch in epochs]
        found.append(Series(training["variant"], epochs, means, colour))
        found += [Series("", range(1, len(seed) + 1), seed, colour, dots=True, joined=False) for seed in seeds]
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    known = finite(values)
    return sum(known) / len(known) if known else None


def _table(results: Results, trainings: Sequence[Mapping[str, Any]]) -> Element:
    headings = ("variant", "framework", "parameters", "epochs", "right of the test images, by seed", "an epoch, s")
    rows = []
    for training in trainings:
        right = ", ".join(f"{value:.2%}" for value in finite(training["accuracies"])) or "missing"
        seconds = median([each for seed in training["seconds"] for each in seed])
        framework = results.frameworks.get(training["variant"], "missing")
        epochs = str(max(map(len, training["losses"]), default=0))
        shown = "missing" if seconds is None else f"{seconds:.2f}"
        rows.append((training["variant"], framework, f"{training['parameters']:,}", epochs, right, shown))
    return table(headings, rows, words=2)
