"""Definitions that all frameworks share: the data set, the networks, and how each is trained."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray]
MOST_STEPS = 10_000_000  # of a schedule: that of Keras is a table


@dataclass(frozen=True)
class Dataset:
    """Images with one label each, in four IDX files laid out as torchvision does: `directory`/`name`/raw/.

    - `image_shape`: rows and columns, and channels if there are several. Pixels are uint8, 0..255.
    - `classes`: labels are 0..`classes` - 1.
    - `train`, `test`: numbers of images.
    - `files`: train images, train labels, test images, test labels: name -> SHA-256 of the file, uncompressed.
    """

    name: str
    image_shape: tuple[int, ...]
    classes: int
    train: int
    test: int
    files: dict[str, str]

    @property
    def pixels(self) -> int:
        """Number of values of an image, channels included."""
        return math.prod(self.image_shape)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """File name -> shape of its array."""
        train, test = ((count, *self.image_shape) for count in (self.train, self.test))
        return dict(zip(self.files, (train, train[:1], test, test[:1]), strict=True))

    @staticmethod
    def hold_out(images: np.ndarray, labels: np.ndarray) -> tuple[Arrays, Arrays]:
        """Return training images without the last twelfth of them, 5,000 of 60,000, and that twelfth, for validation.

        Settings are chosen by the validation images. The test images are for one evaluation, of the chosen ones.
        """
        kept = len(images) - len(images) // 12
        return (images[:kept], labels[:kept]), (images[kept:], labels[kept:])

    def raw(self, directory: str | Path) -> Path:
        """Return the folder of the files below `directory`."""
        return Path(directory) / self.name / "raw"


@dataclass(frozen=True)
class Network:
    """A network as every framework builds it.

    - `shapes`: parameter name -> shape, in the order in which they are used. LAYER/kernel is (inputs, outputs) in a
      dense layer, and (height, width, inputs, outputs) in a convolution. LAYER/bias and LAYER/scale are (outputs,).
      LAYER/embedding has any shape.
    - `accuracy`, `epochs`: required fraction of correct test images after this number of epochs.
    - `positions`: kernel name -> number of places in an image to which the kernel is applied, if more than one.
    - `products`: multiply-adds of the forward pass that have no kernel, per image, such as those of attention.
    - `flattened`: name of a dense kernel -> channels of the image whose flattening, (height, width, channel), is its
      input. Frameworks that put channels first flatten (channel, height, width).
    - `noise`: names of parameters whose gradient is 0 but for rounding.
    - `smooth`: whether it has neither a ReLU nor a maximum. Then rounding alone does not make two trainings part.
    - `state`: name -> shape of the numbers that a training step changes without a gradient. LAYER/mean is a running
      mean, which begins at 0, and LAYER/variance a running variance, which begins at 1. A training step normalises by
      the mean and the variance of its batch; everything else normalises by the running ones.
    - `file`: the file in the folder of each framework whose `MODELS` has the network.
    - `chapter`: the chapter that builds the network, if the tutorials do not.
    """

    shapes: dict[str, tuple[int, ...]]
    accuracy: float
    epochs: int
    positions: dict[str, int] = field(default_factory=dict)
    products: int = 0
    flattened: dict[str, int] = field(default_factory=dict)
    noise: tuple[str, ...] = ()
    smooth: bool = False
    state: dict[str, tuple[int, ...]] = field(default_factory=dict)
    file: str = "mnist"
    chapter: str = ""

    @property
    def parameter_count(self) -> int:
        """Number of trainable scalars."""
        return sum(map(math.prod, self.shapes.values()))

    @property
    def decayed(self) -> tuple[str, ...]:
        """Names of the parameters that weight decay makes smaller: the kernels."""
        return tuple(name for name in self.shapes if name.endswith("/kernel"))

    @property
    def operations(self) -> int:
        """Floating-point operations of products in a training step, per image; a multiply-add counts as 2.

        Each kernel is applied three times: forward, for its own gradient, and for its input's gradient. The first
        kernel needs no gradient of its input. A product of two activations has two gradients as well.
        """
        kernels = {name: shape for name, shape in self.shapes.items() if name.endswith("kernel")}
        first, *others = (math.prod(shape) * self.positions.get(name, 1) for name, shape in kernels.items())
        return 2 * (2 * first + 3 * sum(others) + 3 * self.products)


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


VIT_BLOCK = {  # the parameters of each of the two blocks
    **{"norm_1/scale": (64,), "norm_1/bias": (64,)},
    **{"query/kernel": (64, 64), "query/bias": (64,)},
    **{"key/kernel": (64, 64), "key/bias": (64,)},
    **{"value/kernel": (64, 64), "value/bias": (64,)},
    **{"output/kernel": (64, 64), "output/bias": (64,)},
    **{"norm_2/scale": (64,), "norm_2/bias": (64,)},
    **{"mlp_1/kernel": (64, 128), "mlp_1/bias": (128,)},
    **{"mlp_2/kernel": (128, 64), "mlp_2/bias": (64,)},
}
VIT_BLOCKS = {f"block_{n}/{name}": shape for n in (1, 2) for name, shape in VIT_BLOCK.items()}

RESNET_KERNELS = {  # of the convolutions, each with a batch normalization
    "stem": (3, 3, 1, 16),
    "block_1/conv_1": (3, 3, 16, 16),
    "block_1/conv_2": (3, 3, 16, 16),
    "block_2/conv_1": (3, 3, 16, 32),
    "block_2/conv_2": (3, 3, 32, 32),
    "block_2/shortcut": (1, 1, 16, 32),
}
RESNET_PIXELS = {"stem": 28 * 28, "block_1": 14 * 14, "block_2": 7 * 7}
RESNET_LAYERS = {
    f"{layer}/{kind}": shape
    for layer, kernel in RESNET_KERNELS.items()
    for kind, shape in {"kernel": kernel, "scale": kernel[-1:], "bias": kernel[-1:]}.items()
}
RESNET_STATE = {
    f"{layer}/{kind}": kernel[-1:] for layer, kernel in RESNET_KERNELS.items() for kind in ("mean", "variance")
}

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
        flattened={"dense_1/kernel": 64},
    ),
    "vit": Network(
        {
            **{"patch/kernel": (49, 64), "patch/bias": (64,)},
            "position/embedding": (16, 64),
            **VIT_BLOCKS,
            **{"norm/scale": (64,), "norm/bias": (64,)},
            **{"head/kernel": (64, 10), "head/bias": (10,)},
        },
        accuracy=0.95,
        epochs=3,
        positions=dict.fromkeys(["patch/kernel", *(name for name in VIT_BLOCKS if name.endswith("/kernel"))], 16),
        products=2 * 2 * 16 * 16 * 64,  # in each block queries times keys, and attention times values
        noise=("block_1/key/bias", "block_2/key/bias"),  # the same number is added to all logits of a query
        smooth=True,
        file="vit",
    ),
    "resnet": Network(
        {**RESNET_LAYERS, "head/kernel": (32, 10), "head/bias": (10,)},
        accuracy=0.95,
        epochs=3,
        positions={f"{layer}/kernel": RESNET_PIXELS[layer.partition("/")[0]] for layer in RESNET_KERNELS},
        state=RESNET_STATE,
        file="resnet",
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
DEFAULT_NETWORKS = tuple(name for name, network in NETWORKS.items() if not network.chapter)  # networks of the tutorials


@dataclass(frozen=True)
class Cosine:
    """A learning-rate schedule: a linear warm-up, then half a cosine, as factors of `Settings.learning_rate`.

    - `warmup`: steps in which the factor rises from `first` to 1; 0 is none.
    - `steps`: the step from which the factor is `last`, more than `warmup`. Steps are counted from 0.
    - `first`, `last`: factors in [0, 1].

    Raises `ValueError` or `TypeError`, with the field's name, for a value outside these ranges.
    """

    warmup: int
    steps: int
    first: float
    last: float

    def __post_init__(self) -> None:
        check_whole_number("Cosine.warmup", self.warmup, 0, MOST_STEPS)
        check_whole_number("Cosine.steps", self.steps, self.warmup + 1, MOST_STEPS)
        for name in ("first", "last"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"Cosine.{name} must be in [0, 1], got {getattr(self, name)!r}")


@dataclass(frozen=True)
class Settings:
    """How a network is built and trained; the same object configures every framework.

    - `network`: a key of `NETWORKS`; the first of them by default.
    - `batch_size`: images per training step, 1..`DATASET.train`. The last batch of an epoch may be smaller.
    - `learning_rate`, `beta_1`, `beta_2`: Adam's, as in its paper (arXiv:1412.6980).
    - `epsilon`: `None` is *native*, the framework's own Adam as shipped. A number is *aligned*: all
      frameworks add epsilon to sqrt(v) before the bias correction, as just before section 2.1 of the paper.
    - `optimizer`: "adam", or "adamw", which decays the parameters `Network.decayed` (arXiv:1711.05101).
    - `weight_decay`: of "adamw". A step at the rate r first multiplies these parameters by 1 - r `weight_decay`.
    - `schedule`: factor of the learning rate at each step; `None` is 1.
    - `dtype`: "float32" or "float64", for pixels, parameters, losses and the optimizer.
    - `seed`: seed of the initial parameters and of the shuffling.
    - `threads`: CPU threads, if the framework has a call for them; `None` is its default, normally all cores. The suite
      also binds a worker process to this number of processors, which limits every framework.
    - `device`: "cpu" or "cuda". The adapter raises `ValueError` if the framework sees no GPU.

    Raises `ValueError` or `TypeError`, with the field's name, for a value outside these ranges.
    """

    network: str = next(iter(NETWORKS))
    batch_size: int = 128
    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float | None = None
    optimizer: str = "adam"
    weight_decay: float = 0.0
    schedule: Cosine | None = None
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
        if self.optimizer not in ("adam", "adamw"):
            raise ValueError(f"Settings.optimizer must be 'adam' or 'adamw', got {self.optimizer!r}")
        if not 0 <= self.weight_decay < float("inf"):
            raise ValueError(f"Settings.weight_decay must be at least 0 and finite, got {self.weight_decay!r}")
        if self.weight_decay and self.optimizer != "adamw":
            raise ValueError(f"Settings.weight_decay needs optimizer='adamw', got {self.optimizer!r}")
        if not isinstance(self.schedule, Cosine | None):
            raise TypeError(f"Settings.schedule must be None or a Cosine, got {self.schedule!r}")
        if self.dtype not in ("float32", "float64"):
            raise ValueError(f"Settings.dtype must be 'float32' or 'float64', got {self.dtype!r}")
        if self.device not in ("cpu", "cuda"):
            raise ValueError(f"Settings.device must be 'cpu' or 'cuda', got {self.device!r}")


def changes_state(function: Callable) -> Callable:
    """Mark a method that changes the state of an implementation: parameters, optimizer or random numbers."""
    function.changes_state = True
    return function


def check_whole_number(name: str, value: int, low: int, high: int) -> int:
    """Return `value` if it is an integer in `low`..`high`; otherwise raise `TypeError` or `ValueError` with `name`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be in {low}..{high:,}, got {value}")
    return value
