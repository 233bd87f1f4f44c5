"""Whatever a campaign reads of an implementation is read in a rehearsal first, and what cannot be read is named."""

import numpy as np
import pytest

from harness.measuring import workload
from harness.measuring.timing import Unmeasurable
from harness.measuring.workload import OPERATIONS
from harness.workers.session import Session
from impls.contract import Settings
from impls.numpy.adapter import Adapter

IMAGES = np.zeros((4, 28, 28), np.uint8)
LABELS = np.arange(4)
BY_METHOD = {operation.method: operation for operation in OPERATIONS}


class Opaque:
    """A tensor of which nothing can be read."""


def rehearse(method, **replaced):
    """The rehearsal of the method by NumPy's implementation, of which these methods are replaced."""
    session = Session(lambda *_, **__: None)
    session.implementation = type("Fake", (Adapter,), replaced)(Settings())
    return session.run(workload.rehearse, BY_METHOD[method], IMAGES, LABELS)


def test_a_sound_implementation_passes():
    assert rehearse("train_step") > 0
    assert 0 < rehearse("predict_step") < 1
    assert rehearse("preprocess") is None
    assert rehearse("fit") is None


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("train_step", Opaque()),
        ("train_step", None),
        ("train_step", np.zeros(3)),
        ("predict_step", Opaque()),
        ("predict_step", None),
        ("predict_step", np.zeros(3)),
        ("predict_step", np.zeros((0, 10))),
        ("predict_step", [[0.1]]),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_result_that_cannot_be_read_is_named(method, result):
    expected = f"{method} returned a {type(result).__name__}, of which no float can be read"
    with pytest.raises(TypeError, match=expected):
        rehearse(method, **{method: lambda self, batch: result})


def test_a_training_that_reports_no_epoch_is_named():
    with pytest.raises(Unmeasurable, match="the run reported no lap"):
        rehearse("fit", fit=lambda self, *_: {"loss": [1.0]})
