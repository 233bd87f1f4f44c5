"""The JAX tutorial as the suite tests it: dtype, device, seed and Adam's epsilon are set from outside."""

import inspect
from functools import cache

import jax
import jax.numpy as jnp
import optax

from impls import adapter
from impls.checks import check_device
from impls.jax import mnist


class Adapter(adapter.Adapter):
    packages = ("jax", "optax")
    jit_compile = True

    def __init__(self, settings, models=None, kernels=None, loss_fn=None):
        super().__init__(settings)
        check_device(settings.device, "JAX", jax.default_backend() == "gpu")
        jax.config.update("jax_enable_x64", settings.dtype == "float64")
        self.device = jax.local_devices(backend={"cpu": "cpu", "cuda": "gpu"}[settings.device])[0]
        self.model = (models or mnist.MODELS)[settings.network]
        self.loss_fn = loss_fn or mnist.cross_entropy
        self.optimizer = adam(settings.learning_rate, settings.beta_1, settings.beta_2, settings.epsilon)
        self.fixed = self.model, self.loss_fn, self.optimizer
        self.key, self.epochs = jax.random.key(settings.seed), 0
        with jax.default_device(self.device):
            params = mnist.init(self.key, (kernels or mnist.KERNELS)[settings.network], settings.dtype)
            self.state = params, self.optimizer.init(params)

    def load_dataset(self, directory):
        return mnist.load_mnist(directory)

    def inputs(self, images):
        return jax.device_put(mnist.preprocess(images, self.settings.dtype), self.device)

    def targets(self, labels):
        dtype = self.settings.dtype if labels.dtype.kind == "f" else "int32"
        return jax.device_put(labels.astype(dtype), self.device)

    def train_step(self, batch):
        self.state, loss = mnist.train_step(*self.fixed, self.state, *batch)
        return loss

    def train_epoch(self, batch):
        self.epochs += 1
        key, size = jax.random.fold_in(self.key, self.epochs), self.settings.batch_size
        self.state, loss = mnist.train_epoch(*self.fixed, self.state, *batch, key, size)
        return loss

    def evaluate_batch(self, batch):
        return mnist.evaluate(self.model, self.loss_fn, self.state[0], *batch)

    def forward(self, x):
        return jax.jit(self.model)(self.state[0], x)

    def predict(self, x):
        return mnist.predict(self.model, self.state[0], x)

    def gradients(self, batch):
        """By the tutorial's step, with an optimizer that keeps the gradients as its state and changes nothing."""
        params = jax.tree.map(jnp.copy, self.state[0])  # the step reuses the memory of its state
        (_, grads), loss = mnist.train_step(self.model, self.loss_fn, KEEPS, (params, KEEPS.init(params)), *batch)
        return loss, self._tensors(grads)

    def parameters(self):
        return self._tensors(self.state[0])

    def moments(self):
        return self._tensors(self.state[1][0].mu), self._tensors(self.state[1][0].nu)

    def assign(self, arrays):
        params = {}
        for name, array in zip(self.network.shapes, arrays, strict=True):
            layer, kind = name.split("/")
            params.setdefault(layer, {})[kind] = jax.device_put(array, self.device)
        self.state = params, self.state[1]

    def _tensors(self, params):
        return [params[layer][kind] for layer, kind in (name.split("/") for name in self.network.shapes)]

    def hyperparameters(self):
        s, parameters = self.settings, inspect.signature(optax.adam).parameters
        shipped = {name: each.default for name, each in parameters.items()}
        return shipped | {"learning_rate": s.learning_rate, "b1": s.beta_1, "b2": s.beta_2}

    def synchronize(self, value):
        jax.block_until_ready(value)


@cache  # one object for the same numbers: JAX compiles a step anew for each optimizer
def adam(learning_rate, beta_1, beta_2, epsilon):
    """Return the tutorial's optimizer, with an aligned epsilon: optax adds it after the bias correction of sqrt(v)."""
    native = mnist.make_optimizer(learning_rate, beta_1, beta_2)

    def update(grads, state, params=None):
        eps = epsilon / jnp.sqrt(1 - beta_2 ** (state[0].count + 1))
        return mnist.make_optimizer(learning_rate, beta_1, beta_2, eps=eps).update(grads, state, params)

    return native if epsilon is None else optax.GradientTransformation(native.init, update)


KEEPS = optax.GradientTransformation(
    init=lambda params: jax.tree.map(jnp.zeros_like, params),
    update=lambda grads, state, params=None: (jax.tree.map(jnp.zeros_like, grads), grads),
)
