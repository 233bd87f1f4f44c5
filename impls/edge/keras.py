"""Keras to the device: `model.export` where it has a road, and else the model's own layers, marked for its backend."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import onnx

from impls.contract import DATASET, Settings
from impls.edge import Trained
from impls.edge._files import written
from impls.edge._onnx import quantize
from impls.keras import Classifier

IMAGE = keras.InputSpec(shape=(1, DATASET.pixels), dtype="float32", name="image")


def to_litert(trained: Trained, path: str | Path, kind: str) -> None:
    """On TensorFlow and PyTorch. Keras insists on a name that ends in .tflite."""
    model = built(trained.network, trained.parameters)
    with written(path) as temporary:
        if kind == "float":
            model.export(temporary, format="litert", input_signature=[IMAGE], verbose=False)
        else:
            from impls.edge.tensorflow import litert

            temporary.write_bytes(litert(model, trained, kind))


def to_stablehlo(trained: Trained, kind: str) -> str:
    """On JAX, where `model.export` knows no LiteRT: `impls.edge._stablehlo.convert` makes a file of it."""
    import jax
    from jax import export

    model = built(trained.network, trained.parameters if kind == "float" else trained.real)
    forward = model if kind == "float" else partial(marked, model, trained.scales)
    return export.export(jax.jit(forward))(jax.ShapeDtypeStruct(IMAGE.shape, IMAGE.dtype)).mlir_module()


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    model = built(trained.network, trained.parameters if kind == "float" else trained.real)
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


def marked(model, scales, image):
    """What the model computes, with a mark on all that the device keeps as whole numbers."""
    from impls.edge import jax

    names = iter(scales.layers)
    x = jax.unsigned(image, scales.inputs[scales.layers[0]])
    for layer in model.layers:
        if not layer.weights:
            x = layer(x)
            continue
        name = next(names)
        kernel, bias = (variable.value for variable in layer.weights)
        kernel = jax.marked(kernel, scales.kernels[name], narrow_range=True, quantization_dimension=kernel.ndim - 1)
        x, _ = layer.stateless_call([kernel, bias], [], x)
        x = (jax.marked if name == scales.layers[-1] else jax.unsigned)(x, scales.outputs[name])
    return x
