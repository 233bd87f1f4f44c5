"""Qwix' quantization-aware training as its guide has it, for comparison: a Flax module to LiteRT."""

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

RULES = [qwix.QuantizationRule(weight_qtype="int8", act_qtype="int8")]


class MLP(nn.Module):
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer."""

    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(512, name="dense_1")(x))  # (n, 784) -> (n, 512)
        x = nn.relu(nn.Dense(256, name="dense_2")(x))  # (n, 512) -> (n, 256)
        return nn.Dense(10, name="dense_3")(x)  # (n, 256) -> (n, 10)


class CNN(nn.Module):
    """Two 3 x 3 convolutions, to 32 and 64 channels, each with a ReLU and 2 x 2 max-pooling; then 3136 -> 128 -> 10."""

    @nn.compact
    def __call__(self, x):
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
    """Train for an epoch of these images, with ranges that are averaged meanwhile; then they are frozen."""
    settings, pixels = Settings(trained.network), scaled(images)
    network = MODELS[trained.network]()
    model = qwix.quantize_model(network, qwix.OdmlQatProvider(RULES))
    statistics = model.init(jax.random.key(settings.seed), pixels[:1])["quant_stats"]
    parameters, statistics = train(model, nested(trained.parameters), statistics, pixels, labels, settings)
    evaluated = jax.jit(partial(model.apply, {"params": parameters, "quant_stats": statistics}))
    logits = np.concatenate([evaluated(part) for part in jnp.split(scaled(test_images), 10)])  # -> (n, 10)

    converted = qwix.quantize_model(network, qwix.OdmlConversionProvider(RULES, parameters, statistics))
    forward = jax.jit(partial(converted.apply, {"params": parameters}))
    convert(export.export(forward)(jax.ShapeDtypeStruct((1, DATASET.pixels), jnp.float32)).mlir_module(), path)
    return logits


def train(model, parameters, statistics, pixels, labels, settings):
    optimizer = optax.adam(settings.learning_rate)
    state = optimizer.init(parameters)

    def loss(parameters, statistics, pixels, labels):
        variables = {"params": parameters, "quant_stats": statistics}
        logits, changed = model.apply(variables, pixels, mutable="quant_stats")
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses.mean(), changed["quant_stats"]

    @jax.jit
    def update(parameters, statistics, state, pixels, labels):
        gradients, statistics = jax.grad(loss, has_aux=True)(parameters, statistics, pixels, labels)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(parameters, updates), statistics, state

    order = np.random.default_rng(settings.seed).permutation(len(labels))
    for rows in np.array_split(order, len(labels) / settings.batch_size):
        parameters, statistics, state = update(parameters, statistics, state, pixels[rows], labels[rows])
    return parameters, statistics


def scaled(images):
    return jnp.asarray(images.reshape(len(images), -1), jnp.float32) / 255  # (n, 28, 28) -> (n, 784)


def nested(parameters):
    """{"dense_1/kernel": ...} -> {"dense_1": {"kernel": ...}}, as Flax has it."""
    layers = dict.fromkeys(name.partition("/")[0] for name in parameters)
    return {
        layer: {kind: jnp.asarray(parameters[f"{layer}/{kind}"]) for kind in ("kernel", "bias")} for layer in layers
    }
