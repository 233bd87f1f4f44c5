"""Profiling in Keras, which has no profiler, by the profiler of the backend."""

import contextlib
import importlib

import keras

FOLDERS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "pytorch"}


def kernels(implementation, run, folder):
    """Profile `run()` by the profiler of the backend, which returns the kernels and leaves the trace in `folder`."""
    with labelled(implementation.optimizer):
        return of_backend().kernels(implementation, run, folder)


def allocations(run):
    """Return the bytes that the backend allocates in `run()`, as its own profiler does."""
    return of_backend().allocations(run)


def of_backend():
    """Return the profiler of the backend, of impls/."""
    return importlib.import_module(f"impls.{FOLDERS[keras.backend.backend()]}.profiler")


@contextlib.contextmanager
def labelled(optimizer):
    """Label the operations of the optimizer on PyTorch, as PyTorch's own optimizers do."""
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    optimizer.apply = torch.profiler.record_function("Optimizer.apply")(optimizer.apply)
    try:
        yield
    finally:
        del optimizer.apply  # the attribute, which hides the method of the class
