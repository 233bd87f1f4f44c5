"""TensorFlow as in most notebooks, the baseline: Sequential, compile and fit with their defaults."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"  # tf.keras is Keras 3, which reads this when it is imported
import tensorflow as tf

from impls.files import read_dataset


def train(directory, batch_size, epochs, on_epoch):
    """Train the MLP on MNIST in `directory`. Call `on_epoch(epoch, mean loss in nats)` after each epoch, from 1 on."""
    (images, labels), _ = read_dataset(directory)  # the arrays of tf.keras.datasets.mnist.load_data()
    model = tf.keras.Sequential(
        [
            tf.keras.Input((28, 28)),
            tf.keras.layers.Flatten(),  # (n, 28, 28) -> (n, 784)
            tf.keras.layers.Dense(512, activation="relu"),
            tf.keras.layers.Dense(256, activation="relu"),
            tf.keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    report = tf.keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: on_epoch(epoch + 1, logs["loss"]))
    pixels = images.astype("float32") / 255
    model.fit(pixels, labels, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[report])
