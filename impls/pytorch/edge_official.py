"""PyTorch's own quantization-aware training ("PT2E") as its tutorial has it, for comparison: torch.export to .pte."""

from pathlib import Path

import numpy as np
import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from executorch.exir import to_edge_transform_and_lower
from torch.nn import functional as F
from torchao.quantization.pt2e import disable_observer, move_exported_model_to_eval, move_exported_model_to_train
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_qat_pt2e

from impls.contract import Settings
from impls.edge import Trained
from impls.edge._files import written
from impls.pytorch import Classifier


def as_documented(trained: Trained, path: str | Path, images, labels, test_images) -> np.ndarray:
    """Train for an epoch of these images, with ranges that are averaged meanwhile."""
    classifier = Classifier(Settings(trained.network))
    classifier.set_parameters(trained.parameters)
    pixels, labels = classifier.prepare_batch(images, labels)
    test_pixels = torch.tensor(classifier.preprocess(test_images))

    program = torch.export.export(classifier.model, (pixels[:2],), dynamic_shapes=({0: torch.export.Dim("n")},))
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True, is_qat=True))
    model = prepare_qat_pt2e(program.module(), quantizer)
    train(model, pixels, labels, classifier.settings)

    model.apply(disable_observer)
    move_exported_model_to_eval(model)
    evaluated = logits(model, test_pixels)

    program = torch.export.export(convert_pt2e(model), (test_pixels[:1],))
    lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    with written(path) as temporary:
        temporary.write_bytes(lowered.to_executorch().buffer)
    return evaluated


def train(model, pixels, labels, settings):
    move_exported_model_to_train(model)
    optimizer = torch.optim.Adam(model.parameters(), settings.learning_rate)
    for rows in torch.randperm(len(labels)).split(settings.batch_size):
        optimizer.zero_grad()
        F.cross_entropy(model(pixels[rows]), labels[rows]).backward()
        optimizer.step()


def logits(model, pixels):
    with torch.inference_mode():
        return torch.cat([model(part) for part in pixels.split(1000)]).numpy()
