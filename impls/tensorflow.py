"""TensorFlow: a tf.keras model, integer labels, a tf.data pipeline, and a compiled step with a GradientTape."""

import os
import warnings

import numpy as np

os.environ["KERAS_BACKEND"] = "tensorflow"  # tf.keras is Keras 3, which reads this when it is imported
import tensorflow as tf

from impls._checks import check_device, check_epochs, check_images, check_labels, check_parameters
from impls._files import read_dataset
from impls.contract import DATASET, NETWORKS, Settings


def build_mlp(dtype):
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer. Returns logits: the loss applies the softmax."""
    return tf.keras.Sequential(
        [
            tf.keras.Input((784,), dtype=dtype),
            tf.keras.layers.Dense(512, activation="relu", dtype=dtype),  # (n, 784) -> (n, 512)
            tf.keras.layers.Dense(256, activation="relu", dtype=dtype),  # (n, 512) -> (n, 256)
            tf.keras.layers.Dense(10, dtype=dtype),  # (n, 256) -> (n, 10)
        ]
    )


def build_cnn(dtype):
    """Two 3 x 3 convolutions, to 32 and 64 channels, each with a ReLU and 2 x 2 max-pooling; then 3136 -> 128 -> 10."""
    return tf.keras.Sequential(
        [
            tf.keras.Input((784,), dtype=dtype),
            tf.keras.layers.Reshape((28, 28, 1), dtype=dtype),  # (n, 784) -> (n, 28, 28, 1)
            tf.keras.layers.Conv2D(32, 3, padding="same", activation="relu", dtype=dtype),  # -> (n, 28, 28, 32)
            tf.keras.layers.MaxPooling2D(dtype=dtype),  # (n, 28, 28, 32) -> (n, 14, 14, 32)
            tf.keras.layers.Conv2D(64, 3, padding="same", activation="relu", dtype=dtype),  # -> (n, 14, 14, 64)
            tf.keras.layers.MaxPooling2D(dtype=dtype),  # (n, 14, 14, 64) -> (n, 7, 7, 64)
            tf.keras.layers.Flatten(dtype=dtype),  # (n, 7, 7, 64) -> (n, 3136)
            tf.keras.layers.Dense(128, activation="relu", dtype=dtype),  # (n, 3136) -> (n, 128)
            tf.keras.layers.Dense(10, dtype=dtype),  # (n, 128) -> (n, 10)
        ]
    )


MODELS = {"mlp": build_mlp, "cnn": build_cnn}


class Classifier:
    def __init__(self, settings: Settings, models=None, loss=None):
        check_device(settings.device, "TensorFlow", bool(tf.config.list_physical_devices("GPU")))
        if settings.threads:
            tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
            tf.config.threading.set_inter_op_parallelism_threads(settings.threads)
        tf.keras.utils.set_random_seed(settings.seed)
        self.settings = settings
        self.network = NETWORKS[settings.network]
        self.model = (models or MODELS)[settings.network](settings.dtype)
        self.loss = loss or tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=settings.dtype)
        self.optimizer = tf.keras.optimizers.Adam(
            settings.learning_rate,
            beta_1=settings.beta_1,
            beta_2=settings.beta_2,
            **({} if settings.epsilon is None else {"epsilon": settings.epsilon}),
        )
        self.optimizer.build(self.model.trainable_variables)
        # On CPU, TensorFlow convolves faster without XLA: 2 times in float32, 11 times in float64.
        self.jit_compile = not any(isinstance(layer, tf.keras.layers.Conv2D) for layer in self.model.layers)
        compiled = tf.function(jit_compile=self.jit_compile)
        self._update, self._predict = compiled(self._update), compiled(self._predict)

    def load_dataset(self, directory):
        try:
            return tf.keras.datasets.mnist.load_data()
        except Exception as error:  # Keras raises no subclass if its one archive is neither cached nor to be had
            if "URL fetch failure" not in str(error):
                raise
            warnings.warn(f"tf.keras.datasets.mnist: {error}; reading {directory} instead", stacklevel=2)
            return read_dataset(directory)

    def _pixels(self, images):
        pixels = tf.cast(check_images(images), self.settings.dtype) / 255
        return tf.reshape(pixels, (-1, DATASET.pixels))  # (n, 28, 28) -> (n, 784)

    def prepare_batch(self, images, labels):
        return self._pixels(images), tf.constant(check_labels(labels, len(images)), tf.int64)

    def train_step(self, batch):
        return self._update(*batch)

    def _update(self, pixels, labels):
        loss, gradients = self._loss_and_gradients(pixels, labels)
        self.optimizer.apply(gradients, self.model.trainable_variables)
        return loss

    def _loss_and_gradients(self, pixels, labels):
        with tf.GradientTape() as tape:
            loss = self.loss(labels, self.model(pixels, training=True))
        return loss, tape.gradient(loss, self.model.trainable_variables)

    def fit(self, images, labels, epochs, on_epoch=None):
        history = {"loss": []}
        pixels, labels = self.prepare_batch(images, labels)
        # What is shuffled are the numbers of the images, which are then gathered a batch at a time, not one by one.
        batches = (
            tf.data.Dataset.range(len(images))
            .shuffle(len(images), seed=self.settings.seed)
            .batch(self.settings.batch_size)
            .map(lambda rows: (tf.gather(pixels, rows), tf.gather(labels, rows)))
            .prefetch(tf.data.AUTOTUNE)
        )
        for epoch in range(1, check_epochs(epochs) + 1):
            total = 0.0
            for batch in batches:
                total += tf.cast(self.train_step(batch), tf.float64) * len(batch[1])
            history["loss"].append(float(total) / len(images))
            if on_epoch:
                on_epoch(epoch, history["loss"][-1])
        return history

    def evaluate(self, images, labels):
        pixels, labels = self.prepare_batch(images, labels)
        logits = self._logits(pixels)
        accuracy = tf.keras.metrics.sparse_categorical_accuracy(labels, logits)
        return float(self.loss(labels, logits)), float(tf.reduce_mean(accuracy))

    def _logits(self, pixels):
        starts = range(0, len(pixels), 1000)  # in parts: activations of all would be gigabytes
        return tf.concat([self.model(pixels[start : start + 1000]) for start in starts], axis=0)

    def probabilities(self, images):
        return self.predict_step((self._pixels(images), None)).numpy()

    def predict_step(self, batch):
        pixels, _ = batch
        return self._predict(pixels)

    def _predict(self, pixels):
        return tf.nn.softmax(self.model(pixels))

    # The story ends here: what follows is what only the tests and the clocks ask for.

    def versions(self):
        return {"tensorflow": tf.__version__, "keras": tf.keras.__version__, "numpy": np.__version__}

    def preprocess(self, images):
        return self._pixels(images).numpy()

    def logits(self, images):
        return self._logits(self._pixels(images)).numpy()

    def loss_and_gradients(self, images, labels):
        loss, gradients = self._loss_and_gradients(*self.prepare_batch(images, labels))
        return float(loss), self._named_arrays(gradients)

    def parameter_count(self):
        return self.model.count_params()

    def get_parameters(self):
        return self._named_arrays(self.model.trainable_variables)

    def set_parameters(self, parameters):
        check_parameters(parameters, self.network)
        for name, variable in zip(self.network.shapes, self.model.trainable_variables, strict=True):
            variable.assign(parameters[name])

    def get_moments(self):
        _, _, *moments = self.optimizer.variables  # the iteration, the learning rate, then m and v of each parameter
        return self._named_arrays(moments[0::2]), self._named_arrays(moments[1::2])

    def _named_arrays(self, tensors):
        arrays = (np.array(tensor) for tensor in tensors)  # kernels are (in, out) already
        return dict(zip(self.network.shapes, arrays, strict=True))

    def hyperparameters(self):
        return {name: value for name, value in self.optimizer.get_config().items() if name != "name"}

    def synchronize(self):
        tf.test.experimental.sync_devices()


if __name__ == "__main__":
    from impls._main import train_and_evaluate

    train_and_evaluate(Classifier, MODELS)
