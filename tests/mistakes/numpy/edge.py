"""Mistakes in the export of the NumPy network: in the writers of ONNX and of StableHLO that it uses."""
# ruff: noqa: N801 - a class is a mistake here

from dataclasses import replace

import numpy as np

from impls.numpy import edge
from tests.mistakes import Mistake, catchers


class zero_point_of_logits_forgotten(Mistake):
    caught_by = catchers.ONNX

    class Graph(edge.Graph):
        def rounded(self, x, scale, signed=False):
            return super().rounded(x, scale)


class zero_point_of_inputs_forgotten(Mistake):
    caught_by = catchers.LITERT

    class Program(edge.Program):
        def rounded(self, x, scale, signed=False):
            return super().rounded(x, scale, signed=True)


def with_new_scales(trained):
    """Return the network with the scales that its kernels would have without clipping."""
    kernels = {}
    for name, scales in trained.scales.kernels.items():
        rows = trained.parameters[f"{name}/kernel"].reshape(-1, len(scales))  # -> (inputs, outputs)
        kernels[name] = abs(rows).max(0) / np.float32(127)  # -> (outputs,)
    return trained._replace(scales=replace(trained.scales, kernels=kernels))


class scales_found_anew_onnx(Mistake):
    caught_by = catchers.ONNX

    class Graph(edge.Graph):
        def __init__(self, trained, kind):
            super().__init__(with_new_scales(trained), kind)


class scales_found_anew_litert(Mistake):
    caught_by = catchers.LITERT

    class Program(edge.Program):
        def __init__(self, trained, kind):
            super().__init__(with_new_scales(trained), kind)


class padded_with_another_number_than_0(Mistake):
    caught_by = catchers.ONNX
    network = "cnn"

    class Graph(edge.Graph):
        def convolution(self, x, layer):
            edges = self.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1]))
            grey = self.constant(np.array(128 / 255, np.float32))
            kernel = self.parameter(layer, "kernel", (3, 2, 0, 1))  # (3, 3, inputs, outputs) -> (outputs, inputs, 3, 3)
            padded = self.moved("Pad", x, edges, grey)
            return self.node("Conv", padded, kernel, self.parameter(layer, "bias", (0,)), pads=[0, 0, 0, 0])
