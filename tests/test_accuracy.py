"""Every variant learns what its network must, the MLP 97 % of the test images; with --seeds, all equally well."""

import statistics
from dataclasses import replace
from itertools import combinations

import pytest

import impls
from harness.equality.limits import ACCURACY_MARGIN, required_accuracy
from harness.judging.intervals import Interval, difference_of_means
from harness.plugin.stash import CASES
from harness.workers.excerpt import in_a_line

pytestmark = pytest.mark.accuracy
WORDS = {"across": "inconclusive", "above": "different", "below": "different"}


@pytest.fixture
def trained(training, pytestconfig):
    """Return a function that trains a framework with every seed: one history for each."""
    option = pytestconfig.option
    return lambda framework: [
        training(framework, option.epochs or framework.network.epochs, seed) for seed in range(option.seeds)
    ]


def test_accuracy(framework, trained, pytestconfig, record):
    epochs = pytestconfig.option.epochs or framework.network.epochs
    found = trained(framework)
    of = {name: [each[name] for each in found] for name in ("loss", "seconds", "accuracy", "evaluation", "wrong")}
    test_losses, accuracies = zip(*of["evaluation"], strict=True)
    least, required = min(accuracies), required_accuracy(framework.network, epochs)
    assert all(len(each) == epochs for each in of["loss"])
    record(
        "training",
        framework=framework.label(),
        parameters=framework.parameter_count(),
        required=required,
        accuracies=accuracies,
        test_losses=test_losses,
        losses=of["loss"],
        seconds=of["seconds"],
        epoch_accuracies=of["accuracy"],
        wrong=of["wrong"],
    )
    assert [each[-1] for each in of["accuracy"]] == list(accuracies), "an epoch's accuracy is of other parameters"
    assert least >= required, (
        f"{framework.name}: {least:.2%} after {epochs} epochs, expected at least {100 * required:g}%"
    )


def test_mean_accuracies_agree(network, fleet, settings, trained, pytestconfig, record):
    """Collected with --seeds of 2 or more. Passes only if agreement is shown; not seeing a difference is not enough."""
    accuracies, missing = {}, []
    cases = [case for case in pytestconfig.stash[CASES] if case.network == network]
    for variant, _ in cases:
        try:
            histories = trained(fleet.framework(variant, replace(settings, network=network)))
            accuracies[variant] = [each["evaluation"][1] for each in histories]
        except impls.PackageNotInstalled:
            pass
        except Exception as error:
            missing.append(f"{variant} did not train to the end ({in_a_line(error)})")
    assert not missing, f"missing: {'; '.join(missing)}"
    assert len(accuracies) >= 2, "a comparison needs two variants: name another with --framework"
    pairs = list(combinations(accuracies, 2))
    intervals = [difference_of_means(accuracies[first], accuracies[second]) for first, second in pairs]
    lines = [
        f"{variant:<17} mean {statistics.mean(found):.3%}, standard deviation {statistics.stdev(found):.3%}"
        for variant, found in accuracies.items()
    ]
    doubtful = [
        f"{first} - {second}: {WORDS[side]}, {mean:+.3%} (90 % interval {low:+.3%} to {high:+.3%})"
        for (first, second), (mean, low, high) in zip(pairs, intervals, strict=True)
        if (side := Interval(mean, low, high).against(ACCURACY_MARGIN)) != "within"
    ]
    lines += [
        f"{len(pairs) - len(doubtful)} of {len(pairs)} pairs of means agree within {ACCURACY_MARGIN:.1%}",
        *doubtful,
    ]
    record("statement", text="\n".join(lines))
    assert not doubtful, "more --seeds narrow the intervals of:\n" + "\n".join(doubtful)
