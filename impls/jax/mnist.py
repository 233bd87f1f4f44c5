"""MNIST in JAX: parameters in a dict, networks as pure functions, one jitted step, and an optimizer from optax.

Run it from any folder: python impls/jax/mnist.py --network cnn --epochs 3
"""

import argparse
import gzip
import os
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import jax
import jax.numpy as jnp
import numpy as np
import optax


# %%
def mlp(params, x):
    """784 -> 512 -> 256 -> 10. Return logits (n, 10): the loss applies the softmax."""
    x = jax.nn.relu(dense(params["dense_1"], x))  # (n, 784) -> (n, 512)
    x = jax.nn.relu(dense(params["dense_2"], x))  # (n, 512) -> (n, 256)
    return dense(params["dense_3"], x)  # (n, 256) -> (n, 10)


def cnn(params, x):
    """Two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, two dense layers. Return logits (n, 10)."""
    x = x.reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    x = max_pool(jax.nn.relu(conv(params["conv_1"], x)))  # (n, 28, 28, 1) -> (n, 14, 14, 32)
    x = max_pool(jax.nn.relu(conv(params["conv_2"], x)))  # (n, 14, 14, 32) -> (n, 7, 7, 64)
    x = x.reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    x = jax.nn.relu(dense(params["dense_1"], x))  # (n, 3136) -> (n, 128)
    return dense(params["dense_2"], x)  # (n, 128) -> (n, 10)


MODELS = {"mlp": mlp, "cnn": cnn}
KERNELS = {  # (inputs, outputs) of dense layers, (height, width, inputs, outputs) of convolutions
    "mlp": {"dense_1": (784, 512), "dense_2": (512, 256), "dense_3": (256, 10)},
    "cnn": {"conv_1": (3, 3, 1, 32), "conv_2": (3, 3, 32, 64), "dense_1": (7 * 7 * 64, 128), "dense_2": (128, 10)},
}


def init(key, kernels, dtype=jnp.float32):
    """Return {layer: {"kernel": ..., "bias": (outputs,)}}: kernels after He (arXiv:1502.01852), biases 0."""
    he_normal, keys = jax.nn.initializers.he_normal(), iter(jax.random.split(key, len(kernels)))
    return {
        layer: {"kernel": he_normal(next(keys), shape, dtype), "bias": jnp.zeros(shape[-1], dtype)}
        for layer, shape in kernels.items()
    }


def dense(layer, x):
    """(n, inputs) -> (n, outputs)."""
    return x @ layer["kernel"] + layer["bias"]


def conv(layer, x):
    """(n, height, width, inputs) -> (n, height, width, outputs), padded with zeros."""
    form = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, layer["kernel"], (1, 1), "SAME", dimension_numbers=form) + layer["bias"]


def max_pool(x):
    """(n, h, w, c) -> (n, h / 2, w / 2, c). The gradient of `lax.reduce_window` would take half of a step on a CPU."""
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))


# %%
def load_mnist(folder):
    """Return ((images, labels), (test images, labels)): uint8 (n, 28, 28) and (n,). Download what is missing."""

    def read(name, header):
        file = Path(folder, "MNIST", "raw", name)
        if not file.exists():
            content = gzip.decompress(urlopen(f"https://ossci-datasets.s3.amazonaws.com/mnist/{name}.gz").read())
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return np.fromfile(file, np.uint8, offset=header)

    return [
        (read(f"{part}-images-idx3-ubyte", 16).reshape(-1, 28, 28), read(f"{part}-labels-idx1-ubyte", 8))
        for part in ("train", "t10k")
    ]


def preprocess(images, dtype=jnp.float32):
    """Scale uint8 (n, 28, 28) in 0..255 to `dtype` (n, 784) in [0, 1]."""
    x = jnp.asarray(images).reshape(len(images), -1).astype(dtype)  # (n, 28, 28) -> (n, 784)
    return x / jnp.full_like(x, 255)  # XLA turns a division by a scalar into a product, which rounds twice


# %%
def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, **options):
    """Return Adam (arXiv:1412.6980) as a pair of pure functions, `init` and `update`."""
    return optax.adam(learning_rate, beta_1, beta_2, **options)


def cross_entropy(logits, y):
    """Return the mean over the batch of -log(softmax(logits)[y]), in nats: (n, 10), (n,) -> ()."""
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@partial(jax.jit, static_argnames=("model", "loss_fn", "optimizer"), donate_argnames="state")
def train_step(model, loss_fn, optimizer, state, x, y):
    """Take a step on x (n, 784) and y (n,). Return the new state, in the memory of the old, and the loss, ()."""
    params, optimizer_state = state
    loss, grads = jax.value_and_grad(lambda params: loss_fn(model(params, x), y))(params)
    updates, optimizer_state = optimizer.update(grads, optimizer_state, params)
    return (optax.apply_updates(params, updates), optimizer_state), loss


@partial(jax.jit, static_argnames=("model", "loss_fn", "optimizer"), donate_argnames="state")
def train_on_rows(model, loss_fn, optimizer, state, x, y, rows):
    """Take a step on these rows: to gather them in compiled code makes an epoch of the MLP 1.4 times as fast."""
    return train_step(model, loss_fn, optimizer, state, x[rows], y[rows])


def train_epoch(model, loss_fn, optimizer, state, x, y, key, batch_size=128):
    """Take a step for each batch, in the order that `key` draws. Return the state and the mean loss, in nats."""
    order, total = np.asarray(jax.random.permutation(key, len(x))), 0.0
    for rows in np.split(order, range(batch_size, len(x), batch_size)):
        state, loss = train_on_rows(model, loss_fn, optimizer, state, x, y, rows)
        total += loss * len(rows)  # dispatched asynchronously: float(loss) would wait for each step
    return state, float(total) / len(x)


def evaluate(model, loss_fn, params, x, y):
    """Return the mean loss in nats, and the fraction of images whose largest logit is that of their label."""
    parts = jnp.array_split(x, len(x) // 1000 + 1)  # in parts: the CNN needs 0.2 MB for each image
    logits = jnp.concatenate([jax.jit(model)(params, part) for part in parts])  # -> (n, 10)
    return float(loss_fn(logits, y)), float(jnp.mean(logits.argmax(axis=1) == y))


@partial(jax.jit, static_argnames="model")
def predict(model, params, x):
    """Return probabilities (n, 10); each row sums to 1."""
    return jax.nn.softmax(model(params, x))


# %%
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=MODELS, default="mlp")
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()
    folder = os.environ.get("MNIST_DIR") or Path.home() / ".cache" / "mnist-frameworks"
    try:
        (images, labels), (test_images, test_labels) = load_mnist(folder)
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: no MNIST in {folder} (set MNIST_DIR), and no download: {error}") from None

    key, model, optimizer = jax.random.key(0), MODELS[args.network], make_optimizer()
    params = init(key, KERNELS[args.network])
    state = params, optimizer.init(params)
    x, y, test_x, test_y = preprocess(images), jnp.asarray(labels), preprocess(test_images), jnp.asarray(test_labels)
    for epoch in range(1, args.epochs + 1):
        state, loss = train_epoch(model, cross_entropy, optimizer, state, x, y, jax.random.fold_in(key, epoch))
        test_loss, accuracy = evaluate(model, cross_entropy, state[0], test_x, test_y)
        print(f"epoch {epoch}: loss {loss:.4f}, test loss {test_loss:.4f}, test accuracy {accuracy:.2%}")


if __name__ == "__main__":
    main()
