"""Limitations of the frameworks' exporters and of ONNX Runtime. A test fails once its limitation is fixed."""

import pytest

from harness.edge import export_tasks
from harness.edge.fidelity import fidelity
from impls.contract import Settings
from tests.processes import measured
from tests.project import require

pytestmark = pytest.mark.edge


@pytest.fixture
def state(record):
    """Return a function that adds a line below the tables."""
    return lambda line: record("statement", text=line)


def test_onnx_runtime_saturates_where_there_is_no_vnni(fleet, exports, dataset, state):
    """With default options it sums products in 16 bits there."""
    framework = fleet.framework("numpy", Settings())
    path, device = exports.file(framework, "onnx", "int8"), exports.device("onnx")
    device.build(export_tasks.as_it_comes, "onnx", str(path))
    ready = exports.trained(framework)
    expected, scale = ready.right, float(ready.trained["int8"].scales.logits)
    found = fidelity(device.run("logits", dataset.test.images), expected, dataset.test.labels.array(), scale)
    has_vnni = device.run(export_tasks.has_vnni)
    state(
        f"ONNX Runtime with default options, on a processor {'with' if has_vnni else 'without'} VNNI: "
        f"{found.differ:,} of {expected.size:,} logits differ, by up to {found.largest:.0f} steps; "
        f"{found.labels} predicted classes change"
    )
    assert (found.differ == 0) == has_vnni


def test_keras_on_jax_does_not_export_to_litert():
    code = """
import json, keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
try:
    model.export("unwritten.tflite", format="litert", verbose=False)
    said = ""
except ValueError as error:
    said = str(error)
print(json.dumps({"said": said}))
"""
    assert "TensorFlow or PyTorch" in measured(code, "keras jax", KERAS_BACKEND="jax")["said"]


def test_jax2onnx_does_not_export_a_nested_jit_of_jax_0_11():
    """So `Documented` exports Keras on JAX in an environment with an older JAX."""
    require("jax2onnx")
    code = """
import json, jax, jax2onnx
inner = jax.jit(lambda x: x + 1)
try:
    jax2onnx.to_onnx(lambda x: inner(x), [(1, 4)])
    said = ""
except AttributeError as error:
    said = str(error)
print(json.dumps({"said": said, "version": jax.__version_info__[:2]}))
"""
    result = measured(code, "jax jax2onnx")
    assert ("ClosedJaxpr" in result["said"]) == (result["version"] >= [0, 11])


def test_tensorflow_rejects_dense_kernels_scaled_by_channel():
    code = """
import json, os
os.environ["KERAS_BACKEND"] = "tensorflow"
import numpy as np
import tensorflow as tf
fake = tf.quantization
kernel = np.eye(4, 2, dtype=np.float32)
@tf.function(input_signature=[tf.TensorSpec((1, 4))])
def dense(x):
    x = fake.fake_quant_with_min_max_vars(x, 0, 1)
    w = fake.fake_quant_with_min_max_vars_per_channel(kernel, [-1.0, -1.0], [1.0, 1.0], narrow_range=True)
    return fake.fake_quant_with_min_max_vars(x @ w, -1, 1)
module = tf.Module()
module.dense = dense
converter = tf.lite.TFLiteConverter.from_concrete_functions([dense.get_concrete_function()], module)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
try:
    converter.convert()
    said = ""
except Exception as error:
    said = str(error)
print(json.dumps({"said": said}))
"""
    assert "mismatched quantized axes" in measured(code, "tensorflow")["said"]


def test_onnx_pooling_of_keras_on_jax_cannot_run(tmp_path):
    """The dimensions of the pooling by jax2onnx include the images and the channels."""
    code = f"""
import json, keras, numpy, onnxruntime
model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.MaxPooling2D()])
model(numpy.zeros((1, 4, 4, 1)))
path = {str(tmp_path / "pooling.onnx")!r}
model.export(path, format="onnx", verbose=False)
session = onnxruntime.InferenceSession(path)
try:
    session.run(None, {{session.get_inputs()[0].name: numpy.zeros((1, 4, 4, 1), numpy.float32)}})
    said = ""
except Exception as error:
    said = str(error)
print(json.dumps({{"said": said}}))
"""
    assert "Unsupported pooling size" in measured(code, "keras jax jax2onnx onnxruntime", KERAS_BACKEND="jax")["said"]
