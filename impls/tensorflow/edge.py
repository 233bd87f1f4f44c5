"""Export of the TensorFlow network: to LiteRT by TensorFlow's converter, and to ONNX by tf2onnx."""

import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

os.environ["KERAS_BACKEND"] = "tensorflow"  # as in mnist.py, before anything imports Keras
import tensorflow as tf
import tf2onnx
from tensorflow.lite.tools import flatbuffer_utils

from impls.contract import DATASET, Settings
from impls.edge import Trained
from impls.edge._files import atomic_write
from impls.edge._onnx import quantize
from impls.quantization import ACTIVATIONS, LOGITS
from impls.tensorflow.adapter import Adapter


def to_litert(trained: Trained, path: str | Path, kind: str) -> None:
    """Write a LiteRT file; `kind` is "float" or "int8"."""
    content = litert(built(trained.network, trained.parameters), trained, kind)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    """Write an ONNX file for any number of images; `kind` is "float" or "int8"."""
    model = built(trained.network, trained.parameters if kind == "float" else trained.dequantized)
    image = tf.TensorSpec((None, DATASET.pixels), name="image")
    with TemporaryDirectory() as folder, atomic_write(path) as temporary:
        source = temporary if kind == "float" else Path(folder) / "float.onnx"
        tf2onnx.convert.from_function(returns_logits(model), [image], opset=18, output_path=source)
        if kind == "int8":
            quantize(source, temporary, trained)


def built(network, parameters):
    """Return the tutorial's network with these parameters."""
    adapter = Adapter(Settings(network))
    adapter.set_parameters(parameters)
    return adapter.model


def returns_logits(forward):
    """Return `forward` as a tf.function whose output is named "logits" in the file."""
    return tf.function(lambda image: {"logits": forward(image)})


def litert(model, trained, kind):
    """Return the LiteRT file of a Keras model. The input of an int8 file is pixels - 128, its output integer logits."""
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
    """Return the logits of `model`, with the pixels and the outputs of each layer rounded to integers times a scale."""
    outputs = iter(scales.outputs.values())
    x = rounded(pixels, scales.inputs[scales.layers[0]])
    for layer in model.layers:
        x = layer(x)
        if layer.weights:
            x = rounded(x, next(outputs), LOGITS if layer is model.layers[-1] else (0, ACTIVATIONS))
    return x


def rounded(x, scale, limits=(0, ACTIVATIONS)):
    """Return `x` rounded to integers within `limits`, times `scale`."""
    low, high = limits
    return tf.quantization.fake_quant_with_min_max_vars(x, low * scale, high * scale)


def with_parameters(content, trained):
    """Return a LiteRT file with the integers of `trained`. The converter derives other scales from the largest weights.

    Its scales can be set for the kernel of a convolution, but not of a dense layer: there
    `fake_quant_with_min_max_vars_per_channel` is a ConverterError.
    """
    model = flatbuffer_utils.convert_bytearray_to_object(content)
    (graph,) = model.subgraphs
    layers = [operator for operator in graph.operators if len(operator.inputs) == 3]  # an input, a kernel and a bias
    for name, operator in zip(trained.scales.layers, layers, strict=True):
        kernel, bias = (graph.tensors[index] for index in operator.inputs[1:])
        outputs_first = np.moveaxis(trained.integers[f"{name}/kernel"], -1, 0)  # (..., outputs) -> (outputs, ...)
        for tensor, integers, scales in (
            (kernel, outputs_first, trained.scales.kernels[name]),
            (bias, trained.integers[f"{name}/bias"], trained.scales.sums[name]),
        ):
            model.buffers[tensor.buffer].data = np.frombuffer(integers.tobytes(), np.uint8)
            tensor.quantization.scale = scales
    return flatbuffer_utils.convert_object_to_bytearray(model)
