"""The memory of a step is the sum of its arrays."""

from harness.measuring.floor import step_bytes
from impls.contract import NETWORKS


def test_arrays_of_a_step():
    mlp, cnn = (step_bytes(NETWORKS[name]) for name in ("mlp", "cnn"))
    assert mlp["parameters"] == 4 * 535_818
    assert mlp["activations"] == 4 * 128 * (512 + 256 + 10)
    assert cnn["activations"] == 4 * 128 * (784 * 32 + 196 * 64 + 128 + 10)
    assert cnn["the batch"] == 128 * (784 * 4 + 8)
