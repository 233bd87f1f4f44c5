"""TensorFlow to the device: LiteRT by its own converter, and ONNX by tf2onnx."""

import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

os.environ["KERAS_BACKEND"] = "tensorflow"  # as in impls/tensorflow.py, before anything imports Keras
import tensorflow as tf
import tf2onnx
from tensorflow.lite.tools import flatbuffer_utils

from impls.contract import DATASET, Settings
from impls.edge import Trained
from impls.edge._files import written
from impls.edge._onnx import quantize
from impls.quantization import ACTIVATIONS, LOGITS
from impls.tensorflow import Classifier


def to_litert(trained: Trained, path: str | Path, kind: str) -> None:
    content = litert(built(trained.network, trained.parameters), trained, kind)
    with written(path) as temporary:
        temporary.write_bytes(content)


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    model = built(trained.network, trained.parameters if kind == "float" else trained.real)
    image = tf.TensorSpec((None, DATASET.pixels), name="image")
    with TemporaryDirectory() as folder, written(path) as temporary:
        source = temporary if kind == "float" else Path(folder) / "float.onnx"
        tf2onnx.convert.from_function(returns_logits(model), [image], opset=18, output_path=source)
        if kind == "int8":
            quantize(source, temporary, trained)


def built(network, parameters):
    classifier = Classifier(Settings(network))
    classifier.set_parameters(parameters)
    return classifier.model


def returns_logits(forward):
    return tf.function(lambda image: {"logits": forward(image)})  # the key becomes the name of the file's output


def litert(model, trained, kind):
    """The file that the converter makes of a Keras model. An int8 one takes pixels - 128, and its logits are whole."""
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    forward = model if kind == "float" else partial(marked, model, trained.scales)
    archive.add_endpoint("serving_default", returns_logits(forward), [tf.TensorSpec((1, DATASET.pixels), name="image")])
    with TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if kind == "float":
            return converter.convert()
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        return with_parameters(converter.convert(), trained)


def marked(model, scales, pixels):
    """What the model computes, while the pixels and what each layer returns are rounded to their whole numbers."""
    outputs = iter(scales.outputs.values())
    x = rounded(pixels, scales.inputs[scales.layers[0]])
    for layer in model.layers:
        x = layer(x)
        if layer.weights:
            x = rounded(x, next(outputs), LOGITS if layer is model.layers[-1] else (0, ACTIVATIONS))
    return x


def rounded(x, scale, limits=(0, ACTIVATIONS)):
    low, high = limits
    return tf.quantization.fake_quant_with_min_max_vars(x, low * scale, high * scale)


def with_parameters(content, trained):
    """A LiteRT file with the parameters of `trained`: the converter finds its own, from the largest weights.

    It can be told the scales of a convolution's kernel, but not those of a dense layer's: there
    `fake_quant_with_min_max_vars_per_channel` is a ConverterError.
    """
    model = flatbuffer_utils.convert_bytearray_to_object(content)
    (graph,) = model.subgraphs
    layers = [operator for operator in graph.operators if len(operator.inputs) == 3]  # an input, a kernel and a bias
    for name, operator in zip(trained.scales.layers, layers, strict=True):
        kernel, bias = (graph.tensors[index] for index in operator.inputs[1:])
        outputs_first = np.moveaxis(trained.whole[f"{name}/kernel"], -1, 0)  # (..., outputs) -> (outputs, ...)
        for tensor, whole, scales in (
            (kernel, outputs_first, trained.scales.kernels[name]),
            (bias, trained.whole[f"{name}/bias"], trained.scales.sums[name]),
        ):
            model.buffers[tensor.buffer].data = np.frombuffer(whole.tobytes(), np.uint8)
            tensor.quantization.scale = scales
    return flatbuffer_utils.convert_object_to_bytearray(model)


if __name__ == "__main__":
    from impls.edge._main import deploy
    from impls.quantization.tensorflow import Classifier as Quantized

    deploy(Classifier, Quantized, {"litert": to_litert, "onnx": to_onnx})
