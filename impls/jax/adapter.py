"""The JAX tutorial as the suite tests it: dtype, device, seed and Adam's epsilon are set from outside."""

import inspect
from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import optax

from impls import adapter
from impls.checks import check_device
from impls.jax import adamw, mnist, resnet, state, vit

TUTORIALS = {"mnist": mnist, "resnet": resnet, "vit": vit}  # by `Network.file`


class Adapter(state.State):
    """The JAX network. `models`, `kernel_shapes` and `loss_fn` replace those of the tutorial."""

    packages = ("jax", "optax")
    jit_compile = True

    def __init__(self, settings, models=None, kernel_shapes=None, loss_fn=None):
        super().__init__(settings)
        self.tutorial = TUTORIALS[self.network.file]
        check_device(settings.device, "JAX", jax.default_backend() == "gpu")
        self.configure()
        self.model = (models or self.tutorial.MODELS)[settings.network]
        self.fixed = self.model, loss_fn or mnist.cross_entropy, make_optimizer(replace(settings, seed=0))
        self.epochs, (init_key, self.order_key) = 0, jax.random.split(jax.random.key(settings.seed))
        kernel_shapes = (kernel_shapes or self.tutorial.KERNEL_SHAPES)[settings.network]
        variables = self.tutorial.init(init_key, kernel_shapes, settings.dtype)  # (params, statistics), or params
        self.step = resnet.train_step if self.network.state else mnist.train_step
        self.state = variables, self.fixed[2].init(variables[0] if self.network.state else variables)

    def configure(self):
        jax.config.update("jax_enable_x64", self.settings.dtype == "float64")
        jax.config.update("jax_default_device", jax.local_devices(backend=self.settings.device)[0])

    def load_dataset(self, directory):
        return mnist.load_mnist(directory)

    def inputs(self, images):
        return mnist.preprocess(images, self.settings.dtype)

    def targets(self, labels):
        return jnp.asarray(labels, self.settings.dtype if labels.dtype.kind == "f" else "int32")

    def train_step(self, batch):
        self.state, loss = self.step(*self.fixed, self.state, *batch)
        return loss

    def train_epoch(self, batch):
        self.epochs += 1
        key = jax.random.fold_in(self.order_key, self.epochs)
        order = key, self.settings.batch_size
        self.state, loss = mnist.train_epoch(*self.fixed, self.state, *batch, *order, self.step)
        return loss

    def evaluate_batch(self, batch):
        return mnist.evaluate(self.model, self.fixed[1], self.state[0], *batch)

    def forward(self, x):
        return jax.jit(self.model)(self.state[0], x)

    def predict(self, x):
        return mnist.predict(self.model, self.state[0], x)

    def gradients(self, batch):
        """Take the tutorial's step with an optimizer whose state is the gradients."""
        variables = jax.tree.map(jnp.copy, self.state[0])  # the step reuses the memory of its state
        (_, grads), loss = self.step(*self.fixed[:2], KEEP_GRADIENTS, (variables, None), *batch)
        return loss, state.flat(self.network.shapes, grads)

    def hyperparameters(self):
        settings, make, more = self.settings, optax.adam, {}
        if settings.optimizer == "adamw":
            make, more = optax.adamw, {"weight_decay": settings.weight_decay}
        call = inspect.signature(make).bind(settings.learning_rate, settings.beta_1, settings.beta_2, **more)
        call.apply_defaults()
        return call.arguments

    def synchronize(self, value):
        jax.block_until_ready(value)


@cache  # one object for the same settings, as JAX compiles a step once for each optimizer
def make_optimizer(settings):
    """Return the optimizer with an aligned epsilon: optax adds it after the bias correction of sqrt(v)."""
    make = adapter.optimizer_factory(settings, mnist.make_optimizer, adamw.make_optimizer, adamw.cosine)

    def update(grads, state, params=None):
        correction = 1 - settings.beta_2 ** (state[0].count + 1)
        return make(eps=settings.epsilon / jnp.sqrt(correction)).update(grads, state, params)

    return make() if settings.epsilon is None else optax.GradientTransformation(make().init, update)


KEEP_GRADIENTS = optax.GradientTransformation(None, lambda grads, *_: (jax.tree.map(jnp.zeros_like, grads), grads))
