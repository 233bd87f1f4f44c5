"""TensorFlow's own post-training quantization as its guide has it, for comparison: a Keras model to LiteRT."""

from pathlib import Path

import numpy as np

from impls.edge import Trained
from impls.edge._files import written
from impls.edge.tensorflow import built, tf


def to_litert_as_documented(trained: Trained, path: str | Path, images: np.ndarray) -> None:
    """The converter finds all scales itself, from the float parameters and from what it computes of these images.

    Its file takes int8 and returns int8, each of a scale and a zero point of its own.
    """

    def representative_dataset():
        for image in images:
            yield [image.reshape(1, -1).astype(np.float32) / 255]  # (28, 28) -> (1, 784)

    converter = tf.lite.TFLiteConverter.from_keras_model(built(trained.network, trained.parameters))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative_dataset
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content = converter.convert()
    with written(path) as temporary:
        temporary.write_bytes(content)
