"""What every implementation promises: the network, its settings, its methods, and what it refuses."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

LAYER_SIZES = (784, 512, 256, 10)
PARAMETER_SHAPES = {
    "dense_1/kernel": (784, 512),
    "dense_1/bias": (512,),
    "dense_2/kernel": (512, 256),
    "dense_2/bias": (256,),
    "dense_3/kernel": (256, 10),
    "dense_3/bias": (10,),
}
PARAMETER_NAMES = tuple(PARAMETER_SHAPES)
PARAMETER_COUNT = 535_818  # 784*512 + 512 + 512*256 + 256 + 256*10 + 10

Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Settings:
    """How a network is built and trained; the same object configures every framework.

    - `batch_size`: images per training step, 1 to 60,000. The last batch of an epoch may be smaller.
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
        _check_whole_number("batch_size", self.batch_size, 1, 60_000)
        _check_whole_number("seed", self.seed, 0, 2**32 - 1)
        if self.threads is not None:
            _check_whole_number("threads", self.threads, 1, 4096)
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
    """One framework's version of the network. Built by `Classifier(settings)`, one class of that name per file.

    Every array that crosses this interface is NumPy. `images` are always uint8, (n, 28, 28), 0..255, n >= 1;
    `labels` are integers, (n,), 0..9. "float" below stands for `settings.dtype`. Parameters are a dict with the keys
    `PARAMETER_NAMES` and the shapes `PARAMETER_SHAPES`: kernels are (inputs, outputs) whatever the framework stores.
    A method that takes images, labels or parameters raises `TypeError` or `ValueError` if they are not of that form.

    One more method may be there: `float64_gap()` says what the framework computes in float32 under `dtype="float64"`,
    or None if nothing; the tests hold it to what it says.
    """

    settings: Settings
    jit_compile: bool  # whether the training step is compiled, to one program for its device

    def __init__(self, settings: Settings) -> None: ...

    def versions(self) -> dict[str, str]:
        """Package name -> version, the framework itself first."""

    def load_dataset(self, directory: str | Path) -> tuple[Arrays, Arrays]:
        """MNIST by the framework's own loader: ((60000 images, labels), (10000 images, labels)), all uint8.

        `directory` holds the verified IDX files in `MNIST/raw/`. A framework whose loader cannot read them may fetch
        its own copy; where it cannot, it warns and returns what `read_mnist(directory)` returns.
        """

    def preprocess(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, 28, 28) -> float (n, 784) in [0, 1], row by row, computed by the framework."""

    def parameter_count(self) -> int:
        """Number of trainable scalars, as the framework itself counts them."""

    def get_parameters(self) -> dict[str, np.ndarray]:
        """A copy of the parameters, float."""

    @changes_state
    def set_parameters(self, parameters: Mapping[str, np.ndarray]) -> None:
        """Replace all parameters. The optimizer's state stays as it is."""

    def hyperparameters(self) -> dict[str, Any]:
        """The optimizer's, those that were left at their defaults too, by the framework's own names."""

    def get_moments(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Copies of Adam's m and v after at least one step, each like the parameters."""

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Softmax of the logits: float (n, 10), in [0, 1], each row sums to 1."""

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The last layer's output: float (n, 10), unbounded."""

    def loss_and_gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """Mean cross-entropy of the batch in nats, and its gradient for each parameter. Changes nothing."""

    def prepare_batch(self, images: np.ndarray, labels: np.ndarray) -> Any:
        """Preprocessed images and labels as the framework's own tensors, on the device. Never timed."""

    @changes_state
    def train_step(self, batch: Any) -> Any:
        """One step of Adam on a prepared batch: the step that `fit` takes. Returns the loss before the step.

        The loss is a scalar of the framework's own kind; `float(loss)` works. The work may still be under way.
        """

    def predict_step(self, batch: Any) -> Any:
        """Probabilities of a prepared batch, (n, 10), which are those of `probabilities`.

        They are of the framework's own kind; `float(result[i, j])` works. The work may still be under way.
        """

    def synchronize(self) -> None:
        """Wait until everything that was asked of the device is done."""

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


def check_device(device: str, framework: str, sees_gpu: bool) -> str:
    """Return `device` if the framework can compute on it; otherwise raise `ValueError`."""
    if device == "cuda" and not sees_gpu:
        raise ValueError(f"Settings.device is 'cuda', but {framework} sees no GPU here: is its CUDA build installed?")
    return device


def check_images(images: np.ndarray) -> np.ndarray:
    """Return `images` if they are uint8 (n, 28, 28) with n >= 1; otherwise raise `TypeError` or `ValueError`."""
    if not isinstance(images, np.ndarray):
        raise TypeError(f"images must be a NumPy array, uint8 (n, 28, 28), got {type(images).__name__}")
    if images.dtype != np.uint8:
        nan = " with NaN in it" if images.dtype.kind == "f" and np.isnan(images).any() else ""
        raise TypeError(f"images must be uint8 in 0..255 (preprocessing scales them), got {images.dtype}{nan}")
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"images must have shape (n, 28, 28), got {images.shape}")
    if len(images) == 0:
        raise ValueError("images must hold at least one image, got an empty batch of shape (0, 28, 28)")
    return images


def check_labels(labels: np.ndarray, count: int) -> np.ndarray:
    """Return `labels` if they are `count` integers in 0..9; otherwise raise `TypeError` or `ValueError`."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        got = labels.dtype if isinstance(labels, np.ndarray) else type(labels).__name__
        raise TypeError(f"labels must be a NumPy array of integers, got {got}")
    if labels.shape != (count,):
        raise ValueError(f"labels must have shape ({count},), one for each image, got {labels.shape}")
    if labels.min() < 0 or labels.max() > 9:
        at = int(np.argmax((labels < 0) | (labels > 9)))
        raise ValueError(f"labels must be in 0..9, got {labels[at]} at index {at}")
    return labels


def check_parameters(parameters: Mapping[str, np.ndarray]) -> None:
    """Raise `ValueError` unless `parameters` have the six names and shapes, and are finite floats."""
    if set(parameters) != set(PARAMETER_NAMES):
        raise ValueError(f"parameters must be named {sorted(PARAMETER_NAMES)}, got {sorted(parameters)}")
    for name, shape in PARAMETER_SHAPES.items():
        array = np.asarray(parameters[name])
        if array.shape != shape or array.dtype.kind != "f":
            raise ValueError(f"{name} must be a float array of shape {shape}, got {array.dtype} of shape {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, got NaN or infinity")


def check_epochs(epochs: int) -> int:
    """Return `epochs` if it is a whole number of at least 1; otherwise raise `TypeError` or `ValueError`."""
    return _check_whole_number("epochs", epochs, 1, 100_000)


def read_mnist(directory: str | Path) -> tuple[Arrays, Arrays]:
    """The four IDX files in `directory`/MNIST/raw as ((train images, labels), (test images, labels)), all uint8.

    Raises `FileNotFoundError` if a file is missing and `ValueError` if its size or header is not that of MNIST.
    """
    raw = Path(directory) / "MNIST" / "raw"

    def read(name: str, shape: tuple[int, ...]) -> np.ndarray:
        content = (raw / name).read_bytes()
        header = idx_header(shape)
        if len(content) != len(header) + np.prod(shape):
            raise ValueError(f"{raw / name} must have {len(header) + np.prod(shape):,} bytes, got {len(content):,}")
        if not content.startswith(header):
            raise ValueError(f"{raw / name} must begin with {header.hex()}, got {content[: len(header)].hex()}")
        return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)

    return (
        (read("train-images-idx3-ubyte", (60_000, 28, 28)), read("train-labels-idx1-ubyte", (60_000,))),
        (read("t10k-images-idx3-ubyte", (10_000, 28, 28)), read("t10k-labels-idx1-ubyte", (10_000,))),
    )


def idx_header(shape: tuple[int, ...]) -> bytes:
    """What an IDX file of uint8 begins with: a big-endian magic number, and a 32-bit length for each dimension."""
    return np.array([0x0800 + len(shape), *shape], ">u4").tobytes()  # 0x08 = uint8


def cache_directory() -> Path:
    """Where a verified copy of MNIST is kept: a folder in the user's cache, laid out as torchvision does.

    Raises `FileNotFoundError` if the user has none, as in a container whose user has no name and no HOME.
    """
    import platformdirs  # only here: a worker, which is told its directory, runs without it

    with contextlib.suppress(RuntimeError):
        path = platformdirs.user_cache_path("mnist-frameworks", appauthor=False)
        if path.is_absolute():
            return path
    raise FileNotFoundError("no folder for a cache, as there is no home directory: set HOME to an absolute path")


def _check_whole_number(name: str, value: int, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be in {low}..{high:,}, got {value}")
    return value
