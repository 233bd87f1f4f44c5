"""Keras: a Sequential model, one-hot labels, compile and fit; the same file on TensorFlow, PyTorch and JAX."""

import warnings
from importlib import import_module

import keras
import numpy as np

from impls._checks import check_device, check_epochs, check_images, check_labels, check_parameters
from impls._files import read_dataset
from impls.contract import DATASET, NETWORKS, Settings

BACKENDS = ("tensorflow", "torch", "jax")  # Keras reads the environment variable KERAS_BACKEND when it is imported


def build_mlp():
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer. Returns logits: the loss applies the softmax."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(512, activation="relu"),  # (n, 784) -> (n, 512)
            keras.layers.Dense(256, activation="relu"),  # (n, 512) -> (n, 256)
            keras.layers.Dense(10),  # (n, 256) -> (n, 10)
        ]
    )


def build_cnn():
    """Two 3 x 3 convolutions, to 32 and 64 channels, each with a ReLU and 2 x 2 max-pooling; then 3136 -> 128 -> 10."""
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


class GradientRecorder(keras.optimizers.Optimizer):
    """An optimizer that keeps the gradients and changes no parameter: the way to see them on every backend."""

    def __init__(self):
        super().__init__(learning_rate=0.0)

    def build(self, variables):
        super().build(variables)
        self.gradients = [self.add_variable_from_reference(variable, "gradient") for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        self.assign(self.gradients[self._get_variable_index(variable)], gradient)


class Classifier:
    def __init__(self, settings: Settings, models=None, loss=None):
        computes_on = str(keras.ops.zeros(1).device).lower()  # Keras chooses its device itself
        check_device(settings.device, "Keras", "cpu" not in computes_on)
        if keras.backend.backend() == "jax":
            import jax

            jax.config.update("jax_enable_x64", settings.dtype == "float64")  # without it JAX computes in float32
        keras.config.set_floatx(settings.dtype)  # of optimizers and losses
        keras.config.set_dtype_policy(settings.dtype)  # of layers
        keras.utils.set_random_seed(settings.seed)
        self.settings = settings
        self.generator = np.random.default_rng(settings.seed)
        self.network = NETWORKS[settings.network]
        self.model = (models or MODELS)[settings.network]()
        self.loss = loss or keras.losses.CategoricalCrossentropy(from_logits=True)
        self.optimizer = keras.optimizers.Adam(
            settings.learning_rate,
            beta_1=settings.beta_1,
            beta_2=settings.beta_2,
            **({} if settings.epsilon is None else {"epsilon": settings.epsilon}),
        )
        self.jit_compile = self._is_worth_compiling()
        self.model.compile(
            self.optimizer,
            self.loss,
            jit_compile=self.jit_compile,
            steps_per_execution=50 if self.jit_compile else 1,  # `fit` looks at its callbacks every 50 steps
        )
        self.predictor = keras.Sequential([self.model, keras.layers.Softmax()])
        self.predictor.jit_compile = self.jit_compile

    def _is_worth_compiling(self):
        if keras.backend.backend() == "tensorflow":  # without XLA, its convolutions are 2 to 11 times as fast on CPU
            return not any(isinstance(layer, keras.layers.Conv2D) for layer in self.model.layers)
        return keras.backend.backend() == "jax"  # on torch, it would take half a minute and a C++ compiler

    def load_dataset(self, directory):
        try:
            return keras.datasets.mnist.load_data()
        except Exception as error:  # Keras raises no subclass if its one archive is neither cached nor to be had
            if "URL fetch failure" not in str(error):
                raise
            warnings.warn(f"keras.datasets.mnist: {error}; reading {directory} instead", stacklevel=2)
            return read_dataset(directory)

    def _pixels(self, images):
        pixels = keras.ops.cast(check_images(images), self.settings.dtype)
        pixels = keras.ops.reshape(pixels, (-1, DATASET.pixels))  # (n, 28, 28) -> (n, 784)
        return pixels / keras.ops.full_like(pixels, 255)  # by a scalar, JAX would multiply with 1/255: two roundings

    def prepare_batch(self, images, labels):
        labels = check_labels(labels, len(images))
        one_hot = keras.ops.one_hot(labels, DATASET.classes, dtype=self.settings.dtype)  # (n,) -> (n, 10)
        return self._pixels(images), one_hot

    def train_step(self, batch):
        return self.model.train_on_batch(*batch)

    def fit(self, images, labels, epochs, on_epoch=None):
        history = {"loss": []}
        pixels, one_hot = (keras.ops.convert_to_numpy(array) for array in self.prepare_batch(images, labels))
        for epoch in range(1, check_epochs(epochs) + 1):
            # Keras on TensorFlow, once seeded, shuffles alike in all epochs of a fit: so each has a fit and a seed.
            keras.utils.set_random_seed(int(self.generator.integers(2**32)))
            logs = self.model.fit(pixels, one_hot, batch_size=self.settings.batch_size, verbose=0).history
            history["loss"].append(float(logs["loss"][-1]))
            if on_epoch:
                on_epoch(epoch, history["loss"][-1])
        return history

    def evaluate(self, images, labels):
        logits = self.logits(images)
        _, one_hot = self.prepare_batch(images, labels)
        accuracy = float(np.mean(logits.argmax(axis=1) == labels))
        return float(self.loss(one_hot, logits)), accuracy

    def probabilities(self, images):
        return self.predict_step((self._pixels(images), None))

    def predict_step(self, batch):
        pixels, _ = batch
        return self.predictor.predict_on_batch(pixels)

    # The story ends here: what follows is what only the tests and the clocks ask for.

    def versions(self):
        backend = keras.backend.backend()
        return {"keras": keras.__version__, backend: import_module(backend).__version__, "numpy": np.__version__}

    def float64_gap(self):
        """What is computed in float32 although the dtype is float64; the tests fail when this is no longer so."""
        if keras.backend.backend() == "torch":
            return "keras.ops.matmul and mean on torch compute in float32 (keras issue 23704)"
        return None

    def preprocess(self, images):
        return keras.ops.convert_to_numpy(self._pixels(images))

    def logits(self, images):
        return self.model.predict(self._pixels(images), batch_size=1000, verbose=0)

    def loss_and_gradients(self, images, labels):
        recorder = GradientRecorder()
        twin = keras.Sequential(self.model.layers)  # the same layers, so the same parameters
        twin.compile(recorder, self.loss, jit_compile=self.jit_compile)
        loss = twin.train_on_batch(*self.prepare_batch(images, labels))
        return float(loss), self._named_arrays(recorder.gradients)

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
        arrays = (np.array(keras.ops.convert_to_numpy(tensor)) for tensor in tensors)  # kernels are (in, out) already
        return dict(zip(self.network.shapes, arrays, strict=True))

    def hyperparameters(self):
        return {name: value for name, value in self.optimizer.get_config().items() if name != "name"}

    def synchronize(self):
        keras.ops.convert_to_numpy(self.model.trainable_variables[-1])


if __name__ == "__main__":
    from impls._main import train_and_evaluate

    train_and_evaluate(Classifier, MODELS)
