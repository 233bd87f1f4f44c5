"""The notebook way of a variant, in the form of an implementation that has nothing but `fit`."""

from collections.abc import Callable
from importlib import import_module

import impls
from impls.contract import Settings

NAME = "notebook"  # takes the place of a network; no network can have it


def exists(variant: str) -> bool:
    """Return whether there is a notebook way for the framework of `variant`."""
    return impls.has_file(variant, "notebook")


class Notebook:
    """A trainer on MNIST in `directory`, which it reads itself. The constructor imports the framework of `variant`."""

    jit_compile = "as shipped"

    def __init__(self, variant: str, settings: Settings, directory: str):
        self.module = impls.import_(variant, "notebook")
        self.packages = impls.variants()[variant].packages
        self.settings = settings
        self.directory = directory

    def versions(self) -> dict[str, str]:
        """Return the version of each package of the variant, by its name."""
        return {package: import_module(package).__version__ for package in self.packages}

    def fit(self, images, labels, epochs: int, on_epoch: Callable[[int, float], None]) -> None:
        """Train as `Adapter.fit`, but not on these images and labels."""
        self.module.train(self.directory, self.settings.batch_size, epochs, on_epoch)
