"""JAX: parameters in a dict, a pure function for the network, and one jitted step with an optimizer from optax."""

import inspect
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from impls._checks import check_device, check_epochs, check_images, check_labels, check_parameters
from impls._files import read_dataset
from impls.contract import DATASET, NETWORKS, Settings


def initial_parameters(key, shapes, dtype):
    """Kernels after He (arXiv:1502.01852), normal with variance 2 / inputs; biases zero."""
    he_normal = jax.nn.initializers.he_normal()
    keys = jax.random.split(key, len(shapes))
    return {
        name: he_normal(key, shape, dtype) if name.endswith("kernel") else jnp.zeros(shape, dtype)
        for key, (name, shape) in zip(keys, shapes.items(), strict=True)
    }


def mlp(p, x):
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer. Returns logits: the loss applies the softmax."""
    x = jax.nn.relu(x @ p["dense_1/kernel"] + p["dense_1/bias"])  # (n, 784) -> (n, 512)
    x = jax.nn.relu(x @ p["dense_2/kernel"] + p["dense_2/bias"])  # (n, 512) -> (n, 256)
    return x @ p["dense_3/kernel"] + p["dense_3/bias"]  # (n, 256) -> (n, 10)


def cnn(p, x):
    """Two 3 x 3 convolutions, to 32 and 64 channels, each with a ReLU and 2 x 2 max-pooling; then 3136 -> 128 -> 10."""
    x = x.reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    x = jax.nn.relu(convolve(x, p["conv_1/kernel"]) + p["conv_1/bias"])  # (n, 28, 28, 1) -> (n, 28, 28, 32)
    x = max_pool(x)  # (n, 28, 28, 32) -> (n, 14, 14, 32)
    x = jax.nn.relu(convolve(x, p["conv_2/kernel"]) + p["conv_2/bias"])  # (n, 14, 14, 32) -> (n, 14, 14, 64)
    x = max_pool(x)  # (n, 14, 14, 64) -> (n, 7, 7, 64)
    x = x.reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    x = jax.nn.relu(x @ p["dense_1/kernel"] + p["dense_1/bias"])  # (n, 3136) -> (n, 128)
    return x @ p["dense_2/kernel"] + p["dense_2/bias"]  # (n, 128) -> (n, 10)


def convolve(x, kernel):
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def max_pool(x):
    """By a reshape and not by `lax.reduce_window`, whose gradient alone takes XLA on CPU almost half of the step."""
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))


MODELS = {"mlp": mlp, "cnn": cnn}


@partial(jax.jit, static_argnames="model")  # static: not an array, and another one compiles anew
def predict(parameters, model, pixels):
    return jax.nn.softmax(model(parameters, pixels))


def cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


@partial(jax.jit, static_argnames=("model", "loss"))
def loss_and_gradients(parameters, model, loss, pixels, labels):
    """The gradients are a dict like the parameters: those of a function, by the argument that it is called with."""
    return jax.value_and_grad(lambda p: loss(model(p, pixels), labels))(parameters)


def adam(settings, step):
    """Only functions, so that a new one in each compiled step costs nothing: m and v are in the state, not in here.

    optax adds epsilon after the bias correction of sqrt(v), so the aligned epsilon changes with each step.
    """
    native = partial(optax.adam, settings.learning_rate, settings.beta_1, settings.beta_2)
    if settings.epsilon is None:
        return native()
    return native(settings.epsilon / jnp.sqrt(1 - settings.beta_2**step))


@partial(jax.jit, static_argnames=("settings", "model", "loss"), donate_argnames=("parameters", "state"))
def update(settings, parameters, state, model, loss, pixels, labels):
    """One step of Adam. What is donated is overwritten, so that the old parameters cannot be used any more."""
    value, gradients = loss_and_gradients(parameters, model, loss, pixels, labels)
    step = state[0].count + 1  # the first part of optax's state is Adam's: count, mu, nu
    updates, state = adam(settings, step).update(gradients, state)
    return optax.apply_updates(parameters, updates), state, value


class Classifier:
    jit_compile = True

    def __init__(self, settings: Settings, models=None, loss=None):
        jax.config.update("jax_enable_x64", settings.dtype == "float64")
        self.settings = settings
        check_device(settings.device, "JAX", jax.default_backend() == "gpu")
        self.device = jax.local_devices(backend={"cpu": "cpu", "cuda": "gpu"}[settings.device])[0]
        self.network = NETWORKS[settings.network]
        self.model = (models or MODELS)[settings.network]
        self.loss = loss or cross_entropy
        self.key = jax.random.key(settings.seed)
        with jax.default_device(self.device):
            self.parameters = initial_parameters(self.key, self.network.shapes, settings.dtype)
            self.optimizer_state = adam(settings, step=1).init(self.parameters)
        self.prediction = None

    def load_dataset(self, directory):
        return read_dataset(directory)  # JAX has no data sets of its own

    def _pixels(self, images):
        images = jax.device_put(check_images(images), self.device)
        pixels = images.reshape(-1, DATASET.pixels).astype(self.settings.dtype)  # (n, 28, 28) -> (n, 784)
        return pixels / jnp.full_like(pixels, 255)  # by a scalar, XLA would multiply with 1/255: two roundings

    def prepare_batch(self, images, labels):
        return self._pixels(images), jax.device_put(check_labels(labels, len(images)).astype(np.int32), self.device)

    def train_step(self, batch):
        self.parameters, self.optimizer_state, loss = update(
            self.settings, self.parameters, self.optimizer_state, self.model, self.loss, *batch
        )
        return loss

    def fit(self, images, labels, epochs, on_epoch=None):
        history = {"loss": []}
        pixels, labels = self.prepare_batch(images, labels)
        batch_size = self.settings.batch_size
        for epoch in range(1, check_epochs(epochs) + 1):
            key = jax.random.fold_in(self.key, epoch)  # a key gives the same numbers whenever it is used
            order = jax.random.permutation(key, len(labels))
            total = 0.0
            for start in range(0, len(labels), batch_size):
                rows = order[start : start + batch_size]
                loss = self.train_step((pixels[rows], labels[rows]))
                total += loss * len(rows)
            history["loss"].append(float(total) / len(labels))
            if on_epoch:
                on_epoch(epoch, history["loss"][-1])
        return history

    def evaluate(self, images, labels):
        pixels, labels = self.prepare_batch(images, labels)
        logits = self._logits(pixels)
        return float(cross_entropy(logits, labels)), float(jnp.mean(logits.argmax(axis=1) == labels))

    def _logits(self, pixels):
        parts = jnp.array_split(pixels, len(pixels) // 1000 + 1)  # activations of all would be gigabytes
        forward = jax.jit(self.model)
        return jnp.concatenate([forward(self.parameters, part) for part in parts])

    def probabilities(self, images):
        return np.array(self.predict_step((self._pixels(images), None)))

    def predict_step(self, batch):
        pixels, _ = batch
        self.prediction = predict(self.parameters, self.model, pixels)
        return self.prediction

    # The story ends here: what follows is what only the tests and the clocks ask for.

    def versions(self):
        return {"jax": jax.__version__, "optax": optax.__version__, "numpy": np.__version__}

    def preprocess(self, images):
        return np.array(self._pixels(images))

    def logits(self, images):
        return np.array(self._logits(self._pixels(images)))

    def loss_and_gradients(self, images, labels):
        batch = self.prepare_batch(images, labels)
        loss, gradients = loss_and_gradients(self.parameters, self.model, self.loss, *batch)
        return float(loss), self._named_arrays(gradients)

    def parameter_count(self):
        return sum(parameter.size for parameter in jax.tree.leaves(self.parameters))

    def get_parameters(self):
        return self._named_arrays(self.parameters)

    def set_parameters(self, parameters):
        check_parameters(parameters, self.network)
        self.parameters = {
            name: jax.device_put(np.asarray(parameters[name], self.settings.dtype), self.device)
            for name in self.network.shapes
        }

    def get_moments(self):
        return self._named_arrays(self.optimizer_state[0].mu), self._named_arrays(self.optimizer_state[0].nu)

    def _named_arrays(self, tensors):
        return {name: np.array(tensors[name]) for name in self.network.shapes}  # kernels are (in, out) already

    def hyperparameters(self):
        shipped = {name: each.default for name, each in inspect.signature(optax.adam).parameters.items()}
        s = self.settings
        return shipped | {"learning_rate": s.learning_rate, "b1": s.beta_1, "b2": s.beta_2}

    def synchronize(self):
        jax.block_until_ready((self.parameters, self.prediction))  # what JAX returned so far may be only a promise


if __name__ == "__main__":
    from impls._main import train_and_evaluate

    train_and_evaluate(Classifier, MODELS)
