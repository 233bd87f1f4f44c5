"""Export of the PyTorch network: torch.export captures a graph, and each tool writes its file from this graph.

`litert_torch` and `executorch` are imported in the functions that use them, as not every environment has them.
"""

from pathlib import Path

import torch
import torch.ao.quantization.fx._decomposed  # noqa: F401 - defines torch.ops.quantized_decomposed, which all tools know
from torch import fx, nn
from torch.func import functional_call

from impls.contract import DATASET, Settings
from impls.edge import Trained
from impls.edge._files import atomic_write
from impls.pytorch.adapter import Adapter
from impls.quantization import LOGITS

Q = torch.ops.quantized_decomposed
IMAGE = torch.zeros(1, DATASET.pixels)


def to_litert(trained: Trained, path: str | Path, kind: str) -> None:
    """Write a LiteRT file. The input of an int8 file is pixels - 128, and its output is integer logits."""
    import litert_torch
    from litert_torch.quantize.pt2e_quantizer import PT2EQuantizer, get_symmetric_quantization_config
    from litert_torch.quantize.quant_config import QuantConfig

    if kind == "float":
        model, how = built(trained.network, trained.parameters), None
    else:
        model = quantized(trained, torch.int8, kernels=torch.float32)
        # All tensors are quantized already. "static" tells the converter that activations are integers too.
        static = get_symmetric_quantization_config(is_per_channel=True, is_dynamic=False)
        how = QuantConfig(pt2e_quantizer=PT2EQuantizer().set_global(static))
    with atomic_write(path) as temporary:
        litert_torch.convert(Named(model).eval(), sample_kwargs={"image": IMAGE}, quant_config=how).export(temporary)


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    """Write an ONNX file for any number of images. ONNX Runtime has its fast kernels for uint8."""
    model = built(trained.network, trained.parameters) if kind == "float" else quantized(trained, torch.uint8)
    with atomic_write(path) as temporary:
        torch.onnx.export(
            model,
            (IMAGE,),
            temporary,
            input_names=["image"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            external_data=False,  # one file
            verbose=False,
        )


def to_executorch(trained: Trained, path: str | Path, kind: str) -> None:
    """Write an ExecuTorch file for the kernels of XNNPACK. Input and output of an int8 file are float32 as well."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    model = built(trained.network, trained.parameters) if kind == "float" else quantized(trained, torch.int8)
    program = torch.export.export(model, (IMAGE,))
    lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    with atomic_write(path) as temporary:
        temporary.write_bytes(lowered.to_executorch().buffer)


def built(network, parameters):
    """Return the tutorial's network with these parameters."""
    adapter = Adapter(Settings(network))
    adapter.set_parameters(parameters)
    return adapter.model.eval()


class Named(nn.Module):
    """A module that names the input and the output of a LiteRT file."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, image):
        """Return {"logits": (1, 10)} of the pixels `image` (1, 784)."""
        return {"logits": self.model(image)}


def quantized(trained: Trained, activations: torch.dtype, kernels: torch.dtype = torch.int8) -> nn.Module:
    """Return the network with int8 kernels, and with a rounding to the dtype `activations` after each operation.

    The tools search for this pattern: they fuse a layer and the roundings before and after it into one integer kernel.
    An operation without a rounding would be computed in float32.
    """
    scales = trained.scales
    *hidden, last = scales.layers
    model = fx.symbolic_trace(built(trained.network, trained.dequantized))
    for name in scales.layers:
        setattr(model, name, QuantizedLayer(getattr(model, name), scales.kernels[name], kernels))
    lowest = torch.iinfo(activations).min
    scale, zero_point = scales.inputs[scales.layers[0]], lowest
    for node in list(model.graph.nodes):
        if node.target in scales.layers:
            scale = scales.outputs[node.target]
        if node.target == last:
            zero_point = lowest - LOGITS[0]  # logits begin at -128, outputs of a ReLU at 0
        if node.target in hidden or node.op == "output":
            continue  # sums are rounded after the ReLU
        with model.graph.inserting_after(node):
            after = model.graph.call_function(rounded, (node, float(scale), zero_point, activations))
        node.replace_all_uses_with(after, lambda user, after=after: user is not after)
    model.recompile()
    return model.eval()


def rounded(x, scale, zero_point, dtype):
    """Return the nearest of scale * (integer - zero_point), over the integers of `dtype`."""
    numbers = scale, zero_point, torch.iinfo(dtype).min, torch.iinfo(dtype).max, dtype
    return Q.dequantize_per_tensor(Q.quantize_per_tensor(x, *numbers), *numbers)


class QuantizedLayer(nn.Module):
    """A layer with an int8 kernel that is dequantized with a scale for each output.

    The bias stays float32: its scale is that of the sums, so each tool computes its integers. If `kernels` is float32,
    the kernel is quantized in the graph, as LiteRT's converter requires.
    """

    def __init__(self, layer, scales, kernels):
        super().__init__()
        self.layer = layer
        self.register_buffer("scales", torch.tensor(scales))
        self.register_buffer("zero_points", torch.zeros(len(scales), dtype=torch.int64))
        if kernels == torch.int8:
            layer.weight = nn.Parameter(self.integer_kernel(), requires_grad=False)

    def integer_kernel(self):
        """Return the kernel as int8."""
        return Q.quantize_per_channel(self.layer.weight, *self.numbers())

    def numbers(self):
        """Return the arguments of the quantization: scales, zero points, axis, least, largest, dtype."""
        return self.scales, self.zero_points, 0, -127, 127, torch.int8

    def forward(self, x):
        """Return the outputs of the layer with the dequantized kernel."""
        kernel = self.integer_kernel() if self.layer.weight.is_floating_point() else self.layer.weight
        return functional_call(self.layer, {"weight": Q.dequantize_per_channel(kernel, *self.numbers())}, x)
