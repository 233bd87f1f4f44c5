"""Export of the Keras network: by `model.export`, or by the backend's exporter if `model.export` does not support it.

Packages of one exporter are imported in its function, as not every environment has them.
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import keras

from impls.contract import DATASET, Settings
from impls.edge import Trained
from impls.edge._files import atomic_write
from impls.keras.adapter import Adapter
from impls.quantization import LOGITS

IMAGE = keras.InputSpec(shape=(1, DATASET.pixels), dtype="float32", name="image")


def to_litert(trained: Trained, path: str | Path, kind: str) -> None:
    """Write a LiteRT file, on TensorFlow and PyTorch. Keras requires a name that ends in .tflite."""
    model = built(trained.network, trained.parameters if kind == "float" else trained.dequantized)
    with atomic_write(path) as temporary:
        if kind == "float":
            model.export(temporary, format="litert", input_signature=[IMAGE], verbose=False)
        elif keras.backend.backend() == "torch":
            from impls.keras.edge_torch import litert

            litert(model, trained.scales).export(temporary)
        else:
            from impls.tensorflow.edge import litert

            temporary.write_bytes(litert(model, trained, kind))


def to_stablehlo(trained: Trained, kind: str) -> str:
    """Return the text of the program, on JAX, where `model.export` does not support LiteRT.

    `impls.edge._stablehlo.convert` writes its LiteRT file.
    """
    from jax import ShapeDtypeStruct, export, jit

    from impls.jax.edge import marked, marked_kernel

    def mark_kernel(layer, kernel):
        return marked_kernel(kernel, trained.scales.kernels[layer])

    forward = built(trained.network, trained.parameters if kind == "float" else trained.dequantized)
    if kind == "int8":
        forward = partial(quantized, forward, trained.scales, marked, mark_kernel)
    return export.export(jit(forward))(ShapeDtypeStruct(IMAGE.shape, IMAGE.dtype)).mlir_module()


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    """Write an ONNX file for one image at a time, on every backend."""
    import onnx

    from impls.edge._onnx import quantize

    model = built(trained.network, trained.parameters if kind == "float" else trained.dequantized)
    if keras.backend.backend() == "jax":
        model = with_another_pooling(model)
    with TemporaryDirectory() as folder, atomic_write(path) as temporary:
        source = temporary if kind == "float" else Path(folder) / "float.onnx"
        model.export(source, format="onnx", input_signature=[IMAGE], verbose=False)
        onnx.save(onnx.load(source), source)  # as one file: JAX writes two
        if kind == "int8":
            quantize(source, temporary, trained)


def built(network, parameters):
    """Return the tutorial's network with these parameters."""
    adapter = Adapter(Settings(network))
    adapter.set_parameters(parameters)
    return adapter.model


def quantized(model, scales, mark, mark_kernel, x):
    """Return the logits of `model`, with a mark on all numbers that the device holds as integers.

    `mark(x, scale, zero_point)` and `mark_kernel(layer, kernel)` are the backend's, for int8. For outputs of a ReLU,
    the smallest int8 represents 0.
    """
    x = mark(x, scales.inputs[scales.layers[0]], LOGITS[0])
    names = iter(scales.layers)
    for layer in model.layers:
        if not layer.weights:
            x = layer(x)
            continue
        name = next(names)
        kernel, bias = (variable.value for variable in layer.weights)
        x, _ = layer.stateless_call([mark_kernel(name, kernel), bias], [], x)
        x = mark(x, scales.outputs[name], 0 if name == scales.layers[-1] else LOGITS[0])
    return x


def with_another_pooling(model):
    """Replace MaxPooling2D, which jax2onnx exports as a MaxPool of four dimensions; ONNX Runtime supports three."""
    from impls.jax.mnist import max_pool

    pooling = keras.layers.MaxPooling2D
    layers = [keras.layers.Lambda(max_pool) if isinstance(layer, pooling) else layer for layer in model.layers]
    return keras.Sequential([keras.Input(batch_shape=IMAGE.shape), *layers])
