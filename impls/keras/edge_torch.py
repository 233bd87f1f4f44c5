"""Export of the quantized Keras network on PyTorch to LiteRT: a PyTorch module of the Keras layers."""

import litert_torch
import torch
from litert_torch.quantize.pt2e_quantizer import PT2EQuantizer, get_symmetric_quantization_config
from litert_torch.quantize.quant_config import QuantConfig

from impls.keras.edge import quantized
from impls.pytorch.edge import IMAGE, Named, Q, rounded


def litert(model, scales):
    """Return the int8 LiteRT file of a Keras model, whose parameters are integers times these scales."""
    # All tensors are quantized already. "static" tells the converter that activations are integers too.
    static = get_symmetric_quantization_config(is_per_channel=True, is_dynamic=False)
    how = QuantConfig(pt2e_quantizer=PT2EQuantizer().set_global(static))
    module = Named(Quantized(model, scales)).eval()
    return litert_torch.convert(module, sample_kwargs={"image": IMAGE}, quant_config=how)


class Quantized(torch.nn.Module):
    """A Keras model with PyTorch's quantization operators as marks."""

    def __init__(self, model, scales):
        super().__init__()
        self.model = model
        self.scales = scales
        for layer, kernel_scales in scales.kernels.items():  # as buffers: the converter requires it
            self.register_buffer(f"{layer}_scales", torch.tensor(kernel_scales))
            self.register_buffer(f"{layer}_zero_points", torch.zeros(len(kernel_scales), dtype=torch.int64))

    def forward(self, x):
        """Return the logits (1, 10) of x (1, 784)."""
        return quantized(self.model, self.scales, self.mark, self.mark_kernel, x)

    def mark(self, x, scale, zero_point):
        """Return `x` rounded to int8 and dequantized."""
        return rounded(x, float(scale), zero_point, torch.int8)

    def mark_kernel(self, layer, kernel):
        """Return `kernel` rounded to int8 and dequantized, with a scale for each output."""
        numbers = getattr(self, f"{layer}_scales"), getattr(self, f"{layer}_zero_points")
        numbers = *numbers, kernel.ndim - 1, -127, 127, torch.int8
        return Q.dequantize_per_channel(Q.quantize_per_channel(kernel, *numbers), *numbers)
