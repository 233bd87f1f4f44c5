"""Mistakes in quantization-aware training with PyTorch."""
# ruff: noqa: N801, N805 - a class is a mistake here, and its functions take the place of others

from dataclasses import replace

import numpy as np
import torch
from torch.func import functional_call

from impls.pytorch import quantization
from impls.pytorch.quantization import Round, quantize
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS
from tests.mistakes import Mistake, catchers
from tests.mistakes.pytorch.mnist import max_pool_to_all


class pixels_in_256_steps(Mistake):
    caught_by = catchers.ACTIVATIONS
    change = "QuantizedNetwork.integer_logits", {"PIXELS": "(PIXELS + 1)"}


class activations_in_256_steps(Mistake):
    caught_by = catchers.ACTIVATIONS
    change = "QuantizedLayer.forward", {"self.output_factor": "self.output_factor * (256 / 255)"}


class rounded_half_up(Mistake):
    caught_by = catchers.TIES
    change = "Round.forward", {"torch.round(x)": "torch.floor(x + 0.5)"}


class activations_rounded_half_up(Mistake):
    caught_by = catchers.ACTIVATION_TIES

    def quantize(x, low=0, high=ACTIVATIONS):
        if low == 0:
            return torch.floor(x.clamp(low, high) + 0.5)
        return Round.apply(x.clamp(low, high))


class truncated_in_place_of_rounded(Mistake):
    caught_by = catchers.INTEGERS
    change = "Round.forward", {"torch.round(x)": "torch.trunc(x)"}


class divided_by_the_scale(Mistake):
    caught_by = catchers.TIES

    class QuantizedLayer(quantization.QuantizedLayer):
        def integer_parameters(self):
            scale = (1 / self.kernel_factor).bfloat16()
            weight = quantize(self.layer.weight / scale, -self.largest, self.largest)
            return {"weight": weight, "bias": Round.apply(self.layer.bias * self.bias_factor)}


class one_scale_for_all_outputs(Mistake):
    caught_by = catchers.INTEGERS

    class QuantizedNetwork(quantization.QuantizedNetwork):
        def __init__(self, scales):
            kernels = {name: np.full_like(each, each.max()) for name, each in scales.kernels.items()}
            super().__init__(replace(scales, kernels=kernels))


class weights_down_to_minus_128(Mistake):
    caught_by = catchers.INTEGERS
    change = "QuantizedLayer.integer_parameters", {"-self.largest": "-self.largest - 1"}


class bias_not_rounded(Mistake):
    caught_by = catchers.INTEGERS
    change = (
        "QuantizedLayer.integer_parameters",
        {"Round.apply(self.layer.bias * self.bias_factor)": "self.layer.bias * self.bias_factor"},
    )


class bias_of_8_bits(Mistake):
    caught_by = catchers.INTEGERS
    change = (
        "QuantizedLayer.integer_parameters",
        {"Round.apply(self.layer.bias * self.bias_factor)": "quantize(self.layer.bias * self.bias_factor, -128, 127)"},
    )


class activations_cut_off_at_127(Mistake):
    caught_by = catchers.ACTIVATIONS
    change = "quantize", {"high=ACTIVATIONS": "high=127"}


class zero_point_forgotten(Mistake):
    caught_by = catchers.ACTIVATIONS
    change = "QuantizedLayer.forward", {"quantize(x)": "quantize(x) - 128"}


class sums_of_16_bits(Mistake):
    caught_by = catchers.ACTIVATIONS
    change = "QuantizedLayer.forward", {"return sums": "return sums.clamp(-32767, 32767)"}


class requantized_by_two_products(Mistake):
    caught_by = catchers.ACTIVATION_TIES

    class QuantizedLayer(quantization.QuantizedLayer):
        def forward(self, x):
            sums = functional_call(self.layer, self.integer_parameters(), quantize(x))
            scale = (1 / self.bias_factor).reshape(self.output_factor.shape)
            return sums * scale * (self.output_factor / scale)


class requantized_by_one_factor_for_all_outputs(Mistake):
    caught_by = catchers.ACTIVATIONS
    change = "QuantizedLayer.forward", {"self.output_factor": "self.output_factor.mean()"}


class logits_not_rounded(Mistake):
    caught_by = catchers.QUANTIZED_LOGITS
    change = (
        "QuantizedNetwork.integer_logits",
        {"quantize(self.model(x * PIXELS), *LOGITS)": "self.model(x * PIXELS).clamp(*LOGITS)"},
    )


class logits_without_a_sign(Mistake):
    caught_by = catchers.QUANTIZED_LOGITS
    change = "QuantizedNetwork.integer_logits", {", *LOGITS": ""}


class rounding_has_no_gradient(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH
    change = "Round.backward", {"return gradient": "return gradient * 0"}


class weights_that_are_cut_off_have_a_gradient(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH

    class QuantizedLayer(quantization.QuantizedLayer):
        def integer_parameters(self):
            weight = Round.apply(self.layer.weight * self.kernel_factor)
            weight = weight + (weight.clamp(-self.largest, self.largest) - weight).detach()
            return {"weight": weight, "bias": Round.apply(self.layer.bias * self.bias_factor)}


class activations_that_are_cut_off_have_a_gradient(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH

    class QuantizedLayer(quantization.QuantizedLayer):
        def forward(self, x):
            x = Round.apply(x) + (quantize(x) - Round.apply(x)).detach()
            sums = functional_call(self.layer, self.integer_parameters(), x)
            return sums * self.output_factor


class weights_rounded_before_they_are_cut_off(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH
    change = (
        "QuantizedLayer.integer_parameters",
        {"quantize(": "Round.apply(", "self.kernel_factor, -": "self.kernel_factor).clamp(-"},
    )


class gradient_of_the_maximum_to_all_equal_sums(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH
    network = "cnn"

    class QuantizedNetwork(quantization.QuantizedNetwork):
        def integer_logits(self, x):
            x = (x * PIXELS).unflatten(1, (1, 28, 28))  # (n, 784) -> (n, 1, 28, 28)
            x = max_pool_to_all(self.model.conv_1(x).relu())  # (n, 1, 28, 28) -> (n, 32, 14, 14)
            x = max_pool_to_all(self.model.conv_2(x).relu())  # (n, 32, 14, 14) -> (n, 64, 7, 7)
            x = self.model.dense_1(x.flatten(1)).relu()  # (n, 64, 7, 7) -> (n, 3136) -> (n, 128)
            return quantize(self.model.dense_2(x), *LOGITS)  # (n, 128) -> (n, 10)


class whole_numbers_are_trained(Mistake):
    caught_by = catchers.QUANTIZED_STEPS

    class Adapter(quantization.Adapter):
        def train_step(self, batch):
            loss = super().train_step(batch)
            for each in self.model.layers:
                each.layer.weight.data = each.integer_parameters()["weight"].detach() / each.kernel_factor
            return loss


class scales_follow_the_weights(Mistake):
    caught_by = catchers.QUANTIZED_STEPS

    class Adapter(quantization.Adapter):
        def train_step(self, batch):
            for each in self.model.layers:
                largest = (each.layer.weight.detach() * each.kernel_factor).abs().flatten(1).amax(1)  # -> (outputs,)
                each.kernel_factor *= each.largest / largest.reshape(each.kernel_factor.shape)
                each.bias_factor *= each.largest / largest
                each.output_factor *= largest.reshape(each.output_factor.shape) / each.largest
            return super().train_step(batch)
