"""One process of JAX with two devices takes the steps of one device, and refuses a batch that it cannot divide."""

import pytest

from harness.equality.limits import STEPS, STEPS_LOSS
from harness.equality.parameters import random_parameters
from harness.equality.trace import losses_apart, trace
from harness.parallel.team import Team
from harness.plugin.chapters.parallel import ALIGNED, TIMEOUT
from harness.workers.worker import WorkerError
from impls.contract import NETWORKS
from tests.project import require

pytestmark = pytest.mark.parallel
DEVICES = 2
PARAMETERS = random_parameters(NETWORKS["mlp"].shapes, seed=1, bias=0.1)


@pytest.fixture(scope="module")
def two_devices():
    """The MLP in one process, whose mesh spans both devices."""
    require("jax", "optax")
    process = Team("jax", 1, TIMEOUT, environment={"JAX_NUM_CPU_DEVICES": str(DEVICES)})
    try:
        process.build(ALIGNED)
        yield process
    finally:
        process.close()


def test_steps_on_two_devices(two_devices, fleet, dataset):
    call = (trace, *dataset.train, PARAMETERS, STEPS)
    apart = max(losses_apart(*two_devices.run(*call), fleet.framework("numpy", ALIGNED).run(*call)))
    print(apart)
    assert apart.error <= STEPS_LOSS["float64"]


def test_indivisible_batch_is_refused_by_jax(two_devices, dataset):
    with pytest.raises(WorkerError, match="IndivisibleError"):
        two_devices.run(trace, *dataset.train.first(105), PARAMETERS, 1)
