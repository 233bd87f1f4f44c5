"""A file that a device cannot run is refused in a line that names it; nothing is run half, and nothing crashes."""

import pytest

from harness.edge import export_tasks
from impls import PackageNotInstalled
from impls.contract import Settings
from tests.refusal import refused

pytestmark = pytest.mark.edge


@pytest.fixture
def numpy_framework(fleet):
    return fleet.framework("numpy", Settings())


@pytest.fixture(params=["litert", "onnx"])
def runtime(request):
    return request.param


@pytest.fixture
def load(exports, runtime):
    """Return a function that loads a file in the runtime."""
    return lambda path: exports.device(runtime).build(export_tasks.loaded, runtime, str(path))


def test_no_file(load, tmp_path):
    assert "nowhere must be a file, got No such file or directory" in refused(load, tmp_path / "nowhere")


def test_a_runtime_that_is_not_installed(exports, tmp_path):
    expected = "torch is not installed here, and it takes it to run a file for executorch"
    with pytest.raises(PackageNotInstalled, match=expected):
        exports.device("litert").build(export_tasks.loaded, "executorch", str(tmp_path))


@pytest.mark.parametrize("left", [0, 4, 0.5, 0.999])
def test_a_file_cut_short(numpy_framework, exports, runtime, load, left):
    content = exports.file(numpy_framework, runtime, "int8").read_bytes()
    refused(load, content[: left if isinstance(left, int) else int(left * len(content))])


def test_a_file_for_another_runtime(numpy_framework, exports, runtime, load):
    [other] = {"litert", "onnx"} - {runtime}
    refused(load, exports.file(numpy_framework, other, "int8").read_bytes())


def test_a_file_for_two_images_at_once(exports, tmp_path):
    """A program for two, that calls the first ten pixels logits."""
    image, logits = "tensor<2x784xf32>", "tensor<2x10xf32>"
    sliced = f"%0 = stablehlo.slice %image [0:2, 0:10] : ({image}) -> {logits}"
    text = f"func.func public @main(%image: {image}) -> {logits} {{ {sliced} return %0 : {logits} }}"
    path = tmp_path / "two.tflite"
    exports.worker("converter").run(export_tasks.convert, text, str(path))
    with pytest.raises(ValueError, match=r"one input, float32 or uint8 or int8 \[1, 784\], got float32 \[2, 784\]"):
        exports.device("litert").build(export_tasks.loaded, "litert", str(path))


def test_invalid_program_leaves_no_file(exports, tmp_path):
    path = tmp_path / "nothing.tflite"
    with pytest.raises(Exception, match="Unable to parse"):
        exports.worker("converter").run(export_tasks.convert, "module { this is none }", str(path))
    assert list(tmp_path.iterdir()) == []


def test_a_float_file_shows_that_it_has_no_int8_weights(numpy_framework, runtime, exports):
    device = exports.device(runtime)
    for kind in ("float", "int8"):
        device.build(export_tasks.loaded, runtime, str(exports.file(numpy_framework, runtime, kind)))
        assert ("int8" in device.run("dtypes")["weights"]) == (kind == "int8")
