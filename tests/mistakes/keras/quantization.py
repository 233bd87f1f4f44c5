"""Mistakes in quantization-aware training with Keras."""
# ruff: noqa: N801, N805 - a class is a mistake here, and its functions take the place of others

from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np

from impls.keras import quantization
from impls.keras.quantization import quantize, rounded
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS
from tests.mistakes import Mistake, catchers
from tests.mistakes.keras.mnist import max_pool_to_all

chapter = SimpleNamespace(**vars(quantization))  # its functions as they are without a mistake


def scaled(layer):
    """Return the kernel and the bias of a quantized layer before they are clipped and rounded."""
    kernel_factor, bias_factor, _ = (keras.ops.cast(factor, layer.dtype) for factor in layer.factors)
    return layer.kernel * kernel_factor, layer.bias * bias_factor


class pixels_in_256_steps(Mistake):
    caught_by = catchers.ACTIVATIONS

    def build(scales):
        _, *layers = chapter.build(scales).layers
        return keras.Sequential([keras.Input((784,)), keras.layers.Rescaling(PIXELS + 1), *layers])


class activations_in_256_steps(Mistake):
    caught_by = catchers.ACTIVATIONS

    class QuantizedDense(quantization.QuantizedDense):
        def call(self, inputs):
            return super().call(inputs) * (256 / 255)


class rounded_half_up(Mistake):
    caught_by = catchers.TIES

    def rounded(x):
        return keras.ops.floor(x + 0.5)


class activations_rounded_half_up(Mistake):
    caught_by = catchers.ACTIVATION_TIES

    def quantize(x, low=0, high=ACTIVATIONS):
        x = keras.ops.clip(x, low, high)
        return keras.ops.floor(x + 0.5) if low == 0 else rounded(x)


class truncated_in_place_of_rounded(Mistake):
    caught_by = catchers.INTEGERS

    def rounded(x):
        return keras.ops.trunc(x)


class divided_by_the_scale(Mistake):
    caught_by = catchers.TIES

    class QuantizedDense(quantization.QuantizedDense):
        def integer_parameters(self):
            scale = keras.ops.broadcast_to(keras.ops.cast(1 / self.factors.kernel, "bfloat16"), self.kernel.shape)
            kernel = keras.ops.divide(self.kernel, scale)  # by one row of scales, XLA would multiply
            return quantize(kernel, -self.largest, self.largest), rounded(scaled(self)[1])


class one_scale_for_all_outputs(Mistake):
    caught_by = catchers.INTEGERS

    def build(scales):
        kernels = {name: np.full_like(each, each.max()) for name, each in scales.kernels.items()}
        return chapter.build(replace(scales, kernels=kernels))


class weights_down_to_minus_128(Mistake):
    caught_by = catchers.INTEGERS

    class QuantizedDense(quantization.QuantizedDense):
        def integer_parameters(self):
            kernel, bias = scaled(self)
            return quantize(kernel, -self.largest - 1, self.largest), rounded(bias)


class bias_not_rounded(Mistake):
    caught_by = catchers.INTEGERS

    class QuantizedDense(quantization.QuantizedDense):
        def integer_parameters(self):
            kernel, bias = scaled(self)
            return quantize(kernel, -self.largest, self.largest), bias


class bias_of_8_bits(Mistake):
    caught_by = catchers.INTEGERS

    class QuantizedDense(quantization.QuantizedDense):
        def integer_parameters(self):
            kernel, bias = scaled(self)
            return quantize(kernel, -self.largest, self.largest), quantize(bias, -128, 127)


class activations_cut_off_at_127(Mistake):
    caught_by = catchers.ACTIVATIONS

    def quantize(x, low=0, high=ACTIVATIONS):
        return rounded(keras.ops.clip(x, low, 127))


class zero_point_forgotten(Mistake):
    caught_by = catchers.ACTIVATIONS

    class QuantizedDense(quantization.QuantizedDense):
        def products(self, inputs, kernel):
            return keras.ops.matmul(inputs - 128, kernel)  # (n, inputs) -> (n, outputs)


class sums_of_16_bits(Mistake):
    caught_by = catchers.ACTIVATIONS

    class QuantizedDense(quantization.QuantizedDense):
        def call(self, inputs):
            kernel, bias = self.integer_parameters()
            sums = keras.ops.clip(self.products(quantize(inputs), kernel) + bias, -32767, 32767)
            return self.activation(sums * keras.ops.cast(self.factors.output, self.dtype))


class requantized_by_two_products(Mistake):
    caught_by = catchers.ACTIVATION_TIES

    class QuantizedDense(quantization.QuantizedDense):
        def call(self, inputs):
            kernel, bias = self.integer_parameters()
            sums = self.products(quantize(inputs), kernel) + bias
            real = sums * keras.ops.cast(1 / self.factors.bias, self.dtype)
            return self.activation(real * keras.ops.cast(self.factors.output * self.factors.bias, self.dtype))


class requantized_by_one_factor_for_all_outputs(Mistake):
    caught_by = catchers.ACTIVATIONS

    class QuantizedDense(quantization.QuantizedDense):
        def call(self, inputs):
            kernel, bias = self.integer_parameters()
            sums = self.products(quantize(inputs), kernel) + bias
            return self.activation(sums * keras.ops.cast(self.factors.output.mean(), self.dtype))


class logits_not_rounded(Mistake):
    caught_by = catchers.QUANTIZED_LOGITS

    class Logits(quantization.Logits):
        def call(self, inputs):
            return keras.ops.clip(inputs, *LOGITS) * keras.ops.cast(self.scale, self.dtype)


class logits_without_a_sign(Mistake):
    caught_by = catchers.QUANTIZED_LOGITS

    class Logits(quantization.Logits):
        def call(self, inputs):
            return quantize(inputs) * keras.ops.cast(self.scale, self.dtype)


class rounding_has_no_gradient(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH

    def rounded(x):
        return keras.ops.stop_gradient(keras.ops.round(x))


class weights_that_are_cut_off_have_a_gradient(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH

    class QuantizedDense(quantization.QuantizedDense):
        def integer_parameters(self):
            kernel, bias = map(rounded, scaled(self))
            clipped = keras.ops.clip(kernel, -self.largest, self.largest)
            return kernel + keras.ops.stop_gradient(clipped - kernel), bias


class activations_that_are_cut_off_have_a_gradient(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH

    class QuantizedDense(quantization.QuantizedDense):
        def call(self, inputs):
            clipped = keras.ops.stop_gradient(quantize(inputs) - rounded(inputs))
            kernel, bias = self.integer_parameters()
            sums = self.products(rounded(inputs) + clipped, kernel) + bias
            return self.activation(sums * keras.ops.cast(self.factors.output, self.dtype))


class weights_rounded_before_they_are_cut_off(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH

    class QuantizedDense(quantization.QuantizedDense):
        def integer_parameters(self):
            kernel, bias = map(rounded, scaled(self))
            return keras.ops.clip(kernel, -self.largest, self.largest), bias


class gradient_of_the_maximum_to_all_equal_sums(Mistake):
    caught_by = catchers.STRAIGHT_THROUGH
    network = "cnn"

    def build(scales):
        pooling = keras.layers.MaxPooling2D
        layers = [
            keras.layers.Lambda(max_pool_to_all) if isinstance(layer, pooling) else layer
            for layer in chapter.build(scales).layers
        ]
        return keras.Sequential([keras.Input((784,)), *layers])


class whole_numbers_are_trained(Mistake):
    caught_by = catchers.QUANTIZED_STEPS

    class Adapter(quantization.Adapter):
        def train_step(self, batch):
            loss = super().train_step(batch)
            for layer in [layer for layer in self.model.layers if isinstance(layer, quantization.Quantized)]:
                layer.kernel.assign(layer.integer_parameters()[0] / layer.factors.kernel)
            return loss


class scales_follow_the_weights(Mistake):
    caught_by = catchers.QUANTIZED_STEPS

    class Adapter(quantization.Adapter):
        def train_step(self, batch):
            if self.optimizer.iterations == 10:  # once, as the step is compiled with its scales
                for layer in [layer for layer in self.model.layers if isinstance(layer, quantization.Quantized)]:
                    kernel, bias, output = layer.factors
                    ratio = abs(self.array(layer.kernel) * kernel).reshape(-1, len(kernel)).max(0) / layer.largest
                    layer.factors = type(layer.factors)(kernel / ratio, bias / ratio, output * ratio)
                self.model.make_train_function(force=True)
            return super().train_step(batch)
