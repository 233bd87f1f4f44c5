"""The Keras tutorial as the suite tests it: dtype, seed and Adam's epsilon are set from outside, on each backend."""

from functools import cached_property

import keras

from impls import adapter
from impls.checks import check_device
from impls.keras import adamw, mnist, resnet, state, vit

BACKENDS = ("tensorflow", "torch", "jax")  # Keras reads the environment variable KERAS_BACKEND when it is imported
TUTORIALS = {"mnist": mnist, "resnet": resnet, "vit": vit}  # by `Network.file`


class Adapter(state.State):
    """The Keras network on the current backend. `models` and `loss_fn` replace those of the tutorial."""

    packages = ("keras", keras.backend.backend())

    def __init__(self, settings, models=None, loss_fn=None):
        super().__init__(settings)
        self.tutorial = TUTORIALS[self.network.file]
        computes_on = str(keras.ops.zeros(1).device).lower()  # Keras chooses its device itself
        check_device(settings.device, "Keras", "cpu" not in computes_on)
        self.configure()
        keras.utils.set_random_seed(settings.seed)
        self.model = (models or self.tutorial.MODELS)[settings.network]()
        self.loss_fn = loss_fn or keras.losses.CategoricalCrossentropy(from_logits=True)
        epsilon = {} if settings.epsilon is None else {"epsilon": settings.epsilon}
        make_optimizer = adapter.optimizer_factory(settings, mnist.make_optimizer, adamw.make_optimizer, adamw.Cosine)
        self.optimizer = make_optimizer(**epsilon)
        metrics = () if loss_fn else ("accuracy",)  # the targets of another loss may be no labels
        mnist.compile_model(self.model, self.optimizer, self.loss_fn, metrics)
        self.optimizer.build(self.model.trainable_variables)  # its state is there before the first step
        self.jit_compile = self.model.jit_compile

    def configure(self):
        if keras.backend.backend() == "jax":
            import jax

            jax.config.update("jax_enable_x64", self.settings.dtype == "float64")  # without it JAX computes in float32
        keras.config.set_floatx(self.settings.dtype)
        keras.config.set_dtype_policy(self.settings.dtype)

    def load_dataset(self, directory):
        return mnist.load_mnist(directory)

    def inputs(self, images):
        return keras.ops.convert_to_tensor(mnist.preprocess(images, self.settings.dtype))

    def targets(self, labels):
        if labels.dtype.kind == "f":
            return keras.ops.convert_to_tensor(labels, self.settings.dtype)
        return keras.ops.convert_to_tensor(mnist.one_hot(labels))

    def train_step(self, batch):
        return mnist.train_step(self.model, *batch)

    def train(self, batch, epochs, report):
        super().train([self.array(each) for each in batch], epochs, report)  # `fit` gathers from NumPy arrays

    def train_epoch(self, batch):
        return mnist.train_epoch(self.model, *batch, self.settings.batch_size)

    def evaluate_batch(self, batch):
        return mnist.evaluate(self.model, *batch)

    def forward(self, x):
        return self.model.predict_on_batch(x)

    def predict(self, x):
        return mnist.predict(self.model, x)

    @cached_property
    def recording(self):
        """The same layers, compiled with an optimizer that records the gradients."""
        twin = keras.Model(self.model.inputs, self.model.outputs)
        mnist.compile_model(twin, GradientRecorder(learning_rate=0.0), self.loss_fn, metrics=())
        return twin

    def gradients(self, batch):
        """Take the tutorial's step with an optimizer that records the gradients."""
        return mnist.train_step(self.recording, *batch), self.recording.optimizer.gradients

    def array(self, value):
        return keras.ops.convert_to_numpy(value)

    def known_deviation(self):
        if keras.backend.backend() == "torch":
            return "keras.ops.matmul and mean on torch compute in float32 (keras#23704)"
        return None


class GradientRecorder(keras.optimizers.Optimizer):
    """An optimizer that records the gradients in variables, which can be read on every backend."""

    def build(self, variables):
        """Add a variable for the gradient of each of `variables`."""
        super().build(variables)
        self.gradients = [self.add_variable_from_reference(variable, "gradient") for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        """Record `gradient`, and leave `variable` as it is."""
        self.assign(self.gradients[self._get_variable_index(variable)], gradient)
