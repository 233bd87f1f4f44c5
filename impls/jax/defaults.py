"""The defaults of JAX and optax, observed on the installed packages: by what comes out, or by a signature.

JAX has no layers, so the rows of layers are empty.
"""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import optax


def defaults():
    """Return default -> observed value, for the rows of `impls.defaults.rows`."""
    in_float32 = {**functions(), **training()}
    jax.config.update("jax_enable_x64", True)
    return {**in_float32, **optimizers(), "attention in float64 computes in": attention_error()}


def functions():
    """Return what functions compute where nothing is stated."""
    images, kernel = jnp.zeros((1, 30, 8, 9)), jnp.zeros((50, 30, 3, 3))
    logits, labels = jnp.array([[0.0, 40.0], [40.0, 0.0]]), jnp.array([0, 0])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    sums = jax.lax.conv(jnp.arange(1.0, 5).reshape(1, 1, 4), jnp.ones((1, 1, 3)), (2,), "SAME")
    return {
        "axes of images in a convolution": jax.lax.conv(images, kernel, (1, 1), "VALID").shape,
        "axes of a convolution kernel": kernel.shape,  # `lax.conv` takes it
        "He normal": np.asarray(jax.nn.initializers.he_normal()(jax.random.key(0), (300, 500))),
        'padding "same" with stride 2 adds a zero': sums[0, 0].tolist(),
        "GELU": float(jax.nn.gelu(1.0)),
        "standard deviation": float(jnp.std(jnp.array([0.0, 2.0]))),
        "cross-entropy takes": float(losses[0]),
        "cross-entropy of a batch": losses.tolist(),
        "a float64 array becomes": str(jnp.asarray(np.zeros(1)).dtype),
        "a Python float becomes": str(jnp.asarray(1.0).dtype),
    }


def training():
    """Return what a second gradient is."""
    gradient = jax.grad(lambda x: 1 * x)
    gradient(1.0)
    return {"a second gradient": float(gradient(1.0))}


def optimizers():
    """Return defaults of optimizers, by signature or by one step with gradient 1."""
    adam = signature(optax.adam)
    return {
        "Adam: learning rate": "required",
        "Adam: betas": "{}, {}".format(adam["b1"], adam["b2"]),
        "Adam: epsilon": adam["eps"],
        "Adam: epsilon is added": -step(optax.adam(1.0, eps=1.0)),
        "Adam: betas in float64": abs(-step(optax.adam(1.0, eps=1e-30)) - 1),
        "AdamW: weight decay": signature(optax.adamw)["weight_decay"],
        "RMSprop: decay": signature(optax.rmsprop)["decay"],
    }


def attention_error():
    """Return the largest error of attention in float64."""
    q = jnp.linspace(0, 1, 8).reshape(1, 4, 1, 2)
    weights = jnp.exp(q[0, :, 0] @ q[0, :, 0].T / 2**0.5)
    exact = weights / weights.sum(1, keepdims=True) @ q[0, :, 0]
    return float(abs(jax.nn.dot_product_attention(q, q, q)[0, :, 0] - exact).max())


def signature(function):
    """Return parameter -> default."""
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


def step(optimizer):
    """Return the update of a float64 parameter by one step with gradient 1."""
    parameter = jnp.zeros(())
    update, _ = optimizer.update(jnp.ones(()), optimizer.init(parameter), parameter)
    return float(update)
