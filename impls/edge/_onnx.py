"""Float ONNX to int8 ONNX by ONNX Runtime's quantizer. All scales are given, so its own calibration is not used."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from impls.contract import DATASET
from impls.edge import Trained
from impls.edge._files import atomic_write

LAYERS = ("Conv", "Gemm", "MatMul")


def quantize(source: str | Path, path: str | Path, trained: Trained) -> None:
    """Write the int8 form of the float file `source` to `path`. Its parameters are `trained.dequantized`."""
    with TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)  # folds constants
        model = onnx.load(prepared)
    join_biases(model.graph)
    with atomic_write(path) as temporary:
        quantize_static(
            model,
            temporary,
            OneImage(model.graph.input[0].name),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            extra_options={
                "TensorQuantOverrides": overrides(model.graph, trained.scales),
                "QDQDisableWeightAdjustForInt32Bias": True,
            },
        )


class OneImage(CalibrationDataReader):
    """One black image: the quantizer requires data, although no scale depends on them."""

    def __init__(self, name):
        self.feeds = iter([{name: np.zeros((1, DATASET.pixels), np.float32)}])

    def get_next(self):
        """Return the image at the first call, and None from then on."""
        return next(self.feeds, None)


def join_biases(graph):
    """Move each bias from an Add node into its layer. Otherwise sums would be rounded before and after the Add."""
    constants = {each.name: each for each in graph.initializer}
    consumers = {name: node for node in graph.node for name in node.input}
    for layer in [node for node in graph.node if node.op_type in LAYERS]:
        last, follower = layer, consumers.get(layer.output[0])
        while follower and follower.op_type == "Transpose":
            last, follower = follower, consumers.get(follower.output[0])
        if not follower or follower.op_type != "Add":
            continue
        (bias,) = (constants[name] for name in follower.input if name in constants)
        bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias).reshape(-1), bias.name))
        layer.input[:] = [*layer.input[:2], bias.name]
        if layer.op_type != "Conv":
            layer.op_type = "Gemm"
            kept = [each for each in layer.attribute if each.name == "transB"]
            layer.ClearField("attribute")
            layer.attribute.extend(kept)  # alpha and beta are 1 by default
        last.output[0] = follower.output[0]
        graph.node.remove(follower)
    used = {name for node in graph.node for name in node.input}
    for name in constants.keys() - used:
        graph.initializer.remove(constants[name])
    graph.ClearField("value_info")  # inferred shapes, which the new biases do not have


def overrides(graph, scales):
    """Return scale and zero point of each tensor: a list over the outputs of a kernel, one entry for other tensors."""
    names = iter(scales.layers)
    numbers = {graph.input[0].name: (scales.inputs[scales.layers[0]], 0)}
    kernels = {}
    for node in graph.node:
        before = [numbers[name] for name in node.input if name in numbers]
        if not before:
            continue
        if node.op_type in LAYERS:
            layer = next(names)
            zero_point = 128 if layer == scales.layers[-1] else 0  # only logits can be negative
            before = [(scales.outputs[layer], zero_point)]
            kernels[node.input[1]] = [
                override(QuantType.QInt8, scale, 0) | {"axis": output_axis(node)} for scale in scales.kernels[layer]
            ]
        numbers |= dict.fromkeys(node.output, before[0])
    return kernels | {name: [override(QuantType.QUInt8, *each)] for name, each in numbers.items()}


def override(quant_type, scale, zero_point):
    """Return the entry of a tensor in the quantizer's option `TensorQuantOverrides`."""
    return {
        "quant_type": quant_type,
        "scale": np.array(scale, np.float32),
        "zero_point": np.array(zero_point, np.int8 if quant_type == QuantType.QInt8 else np.uint8),
    }


def output_axis(node):
    """Return the output axis of a kernel: (outputs, inputs, 3, 3), (inputs, outputs), or (outputs, inputs)."""
    transposed = any(each.name == "transB" and each.i for each in node.attribute)
    return 0 if node.op_type == "Conv" or transposed else 1
