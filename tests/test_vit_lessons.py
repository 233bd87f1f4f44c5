"""Attention, GELU and LayerNorm of the frameworks compute in float64 or, in part, in float32; -rP prints the errors."""

import pytest

import impls
from tests.processes import measured

pytestmark = [pytest.mark.lessons, pytest.mark.long]  # each trains twice in a new process

# The largest relative difference of the loss between two trainings in float64, as the tutorial is written and with a
# part replaced by `REPLACEMENT`.
PROGRAM = """
import json, sys
sys.path.insert(0, ".")
import impls
from harness.equality.limits import EXACT_HYPERPARAMETERS
from harness.equality.parameters import random_parameters
from harness.equality.trace import losses_apart, trace
from impls.contract import NETWORKS, Settings
from impls.files import read_dataset

variant, folder, steps = {variant!r}, {folder!r}, 20
settings = Settings("vit", dtype="float64", **EXACT_HYPERPARAMETERS)
call = (*read_dataset(folder)[0], random_parameters(NETWORKS["vit"].shapes, seed=1), steps)
written = trace(impls.load(variant, settings), *call)
vit = impls.import_(variant, "vit")
{replacement}
apart = losses_apart(trace(impls.import_(variant).Adapter(settings, models=vit.MODELS), *call), written)
print(json.dumps({{"error": max(apart).error}}))
"""

PYTORCH_ATTENTION = """
from torch.nn.functional import scaled_dot_product_attention
def attend(self, x):
    q, k, v = (vit.split_heads(layer(x)) for layer in (self.query, self.key, self.value))
    return self.output(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
vit.Block.attend = attend
"""
JAX_ATTENTION = """
import jax
def attention(params, block, x):
    layers = (vit.mnist.dense(params[f"{block}/{name}"], x) for name in ("query", "key", "value"))
    q, k, v = (y.reshape(len(x), 16, 4, 16) for y in layers)
    return vit.mnist.dense(params[f"{block}/output"], jax.nn.dot_product_attention(q, k, v).reshape(len(x), 16, 64))
vit.attention = attention
vit.MODELS = {"vit": lambda params, x: vit.vit(params, x)}  # another function, as JAX has compiled the first
"""
TENSORFLOW_GELU = "import tensorflow as tf; vit.gelu = tf.nn.gelu"
TENSORFLOW_ATTENTION = """
import tensorflow as tf
def attend(self, x):
    q, k, v = (tf.reshape(layer(x), (-1, 16, 4, 16)) for layer in (self.query, self.key, self.value))
    return self.output_layer(tf.reshape(tf.keras.ops.dot_product_attention(q, k, v), (-1, 16, 64)))
vit.Block.attend = attend
"""
KERAS_ATTENTION = """
from keras import ops
def attend(self, x):
    q, k, v = (ops.reshape(layer(x), (-1, 16, 4, 16)) for layer in (self.query, self.key, self.value))
    return self.output_layer(ops.reshape(ops.dot_product_attention(q, k, v), (-1, 16, 64)))
vit.Block.attend = attend
"""
KERAS_NORM = """
import keras
vit.LayerNorm = lambda: keras.layers.LayerNormalization(epsilon=vit.EPSILON)
"""
KERAS_MEAN = "import keras; vit.MeanOfTokens = keras.layers.GlobalAveragePooling1D"
KERAS_GELU = "import keras; vit.gelu = keras.activations.gelu"

ROUNDING, IN_FLOAT32 = (0, 1e-13), (1e-11, 1e-6)


@pytest.mark.parametrize(
    ("variant", "replacement", "limits"),
    [
        pytest.param("pytorch", PYTORCH_ATTENTION, ROUNDING, id="pytorch-attention"),
        pytest.param("jax", JAX_ATTENTION, IN_FLOAT32, id="jax-attention"),
        pytest.param("tensorflow", TENSORFLOW_ATTENTION, ROUNDING, id="tensorflow-attention"),
        pytest.param("tensorflow", TENSORFLOW_GELU, IN_FLOAT32, id="tensorflow-gelu"),
        pytest.param("keras-jax", KERAS_ATTENTION, IN_FLOAT32, id="keras-jax-attention"),
        pytest.param("keras-jax", KERAS_NORM, IN_FLOAT32, id="keras-jax-norm"),
        pytest.param("keras-jax", KERAS_MEAN, IN_FLOAT32, id="keras-jax-mean"),
        pytest.param("keras-jax", KERAS_GELU, ROUNDING, id="keras-jax-gelu"),
        pytest.param("keras-tensorflow", KERAS_ATTENTION, ROUNDING, id="keras-tensorflow-attention"),
        pytest.param("keras-tensorflow", KERAS_GELU, IN_FLOAT32, id="keras-tensorflow-gelu"),
    ],
)
def test_own_layers_in_float64(dataset, variant, replacement, limits):
    """float32 in a softmax, in sqrt(1/2) or in a mean leaves an error of 1e-10 to 1e-7; rounding leaves 1e-15."""

    chosen = impls.variants()[variant]
    code = PROGRAM.format(variant=variant, folder=dataset.directory, replacement=replacement)
    low, high = limits
    assert low <= measured(code, " ".join(chosen.packages), **chosen.environment)["error"] <= high
