"""Keras has no profiler of its own: that of its backend is taken, around `train_on_batch`."""

import contextlib
import importlib

import keras

PROFILERS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "pytorch"}


def kernels(classifier, run, folder):
    profiler = importlib.import_module(f"impls.profiler.{PROFILERS[keras.backend.backend()]}")
    with labelled(classifier.optimizer):
        return profiler.kernels(classifier, run, folder)


@contextlib.contextmanager
def labelled(optimizer):
    """On PyTorch, say which operations are the optimizer's, as PyTorch's own optimizers do themselves."""
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    optimizer.apply = torch.profiler.record_function("Optimizer.apply")(optimizer.apply)
    try:
        yield
    finally:
        del optimizer.apply  # the label, which hides the method of the class
