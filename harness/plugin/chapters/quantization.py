"""Quantization-aware training: each quantized network is compared with the integer reference."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from harness.data.lazy import Parts
from harness.plugin.chapter import Chapter
from harness.workers.fleet import Framework
from impls import quantization
from impls.numpy.quantization import calibrate

CHAPTER = Chapter(
    "quantization", "compares each quantized variant with the integer reference, bit by bit", quantization.exists
)


@pytest.fixture
def scales(
    framework: Framework, initial: Mapping[str, np.ndarray], dataset: Parts, once: Callable[..., Any]
) -> quantization.Scales:
    """The scales by which the initial parameters are quantized."""
    network, images = framework.settings.network, dataset.train.images.first(quantization.CALIBRATED_ON)
    return once(lambda: calibrate(network, initial, images.array()), "scales", network)
