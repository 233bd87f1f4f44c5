"""The state of a training of a Keras model, read and replaced: `model` and `optimizer`, of Keras or tf.keras."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from impls.adapter import Adapter


class State(Adapter):
    """The methods of an adapter that read and replace the state of the training, but the order of images."""

    def parameters(self) -> Sequence[Any]:
        """Return the trained variables."""
        return self.model.trainable_variables

    def statistics(self) -> Sequence[Any]:
        """Return the variables that are not trained."""
        return self.model.non_trainable_variables

    def moments(self) -> tuple[Sequence[Any], Sequence[Any]]:
        """Return m and v, the last variables of the optimizer: m, v, m, v and so on."""
        moments = self.optimizer.variables[-2 * len(self.network.shapes) :]
        return moments[0::2], moments[1::2]

    def steps(self) -> int:
        """Return the iterations of the optimizer."""
        return int(self.optimizer.iterations)

    def assign(self, arrays: Sequence[np.ndarray]) -> None:
        """Replace the trained variables."""
        _assign(self.parameters(), arrays)

    def assign_statistics(self, arrays: Sequence[np.ndarray]) -> None:
        """Replace the variables that are not trained."""
        _assign(self.statistics(), arrays)

    def assign_optimizer(self, m: Sequence[np.ndarray], v: Sequence[np.ndarray], steps: int) -> None:
        """Replace the optimizer's variables but the learning rate."""
        self.optimizer.iterations.assign(steps)
        for variables, arrays in zip(self.moments(), (m, v), strict=True):
            _assign(variables, arrays)

    def hyperparameters(self) -> dict[str, Any]:
        """Return the optimizer's configuration."""
        return {name: value for name, value in self.optimizer.get_config().items() if name != "name"}


def _assign(variables: Sequence[Any], arrays: Sequence[np.ndarray]) -> None:
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
