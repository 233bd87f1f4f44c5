"""Every variant learns what its network must: 97 % and more of the test images; and with --seeds, all equally well."""

import statistics
from dataclasses import replace
from itertools import chain, combinations
from typing import NamedTuple

import numpy as np
import pytest

import impls
from harness.equality.limits import ACCURACY_MARGIN, required_accuracy
from harness.equality.training import train
from harness.judging.intervals import Interval, difference_of_means
from harness.plugin.stash import ENTRANTS
from harness.workers.worker import in_a_line

pytestmark = pytest.mark.accuracy
WORDS = {"across": "inconclusive", "above": "different", "below": "different"}


class Trained(NamedTuple):
    """What came of the trainings of a variant: one item for each seed."""

    accuracies: list[float]  # on the test images, in [0, 1]
    test_losses: list[float]  # nats
    losses: list[list[float]]  # nats, of each epoch
    seconds: list[list[float]]  # of each epoch
    epoch_accuracies: list[list[float]]  # on the test images, after each epoch
    wrong: list[dict[int, int]]  # test image -> what it is taken for


@pytest.fixture(scope="session")
def trained(dataset, pytestconfig):
    """Trains a framework with every seed; each once, whichever test asks first."""
    option = pytestconfig.option
    done: dict[tuple[str, str], Trained] = {}
    truth = dataset.test.labels.array()

    def results(framework) -> Trained:
        key = (framework.name, framework.settings.network)
        if key not in done:
            found = Trained([], [], [], [], [], [])
            for seed in range(option.seeds):
                framework = framework.with_settings(seed=seed)
                epochs = option.epochs or framework.network.epochs
                history = framework.run(train, *dataset.train, epochs, *dataset.test)
                loss, accuracy = framework.evaluate(*dataset.test)
                answers = framework.logits(dataset.test.images).argmax(axis=1)
                wrong = {int(image): int(answers[image]) for image in np.flatnonzero(answers != truth)}
                of_training = (accuracy, loss, history["loss"], history["seconds"], history["accuracy"], wrong)
                for values, value in zip(found, of_training, strict=True):
                    values.append(value)
            done[key] = found
        return done[key]

    return results


def test_accuracy(framework, trained, pytestconfig, record_property):
    epochs = pytestconfig.option.epochs or framework.network.epochs
    found = trained(framework)
    assert all(len(each) == epochs for each in found.losses)
    record_property("framework", framework.label())
    record_property("parameters", framework.parameter_count())
    record_property("accuracy", statistics.mean(found.accuracies))
    record_property("accuracies", found.accuracies)
    record_property("test_loss", found.test_losses[-1])
    record_property("losses", found.losses)
    record_property("epoch_seconds", statistics.median(chain(*found.seconds)))
    record_property("seconds", found.seconds)
    record_property("epoch_accuracies", found.epoch_accuracies)
    record_property("wrong", found.wrong)
    assert [each[-1] for each in found.epoch_accuracies] == found.accuracies, (
        "an epoch's accuracy is of other parameters"
    )
    least, required = min(found.accuracies), required_accuracy(framework.network, epochs)
    assert least >= required, (
        f"{framework.name}: {least:.2%} after {epochs} epochs, expected at least {100 * required:g}%"
    )


def test_mean_accuracies_agree(network, fleet, settings, trained, pytestconfig, record_property):
    """Collected with --seeds of 2 or more. Passes only if agreement is shown; not seeing a difference is not enough."""
    accuracies, missing = {}, []
    entrants = [entrant for entrant in pytestconfig.stash[ENTRANTS] if entrant.network == network]
    for variant, _ in entrants:
        try:
            accuracies[variant] = trained(fleet.framework(variant, replace(settings, network=network))).accuracies
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
    record_property("statement", "\n".join(lines))
    assert not doubtful, "more --seeds narrow the intervals of:\n" + "\n".join(doubtful)
