"""Data parallelism is exact: two processes with 64 images each take the steps of one process with 128.

The reference is impls/numpy/mnist.py, in one process, in float64. A variant has one team of processes for all tests.
"""

from dataclasses import replace

import numpy as np
import pytest

from harness.equality.distance import distance, largest_distance
from harness.equality.limits import STEPS, STEPS_LOSS, STEPS_PARAMETERS, has_convolutions
from harness.equality.parameters import random_parameters
from harness.equality.trace import losses_apart, parameters_apart, trace
from harness.plugin.chapters.parallel import ALIGNED, PROCESSES
from impls.contract import NETWORKS
from tests.equivalence import checker

pytestmark = pytest.mark.parallel
BATCH_SIZE = ALIGNED.batch_size
STEPS_OF_CNN = 30  # where a step takes long
FEW = 10  # steps
FITTED, EPOCHS = 448, 2  # images: three batches and a half


@pytest.fixture
def network(request, team):
    return request.node.callspec.params["team"].network


@pytest.fixture
def parameters(network):
    return random_parameters(NETWORKS[network].shapes, seed=1, bias=0.1)


@pytest.fixture
def one_process(build_reference, network):
    """The reference."""
    return build_reference(replace(ALIGNED, network=network))


@pytest.fixture
def followed(team, one_process, network, dataset, parameters, once, pytestconfig):
    """The traces of 100 steps of all processes, and the reference's; of the CNN 30 steps without --long."""
    short = has_convolutions(NETWORKS[network]) and not pytestconfig.option.long
    steps = STEPS_OF_CNN if short else STEPS
    call = (trace, *dataset.train, parameters, steps, (1, steps))
    return once(lambda: team.run(*call), team), once(lambda: one_process.run(*call), network)


@pytest.fixture
def assert_within(record, team):
    return checker(record, team.run("known_deviation")[0], chapter=f"{PROCESSES} processes")


def assert_same_bits(each):
    """`each` holds the parameters of every process, by name."""
    first, *others = each
    for name in first:
        off = [np.count_nonzero(first[name] != other[name]) for other in others]
        assert not any(off), f"{off} of {first[name].size:,} numbers of {name} are not those of rank 0"


def test_replicas_start_bit_identical(team):
    assert_same_bits(team.run("get_parameters"))


def test_many_steps(followed, one_process, assert_within):
    """Compare the loss of the whole batch at each step, in each process, and the parameters after the last step."""
    found, expected = followed
    steps = len(expected.losses)
    apart = max(max(losses_apart(each, expected)) for each in found)
    assert_within(f"{steps} steps, loss", apart, STEPS_LOSS)
    noise = one_process.network.noise
    assert_within(f"{steps} steps, parameters", max(parameters_apart(found[0], expected, noise)), STEPS_PARAMETERS)
    assert expected.losses[-1] < 0.9 * expected.losses[0], "equal, but not learning"


def test_replicas_end_bit_identical(followed):
    found, _ = followed
    for step in found[0].parameters:
        assert_same_bits([each.parameters[step] for each in found])


def test_each_computes_with_its_own_rows_alone(team, one_process, dataset, parameters, assert_within):
    """In each process the images of the others are black and their labels 0, so that their use changes the loss.

    Rank 0 has the first half of each batch. Each image is used once, by one process.
    """
    images, labels = (part.array() for part in dataset.train.first(FEW * BATCH_SIZE))
    owner = np.arange(len(images)) // (BATCH_SIZE // PROCESSES) % PROCESSES  # (n,): the rank that has the image
    questions = [
        (trace, images * (owner == rank)[:, None, None], labels * (owner == rank), parameters, FEW)
        for rank in range(PROCESSES)
    ]
    expected = one_process.run(trace, images, labels, parameters, FEW)
    apart = max(max(losses_apart(each, expected)) for each in team.run_each(*questions))
    assert_within(f"own rows, {FEW} steps, loss", apart, STEPS_LOSS)


def test_fit(team, one_process, dataset, parameters, assert_within):
    """Compare with one process that trains in the order drawn from the seed."""
    images, labels = (part.array() for part in dataset.train.first(FITTED))
    team.run("set_parameters", parameters)
    found = team.run("fit", images, labels, EPOCHS)
    generator, expected, steps = np.random.default_rng(ALIGNED.seed), [], -(-FITTED // BATCH_SIZE)
    for _ in range(EPOCHS):
        order = generator.permutation(FITTED)
        traced = one_process.run(trace, images[order], labels[order], parameters, steps, (steps,))
        parameters = traced.parameters[steps]
        sizes = [len(order[first : first + BATCH_SIZE]) for first in range(0, FITTED, BATCH_SIZE)]
        expected.append(np.average(traced.losses, weights=sizes))
    apart = max(distance(each["loss"], expected, "loss of epoch") for each in found)
    assert_within(f"fit, {EPOCHS} epochs, loss", apart, STEPS_LOSS)
    each = team.run("get_parameters")
    apart = largest_distance(each[0], parameters, noise=one_process.network.noise)
    assert_within(f"fit, {EPOCHS} epochs, parameters", apart, STEPS_PARAMETERS)
    assert_same_bits(each)


@pytest.mark.parametrize("way", ["train_step", "fit"])
def test_a_batch_that_cannot_be_divided_is_refused_by_name(team, dataset, parameters, way):
    """105 images would be 53 and 52, whose means have unequal weights. Most libraries do not report this."""
    batch = dataset.train.first(105)
    call = ("fit", *batch, 1) if way == "fit" else (trace, *batch, parameters, 1)
    try:
        team.run(*call)
        raised = "no exception"
    except Exception as error:
        raised = f"{type(error).__name__}: {error}"
    assert raised.startswith("ValueError: a batch of 105 images cannot be divided by 2 processes"), raised
    assert team.is_running(), "the processes could go on"
