"""MNIST in TensorFlow: a tf.keras model, integer labels, a step with GradientTape, and an epoch in one tf.function.

Run it from any folder: python impls/tensorflow/mnist.py --network cnn --epochs 3
"""

import argparse
import os
from pathlib import Path

import numpy as np

os.environ["KERAS_BACKEND"] = "tensorflow"  # tf.keras is Keras 3, which reads this when it is imported
import tensorflow as tf


# %%
def build_mlp():
    """Build the MLP 784 -> 512 -> 256 -> 10. It returns logits (n, 10): the loss applies the softmax."""
    return tf.keras.Sequential(
        [
            tf.keras.Input((784,)),
            tf.keras.layers.Dense(512, activation="relu"),  # (n, 784) -> (n, 512)
            tf.keras.layers.Dense(256, activation="relu"),  # (n, 512) -> (n, 256)
            tf.keras.layers.Dense(10),  # (n, 256) -> (n, 10)
        ]
    )


def build_cnn():
    """Build the CNN: two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, then two dense layers."""
    return tf.keras.Sequential(
        [
            tf.keras.Input((784,)),
            tf.keras.layers.Reshape((28, 28, 1)),  # (n, 784) -> (n, 28, 28, 1)
            tf.keras.layers.Conv2D(32, 3, padding="same", activation="relu"),  # (n, 28, 28, 1) -> (n, 28, 28, 32)
            tf.keras.layers.MaxPooling2D(),  # (n, 28, 28, 32) -> (n, 14, 14, 32)
            tf.keras.layers.Conv2D(64, 3, padding="same", activation="relu"),  # (n, 14, 14, 32) -> (n, 14, 14, 64)
            tf.keras.layers.MaxPooling2D(),  # (n, 14, 14, 64) -> (n, 7, 7, 64)
            tf.keras.layers.Flatten(),  # (n, 7, 7, 64) -> (n, 3136)
            tf.keras.layers.Dense(128, activation="relu"),  # (n, 3136) -> (n, 128)
            tf.keras.layers.Dense(10),  # (n, 128) -> (n, 10)
        ]
    )


MODELS = {"mlp": build_mlp, "cnn": build_cnn}
XLA = {"mlp"}  # networks that XLA compiles; on a CPU its convolutions are 2 times slower than TensorFlow's own


# %%
def load_mnist(folder):
    """Return ((images, labels), (test images, labels)): uint8 (n, 28, 28) and (n,). Download them if missing."""
    names = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
    files = [Path(folder, "MNIST", "raw", name) for name in names]
    if not all(file.exists() for file in files):
        return tf.keras.datasets.mnist.load_data()  # downloads to the cache of Keras
    images, labels, test_images, test_labels = (np.fromfile(file, np.uint8) for file in files)
    # The header of an IDX file has 16 bytes for images, and 8 for labels.
    return (images[16:].reshape(-1, 28, 28), labels[8:]), (test_images[16:].reshape(-1, 28, 28), test_labels[8:])


def preprocess(images, dtype="float32"):
    """Scale uint8 (n, 28, 28) in 0..255 to `dtype` (n, 784) in [0, 1]."""
    return tf.reshape(tf.cast(images, dtype) / 255, (len(images), -1))  # (n, 28, 28) -> (n, 784)


# %%
def make_optimizer(model, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, **options):
    """Return Adam (arXiv:1412.6980) for the parameters of `model`."""
    optimizer = tf.keras.optimizers.Adam(learning_rate, beta_1, beta_2, **options)
    optimizer.build(model.trainable_variables)  # before tf.function, which may create variables in its first call only
    return optimizer


def cross_entropy(y, logits):
    """Return the mean over the batch of -log(softmax(logits)[y]), in nats: (n,), (n, 10) -> ()."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)  # (n,), (n, 10) -> (n,)
    return tf.reduce_mean(losses)  # (n,) -> ()


def train_step(model, loss_fn, optimizer, x, y):
    """Update the parameters by one batch, x (n, 784) and y (n,). Return the loss before the update, ()."""
    with tf.GradientTape() as tape:  # records the operations inside, to derive their gradients
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(gradients, model.trainable_variables)
    return loss


# `step` is `train_step` or its compiled form. The loop is compiled as well, because `tf.range` makes it part of the
# graph: the same loop in Python over a tf.data pipeline takes 1.9 times as long.
@tf.function
def train_epoch(model, loss_fn, optimizer, x, y, step, seed, batch_size=128):
    """Take a step for each batch, in a random order set by `seed`, (2,). Return the mean loss, in nats, ()."""
    order = tf.random.experimental.stateless_shuffle(tf.range(len(x)), seed)
    total = tf.zeros((), tf.float64)
    for start in tf.range(0, len(x), batch_size):
        rows = order[start : start + batch_size]  # the indices of a batch
        loss = step(model, loss_fn, optimizer, tf.gather(x, rows), tf.gather(y, rows))
        total += tf.cast(loss, tf.float64) * tf.cast(len(rows), tf.float64)
    return total / len(x)


def evaluate(model, loss_fn, x, y):
    """Return the mean loss in nats, and the fraction of images whose largest logit is that of their label."""
    parts = (x[start : start + 1000] for start in range(0, len(x), 1000))  # because the CNN needs 0.2 MB for each image
    logits = tf.concat([model(part) for part in parts], axis=0)  # (n, 784) -> (n, 10)
    correct = tf.argmax(logits, axis=1) == y  # (n, 10) -> (n,)
    return float(loss_fn(y, logits)), float(tf.reduce_mean(tf.cast(correct, tf.float64)))


def predict(model, x):
    """Return probabilities (n, 10); each row sums to 1."""
    return tf.nn.softmax(model(x))  # (n, 784) -> (n, 10)


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

    tf.keras.utils.set_random_seed(0)
    model = MODELS[args.network]()
    optimizer = make_optimizer(model)
    step = tf.function(train_step, jit_compile=args.network in XLA)
    x, y = preprocess(images), tf.constant(labels, tf.int64)
    test_x, test_y = preprocess(test_images), tf.constant(test_labels, tf.int64)
    for epoch in range(1, args.epochs + 1):
        seed = tf.constant([0, epoch], tf.int64)  # another seed, and so another order, for each epoch
        loss = float(train_epoch(model, cross_entropy, optimizer, x, y, step, seed))
        test_loss, accuracy = evaluate(model, cross_entropy, test_x, test_y)
        print(f"epoch {epoch}: loss {loss:.4f}, test loss {test_loss:.4f}, test accuracy {accuracy:.2%}")


if __name__ == "__main__":
    main()
