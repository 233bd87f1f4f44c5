"""A writer of ONNX files, node by node. An int8 file has QuantizeLinear and DequantizeLinear around each layer.

ONNX Runtime fuses them with the layer into one integer kernel.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from impls.contract import DATASET
from impls.edge._files import atomic_write
from impls.quantization import LOGITS


class Graph:
    """The nodes of a network, "float" or "int8" as `kind`. A method adds nodes, and returns their output's name."""

    image = "image"

    def __init__(self, trained, kind):
        self.quantized = kind == "int8"
        self.arrays = trained.integers if self.quantized else trained.parameters
        self.scales = {"kernel": trained.scales.kernels, "bias": trained.scales.sums}
        self.nodes, self.constants, self.forms = [], [], {}

    def node(self, operator, *inputs, **attributes):
        """Add a node of this operator."""
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, array):
        """Add a constant, in the dtype and shape of `array`."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def rounded(self, x, scale, signed=False):
        """Round to uint8, also if `signed`: ONNX Runtime fuses no layer with uint8 inputs and int8 outputs."""
        if not self.quantized:
            return x
        zero_point = np.array(-LOGITS[0] if signed else 0, np.uint8)
        return self.quantized_as(x, (self.constant(np.array(scale)), self.constant(zero_point)))

    def quantized_as(self, x, form):
        """Quantize and dequantize `x` with `form`, the names of a scale and of a zero point."""
        name = self.node("DequantizeLinear", self.node("QuantizeLinear", x, *form), *form)
        self.forms[name] = form
        return name

    def moved(self, operator, x, *shape, **attributes):
        """Add an operator that moves numbers. It is quantized like `x`: ONNX Runtime fuses the next layer only then."""
        name = self.node(operator, x, *shape, **attributes)
        return self.quantized_as(name, self.forms[x]) if self.quantized else name

    def parameter(self, layer, kind, axes, outputs=0):
        """Add a parameter, transposed to these `axes`; `outputs` is the axis of the layer's outputs afterwards."""
        array = self.arrays[f"{layer}/{kind}"].transpose(axes)
        name = self.constant(array)
        if not self.quantized:
            return name
        scales = self.scales[kind][layer]
        # ONNX needs no zero points, but the default of ONNX Runtime is a scalar, and fails.
        zero_points = np.zeros(len(scales), array.dtype)
        return self.node("DequantizeLinear", name, self.constant(scales), self.constant(zero_points), axis=outputs)

    def dense(self, x, layer):
        """Add a dense layer: (n, inputs) -> (n, outputs)."""
        kernel = self.parameter(layer, "kernel", (0, 1), outputs=1)
        return self.node("Gemm", x, kernel, self.parameter(layer, "bias", (0,)))

    def convolution(self, x, layer):
        """Add a 3 x 3 convolution, padded with zeros: (n, inputs, h, w) -> (n, outputs, h, w)."""
        kernel = self.parameter(layer, "kernel", (3, 2, 0, 1))  # (3, 3, inputs, outputs) -> (outputs, inputs, 3, 3)
        return self.node("Conv", x, kernel, self.parameter(layer, "bias", (0,)), pads=[1, 1, 1, 1])

    def relu(self, x):
        """Add a ReLU to a float file. An int8 file needs none, because uint8 has no negative numbers."""
        return x if self.quantized else self.node("Relu", x)

    def max_pool(self, x):
        """Add a 2 x 2 max-pooling: (n, c, h, w) -> (n, c, h / 2, w / 2)."""
        return self.moved("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])

    def picture(self, x):
        """Reshape the pixels to an image: (n, 784) -> (n, 1, 28, 28)."""
        shape = self.constant(np.array([-1, 1, *DATASET.image_shape]))
        return self.moved("Reshape", x, shape)  # (n, 784) -> (n, 1, 28, 28): ONNX puts channels first

    def row(self, x):
        """Flatten to the order height, width, channel: (n, 64, 7, 7) -> (n, 3136)."""
        channels_last = self.moved("Transpose", x, perm=[0, 2, 3, 1])  # (n, 64, 7, 7) -> (n, 7, 7, 64)
        return self.moved("Flatten", channels_last)  # (n, 7, 7, 64) -> (n, 3136)

    def save(self, logits, path):
        """Check the model, whose output is named `logits`, and write it to `path`."""
        (last,) = (node for node in self.nodes if node.output[0] == logits)
        last.output[0] = "logits"
        image, logits = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", numbers])
            for name, numbers in ((self.image, DATASET.pixels), ("logits", DATASET.classes))
        )
        graph = helper.make_graph(self.nodes, "network", [image], [logits], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        onnx.checker.check_model(model, full_check=True)
        with atomic_write(path) as temporary:
            onnx.save(model, temporary)
