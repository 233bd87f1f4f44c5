"""MNIST in Keras: a Sequential model, one-hot labels, compile, fit and evaluate; the same file on every backend.

Run it from any folder: KERAS_BACKEND=jax python impls/keras/mnist.py --network cnn --epochs 3
"""

import argparse
import os
from pathlib import Path

import keras
import numpy as np


# %%
def build_mlp():
    """784 -> 512 -> 256 -> 10. The model returns logits (n, 10): the loss applies the softmax."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(512, activation="relu"),  # (n, 784) -> (n, 512)
            keras.layers.Dense(256, activation="relu"),  # (n, 512) -> (n, 256)
            keras.layers.Dense(10),  # (n, 256) -> (n, 10)
        ]
    )


def build_cnn():
    """Two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, two dense layers. The model returns logits (n, 10)."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Reshape((28, 28, 1)),  # (n, 784) -> (n, 28, 28, 1)
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),  # (n, 28, 28, 1) -> (n, 28, 28, 32)
            keras.layers.MaxPooling2D(),  # (n, 28, 28, 32) -> (n, 14, 14, 32)
            keras.layers.Conv2D(64, 3, padding="same", activation="relu"),  # (n, 14, 14, 32) -> (n, 14, 14, 64)
            keras.layers.MaxPooling2D(),  # (n, 14, 14, 64) -> (n, 7, 7, 64)
            keras.layers.Flatten(),  # (n, 7, 7, 64) -> (n, 3136)
            keras.layers.Dense(128, activation="relu"),  # (n, 3136) -> (n, 128)
            keras.layers.Dense(10),  # (n, 128) -> (n, 10)
        ]
    )


MODELS = {"mlp": build_mlp, "cnn": build_cnn}


# %%
def load_mnist(folder):
    """Return ((images, labels), (test images, labels)): uint8 (n, 28, 28) and (n,), from `folder` or by Keras."""

    def read(name, header):
        return np.fromfile(Path(folder, "MNIST", "raw", name), np.uint8, offset=header)

    if not Path(folder, "MNIST", "raw").is_dir():
        return keras.datasets.mnist.load_data()
    return [
        (read(f"{part}-images-idx3-ubyte", 16).reshape(-1, 28, 28), read(f"{part}-labels-idx1-ubyte", 8))
        for part in ("train", "t10k")
    ]


def preprocess(images, dtype="float32"):
    """Scale uint8 (n, 28, 28) in 0..255 to `dtype` (n, 784) in [0, 1]."""
    return images.reshape(len(images), -1).astype(dtype) / 255  # (n, 28, 28) -> (n, 784)


def one_hot(labels):
    """(n,) -> (n, 10)."""
    return keras.utils.to_categorical(labels, 10).astype("float32")


class Shuffled(keras.utils.PyDataset):
    """Batches in a new order in each epoch: on TensorFlow, `fit` shuffles arrays once for all, if it is seeded."""

    def __init__(self, x, y, batch_size):
        super().__init__()
        self.x, self.y, self.batch_size = x, y, batch_size
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self.x) // self.batch_size)  # rounded up: the last batch may be smaller

    def __getitem__(self, batch):
        rows = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        return self.x[rows], self.y[rows]

    def on_epoch_end(self):
        self.order = np.random.permutation(len(self.x))  # `keras.utils.set_random_seed` seeds NumPy too


# %%
def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, **options):
    """Return Adam (arXiv:1412.6980)."""
    return keras.optimizers.Adam(learning_rate, beta_1, beta_2, **options)


def compile_model(model, optimizer, loss, metrics=("accuracy",)):
    """Set how `model` is trained: compiled on JAX, and on TensorFlow if it does not convolve, which XLA does slowly."""
    convolves = any(isinstance(layer, keras.layers.Conv2D) for layer in model.layers)
    jit_compile = {"jax": True, "tensorflow": not convolves, "torch": False}[keras.backend.backend()]
    how = {"jit_compile": jit_compile, "steps_per_execution": 50 if jit_compile else 1}
    model.compile(optimizer, loss, metrics=list(metrics), **how)


def train_step(model, x, y):
    """Update the parameters by one batch, x (n, 784) and y (n, 10). Return the loss before the update."""
    return model.train_on_batch(x, y, return_dict=True)["loss"]


def train_epochs(model, x, y, epochs, batch_size=128, callbacks=None):
    """Take a step for each batch of each epoch. `callbacks` are told the mean loss over the images, in nats."""
    return model.fit(Shuffled(x, y, batch_size), epochs=epochs, verbose=0, callbacks=callbacks)


def evaluate(model, x, y):
    """Return the mean loss in nats, and the fraction of images whose largest logit is that of their label."""
    return model.evaluate(x, y, batch_size=1000, verbose=0)


def predict(model, x):
    """Return probabilities (n, 10); each row sums to 1."""
    return keras.ops.softmax(model.predict_on_batch(x))


# %%
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=MODELS, default="mlp")
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()
    folder = os.environ.get("MNIST_DIR") or Path.home() / ".cache" / "mnist-frameworks"
    try:
        (images, labels), (test_images, test_labels) = load_mnist(folder)
    except Exception as error:  # Keras raises no subclass where a download fails
        raise SystemExit(f"error: no MNIST in {folder} (set MNIST_DIR), and no download: {error}") from None
    keras.utils.set_random_seed(0)
    model = MODELS[args.network]()
    compile_model(model, make_optimizer(), keras.losses.CategoricalCrossentropy(from_logits=True))
    test_x, test_y = preprocess(test_images), one_hot(test_labels)

    def report(epoch, logs):
        test_loss, accuracy = evaluate(model, test_x, test_y)
        print(f"epoch {epoch + 1}: loss {logs['loss']:.4f}, test loss {test_loss:.4f}, test accuracy {accuracy:.2%}")

    reporter = keras.callbacks.LambdaCallback(on_epoch_end=report)
    train_epochs(model, preprocess(images), one_hot(labels), args.epochs, callbacks=[reporter])


if __name__ == "__main__":
    main()
