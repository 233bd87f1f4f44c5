"""Keras has no profiler of its own: that of its backend is taken, around `train_on_batch`."""

import importlib

import keras

PROFILERS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "pytorch"}


def kernels(classifier, run, folder):
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        label = torch.profiler.record_function("Optimizer.apply")  # which PyTorch's own optimizers do themselves
        classifier.optimizer.apply = label(classifier.optimizer.apply)
    return importlib.import_module(f"impls.profiling.{PROFILERS[backend]}").kernels(classifier, run, folder)
