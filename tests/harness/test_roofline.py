"""The roofline is the network's arithmetic over the rate of the machine, and Adam's traffic over that of its memory."""

import numpy as np
import pytest

from harness.measuring import roofline
from impls.contract import NETWORKS, Settings

MLP = NETWORKS["mlp"]
MULTIPLY = 2 * roofline.SIZE**3  # floating-point operations
STREAM = 8 * roofline.CYCLES * MLP.parameter_count * 4  # bytes that are read and written


def test_arithmetic_is_that_of_the_layers():
    """Forward, and back to weights and activations; the first layer's inputs need no gradient."""
    operations = 2 * 128 * (3 * (784 * 512 + 512 * 256 + 256 * 10) - 784 * 512)
    seconds = roofline.train_step_seconds(MLP, 128, multiply_seconds=MULTIPLY / 1e9, stream_seconds=0.0)
    assert seconds == pytest.approx(operations / 1e9)


def test_traffic_is_that_of_adam():
    """It reads parameters, gradients, m and v, and writes three of them: 15 MB."""
    seconds = roofline.train_step_seconds(MLP, 0, multiply_seconds=1.0, stream_seconds=STREAM / 1e9)
    assert seconds == pytest.approx(7 * 4 * 535_818 / 1e9)


def test_machine_does_the_work_that_is_counted():
    machine = roofline.Machine(Settings(threads=3))
    machine.multiply(None)
    np.testing.assert_allclose(machine.product, machine.a.astype(float) @ machine.b, rtol=0, atol=1e-3)
    assert sum(part.shape[1] for part in machine.parts) == MLP.parameter_count
    machine.parts[1][3] = 7.0
    machine.stream(None)
    assert (machine.parts[1] == 7.0).all()  # handed on to each of the four
    assert (machine.parts[0] == 1.0).all()


@pytest.mark.parametrize(
    ("flags", "names"), [(["avx512f"], set()), ([*roofline.AVX512, "avx2"], {"OPENBLAS_CORETYPE"})]
)
def test_openblas_uses_avx512_where_all_of_it_is_there(tmp_path, flags, names):
    (tmp_path / "cpuinfo").write_text(f"processor: 0\nflags: {' '.join(flags)}\n", encoding="utf-8")
    assert roofline.environment(tmp_path / "cpuinfo").keys() == names
