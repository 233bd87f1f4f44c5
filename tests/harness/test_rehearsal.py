"""A rehearsal names the operation whose result cannot be read, before a campaign begins."""

import numpy as np
import pytest

from harness.measuring import workload
from harness.measuring.timing import Unmeasurable
from harness.measuring.workload import OPERATIONS
from harness.workers.session import Session
from impls.contract import Settings
from impls.numpy.adapter import Adapter

BY_METHOD = {operation.method: operation for operation in OPERATIONS}


def rehearse(method, **replaced):
    """Rehearse the method of NumPy's implementation, of which these methods are replaced."""
    session = Session(lambda *_, **__: None)
    session.implementation = type("Fake", (Adapter,), replaced)(Settings())
    return session.run(workload.rehearse, BY_METHOD[method], np.zeros((4, 28, 28), np.uint8), np.arange(4))


@pytest.mark.parametrize(
    ("method", "result"),
    [("train_step", None), ("train_step", np.zeros(3)), ("predict_step", np.zeros((0, 10))), ("predict_step", [[0.1]])],
)
def test_unreadable_result_is_named(method, result):
    with pytest.raises(TypeError, match=f"{method} .* {type(result).__name__}"):
        rehearse(method, **{method: lambda self, batch: result})


def test_training_without_epochs_is_unmeasurable():
    with pytest.raises(Unmeasurable):
        rehearse("fit", fit=lambda self, *_: {"loss": [1.0]})
