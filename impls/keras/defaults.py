"""The defaults of Keras on its current backend, observed: by what comes out, or a signature."""

import inspect

import keras
import numpy as np
from keras import layers, ops, optimizers


def defaults():
    """Return default -> observed value, for the rows of `impls.defaults.rows`."""
    keras.utils.set_random_seed(0)
    observed = {**of_layers(), **of_functions(), **of_training()}
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    return {**observed, **of_optimizers(), "attention in float64 computes in": attention_error()}


def of_layers():
    """Return layouts, initial values, and numbers of layers."""
    dense, conv, norm = layers.Dense(500), layers.Conv2D(50, 3), layers.BatchNormalization()
    shape = conv(ops.zeros((1, 8, 9, 30))).shape
    dense(ops.zeros((1, 300)))
    norm(ops.array([[0.0], [2.0]]), training=True)  # mean 1, variance 1, or 2 without a bias
    new = float(norm.moving_mean[0])
    numbers = ops.reshape(ops.arange(1.0, 5.0), (1, 4, 1))
    same = layers.Conv1D(1, 3, strides=2, padding="same", kernel_initializer="ones")
    return {
        "axes of images in a convolution": tuple(shape),
        "axes of a convolution kernel": tuple(conv.kernel.shape),
        "axes of a dense kernel": tuple(dense.kernel.shape),
        "dense kernel, initial": float(abs(array(dense.kernel)).max()) * 300**0.5,
        "convolution kernel, initial": float(abs(array(conv.kernel)).max()) * (30 * 9) ** 0.5,
        "dense bias, initial": float(abs(array(dense.bias)).max()) * 300**0.5,
        "He normal": array(keras.initializers.HeNormal(seed=0)((300, 500))),
        'padding "same" with stride 2 adds a zero': array(same(numbers)).ravel().tolist(),
        "BatchNorm: part of the new statistics": new,
        "BatchNorm: epsilon": norm.epsilon,
        "BatchNorm: running variance": (float(norm.moving_variance[0]) - (1 - new)) / new,
        "LayerNorm: epsilon": layers.LayerNormalization().epsilon,
        "dropout of a plain call": float((array(layers.Dropout(0.5)(ops.ones(10_000))) == 0).mean()),
    }


def of_functions():
    """Return what functions compute where nothing is stated."""
    logits, labels = ops.array([[0.0, 40.0], [40.0, 0.0]]), np.array([0, 0])
    loss = keras.losses.SparseCategoricalCrossentropy
    gelu = float(keras.activations.gelu(ops.array(1.0)))
    return {
        "GELU": gelu,
        "standard deviation": float(ops.std(ops.array([0.0, 2.0]))),
        "cross-entropy takes": float(loss()(labels[:1], logits[:1])),
        "cross-entropy of a batch": float(loss(from_logits=True)(labels, logits)),
        "probabilities are clipped at": float(np.exp(-float(loss()(labels[:1], ops.array([[0.0, 1.0]]))))),
        "a float64 array becomes": keras.backend.standardize_dtype(ops.convert_to_tensor(np.zeros(1)).dtype),
        "a Python float becomes": keras.backend.standardize_dtype(ops.convert_to_tensor(1.0).dtype),
    }


def of_optimizers():
    """Return defaults of optimizers, by signature or by one step of a parameter."""
    adam = signature(optimizers.Adam)
    return {
        "Adam: learning rate": adam["learning_rate"],
        "Adam: betas": "{}, {}".format(adam["beta_1"], adam["beta_2"]),
        "Adam: epsilon": adam["epsilon"],
        "Adam: epsilon is added": -step(optimizers.Adam(1.0, epsilon=1.0), 0.0, 1.0),
        "Adam: betas in float64": abs(-step(optimizers.Adam(1.0, epsilon=1e-30), 0.0, 1.0) - 1),
        "Adam: weight_decay": -step(optimizers.Adam(1.0, weight_decay=0.1), 1.0, 0.0),
        "AdamW: weight decay": signature(optimizers.AdamW)["weight_decay"],
        "RMSprop: decay": signature(optimizers.RMSprop)["rho"],
        "SGD: learning rate": signature(optimizers.SGD)["learning_rate"],
    }


def of_training():
    """Return how `fit` draws batches, and whether it compiles its step."""
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(optimizers.SGD(0.0), "mse")
    losses = []
    record = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    numbers = np.arange(1.0, 9.0, dtype="float32")[:, None]
    model.fit(numbers, 0 * numbers, batch_size=1, epochs=4, verbose=0, callbacks=[record])
    orders = {tuple(np.round(losses[first : first + 8], 3)) for first in range(0, 32, 8)}
    losses.clear()
    model.fit(numbers[:5], numbers[:5], batch_size=2, verbose=0, callbacks=[record])
    return {
        "last partial batch": len(losses),
        "data are shuffled": signature(model.fit)["shuffle"],
        "orders of 4 epochs, if seeded": str(len(orders)),
        "a step is compiled": bool(model.jit_compile),
    }


def attention_error():
    """Return the largest error of attention in float64."""
    q = np.linspace(0, 1, 8).reshape(1, 4, 1, 2)
    weights = np.exp(q[0, :, 0] @ q[0, :, 0].T / 2**0.5)
    exact = weights / weights.sum(1, keepdims=True) @ q[0, :, 0]
    return float(abs(array(ops.dot_product_attention(*3 * (ops.array(q, "float64"),)))[0, :, 0] - exact).max())


def signature(function):
    """Return parameter -> default."""
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


def step(optimizer, start, gradient):
    """Return the change of a float64 parameter by one step."""
    parameter = keras.Variable(start, dtype="float64")
    optimizer.apply([ops.array(gradient, "float64")], [parameter])
    return float(parameter) - start


def array(value):
    """Return a NumPy array."""
    return ops.convert_to_numpy(value)
