"""Keras' own `model.quantize("int8")` as its guide has it, for comparison: after training, to ONNX."""

from pathlib import Path

import numpy as np

from impls.contract import Settings
from impls.edge import Trained
from impls.edge._files import written
from impls.edge.keras import IMAGE
from impls.keras import Classifier


def as_documented(trained: Trained, path: str | Path, images, labels, test_images) -> np.ndarray:
    """It needs no images: the range of each layer's input is that of the image which is being computed."""
    classifier = Classifier(Settings(trained.network))
    classifier.set_parameters(trained.parameters)
    classifier.model.quantize("int8")
    logits = classifier.logits(test_images)
    with written(path) as temporary:
        classifier.model.export(temporary, format="onnx", input_signature=[IMAGE], verbose=False)
    return logits
