"""Post-training quantization by `model.quantize("int8")` as in Keras' guide, for comparison: to ONNX."""

from pathlib import Path

import numpy as np

from impls.contract import Settings
from impls.edge import Trained
from impls.edge._files import atomic_write
from impls.keras.adapter import Adapter
from impls.keras.edge import IMAGE


def as_documented(trained: Trained, path: str | Path, images, labels, test_images) -> np.ndarray:
    """Export without calibration: the range of each layer's input is computed for each image."""
    adapter = Adapter(Settings(trained.network))
    adapter.set_parameters(trained.parameters)
    adapter.model.quantize("int8")
    logits = adapter.logits(test_images)
    with atomic_write(path) as temporary:
        adapter.model.export(temporary, format="onnx", input_signature=[IMAGE], verbose=False)
    return logits
