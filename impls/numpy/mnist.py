"""MNIST in NumPy: forward and backward passes written out, gradients derived by hand. In float64 it is the reference.

Run it from any folder: python impls/numpy/mnist.py --network cnn --epochs 3
"""

import argparse
import gzip
import os
from pathlib import Path
from urllib.request import urlopen

import numpy as np

# %% [markdown]
# Back-propagation as in Goodfellow et al., "Deep Learning" (2016), sections 6.5 and 9.5; dW is dL/dW, of the loss L:
# - dense layer a = x W + b: dW = x^T da, db = the sum of da over the batch, dx = da W^T;
# - ReLU h = max(a, 0): da = dh where h > 0, and 0 elsewhere;
# - max-pooling of a ReLU's outputs: the first maximum m of each window gets dm if m > 0, and all other pixels get 0;
# - convolution: a dense layer on each 3 x 3 patch; dx is a convolution of da with the kernel rotated by 180 degrees.


# %%
def mlp(params, x):
    """Run the MLP 784 -> 512 -> 256 -> 10. Return logits z (n, 10), and `backward`: dL/dz -> gradients by name."""
    h1 = np.maximum(x @ params["dense_1/kernel"] + params["dense_1/bias"], 0)  # (n, 784) -> (n, 512)
    h2 = np.maximum(h1 @ params["dense_2/kernel"] + params["dense_2/bias"], 0)  # (n, 512) -> (n, 256)
    z = h2 @ params["dense_3/kernel"] + params["dense_3/bias"]  # (n, 256) -> (n, 10)

    def backward(dz):
        da2 = dz @ params["dense_3/kernel"].T * (h2 > 0)  # (n, 10) -> (n, 256)
        da1 = da2 @ params["dense_2/kernel"].T * (h1 > 0)  # (n, 256) -> (n, 512)
        return gradients(params, dense_1=(x, da1), dense_2=(h1, da2), dense_3=(h2, dz))

    return z, backward


def cnn(params, x):
    """Run the CNN: two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, two dense layers. Return as `mlp` does."""
    x = x.reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    h1 = np.maximum(convolve(x, params["conv_1/kernel"]) + params["conv_1/bias"], 0)  # -> (n, 28, 28, 32)
    m1 = np.max(corners(h1), axis=0)  # (n, 28, 28, 32) -> (n, 14, 14, 32)
    h2 = np.maximum(convolve(m1, params["conv_2/kernel"]) + params["conv_2/bias"], 0)  # -> (n, 14, 14, 64)
    m2 = np.max(corners(h2), axis=0)  # (n, 14, 14, 64) -> (n, 7, 7, 64)
    flat = m2.reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    h3 = np.maximum(flat @ params["dense_1/kernel"] + params["dense_1/bias"], 0)  # (n, 3136) -> (n, 128)
    z = h3 @ params["dense_2/kernel"] + params["dense_2/bias"]  # (n, 128) -> (n, 10)

    def backward(dz):
        da3 = dz @ params["dense_2/kernel"].T * (h3 > 0)  # (n, 10) -> (n, 128)
        dm2 = (da3 @ params["dense_1/kernel"].T).reshape(m2.shape)  # (n, 128) -> (n, 7, 7, 64)
        da2 = max_pool_gradient(dm2 * (m2 > 0), h2, m2)  # (n, 7, 7, 64) -> (n, 14, 14, 64)
        rotated = params["conv_2/kernel"][::-1, ::-1].swapaxes(2, 3)  # (3, 3, 32, 64) -> (3, 3, 64, 32)
        dm1 = convolve(da2, rotated)  # (n, 14, 14, 64) -> (n, 14, 14, 32)
        da1 = max_pool_gradient(dm1 * (m1 > 0), h1, m1)  # (n, 14, 14, 32) -> (n, 28, 28, 32)
        convs = {"conv_1": (patches(x), da1), "conv_2": (patches(m1), da2)}  # dense layers on patches
        return gradients(params, **convs, dense_1=(flat, da3), dense_2=(h3, dz))

    return z, backward


MODELS = {"mlp": mlp, "cnn": cnn}
KERNEL_SHAPES = {  # (inputs, outputs) of dense layers, (height, width, inputs, outputs) of convolutions
    "mlp": {"dense_1": (784, 512), "dense_2": (512, 256), "dense_3": (256, 10)},
    "cnn": {"conv_1": (3, 3, 1, 32), "conv_2": (3, 3, 32, 64), "dense_1": (7 * 7 * 64, 128), "dense_2": (128, 10)},
}


def init(random, kernel_shapes, dtype=np.float32):
    """Return {"LAYER/kernel": ..., "LAYER/bias": (outputs,)}: He initialisation (arXiv:1502.01852), biases 0."""
    params = {}
    for layer, shape in kernel_shapes.items():
        deviation = np.sqrt(2 / np.prod(shape[:-1]))  # the product is the number of inputs of each output
        params[f"{layer}/kernel"] = random.normal(0, deviation, shape).astype(dtype)
        params[f"{layer}/bias"] = np.zeros(shape[-1], dtype)
    return params


def gradients(params, **layers):
    """Return dL/dW and dL/db of each layer, by name, from its inputs x (n, inputs) and dL/da (n, outputs)."""
    grads = {}
    for layer, (x, da) in layers.items():
        da = da.reshape(len(x), -1)  # a row for each patch of a convolution: (n, h, w, outputs) -> (n h w, outputs)
        grads[f"{layer}/kernel"] = (x.T @ da).reshape(params[f"{layer}/kernel"].shape)  # x.T @ da: (inputs, outputs)
        grads[f"{layer}/bias"] = da.sum(axis=0)  # (n, outputs) -> (outputs,)
    return grads


def convolve(x, kernel):
    """Apply a 3 x 3 kernel, not rotated, as in every framework: (n, h, w, c) -> (n, h, w, outputs)."""
    flat = kernel.reshape(-1, kernel.shape[3])  # (3, 3, c, outputs) -> (9 c, outputs)
    return (patches(x) @ flat).reshape(*x.shape[:3], -1)  # (n h w, 9 c) -> (n h w, outputs) -> (n, h, w, outputs)


def patches(x):
    """Return a row for each pixel, the 3 x 3 patch around it, 0 beyond the edge: (n, h, w, c) -> (n h w, 9 c)."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))  # (n, h, w, c) -> (n, h + 2, w + 2, c)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))  # -> (n, h, w, c, 3, 3)
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 9 * x.shape[3])  # (n, h, w, c, 3, 3) -> (n h w, 9 c)


def max_pool_gradient(dm, h, m):
    """Route dL/dm to the first maximum of a window, as most frameworks do: (n, h / 2, w / 2, c) -> (n, h, w, c)."""
    dh, remaining = np.zeros_like(h), dm.copy()
    for target, corner in zip(corners(dh), corners(h), strict=True):
        target[...] = remaining * (corner == m)
        remaining -= target  # 0 where it was given away, so that a second maximum of a window gets nothing
    return dh


def corners(h):
    """Return views of the four corners of each 2 x 2 window, row by row, each (n, h / 2, w / 2, c)."""
    return h[:, ::2, ::2], h[:, ::2, 1::2], h[:, 1::2, ::2], h[:, 1::2, 1::2]


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


def preprocess(images, dtype=np.float32):
    """Scale uint8 (n, 28, 28) in 0..255 to `dtype` (n, 784) in [0, 1]."""
    return images.reshape(len(images), -1).astype(dtype) / 255  # (n, 28, 28) -> (n, 784)


# %%
class Adam:
    """Adam (arXiv:1412.6980), with epsilon as just before its section 2.1, and in Keras. m and v are like `params`."""

    def __init__(self, params, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.steps = 0
        self.m, self.v = ({name: np.zeros_like(array) for name, array in params.items()} for _ in range(2))

    def step(self, params, grads):
        """Update `params` in place. The rate includes the bias corrections of m and v, which start at 0."""
        self.steps += 1
        rate = self.learning_rate * (1 - self.beta_2**self.steps) ** 0.5 / (1 - self.beta_1**self.steps)
        for name, g in grads.items():
            m, v = self.m[name], self.v[name]
            m += (1 - self.beta_1) * (g - m)  # moving average of the gradient
            v += (1 - self.beta_2) * (g * g - v)  # moving average of its square
            params[name] -= rate * m / (np.sqrt(v) + self.epsilon)


def log_softmax(logits):
    """Return z - log(sum(exp(z))) of each row z: (n, 10) -> (n, 10)."""
    shifted = logits - logits.max(axis=1, keepdims=True)  # the same result, and exp cannot overflow
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def cross_entropy(logits, y):
    """Return the loss L, the mean over the batch of -log(softmax(z)[y]) in nats, and its gradient dL/dz, (n, 10)."""
    log_p, one_hot = log_softmax(logits), np.eye(10, dtype=logits.dtype)[y]  # (n,) -> (n, 10)
    dz = (np.exp(log_p) - one_hot) / len(y)  # because L = mean(log(sum(exp(z))) - z[y])
    return -(one_hot * log_p).sum(axis=1).mean(), dz


def train_step(model, loss_fn, optimizer, params, x, y):
    """Update `params` by one batch, x (n, 784) and y (n,). Return the loss before the update."""
    logits, backward = model(params, x)
    loss, dlogits = loss_fn(logits, y)
    optimizer.step(params, backward(dlogits))
    return loss


def train_epoch(model, loss_fn, optimizer, params, x, y, random, batch_size=128):
    """Take a step for each batch, in the order that `random` draws. Return the mean loss over the images, in nats."""
    order, total = random.permutation(len(x)), 0.0
    for rows in np.split(order, range(batch_size, len(x), batch_size)):  # the indices of a batch
        total += float(train_step(model, loss_fn, optimizer, params, x[rows], y[rows])) * len(rows)
    return total / len(x)


def evaluate(model, loss_fn, params, x, y):
    """Return the mean loss in nats, and the fraction of images whose largest logit is that of their label."""
    parts = np.split(x, range(1000, len(x), 1000))  # because the CNN needs 0.2 MB for each image
    logits = np.concatenate([model(params, part)[0] for part in parts])  # (n, 784) -> (n, 10)
    return float(loss_fn(logits, y)[0]), float(np.mean(logits.argmax(axis=1) == y))


def predict(model, params, x):
    """Return probabilities (n, 10); each row sums to 1."""
    return np.exp(log_softmax(model(params, x)[0]))  # (n, 784) -> (n, 10)


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

    random = np.random.default_rng(0)
    model = MODELS[args.network]
    params = init(random, KERNEL_SHAPES[args.network])
    optimizer = Adam(params)
    x, test_x = preprocess(images), preprocess(test_images)
    for epoch in range(1, args.epochs + 1):
        loss = train_epoch(model, cross_entropy, optimizer, params, x, labels, random)
        test_loss, accuracy = evaluate(model, cross_entropy, params, test_x, test_labels)
        print(f"epoch {epoch}: loss {loss:.4f}, test loss {test_loss:.4f}, test accuracy {accuracy:.2%}")


if __name__ == "__main__":
    main()
