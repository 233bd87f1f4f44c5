"""Post-training quantization as in TensorFlow's guide, for comparison: a Keras model to LiteRT."""

from pathlib import Path

import numpy as np

from impls.edge import Trained
from impls.edge._files import atomic_write
from impls.quantization import CALIBRATED_ON
from impls.tensorflow.edge import built, tf
from impls.tensorflow.mnist import preprocess


def as_documented(trained: Trained, path: str | Path, images, labels, test_images) -> np.ndarray:
    """Export with the converter's own scales, from the float parameters and the activations for some of the images.

    The network that is evaluated last is therefore the float network.
    """

    def representative_dataset():
        for image in images[:CALIBRATED_ON]:
            yield [preprocess(image[None])]  # (28, 28) -> (1, 784)

    model = built(trained.network, trained.parameters)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative_dataset
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content = converter.convert()
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
    return model.predict(preprocess(test_images), batch_size=1000, verbose=0)
