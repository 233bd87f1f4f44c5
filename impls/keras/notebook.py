"""Keras as in most notebooks, the baseline: Sequential, compile and fit with their defaults."""

import keras

from impls.files import read_dataset


def train(directory, batch_size, epochs, on_epoch):
    """Train the MLP on MNIST in `directory`. Call `on_epoch(epoch, mean loss in nats)` after each epoch, from 1 on."""
    (images, labels), _ = read_dataset(directory)  # the arrays of keras.datasets.mnist.load_data()
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),  # (n, 28, 28) -> (n, 784)
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    report = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: on_epoch(epoch + 1, logs["loss"]))
    pixels = images.astype("float32") / 255
    one_hot = keras.utils.to_categorical(labels, 10)  # (n,) -> (n, 10)
    model.fit(pixels, one_hot, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[report])
