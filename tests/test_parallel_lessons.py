"""Roads to several processes that do not exist yet, in Keras 3: each test turns red the day that one is opened."""

import pytest

import impls
from harness.parallel.tasks import fit_by_keras
from harness.parallel.team import Team
from impls.contract import Settings
from tests.test_lessons import measured

pytestmark = pytest.mark.parallel


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_keras_distribution_is_for_jax_alone(backend):
    """Keras issue 23418: on PyTorch it is merged for a later version; on TensorFlow its file says not to use it."""
    code = """
import json, keras
try:
    keras.distribution.initialize("127.0.0.1:0", 1, 0)
    said = ""
except AttributeError as error:
    said = str(error)
print(json.dumps({"said": said}))
"""
    assert "has no attribute 'initialize'" in measured(code, backend, KERAS_BACKEND=backend)["said"]


def test_keras_fit_is_not_for_several_workers_of_tensorflow(dataset):
    """Keras issues 20585 and 20601: it takes what is divided among the processes for a tensor."""
    for package in impls.missing("keras-tensorflow"):
        pytest.skip(f"{package} is not installed")
    team = Team("keras-tensorflow", 2)
    try:
        team.build(Settings())
        with pytest.raises(ValueError, match=r"unsupported type .*distribute\.values\.PerReplica"):
            team.run(fit_by_keras, *dataset.train.first(256))
    finally:
        team.close()
