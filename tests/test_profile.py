"""The profile accounts for the time of a step: kernels of known kinds, and the framework's overhead around them."""

import pytest

from harness.equality.limits import has_convolutions
from harness.measuring.workload import Operation
from harness.profiling.kinds import CONVOLUTION, KINDS, MATRIX, OPTIMIZER, OVERHEAD
from harness.profiling.profile import PROFILED
from harness.profiling.profile_tasks import profile as profiled

pytestmark = pytest.mark.profile


@pytest.mark.parametrize("operation", PROFILED, ids=str)
def test_profile_accounts_for_the_time(framework, profile, operation, record):
    found = profile(framework)[str(operation)]
    record("profile", operation=str(operation), **found)
    parts = found["parts"]
    print({name: f"{1e3 * seconds:.2f} ms" for name, seconds in parts.items()})
    assert tuple(parts) == KINDS
    assert min(parts.values()) >= 0
    assert sum(parts.values()) == pytest.approx(found["seconds"])
    assert parts[OVERHEAD] < found["seconds"], "no kernel was recorded"
    convolutions = has_convolutions(framework.network)
    expected = {CONVOLUTION: convolutions, OPTIMIZER: operation.method == "train_step"}
    assert {name: parts[name] > 0 for name in expected} == expected
    assert parts[MATRIX] > 0 or convolutions, "XLA compiles the CNN to one kernel, which counts as a convolution"


def test_most_of_a_large_prediction_is_kernels(framework, dataset, tmp_path):
    """The time of kernels that were not recorded would count as overhead."""
    count = 1000 if has_convolutions(framework.network) else 8192
    operation = Operation("predict_step", count, rounds=3)
    folders = str(tmp_path), str(tmp_path / "traces")
    found = framework.run(profiled, framework.name, operation, *dataset.train.first(count), *folders)
    assert found["parts"][OVERHEAD] < found["seconds"] / 2
