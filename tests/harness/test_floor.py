"""The floor is the network's arithmetic over the rate of the machine, and Adam's traffic over that of its memory."""

import numpy as np
import pytest

from harness.measuring import floor
from impls.contract import NETWORKS, PARAMETER_COUNT, Settings

MLP = NETWORKS["mlp"]
PRODUCT = 2 * floor.SIZE**3  # floating-point operations of `multiply`
ROUND = 8 * floor.TURNS * PARAMETER_COUNT * 4  # bytes that `stream` reads and writes


@pytest.mark.parametrize(("batch_size", "operations"), [(128, 308_150_272), (1, 2_407_424)])
def test_arithmetic(batch_size, operations):
    """784*512 + 512*256 + 256*10 weights, forward and for their gradients; without the first layer for activations."""
    assert operations == 2 * batch_size * (2 * (784 * 512 + 512 * 256 + 256 * 10) + 512 * 256 + 256 * 10)
    seconds = floor.train_step_seconds(MLP, batch_size, multiply_seconds=PRODUCT / 1e9, stream_seconds=0.0)
    assert seconds == pytest.approx(operations / 1e9)


def test_traffic():
    """Adam reads parameters, gradients, m and v, and writes three of them: 15 MB."""
    seconds = floor.train_step_seconds(MLP, 0, multiply_seconds=1.0, stream_seconds=ROUND / 1e9)
    assert seconds == pytest.approx(7 * 4 * PARAMETER_COUNT / 1e9)
    assert pytest.approx(15e6, rel=0.01) == 7 * 4 * PARAMETER_COUNT


def test_what_is_measured_is_what_is_reckoned_with():
    machine = floor.Machine(Settings(threads=3))
    machine.multiply(None)
    np.testing.assert_allclose(machine.product, machine.a.astype(float) @ machine.b, rtol=0, atol=1e-3)
    assert sum(part.shape[1] for part in machine.parts) == PARAMETER_COUNT
    machine.parts[1][3] = 7.0
    machine.stream(None)
    assert (machine.parts[1] == 7.0).all()  # handed on to each of the four
    assert (machine.parts[0] == 1.0).all()


def test_openblas_is_told_of_avx512_where_there_is_any():
    assert floor.environment(["avx2"]) == {}
    assert floor.environment(["avx512f"]) == {}
    assert floor.environment([*floor.AVX512, "avx2"]) == {"OPENBLAS_CORETYPE": "SkylakeX"}
