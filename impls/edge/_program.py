"""A writer of StableHLO as text, line by line, for one image.

Numbers that an int8 file holds as integers are marked by composites that LiteRT's converter knows.
"""

from math import prod

import numpy as np

from impls.contract import DATASET
from impls.quantization import LOGITS


class Program:
    """The lines of a network, "float" or "int8" as `kind`. A method adds lines, and returns their result's name."""

    image = "%image"

    def __init__(self, trained, kind):
        self.quantized = kind == "int8"
        self.arrays = trained.dequantized if self.quantized else trained.parameters
        self.scales = trained.scales
        self.lines, self.functions = [], []
        self.shapes = {self.image: (1, DATASET.pixels)}

    def operation(self, name, *inputs, shape, attributes=""):
        """Add the operation of this name in StableHLO, in MLIR's generic form. `shape` is that of the result."""
        types = f"({', '.join(tensor(self.shapes[each]) for each in inputs)}) -> {tensor(shape)}"
        result = f"%{len(self.shapes)}"
        self.lines.append(f'{result} = "stablehlo.{name}"({", ".join(inputs)}) {attributes} : {types}')
        self.shapes[result] = shape
        return result

    def constant(self, array):
        """Add a float32 constant."""
        value = f"{dense(array, np.float32)} : {tensor(array.shape)}"
        return self.operation("constant", shape=array.shape, attributes=f"<{{value = {value}}}>")

    def rounded(self, x, scale, signed=False):
        """Mark activations. Unless `signed`, the smallest int8 represents 0."""
        return self.marked(x, np.atleast_1d(scale), zero_point=0 if signed else LOGITS[0])

    def marked(self, x, scales, zero_point, attributes="narrow_range = false"):
        """Mark `x` as integers for the converter. For other tools, a mark is the identity function."""
        if not self.quantized:
            return x
        shape = self.shapes[x]
        function, kind = f"mark_{len(self.functions)}", tensor(shape)
        self.functions.append(f"func.func private @{function}(%x: {kind}) -> {kind} {{ return %x : {kind} }}")
        zero_points = np.full(scales.shape, zero_point)
        form = (
            f'dtype = "i8", scale = {dense(scales, np.float32)} : {tensor(scales.shape)}, '
            f"zero_point = {dense(zero_points, np.int64)} : {tensor(scales.shape, 'i64')}, {attributes}"
        )
        mark = f'name = "quant.fake_quant", composite_attributes = {{{form}}}, decomposition = @{function}'
        return self.operation("composite", x, shape=shape, attributes=f"{{{mark}}}")

    def kernel(self, layer):
        """Add the kernel of a layer, marked with a scale for each output."""
        kernel = self.constant(self.arrays[f"{layer}/kernel"])
        outputs = len(self.shapes[kernel]) - 1
        attributes = f"narrow_range = true, quantization_dimension = {outputs} : i32"
        return self.marked(kernel, self.scales.kernels[layer], zero_point=0, attributes=attributes)

    def with_bias(self, x, layer):
        """Add the bias of a layer to `x`, whose last axis is that of the outputs."""
        shape, bias = self.shapes[x], self.constant(self.arrays[f"{layer}/bias"])
        along = f"{{broadcast_dimensions = array<i64: {len(shape) - 1}>}}"
        repeated = self.operation("broadcast_in_dim", bias, shape=shape, attributes=along)  # (c,) -> (..., c)
        return self.operation("add", x, repeated, shape=shape)

    def dense(self, x, layer):
        """Add a dense layer: (1, inputs) -> (1, outputs)."""
        kernel = self.kernel(layer)
        dimensions = "#stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>"
        form = f"{{dot_dimension_numbers = {dimensions}}}"
        shape = (1, self.shapes[kernel][1])  # (1, inputs) -> (1, outputs)
        return self.with_bias(self.operation("dot_general", x, kernel, shape=shape, attributes=form), layer)

    def convolution(self, x, layer):
        """Add a 3 x 3 convolution, padded with zeros: (1, h, w, inputs) -> (1, h, w, outputs)."""
        kernel = self.kernel(layer)
        form = (
            "{dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>, "
            "padding = dense<1> : tensor<2x2xi64>, batch_group_count = 1 : i64, feature_group_count = 1 : i64}"
        )
        shape = (*self.shapes[x][:3], self.shapes[kernel][3])  # (1, h, w, c) -> (1, h, w, outputs)
        return self.with_bias(self.operation("convolution", x, kernel, shape=shape, attributes=form), layer)

    def relu(self, x):
        """Add a ReLU."""
        zeros = self.constant(np.zeros(self.shapes[x]))
        return self.operation("maximum", x, zeros, shape=self.shapes[x])

    def max_pool(self, x):
        """Add a 2 x 2 max-pooling: (1, h, w, c) -> (1, h / 2, w / 2, c)."""
        n, height, width, channels = self.shapes[x]
        least = self.constant(np.array(-np.inf))
        windows = "window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>"
        maximum = (
            "^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.maximum %a, %b : tensor<f32> "
            "stablehlo.return %m : tensor<f32>"
        )
        shape = (n, height // 2, width // 2, channels)
        return self.operation("reduce_window", x, least, shape=shape, attributes=f"<{{{windows}}}> ({{ {maximum} }})")

    def picture(self, x):
        """Reshape the pixels to an image: (1, 784) -> (1, 28, 28, 1)."""
        return self.operation("reshape", x, shape=(1, *DATASET.image_shape, 1))

    def row(self, x):
        """Flatten: (1, 7, 7, 64) -> (1, 3136)."""
        return self.operation("reshape", x, shape=(1, prod(self.shapes[x])))

    def text(self, logits):
        """Return the text of the program, whose result is named `logits`."""
        kind = tensor(self.shapes[logits])
        begin = f"func.func public @main({self.image}: {tensor(self.shapes[self.image])}) -> {kind} {{"
        return "\n".join(["module {", begin, *self.lines, f"return {logits} : {kind}", "}", *self.functions, "}", ""])


def tensor(shape, dtype="f32"):
    """Return MLIR's name for the type of an array."""
    return f"tensor<{''.join(f'{size}x' for size in shape)}{dtype}>"


def dense(array, dtype):
    """Return MLIR's notation for an array: its little-endian bytes in hexadecimal."""
    return f'dense<"0x{np.asarray(array, dtype).tobytes().hex()}">'
