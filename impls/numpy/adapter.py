"""The NumPy tutorial as the suite tests it. With `dtype="float64"` it is the reference of all other frameworks."""

from functools import partial

import numpy as np

from impls import adapter
from impls.checks import check_device
from impls.numpy import adamw, mnist, resnet, state, vit

TUTORIALS = {"mnist": mnist, "resnet": resnet, "vit": vit}  # by `Network.file`


class Adapter(state.State):
    """The NumPy network. `models`, `kernel_shapes` and `loss_fn` replace those of the tutorial."""

    packages = ("numpy",)

    def __init__(self, settings, models=None, kernel_shapes=None, loss_fn=None):
        super().__init__(settings)
        self.tutorial = TUTORIALS[self.network.file]
        check_device(settings.device, "NumPy", sees_gpu=False)
        self.model = (models or self.tutorial.MODELS)[settings.network]
        self.trained = partial(self.model, training=True) if self.network.state else self.model
        self.loss_fn = loss_fn or mnist.cross_entropy
        self.random = np.random.default_rng(settings.seed)
        kernel_shapes = (kernel_shapes or self.tutorial.KERNEL_SHAPES)[settings.network]
        self.params = self.tutorial.init(self.random, kernel_shapes, settings.dtype)
        epsilon = {} if settings.epsilon is None else {"epsilon": settings.epsilon}
        make_optimizer = adapter.optimizer_factory(settings, mnist.Adam, adamw.AdamW, adamw.cosine)
        self.optimizer = make_optimizer(self.params, **epsilon)

    def load_dataset(self, directory):
        return mnist.load_mnist(directory)

    def inputs(self, images):
        return mnist.preprocess(images, self.settings.dtype)

    def targets(self, labels):
        return labels.astype(self.settings.dtype) if labels.dtype.kind == "f" else labels

    def train_step(self, batch):
        return mnist.train_step(self.trained, self.loss_fn, self.optimizer, self.params, *batch)

    def train_epoch(self, batch):
        arguments = self.trained, self.loss_fn, self.optimizer, self.params, *batch
        return mnist.train_epoch(*arguments, self.random, self.settings.batch_size)

    def evaluate_batch(self, batch):
        return mnist.evaluate(self.model, self.loss_fn, self.params, *batch)

    def forward(self, x):
        return self.model(self.params, x)[0]

    def predict(self, x):
        return mnist.predict(self.model, self.params, x)

    def gradients(self, batch):
        """Take the tutorial's step with an optimizer that records the gradients."""
        recorder = GradientRecorder()
        loss = mnist.train_step(self.trained, self.loss_fn, recorder, self.params, *batch)
        return loss, [recorder.grads[name] for name in self.network.shapes]

    def hyperparameters(self):
        return {name: getattr(self.optimizer, name) for name in ("learning_rate", "beta_1", "beta_2", "epsilon")}


class GradientRecorder:
    """An optimizer that records the gradients and leaves the parameters as they are."""

    def step(self, params, grads):
        """Record `grads`."""
        self.grads = grads
