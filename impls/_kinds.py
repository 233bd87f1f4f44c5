"""What a data set and a network are, to whoever compares implementations."""

import math
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Dataset:
    """Grey images with one label each, in four IDX files laid out as torchvision does: `directory`/`name`/raw/.

    - `image_shape`: rows and columns. Pixels are uint8, 0..255.
    - `classes`: labels are 0..`classes` - 1.
    - `train`, `test`: numbers of images.
    - `files`: train images, train labels, test images, test labels: name -> SHA-256 of the file, uncompressed.
    """

    name: str
    image_shape: tuple[int, int]
    classes: int
    train: int
    test: int
    files: dict[str, str]

    @property
    def pixels(self) -> int:
        """Number of pixels of an image."""
        return math.prod(self.image_shape)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the array in each file."""
        train, test = ((count, *self.image_shape) for count in (self.train, self.test))
        return dict(zip(self.files, (train, train[:1], test, test[:1]), strict=True))

    def raw(self, directory: str | Path) -> Path:
        """The folder of the files below `directory`."""
        return Path(directory) / self.name / "raw"


@dataclass(frozen=True)
class Network:
    """What each framework's version of a network has in common.

    - `shapes`: of the parameters by name, LAYER/kernel and LAYER/bias, in the order in which they are used. Kernels of
      dense layers are (inputs, outputs), those of convolutions (height, width, inputs, outputs), and what is flattened
      was (height, width, channels), whatever the framework keeps.
    - `accuracy`, `epochs`: the fraction of test images that it must get right after so many epochs.
    - `positions`: how often a kernel is applied to an image, for those where it is more than once.
    - `chapter`: the one that has it, for a network that is not in the files of impls/ themselves.
    """

    shapes: dict[str, tuple[int, ...]]
    accuracy: float
    epochs: int
    positions: dict[str, int] = field(default_factory=dict)
    chapter: str = ""

    @property
    def parameter_count(self) -> int:
        """Number of trainable scalars."""
        return sum(map(math.prod, self.shapes.values()))

    @property
    def operations(self) -> int:
        """Floating-point operations of training on one image: those of the kernels, 2 for a multiply and an add.

        Each kernel costs them forwards, for its own gradient, and for that of its inputs, which the first can spare.
        """
        kernels = {name: shape for name, shape in self.shapes.items() if name.endswith("kernel")}
        first, *others = (math.prod(shape) * self.positions.get(name, 1) for name, shape in kernels.items())
        return 2 * (2 * first + 3 * sum(others))
