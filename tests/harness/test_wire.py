"""Values arrive in the other process as they were sent, in builtin types on the way."""

import fractions
from pathlib import Path

import execnet
import numpy as np
import pytest

from harness.data.reference import Reference
from harness.equality.distance import Distance
from harness.equality.trace import trace
from harness.measuring.workload import Operation
from harness.workers.wire import decode, encode
from impls import Entrant
from impls.contract import Settings
from impls.numpy import adapter, mnist


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.array([[1.5, -0.0, np.inf]], np.float32),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.zeros((0, 28, 28), np.uint8),
        np.array(3.0),
        np.arange(10)[::2],
        np.array([1, 2], ">i4"),
    ],
)
def test_arrays(array):
    there = decode(execnet.loads(execnet.dumps(encode(array))))
    assert there.dtype == array.dtype
    np.testing.assert_array_equal(there, array)
    assert there.flags.writeable


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 0.1, "text", b"bytes", (1, (2.0, None)), [1, ["a"]], {"a": {"b": (1, 2)}}, (), {}],
)
def test_builtin_values(value):
    there = decode(execnet.loads(execnet.dumps(encode(value))))
    assert there == value
    assert type(there) is type(value)


def test_scalars_of_numpy_and_subclasses_become_builtin():
    class Text(str):
        pass

    sent = (np.float64(0.5), np.int64(3), np.bool_(True), Text("2.15"), Path("a") / "b")
    there = decode(execnet.loads(execnet.dumps(encode(sent))))
    assert there == (0.5, 3, True, "2.15", "a/b")
    assert [type(item) for item in there] == [float, int, bool, str, str]


def test_a_reference_crosses_as_a_name_and_is_looked_up_there(dataset):
    reference = decode(execnet.loads(execnet.dumps(encode(dataset.test.labels.first(3)))))
    assert isinstance(reference, Reference)
    assert reference.array().tolist() == [7, 2, 1]


def test_what_is_ours_crosses_by_its_name(dataset):
    sent = (Settings(seed=3), Operation("fit", 2, rounds=1), trace, Distance(0.5, "here"), Entrant)
    there = decode(execnet.loads(execnet.dumps(encode(sent))))
    assert there == sent
    assert [type(item) for item in there] == [type(item) for item in sent]


def test_what_the_other_side_could_not_import_is_refused():
    """Least of all what belongs to a framework: pytest's process would import that."""
    for stranger in (lambda: None, fractions.Fraction(1, 2), mnist.cnn, adapter.Adapter(Settings())):
        with pytest.raises(TypeError, match="cannot send"):
            encode(stranger)


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match="cannot send object"):
        encode({"a": [object()]})
