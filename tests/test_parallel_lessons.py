"""Two ways to train in several processes that Keras 3 does not support yet: each test fails once one is supported."""

import pytest

import impls
from harness.parallel.team import Team
from impls.contract import Settings
from tests.observed import fit_by_keras
from tests.processes import measured

pytestmark = pytest.mark.parallel


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_keras_distribution_is_for_jax_alone(backend):
    """Keras issue 23418: PyTorch's is merged for a later version, TensorFlow's file says that it must not be used."""
    code = """
import json, keras
try:
    keras.distribution.initialize("127.0.0.1:0", 1, 0)
    message = ""
except AttributeError as error:
    message = str(error)
print(json.dumps({"message": message}))
"""
    assert "has no attribute 'initialize'" in measured(code, f"keras {backend}", KERAS_BACKEND=backend)["message"]


def test_keras_fit_is_not_for_several_workers_of_tensorflow(dataset):
    """Keras issues 20585 and 20601: it takes an array that is divided among the processes for a tensor."""
    for package in impls.missing("keras-tensorflow"):
        pytest.skip(f"{package} is not installed")
    team = Team("keras-tensorflow", 2)
    try:
        team.build(Settings())
        with pytest.raises(ValueError, match=r"unsupported type .*distribute\.values\.PerReplica"):
            team.run(fit_by_keras, *dataset.train.first(256))
    finally:
        team.close()
