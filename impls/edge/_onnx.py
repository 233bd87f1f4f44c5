"""Float ONNX to int8 ONNX by ONNX Runtime's own tool, which is told every scale: it has none to find."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from impls.contract import DATASET
from impls.edge import Trained
from impls.edge._files import written

LAYERS = ("Conv", "Gemm", "MatMul")


def quantize(source: str | Path, path: str | Path, trained: Trained) -> None:
    """Write at `path` the int8 form of the float file `source`, whose parameters are `trained.real`."""
    with TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)  # folds constants
        model = onnx.load(prepared)
    join_biases(model.graph)
    with written(path) as temporary:
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
    """A black one: the tool insists on data, though it is left nothing to learn from it."""

    def __init__(self, name):
        self.feeds = iter([{name: np.zeros((1, DATASET.pixels), np.float32)}])

    def get_next(self):
        return next(self.feeds, None)


def join_biases(graph):
    """Make each layer add its bias itself. Where an Add of its own does it, sums would be rounded before and after."""
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
            layer.attribute.extend(kept)  # the factors of the product and of the bias are 1 if left out
        last.output[0] = follower.output[0]
        graph.node.remove(follower)
    used = {name for node in graph.node for name in node.input}
    for name in constants.keys() - used:
        graph.initializer.remove(constants[name])
    graph.ClearField("value_info")  # shapes, among them that of a bias as it was


def overrides(graph, scales):
    """Scale and zero point of each tensor: of kernels by output, of all others from where on the way they are."""
    names = iter(scales.layers)
    found = {graph.input[0].name: (scales.inputs[scales.layers[0]], 0)}
    kernels = {}
    for node in graph.node:
        before = [found[name] for name in node.input if name in found]
        if not before:
            continue
        if node.op_type in LAYERS:
            layer = next(names)
            zero_point = 128 if layer == scales.layers[-1] else 0  # logits can be below 0, what a ReLU returns cannot
            before = [(scales.outputs[layer], zero_point)]
            kernels[node.input[1]] = [
                override(QuantType.QInt8, scale, 0) | {"axis": output_axis(node)} for scale in scales.kernels[layer]
            ]
        found |= dict.fromkeys(node.output, before[0])
    return kernels | {name: [override(QuantType.QUInt8, *each)] for name, each in found.items()}


def override(quant_type, scale, zero_point):
    return {
        "quant_type": quant_type,
        "scale": np.array(scale, np.float32),
        "zero_point": np.array(zero_point, np.int8 if quant_type == QuantType.QInt8 else np.uint8),
    }


def output_axis(node):
    """Of a layer's kernel: (outputs, inputs, 3, 3), (inputs, outputs), or (outputs, inputs) if it is transposed."""
    transposed = any(each.name == "transB" and each.i for each in node.attribute)
    return 0 if node.op_type == "Conv" or transposed else 1
