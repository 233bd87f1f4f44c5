"""An ONNX file, node by node. Int8 is quantization and its opposite there, which ONNX Runtime joins with the layers."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from impls.contract import DATASET
from impls.edge._files import written
from impls.quantization import LOGITS


class Graph:
    image = "image"

    def __init__(self, trained, kind):
        self.quantized = kind == "int8"
        self.arrays = trained.whole if self.quantized else trained.parameters
        self.scales = {"kernel": trained.scales.kernels, "bias": trained.scales.sums}
        self.nodes, self.constants, self.forms = [], [], {}

    def node(self, operator, *inputs, **attributes):
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, array):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def rounded(self, x, scale, signed=False):
        """To uint8, signed or not: ONNX Runtime joins no layer that is given uint8 and returns int8."""
        if not self.quantized:
            return x
        zero_point = np.array(-LOGITS[0] if signed else 0, np.uint8)
        return self.quantized_as(x, (self.constant(np.array(scale)), self.constant(zero_point)))

    def quantized_as(self, x, form):
        name = self.node("DequantizeLinear", self.node("QuantizeLinear", x, *form), *form)
        self.forms[name] = form
        return name

    def moved(self, operator, x, *shape, **attributes):
        """What computes no new number: quantized as `x` is, or ONNX Runtime would not join what follows."""
        name = self.node(operator, x, *shape, **attributes)
        return self.quantized_as(name, self.forms[x]) if self.quantized else name

    def parameter(self, layer, kind, axes, outputs=0):
        """Transposed to these `axes`; `outputs` is the axis of the layer's outputs then."""
        array = self.arrays[f"{layer}/{kind}"].transpose(axes)
        name = self.constant(array)
        if not self.quantized:
            return name
        scales = self.scales[kind][layer]
        zero_points = np.zeros(len(scales), array.dtype)  # optional in ONNX, but ONNX Runtime adds a scalar, and fails
        return self.node("DequantizeLinear", name, self.constant(scales), self.constant(zero_points), axis=outputs)

    def dense(self, x, layer):
        kernel = self.parameter(layer, "kernel", (0, 1), outputs=1)
        return self.node("Gemm", x, kernel, self.parameter(layer, "bias", (0,)))

    def convolution(self, x, layer):
        kernel = self.parameter(layer, "kernel", (3, 2, 0, 1))  # (3, 3, inputs, outputs) -> (outputs, inputs, 3, 3)
        return self.node("Conv", x, kernel, self.parameter(layer, "bias", (0,)), pads=[1, 1, 1, 1])

    def relu(self, x):
        return x if self.quantized else self.node("Relu", x)  # nothing is below 0 in uint8

    def max_pool(self, x):
        return self.moved("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])

    def picture(self, x):
        shape = self.constant(np.array([-1, 1, *DATASET.image_shape]))
        return self.moved("Reshape", x, shape)  # (n, 784) -> (n, 1, 28, 28): channels are first in ONNX

    def row(self, x):
        channels_last = self.moved("Transpose", x, perm=[0, 2, 3, 1])  # (n, 64, 7, 7) -> (n, 7, 7, 64)
        return self.moved("Flatten", channels_last)  # (n, 7, 7, 64) -> (n, 3136)

    def save(self, logits, path):
        (last,) = (node for node in self.nodes if node.output[0] == logits)
        last.output[0] = "logits"
        image, logits = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", numbers])
            for name, numbers in ((self.image, DATASET.pixels), ("logits", DATASET.classes))
        )
        graph = helper.make_graph(self.nodes, "network", [image], [logits], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        onnx.checker.check_model(model, full_check=True)
        with written(path) as temporary:
            onnx.save(model, temporary)
