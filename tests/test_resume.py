"""A training that is saved and resumed equals one without break: to the bit, and in another framework within 1e-12."""

from dataclasses import replace

import numpy as np
import pytest

import impls
from harness.equality.distance import distance, largest_distance
from harness.equality.limits import EXACT_HYPERPARAMETERS, STEPS_LOSS, STEPS_OF_AN_EPOCH, STEPS_PARAMETERS
from harness.equality.trace import trace
from harness.plugin.stash import CASES
from impls.contract import Cosine
from impls.weights import load, save
from tests.equivalence import checker

pytestmark = pytest.mark.equivalence
FEW_STEPS = 5, 6
ALIGNED = {"dtype": "float64", **EXACT_HYPERPARAMETERS}
SCHEDULED = ALIGNED | {"optimizer": "adamw", "weight_decay": 2.0**-6, "schedule": Cosine(8, 400, 1 / 16, 1 / 64)}


@pytest.fixture
def long(pytestconfig):
    return pytestconfig.option.long


@pytest.fixture
def steps(long):
    """Steps before the break and after it; with --long an epoch, broken in its middle."""
    return (STEPS_OF_AN_EPOCH // 2, STEPS_OF_AN_EPOCH // 2 + 1) if long else FEW_STEPS


@pytest.fixture
def resumed(framework, fleet, long, tmp_path):
    """Return a function that builds the variant anew, with --long in a new process, and the checkpoint from a file."""

    def resumed(checkpoint, **changes):
        file = tmp_path / "training.npz"
        save(file, checkpoint)
        key = f"{framework.name}, resumed" if long else framework.name
        settings = replace(framework.settings, **changes)
        return fleet.framework(framework.name, settings, key), load(file, framework.network)

    return resumed


@pytest.mark.parametrize("changes", [{}, SCHEDULED], ids=["native", "scheduled"])
def test_steps_go_on_to_the_bit(framework, dataset, initial, steps, resumed, changes):
    if changes is SCHEDULED and not impls.has_file(framework.name, "adamw"):
        pytest.skip(f"{framework.name} has no adamw.py")
    before, after = steps
    framework = framework.with_settings(**changes)
    expected = framework.run(trace, *dataset.train, initial, before + after)
    at_the_end = framework.get_checkpoint()
    framework = framework.with_settings()
    first = framework.run(trace, *dataset.train, initial, before)
    again, checkpoint = resumed(framework.get_checkpoint(), **changes)
    second = again.run(trace, *dataset.train, checkpoint, after)
    assert first.losses + second.losses == expected.losses
    np.testing.assert_equal(again.get_checkpoint(), at_the_end)


def test_fit_goes_on_to_the_bit(framework, dataset, resumed):
    """The order of the images goes on as well."""
    images, labels = dataset.train.first(300)
    expected = framework.fit(images, labels, 3)["loss"]
    framework = framework.with_settings()
    framework.fit(images, labels, 1)
    again, checkpoint = resumed(framework.get_checkpoint())
    again.set_checkpoint(checkpoint)
    assert again.fit(images, labels, 2)["loss"] == expected[1:]


@pytest.fixture
def candidate(framework):
    return framework.with_settings(**ALIGNED)


@pytest.fixture
def aligned(framework):
    """The settings of the reference."""
    return replace(framework.settings, **ALIGNED, device="cpu")


@pytest.fixture
def assert_goes_on(build_reference, framework, aligned, dataset, initial, steps, record, once):
    """Return a function: from the checkpoint of one side, the other takes the reference's steps without a break.

    The steps of an origin before the break are taken once for all that go on from it. With a known deviation, steps are
    few: from some starts, two correct trainings in float32 part within a hundred.
    """

    def without_a_break(steps):
        reference = build_reference(aligned)
        return reference.run(trace, *dataset.train, initial, steps), reference.get_checkpoint()

    def at_the_break(source, before):
        source = source()
        source.run(trace, *dataset.train, initial, before)
        return source.get_checkpoint()

    def assert_goes_on(origin, source, target, name, deviation=None):
        before, after = FEW_STEPS if deviation else steps
        expected, at_the_end = once(lambda: without_a_break(before + after), aligned.network, before + after)
        checkpoint = once(lambda: at_the_break(source, before), aligned.network, origin, before)
        target = target()
        found = target.run(trace, *dataset.train, checkpoint, after)
        losses = zip(found.losses, expected.losses[before:], strict=True)
        apart = max(distance(*pair, f"loss of step {step}") for step, pair in enumerate(losses, before + 1))
        state = {key: array for key, array in target.get_checkpoint().items() if not key.startswith("shuffling")}
        assert_within = checker(record, deviation, chapter="resumed")
        assert_within(f"{name}, loss", apart, STEPS_LOSS)
        arrays = {key: at_the_end[key] for key in state}
        noise = [f"{kind}{each}" for kind in ("", "m/", "v/") for each in framework.network.noise]
        apart = largest_distance(state, arrays, noise=noise)
        assert_within(f"{name}, parameters and moments", apart, STEPS_PARAMETERS)

    return assert_goes_on


def test_goes_on_from_the_reference(candidate, build_reference, aligned, assert_goes_on):
    deviation, source = candidate.known_deviation(), lambda: build_reference(aligned)
    assert_goes_on("the reference", source, lambda: candidate, "from the reference", deviation)


def test_the_reference_goes_on_from_it(candidate, build_reference, aligned, assert_goes_on):
    deviation, target = candidate.known_deviation(), lambda: build_reference(aligned)
    assert_goes_on(candidate.name, lambda: candidate, target, "in the reference", deviation)


@pytest.mark.long
def test_goes_on_from_every_other_variant(candidate, fleet, assert_goes_on, pytestconfig):
    """All ordered pairs of the chosen variants."""
    for other in pytestconfig.stash[CASES]:
        if other.network == candidate.settings.network and other.variant != candidate.name:
            source = fleet.framework(other.variant, candidate.settings)
            deviation = candidate.known_deviation() or source.known_deviation()
            name = f"from {other.variant}"
            assert_goes_on(other.variant, lambda: source, lambda: candidate, name, deviation)  # noqa: B023
