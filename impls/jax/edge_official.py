"""Quantization-aware training by Qwix as in its guide, for comparison: a Flax module to LiteRT."""

from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import qwix
from flax import linen as nn
from jax import export

from impls.contract import DATASET, Settings
from impls.edge import Trained
from impls.edge._stablehlo import convert
from impls.jax.adapter import Adapter
from impls.jax.mnist import cross_entropy, make_optimizer, preprocess

RULES = [qwix.QuantizationRule(weight_qtype="int8", act_qtype="int8")]


class MLP(nn.Module):
    """The MLP 784 -> 512 -> 256 -> 10. It returns logits (n, 10)."""

    @nn.compact
    def __call__(self, x):
        """Return logits (n, 10) of x (n, 784)."""
        x = nn.relu(nn.Dense(512, name="dense_1")(x))  # (n, 784) -> (n, 512)
        x = nn.relu(nn.Dense(256, name="dense_2")(x))  # (n, 512) -> (n, 256)
        return nn.Dense(10, name="dense_3")(x)  # (n, 256) -> (n, 10)


class CNN(nn.Module):
    """The CNN: two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, then two dense layers."""

    @nn.compact
    def __call__(self, x):
        """Return logits (n, 10) of x (n, 784)."""
        x = x.reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
        x = nn.relu(nn.Conv(32, (3, 3), name="conv_1")(x))  # (n, 28, 28, 1) -> (n, 28, 28, 32)
        x = nn.max_pool(x, (2, 2), strides=(2, 2))  # (n, 28, 28, 32) -> (n, 14, 14, 32)
        x = nn.relu(nn.Conv(64, (3, 3), name="conv_2")(x))  # (n, 14, 14, 32) -> (n, 14, 14, 64)
        x = nn.max_pool(x, (2, 2), strides=(2, 2))  # (n, 14, 14, 64) -> (n, 7, 7, 64)
        x = x.reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
        x = nn.relu(nn.Dense(128, name="dense_1")(x))  # (n, 3136) -> (n, 128)
        return nn.Dense(10, name="dense_2")(x)  # (n, 128) -> (n, 10)


MODELS = {"mlp": MLP, "cnn": CNN}


def as_documented(trained: Trained, path: str | Path, images, labels, test_images) -> np.ndarray:
    """Train for an epoch of these images while ranges are averaged, then freeze the ranges and export."""
    adapter = Adapter(Settings(trained.network))
    adapter.set_parameters(trained.parameters)
    x, test_x = preprocess(images), preprocess(test_images)
    network = MODELS[trained.network]()
    model = qwix.quantize_model(network, qwix.OdmlQatProvider(RULES))
    statistics = model.init(jax.random.key(adapter.settings.seed), x[:1])["quant_stats"]
    params, statistics = train(model, adapter.state[0], statistics, x, labels, adapter.settings)
    evaluated = jax.jit(partial(model.apply, {"params": params, "quant_stats": statistics}))
    logits = np.concatenate([evaluated(part) for part in jnp.split(test_x, 10)])  # -> (n, 10)

    converted = qwix.quantize_model(network, qwix.OdmlConversionProvider(RULES, params, statistics))
    forward = jax.jit(partial(converted.apply, {"params": params}))
    convert(export.export(forward)(jax.ShapeDtypeStruct((1, DATASET.pixels), jnp.float32)).mlir_module(), path)
    return logits


def train(model, params, statistics, x, labels, settings):
    """Train for an epoch, and return the parameters and the statistics of the activations."""
    optimizer = make_optimizer(settings.learning_rate)
    state = optimizer.init(params)

    def loss(params, statistics, x, y):
        logits, changed = model.apply({"params": params, "quant_stats": statistics}, x, mutable="quant_stats")
        return cross_entropy(logits, y), changed["quant_stats"]

    @jax.jit
    def update(params, statistics, state, x, y):
        grads, statistics = jax.grad(loss, has_aux=True)(params, statistics, x, y)
        updates, state = optimizer.update(grads, state)
        return optax.apply_updates(params, updates), statistics, state

    order = np.random.default_rng(settings.seed).permutation(len(labels))
    for rows in np.array_split(order, len(labels) / settings.batch_size):
        params, statistics, state = update(params, statistics, state, x[rows], labels[rows])
    return params, statistics
