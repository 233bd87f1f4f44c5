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
    """Run the MLP 784 -> 512 -> 256 -> 10 on x (n, 784). Return logits (n, 10): the loss applies the softmax."""
    x = jax.nn.relu(dense(params["dense_1"], x))  # (n, 784) -> (n, 512)
    x = jax.nn.relu(dense(params["dense_2"], x))  # (n, 512) -> (n, 256)
    return dense(params["dense_3"], x)  # (n, 256) -> (n, 10)


def cnn(params, x):
    """Run the CNN: two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, two dense layers. Return logits (n, 10)."""
    x = x.reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1): channels last, unlike PyTorch
    x = max_pool(jax.nn.relu(conv(params["conv_1"], x)))  # (n, 28, 28, 1) -> (n, 14, 14, 32)
    x = max_pool(jax.nn.relu(conv(params["conv_2"], x)))  # (n, 14, 14, 32) -> (n, 7, 7, 64)
    x = x.reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    x = jax.nn.relu(dense(params["dense_1"], x))  # (n, 3136) -> (n, 128)
    return dense(params["dense_2"], x)  # (n, 128) -> (n, 10)


MODELS = {"mlp": mlp, "cnn": cnn}
KERNEL_SHAPES = {  # (inputs, outputs) of a dense layer, (height, width, inputs, outputs) of a convolution
    "mlp": {"dense_1": (784, 512), "dense_2": (512, 256), "dense_3": (256, 10)},
    "cnn": {"conv_1": (3, 3, 1, 32), "conv_2": (3, 3, 32, 64), "dense_1": (7 * 7 * 64, 128), "dense_2": (128, 10)},
}


def init(key, kernel_shapes, dtype=jnp.float32):
    """Return {layer: {"kernel": ..., "bias": (outputs,)}}: He initialisation (arXiv:1502.01852), biases 0."""
    keys = jax.random.split(key, len(kernel_shapes))  # a key for each draw: the same key draws the same numbers
    he_normal = jax.nn.initializers.he_normal()  # truncated normal; all axes but the last are inputs
    return {
        layer: {"kernel": he_normal(layer_key, shape, dtype), "bias": jnp.zeros(shape[-1], dtype)}
        for layer_key, (layer, shape) in zip(keys, kernel_shapes.items(), strict=True)
    }


def dense(layer, x):
    """Return x W + b: (n, inputs) -> (n, outputs)."""
    return x @ layer["kernel"] + layer["bias"]


def conv(layer, x):
    """Convolve x with strides (1, 1), padded with zeros, and add the bias: (n, h, w, inputs) -> (n, h, w, outputs)."""
    axes = ("NHWC", "HWIO", "NHWC")  # of x, kernel and result: batch N, height, width, channels, inputs I, outputs O
    return jax.lax.conv_general_dilated(x, layer["kernel"], (1, 1), "SAME", dimension_numbers=axes) + layer["bias"]


def max_pool(x):
    """Return the maximum of each 2 x 2 window, h and w even: (n, h, w, c) -> (n, h / 2, w / 2, c)."""
    n, h, w, c = x.shape
    # `lax.reduce_window` is the usual way, but its gradient is slow on a CPU. Equal maxima share the gradient here.
    return x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))  # a 2 x 2 window lies on axes 2 and 4


# %%
def load_mnist(folder):
    """Return ((images, labels), (test images, labels)): uint8 (n, 28, 28) and (n,). Download missing files."""
    names = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
    files = [Path(folder, "MNIST", "raw", name) for name in names]
    for file in files:
        if not file.exists():
            content = gzip.decompress(urlopen(f"https://ossci-datasets.s3.amazonaws.com/mnist/{file.name}.gz").read())
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    images, labels, test_images, test_labels = (np.fromfile(file, np.uint8) for file in files)  # headers: 16 or 8 bytes
    return (images[16:].reshape(-1, 28, 28), labels[8:]), (test_images[16:].reshape(-1, 28, 28), test_labels[8:])


def preprocess(images, dtype=jnp.float32):
    """Scale uint8 (n, 28, 28) in 0..255 to `dtype` (n, 784) in [0, 1]."""
    x = jnp.asarray(images).reshape(len(images), -1).astype(dtype)  # (n, 28, 28) -> (n, 784)
    return x / jnp.full_like(x, 255)  # XLA, the compiler, would replace a number by its reciprocal, and round twice


# %%
def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, **options):
    """Return Adam (arXiv:1412.6980): `init` returns a state, `update` the change of params and the next state."""
    return optax.adam(learning_rate, beta_1, beta_2, **options)


def cross_entropy(logits, y):
    """Return the mean over the batch of -log(softmax(logits)[y]), in nats: (n, 10), (n,) -> ()."""
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


# At the first call, and for each new shape, jit runs this code once to record it for the compiler. Static arguments are
# no arrays: a new object is a new compilation. The new state takes the memory of a donated one, which is invalid then.
@partial(jax.jit, static_argnames=("model", "loss_fn", "optimizer"), donate_argnames="state")
def train_step(model, loss_fn, optimizer, state, x, y):
    """Take a step on x (n, 784), y (n,). Return new (params, optimizer state), and the loss before the update, ()."""
    params, optimizer_state = state
    loss, grads = jax.value_and_grad(lambda p: loss_fn(model(p, x), y))(params)  # grads: a dict like params
    updates, optimizer_state = optimizer.update(grads, optimizer_state, params)
    return (optax.apply_updates(params, updates), optimizer_state), loss  # params + updates


def train_epoch(model, loss_fn, optimizer, state, x, y, key, batch_size=128, step=train_step):
    """Take a step for each batch, in a random order set by `key`. Return the new state and the mean loss, in nats."""
    order = np.asarray(jax.random.permutation(key, len(x)))  # NumPy splits it without operations of JAX
    batches, losses = np.split(order, range(batch_size, len(x), batch_size)), []
    for rows in batches:  # the indices of a batch
        # JAX examines the index of x[rows] at each call: an epoch of the MLP takes 1.4 times as long.
        batch = jnp.take(x, rows, axis=0), jnp.take(y, rows, axis=0)
        state, loss = step(model, loss_fn, optimizer, state, *batch)
        losses.append(loss)  # JAX only queues a step: float(loss) would wait until it is done
    return state, float(np.average(jax.device_get(losses), weights=[len(rows) for rows in batches]))


def evaluate(model, loss_fn, params, x, y):
    """Return the mean loss in nats, and the fraction of images whose largest logit is that of their label."""
    parts = jnp.split(x, np.arange(1000, len(x), 1000))  # because the CNN needs 0.2 MB for each image
    logits = jnp.concatenate([jax.jit(model)(params, part) for part in parts])  # compiled once for `model`
    return float(loss_fn(logits, y)), float(jnp.mean(logits.argmax(axis=1) == y))


@partial(jax.jit, static_argnames="model")
def predict(model, params, x):
    """Return probabilities (n, 10); each row sums to 1."""
    return jax.nn.softmax(model(params, x))  # (n, 784) -> (n, 10)


# %%
def main():
    """Train a network, and print its loss and its test accuracy after each epoch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=MODELS, default="mlp")
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()
    folder = os.environ.get("MNIST_DIR") or Path.home() / ".cache" / "mnist-frameworks"
    try:
        (images, labels), (test_images, test_labels) = load_mnist(folder)
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: no MNIST in {folder} (set MNIST_DIR), and no download: {error}") from None
    init_key, order_key = jax.random.split(jax.random.key(0))  # JAX has no global seed: each draw is given a key
    model = MODELS[args.network]
    params = init(init_key, KERNEL_SHAPES[args.network])
    optimizer = make_optimizer()
    state = params, optimizer.init(params)
    x, y = preprocess(images), jnp.asarray(labels)  # on a GPU if there is one
    test_x, test_y = preprocess(test_images), jnp.asarray(test_labels)
    for epoch in range(1, args.epochs + 1):
        key = jax.random.fold_in(order_key, epoch)  # another key, and so another order, for each epoch
        state, loss = train_epoch(model, cross_entropy, optimizer, state, x, y, key)
        test_loss, accuracy = evaluate(model, cross_entropy, state[0], test_x, test_y)
        print(f"epoch {epoch}: loss {loss:.4f}, test loss {test_loss:.4f}, test accuracy {accuracy:.2%}")


if __name__ == "__main__":
    main()
