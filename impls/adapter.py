"""The base class of the adapters: each makes a tutorial testable by calling the tutorial's own functions."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from impls.checks import check_checkpoint, check_epochs, check_images, check_labels, check_parameters
from impls.contract import NETWORKS, Arrays, Settings, changes_state

PART = 1000  # images of one forward pass: activations of 10,000 images of the CNN would take 2 GB


class Adapter:
    """One framework's network in the form that the suite tests and times.

    A framework's adapter writes the first methods, and replaces defaults where it must. They take and return the
    framework's own arrays, and call the functions of the tutorial. The suite calls the last ones. There, every array is
    NumPy; `images` are uint8 (n, 28, 28), 0..255, n >= 1; `labels` are integers, (n,), 0..9; "float" is
    `settings.dtype`.
    Parameters are a dict with the names, shapes and layout of `NETWORKS[settings.network]`. A method raises
    `TypeError` or `ValueError` for images, labels, epochs or parameters of another form.

    - `packages`: the modules whose versions are recorded, the framework first.
    - `channels_first`: whether kernels are stored as (outputs, inputs, height, width), as in PyTorch.
    - `jit_compile`: whether the training step is compiled for its device.
    """

    packages: tuple[str, ...] = ()
    channels_first = False
    jit_compile = False

    def __init__(self, settings: Settings):
        self.settings = settings
        self.network = NETWORKS[settings.network]

    # Methods that each adapter writes.

    def load_dataset(self, directory: str | Path) -> tuple[Arrays, Arrays]:
        """Return MNIST by the tutorial's `load_mnist`: ((images, labels), (test images, labels)), all uint8.

        `directory` holds the verified IDX files in `MNIST/raw/`.
        """
        raise NotImplementedError

    def inputs(self, images: np.ndarray) -> Any:
        """Return the pixels as the network takes them, float (n, 784) in [0, 1], on the device."""
        raise NotImplementedError

    def targets(self, labels: np.ndarray) -> Any:
        """Return the labels as the loss takes them, on the device."""
        return labels

    @changes_state
    def train_step(self, batch: Any) -> Any:
        """Take one step of Adam on a prepared batch, as `fit` does. Return the loss before the step, a native scalar.

        `float(loss)` works. The work may still be under way when the method returns.
        """
        raise NotImplementedError

    def train_epoch(self, batch: Any) -> float:
        """Take a step for each batch of `settings.batch_size`, in a new order. Return the mean loss over the images."""
        raise NotImplementedError

    def evaluate_batch(self, batch: Any) -> tuple[float, float]:
        """Return (mean cross-entropy in nats, fraction of images whose largest logit is their label)."""
        raise NotImplementedError

    def forward(self, x: Any) -> Any:
        """Return the logits of `inputs`, (n, 10)."""
        raise NotImplementedError

    def predict(self, x: Any) -> Any:
        """Return the probabilities of `inputs`, (n, 10). The work may still be under way when the method returns."""
        raise NotImplementedError

    def gradients(self, batch: Any) -> tuple[Any, Sequence[Any]]:
        """Return the loss and the gradient of each parameter, by the tutorial's own step. Change no parameter.

        The step may change the running means and variances: the caller gives them back.
        """
        raise NotImplementedError

    def parameters(self) -> Sequence[Any]:
        """Return the parameters in the order of `network.shapes`."""
        raise NotImplementedError

    def moments(self) -> tuple[Sequence[Any], Sequence[Any]]:
        """Return Adam's m and v, each like `parameters`."""
        raise NotImplementedError

    def steps(self) -> int:
        """Return the number of steps that the optimizer has taken."""
        raise NotImplementedError

    def shuffling(self) -> np.ndarray:
        """Return the state from which the order of the next epoch is drawn: integers, (n,)."""
        raise NotImplementedError

    def assign(self, arrays: Sequence[np.ndarray]) -> None:
        """Replace the parameters by `arrays`, float, in the framework's layout and in the order of `network.shapes`."""
        raise NotImplementedError

    def assign_optimizer(self, m: Sequence[np.ndarray], v: Sequence[np.ndarray], steps: int) -> None:
        """Replace Adam's m and v, each like the arrays of `assign`, and the number of steps."""
        raise NotImplementedError

    def assign_shuffling(self, state: np.ndarray) -> None:
        """Replace the state that `shuffling` returns."""
        raise NotImplementedError

    def hyperparameters(self) -> dict[str, Any]:
        """Return the optimizer's hyperparameters, defaults included, by the framework's own names."""
        raise NotImplementedError

    # Defaults that fit most frameworks, and networks without `Network.state`.

    def statistics(self) -> Sequence[Any]:
        """Return the running means and variances in the order of `network.state`."""
        return []

    def assign_statistics(self, arrays: Sequence[np.ndarray]) -> None:
        """Replace the running means and variances by `arrays`, float, in the order of `network.state`."""

    def configure(self) -> None:
        """Set what holds for the whole process, such as a default dtype: an adapter with other settings changes it."""

    def array(self, value: Any) -> np.ndarray:
        """Return a native array as NumPy."""
        return np.asarray(value)

    def synchronize(self, value: Any) -> None:
        """Wait until `value`, the result of a step, is computed."""
        self.array(value)

    def train(self, batch: Any, epochs: int, report: Callable[[float], None]) -> None:
        """Train for `epochs` epochs; call `report(mean loss)` after each."""
        for _ in range(epochs):
            report(float(self.train_epoch(batch)))

    def check_targets(self, labels: np.ndarray, count: int) -> np.ndarray:
        """Return `labels` if they are targets of `count` images; raise `TypeError` or `ValueError` otherwise."""
        return check_labels(labels, count)

    def known_deviation(self) -> str | None:
        """Describe computations that stay in float32 under `dtype="float64"`, or return None. It is an xfail reason."""
        return None

    # Methods that the suite calls.

    def prepare_batch(self, images: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
        """Return preprocessed images and labels as the framework's own tensors, on the device. Never timed."""
        labels = self.check_targets(labels, len(check_images(images)))
        return self.inputs(images), self.targets(labels)

    @changes_state
    def fit(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        epochs: int,
        on_epoch: Callable[[int, float], None] | None = None,
    ) -> dict[str, list[float]]:
        """Train for `epochs` epochs, shuffled anew in each, every image used once in each.

        `on_epoch(epoch, loss)` is called after each epoch, counted from 1. `loss` is the mean over the epoch's images
        of the loss at the step that used them, in nats. Returns `{"loss": [one float per epoch]}`.
        """
        history = {"loss": []}

        def report(loss: float) -> None:
            history["loss"].append(loss)
            if on_epoch:
                on_epoch(len(history["loss"]), loss)

        check_epochs(epochs)
        self.train(self.prepare_batch(images, labels), epochs, report)
        return history

    def evaluate(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """Return (mean cross-entropy in nats, fraction of images whose largest logit is their label)."""
        return self.evaluate_batch(self.prepare_batch(images, labels))

    def predict_step(self, batch: Any) -> Any:
        """Return the probabilities of a prepared batch, native (n, 10). `float(result[i, j])` works."""
        return self.predict(batch[0])

    def preprocess(self, images: np.ndarray) -> np.ndarray:
        """Return uint8 (n, 28, 28) as float (n, 784) in [0, 1], row by row."""
        return np.array(self.array(self.inputs(check_images(images))))

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return the last layer's output: float (n, 10), unbounded."""
        x = self.inputs(check_images(images))
        return np.concatenate([self.array(self.forward(x[start : start + PART])) for start in range(0, len(x), PART)])

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the softmax of the logits: float (n, 10), in [0, 1]; each row sums to 1."""
        return np.array(self.array(self.predict(self.inputs(check_images(images)))))

    def loss_and_gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """Return the mean cross-entropy of the batch in nats, and its gradient for each parameter, as in a step."""
        state = self.get_state()
        loss, gradients = self.gradients(self.prepare_batch(images, labels))
        loss, gradients = float(loss), self.named(gradients)
        self.set_state(state)
        return loss, gradients

    def parameter_count(self) -> int:
        """Return the number of trainable scalars of the framework's own arrays."""
        return sum(self.array(tensor).size for tensor in self.parameters())

    def get_parameters(self) -> dict[str, np.ndarray]:
        """Return a copy of the parameters, float."""
        return self.named(self.parameters())

    @changes_state
    def set_parameters(self, parameters: Mapping[str, np.ndarray]) -> None:
        """Replace all parameters. The state of the network and that of the optimizer stay as they are."""
        self.assign(self._stored(check_parameters(parameters, self.network.shapes, self.settings.dtype)))

    def get_state(self) -> dict[str, np.ndarray]:
        """Return a copy of the running means and variances, float, with the names and shapes of `network.state`."""
        statistics = [np.array(self.array(each)) for each in self.statistics()]
        return dict(zip(self.network.state, statistics, strict=True))

    @changes_state
    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Replace all running means and variances."""
        self.assign_statistics(check_parameters(state, self.network.state, self.settings.dtype))

    def get_moments(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return copies of Adam's m and v, each like the parameters."""
        m, v = self.moments()
        return self.named(m), self.named(v)

    def get_checkpoint(self) -> dict[str, np.ndarray]:
        """Return copies of all that a training needs to go on where it is.

        - NAME, m/NAME and v/NAME: each parameter and its two moments, float, like `get_parameters`.
        - state/NAME: each running mean and variance, float, like `get_state`.
        - steps: the number of steps taken, int64, (). A learning-rate schedule depends on it.
        - shuffling/PACKAGES: integers, (n,), from which this framework draws the order of the next epoch.
        """
        m, v = self.get_moments()
        moments = {f"{kind}/{name}": array for kind, each in (("m", m), ("v", v)) for name, array in each.items()}
        rest = {"steps": np.array(self.steps(), np.int64), self._shuffling_name: np.array(self.shuffling())}
        state = {f"state/{name}": array for name, array in self.get_state().items()}
        return {**self.get_parameters(), **moments, **state, **rest}

    @changes_state
    def set_checkpoint(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Replace the state of the training. The order of the images is replaced if it is of the same packages.

        Raises `ValueError` for the checkpoint of another network or dtype, and for numbers that are not finite.
        """
        parameters, m, v, state, steps = check_checkpoint(checkpoint, self.network, self.settings.dtype)
        self.assign(self._stored(parameters))
        self.assign_optimizer(self._stored(m), self._stored(v), steps)
        self.assign_statistics(state)
        if self._shuffling_name in checkpoint:
            self.assign_shuffling(np.asarray(checkpoint[self._shuffling_name]))

    @property
    def _shuffling_name(self) -> str:
        return f"shuffling/{'-'.join(self.packages)}"

    def versions(self) -> dict[str, str]:
        """Return package name -> version, the framework itself first."""
        modules = {name: import_module(name) for name in (*self.packages, "numpy")}
        return {name: getattr(module, "__version__", None) or version(name) for name, module in modules.items()}

    def named(self, tensors: Sequence[Any]) -> dict[str, np.ndarray]:
        """Return copies of native arrays by parameter name, in the layout of `network.shapes`."""
        arrays = [self.array(tensor) for tensor in tensors]
        if self.channels_first:
            triples = zip(arrays, self._channels(), self.network.shapes.values(), strict=True)
            arrays = [from_channels_first(*triple) for triple in triples]
        return {name: np.array(array) for name, array in zip(self.network.shapes, arrays, strict=True)}

    def _stored(self, arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """Return arrays in the order and the layout of `network.shapes` in the layout of the framework."""
        if not self.channels_first:
            return arrays
        return [to_channels_first(*pair) for pair in zip(arrays, self._channels(), strict=True)]

    def _channels(self) -> list[int]:
        """Return the input channels of each kernel, and 0 for the other parameters, which are stored as they are."""
        channels = {name: shape[-2] for name, shape in self.network.shapes.items() if name.endswith("/kernel")}
        return [(channels | self.network.flattened).get(name, 0) for name in self.network.shapes]


def optimizer_factory(settings: Settings, adam: Callable, adamw: Callable, cosine: Callable) -> Callable:
    """Return a function that makes the optimizer of `settings`: `adam`, the tutorial's, if it can, or else `adamw`.

    `cosine` makes the learning rate of `adamw` from a schedule.
    """
    options = {name: getattr(settings, name) for name in ("learning_rate", "beta_1", "beta_2")}
    if settings.optimizer == "adam" and settings.schedule is None:
        return partial(adam, **options)
    if settings.schedule:
        options["learning_rate"] = cosine(settings.learning_rate, **vars(settings.schedule))
    return partial(adamw, **options, weight_decay=settings.weight_decay)


def to_channels_first(array: np.ndarray, channels: int) -> np.ndarray:
    """Transpose a kernel: (h, w, c, outputs) -> (outputs, c, h, w), or (h w c, outputs) -> (outputs, c h w).

    c is `channels`, the number of input channels. With 0 the array stays as it is.
    """
    if not channels:
        return array
    outputs = array.shape[-1]
    size = {4: (channels, *array.shape[:2]), 2: (-1,)}[array.ndim]
    return array.reshape(-1, channels, outputs).transpose(2, 1, 0).reshape(outputs, *size)


def from_channels_first(array: np.ndarray, channels: int, shape: tuple[int, ...]) -> np.ndarray:
    """Undo `to_channels_first`; `shape` is that of the result."""
    return array.reshape(len(array), channels, -1).transpose(2, 1, 0).reshape(shape) if channels else array
