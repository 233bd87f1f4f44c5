"""Every variant learns: at least 97 % of the 10,000 test images after 10 epochs; and with --seeds, all equally well."""

import importlib.util
import statistics
from itertools import combinations

import pytest

import impls
from harness.limits import ACCURACY, ACCURACY_MARGIN
from harness.plugin import VARIANTS
from harness.statistics import agreement

pytestmark = pytest.mark.accuracy


@pytest.fixture(scope="module")
def accuracies():
    """Variant -> test accuracies, one for each seed, of the trainings so far."""
    return {}


def test_accuracy(framework, mnist, request, accuracies, record_property):
    option = request.config.option
    found, losses, seconds = [], [], []
    for seed in range(option.seeds):
        framework = framework.with_settings(seed=seed)
        history = framework.train(*mnist.train, option.epochs)
        loss, accuracy = framework.evaluate(*mnist.test)
        found.append(accuracy)
        losses.append(history["loss"])
        seconds += history["seconds"]
    assert all(len(each) == option.epochs for each in losses)
    accuracies[framework.name] = found
    record_property("framework", framework.label())
    record_property("parameters", framework.parameter_count())
    record_property("accuracy", statistics.mean(found))
    record_property("accuracies", found)
    record_property("test_loss", loss)
    record_property("losses", losses)
    record_property("epoch_seconds", statistics.median(seconds))
    record_property("seconds", seconds)
    assert min(found) >= ACCURACY, (
        f"{framework.name}: {min(found):.2%} after {option.epochs} epochs, expected at least {ACCURACY:.0%}"
    )


def test_mean_accuracies_agree(accuracies, request, record_property):
    """Collected with --seeds of 2 or more. Passes only if agreement is shown; not seeing a difference is not enough."""
    installed = [
        variant
        for variant in request.config.stash[VARIANTS]
        if all(importlib.util.find_spec(package) for package in impls.variants()[variant].packages)
    ]
    missing = [variant for variant in installed if variant not in accuracies]
    assert not missing, f"missing: {', '.join(missing)} did not train to the end"
    assert len(accuracies) >= 2, "a comparison needs two variants: name another with --framework"
    pairs = list(combinations(accuracies, 2))
    verdicts = [agreement(accuracies[first], accuracies[second], ACCURACY_MARGIN) for first, second in pairs]
    lines = [
        f"{variant:<17} mean {statistics.mean(found):.3%}, standard deviation {statistics.stdev(found):.3%}"
        for variant, found in accuracies.items()
    ]
    doubtful = [
        f"{first} - {second}: {verdict}, {mean:+.3%} (90 % interval {low:+.3%} to {high:+.3%})"
        for (first, second), (verdict, (mean, low, high)) in zip(pairs, verdicts, strict=True)
        if verdict != "equivalent"
    ]
    lines += [
        f"{len(pairs) - len(doubtful)} of {len(pairs)} pairs of means agree within {ACCURACY_MARGIN:.1%}",
        *doubtful,
    ]
    record_property("statement", "\n".join(lines))
    assert not doubtful, "more --seeds narrow the intervals of:\n" + "\n".join(doubtful)
