"""The TensorFlow tutorial as the suite tests it: dtype, threads, seed and Adam's epsilon are set from outside."""

import tensorflow as tf

from impls import adapter
from impls.checks import check_device
from impls.tensorflow import adamw, mnist, resnet, state, vit

TUTORIALS = {"mnist": mnist, "resnet": resnet, "vit": vit}  # by `Network.file`


class Adapter(state.State):
    """The TensorFlow network. `models` and `loss_fn` replace those of the tutorial."""

    packages = ("tensorflow", "keras")

    def __init__(self, settings, models=None, loss_fn=None):
        super().__init__(settings)
        self.tutorial = TUTORIALS[self.network.file]
        check_device(settings.device, "TensorFlow", bool(tf.config.list_physical_devices("GPU")))
        if settings.threads:
            tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
            tf.config.threading.set_inter_op_parallelism_threads(settings.threads)
        self.configure()
        tf.keras.utils.set_random_seed(settings.seed)
        self.model = (models or self.tutorial.MODELS)[settings.network]()
        self.loss_fn = loss_fn or mnist.cross_entropy
        epsilon = {} if settings.epsilon is None else {"epsilon": settings.epsilon}
        make_optimizer = adapter.optimizer_factory(settings, mnist.make_optimizer, adamw.make_optimizer, adamw.Cosine)
        self.optimizer = make_optimizer(self.model, **epsilon)
        self.epochs = 0
        self.jit_compile = settings.network in self.tutorial.XLA
        self.step = tf.function(mnist.train_step, jit_compile=self.jit_compile)
        self.probabilities_of = tf.function(mnist.predict, jit_compile=self.jit_compile)

    def configure(self):
        tf.keras.config.set_floatx(self.settings.dtype)
        tf.keras.config.set_dtype_policy(self.settings.dtype)

    def load_dataset(self, directory):
        return mnist.load_mnist(directory)

    def inputs(self, images):
        return mnist.preprocess(images, self.settings.dtype)

    def targets(self, labels):
        return tf.constant(labels, self.settings.dtype if labels.dtype.kind == "f" else tf.int64)

    def train_step(self, batch):
        return self.step(self.model, self.loss_fn, self.optimizer, *batch)

    def train_epoch(self, batch):
        self.epochs += 1
        order = self.step, tf.constant([self.settings.seed, self.epochs], tf.int64), self.settings.batch_size
        return mnist.train_epoch(self.model, self.loss_fn, self.optimizer, *batch, *order)

    def evaluate_batch(self, batch):
        return mnist.evaluate(self.model, self.loss_fn, *batch)

    def forward(self, x):
        return self.model(x)

    def predict(self, x):
        return self.probabilities_of(self.model, x)

    def gradients(self, batch):
        """Take the tutorial's step with an optimizer that records the gradients."""
        recorder = GradientRecorder()
        loss = mnist.train_step(self.model, self.loss_fn, recorder, *batch)
        return loss, recorder.gradients


class GradientRecorder:
    """An optimizer that records the gradients and leaves the parameters as they are."""

    def apply(self, gradients, variables):
        """Record `gradients`."""
        self.gradients = gradients
