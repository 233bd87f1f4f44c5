"""Export of the JAX network: to StableHLO, for a LiteRT file without TensorFlow, and to ONNX by jax2onnx."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import jax.numpy as jnp
import jax2onnx
import numpy as np
import onnx
from jax import export

from impls.contract import DATASET, Settings
from impls.edge import Trained
from impls.edge._files import atomic_write
from impls.edge._onnx import quantize
from impls.jax.adapter import Adapter
from impls.jax.mnist import MODELS, conv, dense, max_pool
from impls.quantization import LOGITS

IMAGE = (1, DATASET.pixels)


def to_stablehlo(trained: Trained, kind: str) -> str:
    """Return the text of the program. `impls.edge._stablehlo.convert` writes its LiteRT file."""
    if kind == "float":
        forward = partial(MODELS[trained.network], nested(trained.network, trained.parameters))
    else:
        forward = partial(QUANTIZED[trained.network], trained.scales, nested(trained.network, trained.dequantized))
    return export.export(jax.jit(forward))(jax.ShapeDtypeStruct(IMAGE, jnp.float32)).mlir_module()


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    """Write an ONNX file for one image at a time; `kind` is "float" or "int8"."""
    parameters = trained.parameters if kind == "float" else trained.dequantized
    forward = partial(MODELS[trained.network], nested(trained.network, parameters))
    model = jax2onnx.to_onnx(forward, [IMAGE], input_names=["image"], output_names=["logits"], opset=21)
    with TemporaryDirectory() as folder, atomic_write(path) as temporary:
        source = temporary if kind == "float" else Path(folder) / "float.onnx"
        onnx.save(model, source)  # jax2onnx itself would write two files
        if kind == "int8":
            quantize(source, temporary, trained)


def nested(network, parameters):
    """Return {"dense_1/kernel": ...} as {"dense_1": {"kernel": ...}}."""
    adapter = Adapter(Settings(network))
    adapter.set_parameters(parameters)
    return adapter.state[0]


# The networks of mnist.py, with a mark on all numbers that the device holds as integers.


def mlp(scales, params, x):
    """Run the MLP 784 -> 512 -> 256 -> 10. Return logits (n, 10)."""
    s1, s2, s3 = scales.outputs.values()
    params = marked_kernels(params, scales)
    x = unsigned(x, scales.inputs["dense_1"])
    x = unsigned(jax.nn.relu(dense(params["dense_1"], x)), s1)  # (n, 784) -> (n, 512)
    x = unsigned(jax.nn.relu(dense(params["dense_2"], x)), s2)  # (n, 512) -> (n, 256)
    return marked(dense(params["dense_3"], x), s3)  # (n, 256) -> (n, 10)


def cnn(scales, params, x):
    """Run the CNN: two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, two dense layers. Return logits (n, 10)."""
    s1, s2, s3, s4 = scales.outputs.values()
    params = marked_kernels(params, scales)
    x = unsigned(x, scales.inputs["conv_1"]).reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    x = max_pool(unsigned(jax.nn.relu(conv(params["conv_1"], x)), s1))  # (n, 28, 28, 1) -> (n, 14, 14, 32)
    x = max_pool(unsigned(jax.nn.relu(conv(params["conv_2"], x)), s2))  # (n, 14, 14, 32) -> (n, 7, 7, 64)
    x = x.reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    x = unsigned(jax.nn.relu(dense(params["dense_1"], x)), s3)  # (n, 3136) -> (n, 128)
    return marked(dense(params["dense_2"], x), s4)  # (n, 128) -> (n, 10)


QUANTIZED = {"mlp": mlp, "cnn": cnn}


def marked_kernels(params, scales):
    """Return `params` with marked kernels. Biases need no mark: their scale is that of the sums."""
    return {
        layer: {"kernel": marked_kernel(each["kernel"], scales.kernels[layer]), "bias": each["bias"]}
        for layer, each in params.items()
    }


def marked_kernel(kernel, scales):
    """Return `kernel` with a mark: int8 from -127 to 127, with a scale for each output, its last axis."""
    return marked(kernel, scales, narrow_range=True, quantization_dimension=kernel.ndim - 1)


def unsigned(x, scale):
    """Return `x` with a mark for numbers that are not negative: the smallest int8 represents 0."""
    return marked(x, scale, zero_point=LOGITS[0])


def marked(x, scale, zero_point=0, narrow_range=False, **axis):
    """Return `x` from a composite that LiteRT's converter replaces by a quantization to int8."""

    @partial(jax.lax.composite, name="quant.fake_quant")
    def fake_quant(x, **_):
        return x

    scale = np.atleast_1d(scale)
    zero_point = np.full(scale.shape, zero_point, np.int64)
    return fake_quant(x, scale=scale, zero_point=zero_point, dtype="i8", narrow_range=narrow_range, **axis)
