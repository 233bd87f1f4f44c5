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
    """Build the MLP 784 -> 512 -> 256 -> 10. It returns logits (n, 10): the loss applies the softmax."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(512, activation="relu"),  # (n, 784) -> (n, 512)
            keras.layers.Dense(256, activation="relu"),  # (n, 512) -> (n, 256)
            keras.layers.Dense(10),  # (n, 256) -> (n, 10)
        ]
    )


def build_cnn():
    """Build the CNN: two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, then two dense layers."""
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
    """Return ((images, labels), (test images, labels)): uint8 (n, 28, 28) and (n,). Download them if missing."""
    names = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
    files = [Path(folder, "MNIST", "raw", name) for name in names]
    if not all(file.exists() for file in files):
        return keras.datasets.mnist.load_data()  # downloads to the cache of Keras
    images, labels, test_images, test_labels = (np.fromfile(file, np.uint8) for file in files)
    # The header of an IDX file has 16 bytes for images, and 8 for labels.
    return (images[16:].reshape(-1, 28, 28), labels[8:]), (test_images[16:].reshape(-1, 28, 28), test_labels[8:])


def preprocess(images, dtype="float32"):
    """Scale uint8 (n, 28, 28) in 0..255 to `dtype` (n, 784) in [0, 1]."""
    return images.reshape(len(images), -1).astype(dtype) / 255  # (n, 28, 28) -> (n, 784)


def one_hot(labels):
    """Return a row for each label, with a 1 at the label and 0 elsewhere: (n,) -> (n, 10)."""
    return keras.utils.to_categorical(labels, 10).astype("float32")  # (n,) -> (n, 10)


# %%
def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, **options):
    """Return Adam (arXiv:1412.6980)."""
    return keras.optimizers.Adam(learning_rate, beta_1, beta_2, **options)


def compile_model(model, optimizer, loss, metrics=("accuracy",)):
    """Set the optimizer, the loss and the metrics of `model`, and whether XLA compiles its steps."""
    convolves = any(len(kernel.shape) > 2 for kernel in model.trainable_variables)  # slow in XLA on a CPU
    jit_compile = {"jax": True, "tensorflow": not convolves, "torch": False}[keras.backend.backend()]
    steps = 50 if jit_compile else 1  # of `fit` at a time: TensorFlow compiles them into one call
    model.compile(optimizer, loss, metrics=list(metrics), jit_compile=jit_compile, steps_per_execution=steps)


def train_step(model, x, y):
    """Update the parameters by one batch, x (n, 784) and y (n, 10). Return the loss before the update."""
    return model.train_on_batch(x, y, return_dict=True)["loss"]


def train_epoch(model, x, y, batch_size=128):
    """Take a step for each batch, in a new random order. Return the mean loss over the images, in nats."""
    order = np.random.permutation(len(x))  # `fit` would shuffle, but on TensorFlow each call in the same order
    return model.fit(x[order], y[order], batch_size, shuffle=False, verbose=0).history["loss"][0]


def evaluate(model, x, y):
    """Return the mean loss in nats, and the fraction of images whose largest logit is that of their label."""
    return model.evaluate(x, y, batch_size=1000, verbose=0)  # in parts: the CNN needs 0.2 MB for each image


def predict(model, x):
    """Return probabilities (n, 10); each row sums to 1."""
    return keras.ops.softmax(model.predict_on_batch(x))  # (n, 784) -> (n, 10)


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
    except Exception as error:  # Keras raises no subclass where a download fails
        raise SystemExit(f"error: no MNIST in {folder} (set MNIST_DIR), and no download: {error}") from None

    keras.utils.set_random_seed(0)
    model = MODELS[args.network]()
    optimizer = make_optimizer()
    compile_model(model, optimizer, keras.losses.CategoricalCrossentropy(from_logits=True))
    x, y = preprocess(images), one_hot(labels)
    test_x, test_y = preprocess(test_images), one_hot(test_labels)
    for epoch in range(1, args.epochs + 1):
        loss = train_epoch(model, x, y)
        test_loss, accuracy = evaluate(model, test_x, test_y)
        print(f"epoch {epoch}: loss {loss:.4f}, test loss {test_loss:.4f}, test accuracy {accuracy:.2%}")


if __name__ == "__main__":
    main()
