"""TensorFlow's own post-training quantization as its guide has it, for comparison: a Keras model to LiteRT."""

from pathlib import Path

import numpy as np

from impls.edge import Trained
from impls.edge._files import written
from impls.edge.tensorflow import built, tf
from impls.quantization import CALIBRATED_ON


def as_documented(trained: Trained, path: str | Path, images, labels, test_images) -> np.ndarray:
    """The converter finds all scales, from the float parameters and from what it computes of some of the images.

    So what was evaluated last is the float network.
    """

    def representative_dataset():
        for image in images[:CALIBRATED_ON]:
            yield [image.reshape(1, -1).astype(np.float32) / 255]  # (28, 28) -> (1, 784)

    model = built(trained.network, trained.parameters)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative_dataset
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content = converter.convert()
    with written(path) as temporary:
        temporary.write_bytes(content)
    pixels = test_images.reshape(len(test_images), -1).astype(np.float32) / 255  # (n, 28, 28) -> (n, 784)
    return model.predict(pixels, batch_size=1000, verbose=0)
