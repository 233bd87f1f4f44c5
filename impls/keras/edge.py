"""Keras to the device: by `model.export`, and where that has no road, by that of the backend.

What a road alone needs is imported where it is taken: not every environment has it.
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import keras

from impls.contract import DATASET, Settings
from impls.edge import Trained
from impls.edge._files import written
from impls.keras import Classifier
from impls.quantization import LOGITS

IMAGE = keras.InputSpec(shape=(1, DATASET.pixels), dtype="float32", name="image")


def to_litert(trained: Trained, path: str | Path, kind: str) -> None:
    """On TensorFlow and PyTorch. Keras insists on a name that ends in .tflite."""
    model = built(trained.network, trained.parameters if kind == "float" else trained.real)
    with written(path) as temporary:
        if kind == "float":
            model.export(temporary, format="litert", input_signature=[IMAGE], verbose=False)
        elif keras.backend.backend() == "torch":
            from impls.edge._keras_torch import litert

            litert(model, trained.scales).export(temporary)
        else:
            from impls.edge.tensorflow import litert

            temporary.write_bytes(litert(model, trained, kind))


def to_stablehlo(trained: Trained, kind: str) -> str:
    """On JAX, where `model.export` knows no LiteRT: `impls.edge._stablehlo.convert` makes a file of it."""
    from jax import ShapeDtypeStruct, export, jit

    from impls.edge.jax import marked

    def mark_kernel(layer, kernel):
        scales = trained.scales.kernels[layer]
        return marked(kernel, scales, narrow_range=True, quantization_dimension=kernel.ndim - 1)

    forward = built(trained.network, trained.parameters if kind == "float" else trained.real)
    if kind == "int8":
        forward = partial(quantized, forward, trained.scales, marked, mark_kernel)
    return export.export(jit(forward))(ShapeDtypeStruct(IMAGE.shape, IMAGE.dtype)).mlir_module()


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    """It takes one image at a time."""
    import onnx

    from impls.edge._onnx import quantize

    model = built(trained.network, trained.parameters if kind == "float" else trained.real)
    if keras.backend.backend() == "jax":
        model = with_another_pooling(model)
    with TemporaryDirectory() as folder, written(path) as temporary:
        source = temporary if kind == "float" else Path(folder) / "float.onnx"
        model.export(source, format="onnx", input_signature=[IMAGE], verbose=False)
        onnx.save(onnx.load(source), source)  # as one file: on JAX there are two
        if kind == "int8":
            quantize(source, temporary, trained)


def built(network, parameters):
    classifier = Classifier(Settings(network))
    classifier.set_parameters(parameters)
    return classifier.model


def quantized(model, scales, mark, mark_kernel, x):
    """What the model computes, with a mark on all that the device keeps as whole numbers, in the backend's own way.

    `mark(x, scale, zero_point)` is of int8: the least of them is 0 to what a ReLU returns.
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
    """For jax2onnx, which makes of a MaxPooling2D a MaxPool in four dimensions, and ONNX Runtime knows three."""
    from impls.jax import max_pool

    pooling = keras.layers.MaxPooling2D
    layers = [keras.layers.Lambda(max_pool) if isinstance(layer, pooling) else layer for layer in model.layers]
    return keras.Sequential([keras.Input(batch_shape=IMAGE.shape), *layers])


if __name__ == "__main__":
    from impls.edge._main import deploy
    from impls.quantization.keras import Classifier as Quantized

    litert = {"stablehlo": to_stablehlo} if keras.backend.backend() == "jax" else {"litert": to_litert}
    deploy(Classifier, Quantized, {**litert, "onnx": to_onnx})
