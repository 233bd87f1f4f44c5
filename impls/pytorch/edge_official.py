"""Quantization-aware training ("PT2E") as in PyTorch's tutorial, for comparison: torch.export to ExecuTorch."""

from pathlib import Path

import numpy as np
import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from executorch.exir import to_edge_transform_and_lower
from torchao.quantization.pt2e import disable_observer, move_exported_model_to_eval, move_exported_model_to_train
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_qat_pt2e

from impls.contract import Settings
from impls.edge import Trained
from impls.edge._files import atomic_write
from impls.pytorch.adapter import Adapter
from impls.pytorch.mnist import cross_entropy, make_optimizer, preprocess, train_step


def as_documented(trained: Trained, path: str | Path, images, labels, test_images) -> np.ndarray:
    """Train for an epoch of these images while ranges are averaged, then freeze the ranges and export."""
    adapter = Adapter(Settings(trained.network))
    adapter.set_parameters(trained.parameters)
    x, y = adapter.prepare_batch(images, labels)
    test_x = preprocess(test_images)

    program = torch.export.export(adapter.model, (x[:2],), dynamic_shapes=({0: torch.export.Dim("n")},))
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True, is_qat=True))
    model = prepare_qat_pt2e(program.module(), quantizer)
    train(model, x, y, adapter.settings)

    model.apply(disable_observer)
    move_exported_model_to_eval(model)
    evaluated = logits(model, test_x)

    program = torch.export.export(convert_pt2e(model), (test_x[:1],))
    lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    with atomic_write(path) as temporary:
        temporary.write_bytes(lowered.to_executorch().buffer)
    return evaluated


def train(model, x, y, settings):
    """Train for an epoch with the tutorial's step."""
    move_exported_model_to_train(model)
    optimizer = make_optimizer(model, settings.learning_rate)
    for rows in torch.randperm(len(x)).split(settings.batch_size):
        train_step(model, cross_entropy, optimizer, x[rows], y[rows])


def logits(model, x):
    """Return the logits of x (n, 784), float32 (n, 10)."""
    with torch.inference_mode():
        return torch.cat([model(part) for part in x.split(1000)]).numpy()  # (n, 784) -> (n, 10)
