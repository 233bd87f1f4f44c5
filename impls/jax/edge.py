"""JAX to the device: StableHLO, to make LiteRT of without TensorFlow, and ONNX by jax2onnx."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import jax.numpy as jnp
import jax2onnx
import numpy as np
import onnx
from jax import export

from impls.contract import DATASET
from impls.edge import Trained
from impls.edge._files import written
from impls.edge._onnx import quantize
from impls.jax import MODELS, convolve, max_pool
from impls.quantization import LOGITS

IMAGE = (1, DATASET.pixels)


def to_stablehlo(trained: Trained, kind: str) -> str:
    """The text of the program; `impls.edge._stablehlo.convert` makes a LiteRT file of it."""
    if kind == "float":
        forward = partial(MODELS[trained.network], trained.parameters)
    else:
        forward = partial(QUANTIZED[trained.network], trained.scales, trained.real)
    return export.export(jax.jit(forward))(jax.ShapeDtypeStruct(IMAGE, jnp.float32)).mlir_module()


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    parameters = trained.parameters if kind == "float" else trained.real
    forward = partial(MODELS[trained.network], parameters)
    model = jax2onnx.to_onnx(forward, [IMAGE], input_names=["image"], output_names=["logits"], opset=21)
    with TemporaryDirectory() as folder, written(path) as temporary:
        source = temporary if kind == "float" else Path(folder) / "float.onnx"
        onnx.save(model, source)  # jax2onnx itself would write two files
        if kind == "int8":
            quantize(source, temporary, trained)


# The networks of impls/jax.py, with a mark on all that the device keeps as whole numbers.


def mlp(scales, p, x):
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer."""
    s1, s2, s3 = scales.outputs.values()
    p = marked_kernels(p, scales)
    x = unsigned(x, scales.inputs["dense_1"])
    x = unsigned(jax.nn.relu(x @ p["dense_1/kernel"] + p["dense_1/bias"]), s1)  # (n, 784) -> (n, 512)
    x = unsigned(jax.nn.relu(x @ p["dense_2/kernel"] + p["dense_2/bias"]), s2)  # (n, 512) -> (n, 256)
    return marked(x @ p["dense_3/kernel"] + p["dense_3/bias"], s3)  # (n, 256) -> (n, 10)


def cnn(scales, p, x):
    """Two 3 x 3 convolutions, to 32 and 64 channels, each with a ReLU and 2 x 2 max-pooling; then 3136 -> 128 -> 10."""
    s1, s2, s3, s4 = scales.outputs.values()
    p = marked_kernels(p, scales)
    x = unsigned(x, scales.inputs["conv_1"]).reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    x = unsigned(jax.nn.relu(convolve(x, p["conv_1/kernel"]) + p["conv_1/bias"]), s1)  # -> (n, 28, 28, 32)
    x = max_pool(x)  # (n, 28, 28, 32) -> (n, 14, 14, 32)
    x = unsigned(jax.nn.relu(convolve(x, p["conv_2/kernel"]) + p["conv_2/bias"]), s2)  # -> (n, 14, 14, 64)
    x = max_pool(x)  # (n, 14, 14, 64) -> (n, 7, 7, 64)
    x = x.reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    x = unsigned(jax.nn.relu(x @ p["dense_1/kernel"] + p["dense_1/bias"]), s3)  # (n, 3136) -> (n, 128)
    return marked(x @ p["dense_2/kernel"] + p["dense_2/bias"], s4)  # (n, 128) -> (n, 10)


QUANTIZED = {"mlp": mlp, "cnn": cnn}


def marked_kernels(p, scales):
    """Biases need no mark: their scale is that of the sums that they are added to."""
    kernels = {f"{layer}/kernel": scale for layer, scale in scales.kernels.items()}
    return {
        name: marked(array, kernels[name], narrow_range=True, quantization_dimension=array.ndim - 1)
        if name in kernels
        else array
        for name, array in p.items()
    }


def unsigned(x, scale):
    """What a ReLU returns: 0 is the least int8."""
    return marked(x, scale, zero_point=LOGITS[0])


def marked(x, scale, zero_point=0, narrow_range=False, **axis):
    """`x`, under a name that LiteRT's converter knows: it computes with these whole numbers from here on."""

    @partial(jax.lax.composite, name="quant.fake_quant")
    def fake_quant(x, **_):
        return x

    scale = np.atleast_1d(scale)
    zero_point = np.full(scale.shape, zero_point, np.int64)
    return fake_quant(x, scale=scale, zero_point=zero_point, dtype="i8", narrow_range=narrow_range, **axis)


if __name__ == "__main__":
    from impls.edge._main import deploy
    from impls.jax import Classifier as Float
    from impls.quantization.jax import Classifier as Quantized

    deploy(Float, Quantized, {"stablehlo": to_stablehlo, "onnx": to_onnx})
