"""PyTorch to the device: torch.export captures the network, and each tool writes its file of what was captured.

`litert_torch` and `executorch` are imported where they are used: not every environment has them.
"""

from pathlib import Path

import torch
import torch.ao.quantization.fx._decomposed  # defines torch.ops.quantized_decomposed, which all three tools know
from torch import fx, nn
from torch.func import functional_call

from impls.contract import DATASET, Settings
from impls.edge import Trained
from impls.edge._files import written
from impls.pytorch import Classifier
from impls.quantization import LOGITS

Q = torch.ops.quantized_decomposed
IMAGE = torch.zeros(1, DATASET.pixels)


def to_litert(trained: Trained, path: str | Path, kind: str) -> None:
    """An int8 file gets pixels - 128, and its logits are the whole numbers."""
    import litert_torch
    from litert_torch.quantize.pt2e_quantizer import PT2EQuantizer, get_symmetric_quantization_config
    from litert_torch.quantize.quant_config import QuantConfig

    if kind == "float":
        model, how = built(trained.network, trained.parameters), None
    else:
        model = quantized(trained, torch.int8, kernels=torch.float32)
        # Nothing is left to quantize, but the converter must know that activations are whole numbers too: "static".
        static = get_symmetric_quantization_config(is_per_channel=True, is_dynamic=False)
        how = QuantConfig(pt2e_quantizer=PT2EQuantizer().set_global(static))
    with written(path) as temporary:
        litert_torch.convert(Named(model).eval(), sample_kwargs={"image": IMAGE}, quant_config=how).export(temporary)


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    """For any number of images. ONNX Runtime has its fast kernels for uint8."""
    model = built(trained.network, trained.parameters) if kind == "float" else quantized(trained, torch.uint8)
    with written(path) as temporary:
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
    """For the kernels of XNNPACK. Pixels and logits are float32 in an int8 file too."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    model = built(trained.network, trained.parameters) if kind == "float" else quantized(trained, torch.int8)
    program = torch.export.export(model, (IMAGE,))
    lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    with written(path) as temporary:
        temporary.write_bytes(lowered.to_executorch().buffer)


def built(network, parameters):
    classifier = Classifier(Settings(network))
    classifier.set_parameters(parameters)
    return classifier.model.eval()


class Named(nn.Module):
    """A LiteRT file calls its input and its output as this module does."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, image):
        return {"logits": self.model(image)}


def quantized(trained: Trained, activations: torch.dtype, kernels: torch.dtype = torch.int8) -> nn.Module:
    """The network with int8 kernels, and with a rounding to the numbers of `activations` behind each operation.

    That is the pattern which tools look for: of a layer, and the roundings before and behind it, they make one kernel
    that computes with whole numbers alone. An operation that is missed is computed with real numbers.
    """
    scales = trained.scales
    *hidden, last = scales.layers
    model = fx.symbolic_trace(built(trained.network, trained.real))
    for name in scales.layers:
        setattr(model, name, QuantizedLayer(getattr(model, name), scales.kernels[name], kernels))
    lowest = torch.iinfo(activations).min
    scale, zero_point = scales.inputs[scales.layers[0]], lowest
    for node in list(model.graph.nodes):
        if node.target in scales.layers:
            scale = scales.outputs[node.target]
        if node.target == last:
            zero_point = lowest - LOGITS[0]  # what a ReLU returns begins at 0, logits begin at -128
        if node.target in hidden or node.op == "output":
            continue  # sums are rounded behind the ReLU that cuts them off
        with model.graph.inserting_after(node):
            after = model.graph.call_function(rounded, (node, float(scale), zero_point, activations))
        node.replace_all_uses_with(after, lambda user, after=after: user is not after)
    model.recompile()
    return model.eval()


def rounded(x, scale, zero_point, dtype):
    """The nearest of scale * (whole number - zero point), of the whole numbers that `dtype` has."""
    numbers = scale, zero_point, torch.iinfo(dtype).min, torch.iinfo(dtype).max, dtype
    return Q.dequantize_per_tensor(Q.quantize_per_tensor(x, *numbers), *numbers)


class QuantizedLayer(nn.Module):
    """`layer` with an int8 kernel, which becomes real again with a scale for each output.

    The bias stays real: its scale is that of the products that it is added to, so each tool finds its whole numbers.
    If `kernels` are float32, they are quantized in the program instead of before: LiteRT's converter takes no others.
    """

    def __init__(self, layer, scales, kernels):
        super().__init__()
        self.layer = layer
        self.register_buffer("scales", torch.tensor(scales))
        self.register_buffer("zero_points", torch.zeros(len(scales), dtype=torch.int64))
        if kernels == torch.int8:
            layer.weight = nn.Parameter(self.whole_numbers(), requires_grad=False)

    def whole_numbers(self):
        return Q.quantize_per_channel(self.layer.weight, *self.numbers())

    def numbers(self):
        return self.scales, self.zero_points, 0, -127, 127, torch.int8

    def forward(self, x):
        whole = self.whole_numbers() if self.layer.weight.is_floating_point() else self.layer.weight
        return functional_call(self.layer, {"weight": Q.dequantize_per_channel(whole, *self.numbers())}, x)


if __name__ == "__main__":
    from impls.edge._main import deploy
    from impls.quantization.pytorch import Classifier as Quantized

    deploy(Classifier, Quantized, {"litert": to_litert, "onnx": to_onnx, "executorch": to_executorch})
