"""The defaults of TensorFlow, observed on the installed package. Layers and optimizers are those of Keras."""

import os

import numpy as np

os.environ["KERAS_BACKEND"] = "tensorflow"  # tf.keras is Keras 3, which reads this when it is imported
import tensorflow as tf

from impls.keras import defaults as of_keras


def defaults():
    """Return default -> observed value, for the rows of `impls.defaults.rows`."""
    return {**of_keras.of_layers(), **of_keras.of_optimizers(), **functions(), **training()}


def functions():
    """Return what functions of TensorFlow compute where nothing is stated."""
    logits, labels = tf.constant([[0.0, 40.0], [40.0, 0.0]]), tf.constant([0, 0])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return {
        "GELU": float(tf.nn.gelu(1.0)),
        "standard deviation": float(tf.math.reduce_std(tf.constant([0.0, 2.0]))),
        "cross-entropy takes": float(losses[0]),
        "cross-entropy of a batch": losses.numpy().tolist(),
        "a float64 array becomes": tf.constant(np.zeros(1)).dtype.name,
        "a Python float becomes": tf.constant(1.0).dtype.name,
    }


def training():
    """Return how tf.data draws batches, and what a second gradient is."""
    x = tf.Variable(1.0)
    for _ in range(2):
        with tf.GradientTape() as tape:
            y = 1 * x
        gradient = tape.gradient(y, x)
    batches = [batch.numpy().tolist() for batch in tf.data.Dataset.range(5).batch(2)]
    return {
        "a second gradient": float(gradient),
        "last partial batch": len(batches),
        "data are shuffled": batches[0] != [0, 1],
    }
