"""Values arrive in the other process as they were sent; a value that would import a framework is refused."""

import fractions
import pickle
from pathlib import Path

import numpy as np
import pytest

from harness.equality.distance import Distance
from harness.equality.trace import trace
from harness.measuring.workload import Operation
from harness.workers.wire import dumps, loads, loads_values
from impls import Case, PackageNotInstalled
from impls.contract import Settings
from impls.numpy import mnist
from impls.quantization import Scales


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, -0.0, np.inf]], np.float32),
        np.asfortranarray(np.arange(6.0).reshape(2, 3))[:, ::2],
        np.zeros((0, 28, 28), np.uint8),
        np.array([1, 2], ">i4"),
    ],
)
def test_array_keeps_dtype_shape_and_values(array):
    there = loads(dumps(array))
    assert there.dtype == array.dtype
    np.testing.assert_array_equal(there, array)
    assert there.flags.writeable


def test_dataclass_is_made_by_its_constructor():
    """The scales are float32 on the other side, too, as ONNX wants them."""
    scales = Scales("mlp", {"dense_1": np.ones(3, np.float32)}, {"dense_1": np.float32(0.5)}, np.float32(0.25))
    assert loads(dumps(scales)).logits.dtype == np.float32


class Text(str):
    pass


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ((None, True, 3, 0.1, "text", b"bytes", [1, ["a"]], {"a": {"b": (1, 2)}}, (), {}), None),
        ((Settings(seed=3), Operation("fit", 2, rounds=1), trace, Distance(0.5, "here"), Case), None),
        ((np.float64(0.5), np.int64(3), np.bool_(True), Text("2.15"), Path("a") / "b"), (0.5, 3, True, "2.15", "a/b")),
    ],
    ids=["builtin", "shared", "subclasses and scalars"],
)
def test_value_arrives_as_itself_or_as_its_builtin_type(sent, received):
    assert repr(loads(dumps(sent))) == repr(received or sent)


@pytest.mark.parametrize(
    "value",
    [lambda: None, fractions.Fraction(1, 2), mnist.cnn, mnist.Adam({}), {"a": [object()]}, np.array([{}])],
)
def test_any_other_value_is_refused(value):
    with pytest.raises(TypeError, match="cannot send"):
        dumps(value)


def test_worker_sends_values_and_errors():
    sent = (np.ones(2, np.float32), "text", Distance(0.5, "here"), Settings(seed=3), PackageNotInstalled)
    assert repr(loads_values(dumps(sent))) == repr(sent)


def global_name(module: str, name: str) -> bytes:
    """Return the pickle of the value with this name."""
    return b"\x80\x04" + b"".join(b"\x8c%c%b" % (len(each), each.encode()) for each in (module, name)) + b"\x93."


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(fractions.Fraction(1, 2)),
        global_name("harness.workers.process_tree", "start"),
        global_name("harness.workers.worker", "subprocess.Popen"),
        global_name("harness.workers.worker", "Worker"),
        global_name("builtins", "eval"),
    ],
    ids=["another package", "a function", "a module of ours leads to another", "a class that does things", "a builtin"],
)
def test_worker_can_have_nothing_else_called(data):
    with pytest.raises(pickle.UnpicklingError):
        loads_values(data)
