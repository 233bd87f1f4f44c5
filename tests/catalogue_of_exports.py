"""Mistakes on the way to a device: what each changes in impls/edge/ or harness/edge/, and what is to see it."""

from typing import NamedTuple

from tests.catalogue import Change


class Mistake(NamedTuple):
    name: str
    caught_by: str
    file: str
    changes: list[Change]


SCALES = "tests/test_quantization.py::test_scales_come_from_training_images[numpy-mlp]"
EXPORTED = "tests/test_edge.py::test_what_was_trained_is_what_its_whole_numbers_compute[numpy-mlp]"
ONNX = "tests/test_edge.py::test_a_device_computes_what_was_trained[int8-numpy-mlp-onnx]"
ONNX_CNN = "tests/test_edge.py::test_a_device_computes_what_was_trained[int8-numpy-cnn-onnx]"
LITERT = "tests/test_edge.py::test_a_device_computes_what_was_trained[int8-numpy-mlp-litert]"

GRAPH, PROGRAM, SHELF = "impls/edge/_graph.py", "impls/edge/_program.py", "harness/edge/shelf.py"
QUANTIZED = 'self.quantized = kind == "int8"'
NEW_SCALES = (
    "scales = trained.scales; "
    "largest = {name: abs(trained.parameters[f'{name}/kernel']) for name in scales.layers}; "
    "kernels = {name: each.reshape(-1, each.shape[-1]).max(0) / np.float32(127) for name, each in largest.items()}; "
    "scales = type(scales)(scales.network, kernels, scales.inputs, scales.logits); "
    "trained = trained._replace(scales=scales); "
)
PADDED = (
    "x = self.moved('Pad', x, self.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1])), "
    "self.constant(np.float32(128 / 255) * np.ones((), np.float32))); return self.node("
)

MISTAKES = [
    Mistake("calibrated_on_test_images", SCALES, SHELF, [("train_set.images.first(", "test.first(")]),
    Mistake("calibrated_on_all_training_images", SCALES, SHELF, [(".first(CALIBRATED_ON)", "")]),
    Mistake("trained_in_vain", EXPORTED, SHELF, [('"int8": quantized.get_parameters()', '"int8": parameters')]),
    Mistake("zero_point_of_logits_forgotten", ONNX, GRAPH, [("-LOGITS[0] if signed else 0", "0")]),
    Mistake("zero_point_of_inputs_forgotten", LITERT, PROGRAM, [("0 if signed else LOGITS[0]", "0")]),
    Mistake("scales_found_anew_onnx", ONNX, GRAPH, [(QUANTIZED, NEW_SCALES + QUANTIZED)]),
    Mistake("scales_found_anew_litert", LITERT, PROGRAM, [(QUANTIZED, NEW_SCALES + QUANTIZED)]),
    Mistake(
        "padded_with_another_number_than_0",
        ONNX_CNN,
        GRAPH,
        [('return self.node("Conv"', f'{PADDED}"Conv"'), ("pads=[1, 1, 1, 1]", "pads=[0, 0, 0, 0]")],
    ),
]
