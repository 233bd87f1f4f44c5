"""Deliberately wrong quantizations: what each changes in impls/quantization/, and the rung that is to catch it."""

from tests.catalogue import KERAS_MAX_POOL, TORCH_MAX_POOL, Control

WHOLE = "tests/test_quantization.py::test_whole_numbers[{}]"
TIES = "tests/test_quantization.py::test_whole_numbers_of_ties[{}]"
ACTIVATIONS = "tests/test_quantization.py::test_activations[{}]"
ACTIVATION_TIES = "tests/test_quantization.py::test_activations_of_ties[{}]"
LOGITS = "tests/test_quantization.py::test_all_logits[{}]"
GRADIENTS = "tests/test_quantization.py::test_gradients_of_the_straight_through_rule[{}]"
STEPS = "tests/test_quantization.py::test_many_steps[{}]"

TORCH_KERNEL = "Round.apply((self.layer.weight * self.kernel_factor).clamp(-self.largest, self.largest))"
TORCH_SCALED = "self.layer.weight * self.kernel_factor"
TORCH_BIAS = "Round.apply(self.layer.bias * self.bias_factor)"
TORCH_INPUT = "Round.apply(x.clamp(0, ACTIVATIONS))"
TORCH_OUTPUT = "sums * self.output_factor"
TORCH_NETWORK = "self.model = float_pytorch.MODELS"
KERAS_KERNEL = "whole(self.kernel * kernel_factor, -self.largest, self.largest)"
KERAS_SCALED = "self.kernel * kernel_factor"
KERAS_BIAS = "rounded(self.bias * bias_factor)"
KERAS_WHOLE = "return rounded(keras.ops.clip(x, low, high))"
KERAS_OUTPUT = "sums * keras.ops.cast(self.factors.output, self.dtype)"
KERAS_NETWORK = "factors = iter("
WHOLE_NUMBERS = "    def whole_numbers(self):"

ONE_SCALE = (
    "kernels = {name: each * 0 + each.max() for name, each in scales.kernels.items()}; "
    "scales = Scales(scales.network, kernels, scales.inputs, scales.logits, scales.largest); "
)
TORCH_TWO_PRODUCTS = (
    "return sums * self.output_factor",
    "scale = (1 / self.bias_factor).reshape(self.output_factor.shape); "
    "return sums * scale * (self.output_factor / scale)",
)
KERAS_TWO_PRODUCTS = (
    KERAS_OUTPUT,
    "sums * keras.ops.cast(1 / self.factors.bias, self.dtype) "
    "* keras.ops.cast(self.factors.output * self.factors.bias, self.dtype)",
)


def after_a_step(lines: str) -> tuple[str, str]:
    """These lines stand in a loop over the `layer`s that are quantized."""
    loop = "".join(f"            {line}\n" for line in lines.splitlines())
    layers = "[layer for layer in self.model.layers if hasattr(layer, 'whole_parameters')]"
    text = f"        loss = super().train_step(batch)\n        for layer in {layers}:\n{loop}        return loss\n\n"
    return WHOLE_NUMBERS, f"    def train_step(self, batch):\n{text}{WHOLE_NUMBERS}"


CONTROLS = [
    Control("pixels_in_256_steps", ACTIVATIONS, [("x * PIXELS", "x * (PIXELS + 1)")], [("(PIXELS)", "(PIXELS + 1)")]),
    Control(
        "activations_in_256_steps",
        ACTIVATIONS,
        [(TORCH_OUTPUT, f"{TORCH_OUTPUT} * (256 / 255)")],
        [(KERAS_OUTPUT, f"{KERAS_OUTPUT} * (256 / 255)")],
    ),
    Control(
        "rounded_half_up",
        TIES,
        [("torch.round(x)", "torch.floor(x + 0.5)")],
        [("keras.ops.round(x)", "keras.ops.floor(x + 0.5)")],
    ),
    Control(
        "activations_rounded_half_up",
        ACTIVATION_TIES,
        [(TORCH_INPUT, "torch.floor(x.clamp(0, ACTIVATIONS) + 0.5)")],
        [
            (
                KERAS_WHOLE,
                f"if low == 0:\n        return keras.ops.floor(keras.ops.clip(x, 0, high) + 0.5)\n    {KERAS_WHOLE}",
            )
        ],
    ),
    Control(
        "truncated_in_place_of_rounded",
        WHOLE,
        [("torch.round(x)", "torch.trunc(x)")],
        [("keras.ops.round(x)", "keras.ops.trunc(x)")],
    ),
    Control(
        "divided_by_the_scale",
        TIES,
        [(TORCH_SCALED, "self.layer.weight / (1 / self.kernel_factor).bfloat16()")],
        [
            (
                KERAS_SCALED,
                "keras.ops.divide(self.kernel, keras.ops.broadcast_to("
                "keras.ops.cast(1 / kernel_factor, 'bfloat16'), self.kernel.shape))",  # or XLA would multiply
            )
        ],
    ),
    Control(
        "one_scale_for_all_outputs",
        WHOLE,
        [(TORCH_NETWORK, ONE_SCALE + TORCH_NETWORK)],
        [(KERAS_NETWORK, ONE_SCALE + KERAS_NETWORK)],
    ),
    Control(
        "weights_down_to_minus_128",
        WHOLE,
        [("clamp(-self.largest,", "clamp(-self.largest - 1,")],
        [(", -self.largest,", ", -self.largest - 1,")],
    ),
    Control(
        "bias_not_rounded",
        WHOLE,
        [(TORCH_BIAS, "self.layer.bias * self.bias_factor")],
        [(KERAS_BIAS, "self.bias * bias_factor")],
    ),
    Control(
        "bias_of_8_bits",
        WHOLE,
        [(TORCH_BIAS, f"{TORCH_BIAS}.clamp(-128, 127)")],
        [(KERAS_BIAS, f"keras.ops.clip({KERAS_BIAS}, -128, 127)")],
    ),
    Control(
        "activations_cut_off_at_127",
        ACTIVATIONS,
        [("x.clamp(0, ACTIVATIONS)", "x.clamp(0, 127)")],
        [("high=ACTIVATIONS", "high=127")],
    ),
    Control(
        "zero_point_forgotten",
        ACTIVATIONS,
        [("self.whole_input(x))", "self.whole_input(x) - 128)")],
        [("whole(inputs), kernel", "whole(inputs) - 128, kernel")],
    ),
    Control(
        "sums_of_16_bits",
        ACTIVATIONS,
        [(TORCH_OUTPUT, TORCH_OUTPUT.replace("sums", "sums.clamp(-32767, 32767)"))],
        [(KERAS_OUTPUT, KERAS_OUTPUT.replace("sums", "keras.ops.clip(sums, -32767, 32767)"))],
    ),
    Control("requantized_by_two_products", ACTIVATION_TIES, [TORCH_TWO_PRODUCTS], [KERAS_TWO_PRODUCTS]),
    Control(
        "requantized_by_one_factor_for_all_outputs",
        ACTIVATIONS,
        [("torch.tensor(factors.output)", "torch.tensor(factors.output * 0 + factors.output.mean())")],
        [("self.factors.output,", "self.factors.output * 0 + self.factors.output.mean(),")],
    ),
    Control(
        "logits_not_rounded",
        LOGITS,
        [("Round.apply(self.model(x * PIXELS).clamp(*LOGITS))", "self.model(x * PIXELS).clamp(*LOGITS)")],
        [("whole(inputs, *LOGITS)", "keras.ops.clip(inputs, *LOGITS)")],
    ),
    Control(
        "logits_without_a_sign",
        LOGITS,
        [("clamp(*LOGITS)", "clamp(0, ACTIVATIONS)")],
        [("whole(inputs, *LOGITS)", "whole(inputs)")],
    ),
    Control(
        "rounding_has_no_gradient",
        GRADIENTS,
        [("return gradient", "return gradient * 0")],
        [("if upstream is None else upstream", "* 0 if upstream is None else upstream * 0")],
    ),
    Control(
        "weights_that_are_cut_off_have_a_gradient",
        GRADIENTS,
        [(TORCH_KERNEL, f"Round.apply({TORCH_SCALED}); weight = weight + ({TORCH_KERNEL} - weight).detach()")],
        [(KERAS_KERNEL, f"rounded({KERAS_SCALED}); kernel += keras.ops.stop_gradient({KERAS_KERNEL} - kernel)")],
    ),
    Control(
        "activations_that_are_cut_off_have_a_gradient",
        GRADIENTS,
        [(TORCH_INPUT, f"Round.apply(x) + ({TORCH_INPUT} - Round.apply(x)).detach()")],
        [
            (
                "whole(inputs), kernel",
                "rounded(inputs) + keras.ops.stop_gradient(whole(inputs) - rounded(inputs)), kernel",
            )
        ],
    ),
    Control(
        "weights_rounded_before_they_are_cut_off",
        GRADIENTS,
        [(TORCH_KERNEL, f"Round.apply({TORCH_SCALED}).clamp(-self.largest, self.largest)")],
        [(KERAS_KERNEL, f"keras.ops.clip(rounded({KERAS_SCALED}), -self.largest, self.largest)")],
    ),
    Control(
        "gradient_of_the_maximum_to_all_equal_sums",
        GRADIENTS,
        [
            ("self.model(x * PIXELS)", "cnn(self.model, x * PIXELS)"),
            (
                "class Round(",
                f"{TORCH_MAX_POOL}def cnn(model, x):\n    x = x.unflatten(1, (1, 28, 28))\n"
                "    x = max_pool(model.conv_1(x).relu(), 2)\n    x = max_pool(model.conv_2(x).relu(), 2)\n"
                "    return model.dense_2(model.dense_1(x.flatten(1)).relu())\n\n\nclass Round(",
            ),
        ],
        [
            (
                "if type(layer) not in quantized:",
                "if isinstance(layer, keras.layers.MaxPooling2D):\n"
                "            return keras.layers.Lambda(max_pool)\n        if type(layer) not in quantized:",
            ),
            ("def build(", f"{KERAS_MAX_POOL}def build("),
        ],
        "cnn",
    ),
    Control(
        "whole_numbers_are_trained",
        STEPS,
        [after_a_step("layer.layer.weight.data = layer.whole_parameters()['weight'].detach() / layer.kernel_factor")],
        [after_a_step("layer.kernel.assign(layer.whole_parameters()[0] / layer.factors.kernel)")],
    ),
    Control(
        "scales_follow_the_weights",
        STEPS,
        [
            after_a_step(
                "if self.steps == 10:\n"
                "    ratio = (layer.layer.weight.detach() * layer.kernel_factor).abs().flatten(1).amax(1) / 127\n"
                "    layer.kernel_factor /= ratio.reshape(layer.kernel_factor.shape)\n"
                "    layer.bias_factor /= ratio\n"
                "    layer.output_factor *= ratio.reshape(layer.output_factor.shape)"
            )
        ],
        [
            after_a_step(
                "if self.optimizer.iterations == 10:\n"
                "    f = layer.factors\n"
                "    ratio = abs(layer.kernel.numpy() * f.kernel).reshape(-1, len(f.kernel)).max(0) / 127\n"
                "    kernel, bias, output = f.kernel / ratio, f.bias / ratio, f.output * ratio\n"
                "    layer.factors = type(f)(kernel, bias, output)\n"
                "    self.model.make_train_function(force=True)"
            )
        ],
    ),
]
