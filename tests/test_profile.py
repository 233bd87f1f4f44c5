"""The time of a step is accounted for: by kernels of known kinds, and by what the framework does around them."""

import pytest

from harness.profiling.kinds import CONVOLUTION, KINDS, MATRIX, OPTIMIZER, OVERHEAD
from harness.profiling.profile import PROFILED

pytestmark = pytest.mark.profile


@pytest.mark.parametrize("operation", PROFILED, ids=str)
def test_where_the_time_goes(framework, profile, operation, record_property):
    found = profile(framework)[str(operation)]
    record_property("profile", {"operation": str(operation), **found})
    parts = found["parts"]
    print({name: f"{1e3 * seconds:.2f} ms" for name, seconds in parts.items()})
    assert tuple(parts) == KINDS
    assert min(parts.values()) >= 0
    assert sum(parts.values()) == pytest.approx(found["seconds"])
    assert parts[OVERHEAD] < found["seconds"], "no kernel was seen"
    has_convolutions = any(len(shape) > 2 for shape in framework.network.shapes.values())
    expected = {MATRIX: True, CONVOLUTION: has_convolutions, OPTIMIZER: operation.method == "train_step"}
    assert {name: parts[name] > 0 for name in expected} == expected
