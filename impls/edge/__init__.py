"""From training to the device: what is exported, and the environments in which that can be done."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from impls.quantization import Scales, check_exact, integers, real


class Trained(NamedTuple):
    """What every exporter is given: a network as it was trained, and how it is quantized.

    `parameters` are float, as in `NETWORKS[network]`.
    """

    network: str
    parameters: Mapping[str, np.ndarray]
    scales: Scales

    @property
    def whole(self) -> dict[str, np.ndarray]:
        """The whole numbers of the parameters: kernels int8, biases int32. Raises as `check_exact` does."""
        found = integers(self.parameters, self.scales)
        check_exact(found, self.scales)
        return found

    @property
    def real(self) -> dict[str, np.ndarray]:
        """The float32 parameters that the whole numbers stand for."""
        return real(self.whole, self.scales)
