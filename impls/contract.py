"""What every implementation promises: the data, the networks, their settings, and their methods."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from impls._kinds import Dataset, Network

Arrays = tuple[np.ndarray, np.ndarray]


DATASET = Dataset(
    "MNIST",
    image_shape=(28, 28),
    classes=10,
    train=60_000,
    test=10_000,
    files={
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
)


NETWORKS = {
    "mlp": Network(
        {
            "dense_1/kernel": (784, 512),
            "dense_1/bias": (512,),
            "dense_2/kernel": (512, 256),
            "dense_2/bias": (256,),
            "dense_3/kernel": (256, 10),
            "dense_3/bias": (10,),
        },
        accuracy=0.97,
        epochs=10,
    ),
    "cnn": Network(
        {
            "conv_1/kernel": (3, 3, 1, 32),
            "conv_1/bias": (32,),
            "conv_2/kernel": (3, 3, 32, 64),
            "conv_2/bias": (64,),
            "dense_1/kernel": (7 * 7 * 64, 128),
            "dense_1/bias": (128,),
            "dense_2/kernel": (128, 10),
            "dense_2/bias": (10,),
        },
        accuracy=0.985,
        epochs=3,
        positions={"conv_1/kernel": 28 * 28, "conv_2/kernel": 14 * 14},
    ),
    "student": Network(
        {
            "dense_1/kernel": (784, 30),
            "dense_1/bias": (30,),
            "dense_2/kernel": (30, 10),
            "dense_2/bias": (10,),
        },
        accuracy=0.95,
        epochs=10,
        chapter="distillation",
    ),
}
COMPARED = tuple(name for name, network in NETWORKS.items() if not network.chapter)  # in impls/ itself

# Of the MLP, under the names that they had when it was the only network: scripts outside the project use them.
LAYER_SIZES = (784, 512, 256, 10)
PARAMETER_NAMES = tuple(NETWORKS["mlp"].shapes)
PARAMETER_COUNT = NETWORKS["mlp"].parameter_count


@dataclass(frozen=True)
class Settings:
    """How a network is built and trained; the same object configures every framework.

    - `network`: which of `NETWORKS` is built.
    - `batch_size`: images per training step, 1 to as many as there are. The last batch of an epoch may be smaller.
    - `learning_rate`, `beta_1`, `beta_2`: Adam's, as in its paper (arXiv:1412.6980).
    - `epsilon`: `None` is *native*, the framework's own Adam as shipped. A number is *aligned*: epsilon is added to
      sqrt(v) before the bias correction, as in the closing remark of section 2 of the paper, in every framework.
    - `dtype`: "float32" or "float64", for pixels, parameters, losses and the optimizer.
    - `seed`: of the initial parameters and of the shuffling.
    - `threads`: CPU threads, where the framework has a call for it; `None` is its own choice, normally all cores.
      Workers are bound to that many processors besides, which all frameworks follow.
    - `device`: "cpu" or "cuda"; a framework that sees no such device refuses it.

    Raises `ValueError` or `TypeError`, with the field's name, for a value outside these ranges.
    """

    network: str = "mlp"
    batch_size: int = 128
    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float | None = None
    dtype: str = "float32"
    seed: int = 0
    threads: int | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.network not in tuple(NETWORKS):
            raise ValueError(f"Settings.network must be one of {', '.join(NETWORKS)}, got {self.network!r}")
        check_whole_number("batch_size", self.batch_size, 1, DATASET.train)
        check_whole_number("seed", self.seed, 0, 2**32 - 1)
        if self.threads is not None:
            check_whole_number("threads", self.threads, 1, 4096)
        for name in ("beta_1", "beta_2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"Settings.{name} must be in [0, 1), got {getattr(self, name)!r}")
        if not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"Settings.learning_rate must be positive and finite, got {self.learning_rate!r}")
        if self.epsilon is not None and not 0 < self.epsilon < float("inf"):
            raise ValueError(f"Settings.epsilon must be None (native) or positive and finite, got {self.epsilon!r}")
        if self.dtype not in ("float32", "float64"):
            raise ValueError(f"Settings.dtype must be 'float32' or 'float64', got {self.dtype!r}")
        if self.device not in ("cpu", "cuda"):
            raise ValueError(f"Settings.device must be 'cpu' or 'cuda', got {self.device!r}")


def changes_state(function: Callable) -> Callable:
    """Marks what leaves an implementation in another state than it was built in."""
    function.changes_state = True
    return function


class Implementation(Protocol):
    """One framework's version of the networks. Built by `Classifier(settings)`, one class of that name per file.

    Every array that crosses this interface is NumPy. `images` are always uint8, (n, 28, 28), 0..255, n >= 1;
    `labels` are integers, (n,), 0..9. "float" below stands for `settings.dtype`. Parameters are a dict with the names,
    shapes and layout of `NETWORKS[settings.network]`, whatever the framework stores. A method that takes images, labels
    or parameters raises `TypeError` or `ValueError` if they are not of that form.

    One more method may be there: `float64_gap()` says what the framework computes in float32 under `dtype="float64"`,
    or None if nothing; the tests hold it to what it says.
    """

    settings: Settings
    jit_compile: bool  # whether the training step is compiled, to one program for its device

    def __init__(self, settings: Settings) -> None: ...

    def load_dataset(self, directory: str | Path) -> tuple[Arrays, Arrays]:
        """MNIST by the framework's own loader: ((60000 images, labels), (10000 images, labels)), all uint8.

        `directory` holds the verified IDX files in `MNIST/raw/`. A framework whose loader cannot read them may fetch
        its own copy; where it cannot, it warns and returns what `read_dataset(directory)` returns.
        """

    def prepare_batch(self, images: np.ndarray, labels: np.ndarray) -> Any:
        """Preprocessed images and labels as the framework's own tensors, on the device. Never timed."""

    @changes_state
    def train_step(self, batch: Any) -> Any:
        """One step of Adam on a prepared batch: the step that `fit` takes. Returns the loss before the step.

        The loss is a scalar of the framework's own kind; `float(loss)` works. The work may still be under way.
        """

    @changes_state
    def fit(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        epochs: int,
        on_epoch: Callable[[int, float], None] | None = None,
    ) -> dict[str, list[float]]:
        """Train for `epochs` passes, shuffled anew in each, every image used once a pass.

        `on_epoch(epoch, loss)` is called after each epoch, counted from 1. `loss` is the mean over the epoch's images
        of the loss at the step that used them, in nats. Returns `{"loss": [one float per epoch]}`.
        """

    def evaluate(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """(mean cross-entropy in nats, fraction of images whose largest logit is their label)."""

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Softmax of the logits: float (n, 10), in [0, 1], each row sums to 1."""

    def predict_step(self, batch: Any) -> Any:
        """Probabilities of a prepared batch, (n, 10), which are those of `probabilities`.

        They are of the framework's own kind; `float(result[i, j])` works. The work may still be under way.
        """

    def versions(self) -> dict[str, str]:
        """Package name -> version, the framework itself first."""

    def preprocess(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, 28, 28) -> float (n, 784) in [0, 1], row by row, computed by the framework."""

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The last layer's output: float (n, 10), unbounded."""

    def loss_and_gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """Mean cross-entropy of the batch in nats, and its gradient for each parameter. Changes nothing."""

    def parameter_count(self) -> int:
        """Number of trainable scalars, as the framework itself counts them."""

    def get_parameters(self) -> dict[str, np.ndarray]:
        """A copy of the parameters, float."""

    @changes_state
    def set_parameters(self, parameters: Mapping[str, np.ndarray]) -> None:
        """Replace all parameters. The optimizer's state stays as it is."""

    def get_moments(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Copies of Adam's m and v after at least one step, each like the parameters."""

    def hyperparameters(self) -> dict[str, Any]:
        """The optimizer's, those that were left at their defaults too, by the framework's own names."""

    def synchronize(self) -> None:
        """Wait until everything that was asked of the device is done."""


def check_whole_number(name: str, value: int, low: int, high: int) -> int:
    """Return `value` if it is one, within these limits; otherwise raise `TypeError` or `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be in {low}..{high:,}, got {value}")
    return value
