"""Learning: training loss and test accuracy by epoch, one dot for each seed."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from harness.page.chart import Chart, Series
from harness.page.results import Record, Results
from harness.report.runs import finite


def charts(results: Results, trainings: Sequence[Record]) -> Iterator[Chart]:
    """Yield the charts of loss and accuracy, as far as they were recorded."""
    required = 100 * trainings[0]["required"]
    for key, name, unit in (("losses", "training loss, nats", 1), ("epoch_accuracies", "test accuracy, %", 100)):
        series = [each for training in trainings for each in _series(results, training, key, unit)]
        limit = required if key == "epoch_accuracies" else None
        values = finite(value for each in series for value in each.values)
        if values:
            low, high = min(finite([*values, limit])), max(values)
            room = 0.06 * (high - low) or 0.05 * unit
            low, high = max(0, low - room), high + room
            yield Chart(series, "epoch", name, low, high, limit=limit, limit_name=f"required: {required:g} %")


def _series(results: Results, training: Record, key: str, unit: float) -> Iterator[Series]:
    """Yield the mean of the seeds as a line, and each seed as dots."""
    colour = results.colour(training["variant"])
    seeds = [[None if value is None else unit * value for value in seed] for seed in training[key]]
    epochs = range(max(map(len, seeds), default=0))
    known = [finite(seed[epoch] for seed in seeds if epoch < len(seed)) for epoch in epochs]
    yield Series(training["variant"], [fmean(values) if values else None for values in known], colour)
    for seed in seeds:
        yield Series("", seed, colour, dots=True)
