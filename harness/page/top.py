"""The sentences at the top of the page, computed from the records below; each links to its section."""

from collections import Counter
from collections.abc import Iterator

from harness.page.axis import shown
from harness.page.results import Results
from harness.page.upgrades import title
from harness.report.runs import finite, median, ratio

TRAIN = "train_step-128"
Sentence = tuple[str, str]  # the section that it links to, its text


def sentences(results: Results) -> list[Sentence]:
    """Return the sentences of all sections."""
    return [*_equality(results), *_learning(results), *_speed(results), *_upgrades(results), *_missing(results)]


def _equality(results: Results) -> Iterator[Sentence]:
    for network, comparisons in results.by_network("error"):
        exact = [each for each in comparisons if not each["known_deviation"]]
        missed = [each["variant"] for each in exact if each["error"] is None or each["error"] > each["limit"]]
        excepted = dict.fromkeys(each["variant"] for each in comparisons if each["known_deviation"])
        if missed:
            names = ", ".join(dict.fromkeys(missed))
            yield "equality", f"Not all compute the same: {names} beyond the limit, {network}."
        elif held := [each for each in exact if each["dtype"] == "float64"]:
            worst = max(held, key=lambda comparison: comparison["error"] / comparison["limit"])
            largest = f"largest error {shown(worst['error'])} in “{worst['name']}”, limit {shown(worst['limit'])}"
            count = len({comparison["variant"] for comparison in held})
            counted = f"{count} of {count + len(excepted)}" if excepted else f"All {count}"
            exception = f"; computed in float32: {', '.join(excepted)}" if excepted else ""
            yield "equality", f"{counted} compute the same, {network}: {largest}{exception}."


def _learning(results: Results) -> Iterator[Sentence]:
    for network, trainings in results.by_network("training"):
        accuracies = finite(value for training in trainings for value in training["accuracies"])
        required = trainings[0]["required"]
        if accuracies:
            start = "All learn" if min(accuracies) >= required else "Not all learn"
            reached = f"test accuracy {min(accuracies):.2%} to {max(accuracies):.2%}, required {100 * required:g} %"
            yield "learning", f"{start}, {network}: {reached}."


def _speed(results: Results) -> Iterator[Sentence]:
    for network, timings in results.by_network("timing"):
        steps = [each for each in timings if each["operation"] == TRAIN and finite(each["seconds"])]
        known = {each["variant"]: 1e3 * median(each["seconds"]) for each in steps}
        if known:
            fastest, slowest = min(known, key=known.get), max(known, key=known.get)
            times = f"{known[fastest]:.2f} ms ({fastest}) to {known[slowest]:.2f} ms ({slowest})"
            ratios = finite(ratio(each["seconds"], each["roofline"]) for each in steps)
            roofline = f", {min(ratios):.1f} to {max(ratios):.1f} times the roofline" if ratios else ""
            yield "latency", f"A training step of 128 images, {network}: {times}{roofline}."


def _upgrades(results: Results) -> Iterator[Sentence]:
    for run in results.upgrades:
        words = Counter(verdict["word"] for about in run["variants"].values() for verdict in about["found"].values())
        yield "upgrades", f"{title(run)}: {', '.join(f'{count} {word}' for word, count in words.items())}."


def _missing(results: Results) -> Iterator[Sentence]:
    outcomes = Counter(trouble["outcome"] for trouble in results.troubles)
    if outcomes:
        yield "missing", f"Not everything is here: {', '.join(f'{count} {word}' for word, count in outcomes.items())}."
