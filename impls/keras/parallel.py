"""Keras in several processes: keras.distribution, which shards the batches of `train_on_batch`, works on JAX only.

On TensorFlow and PyTorch the library of the backend trains a Keras model: parallel_tensorflow.py, parallel_torch.py.
"""

import os
from functools import cache
from importlib import import_module

import keras

from impls.keras import adapter
from impls.parallel import DataParallelMixin


@cache  # once in a process
def join(place):
    """Connect this process with the others, and shard batches over the devices of all."""
    coordinator = place.addresses[0]  # rank 0, which would listen on all interfaces without a bind address
    os.environ["JAX_COORDINATOR_BIND_ADDRESS"] = coordinator
    keras.distribution.initialize(coordinator, place.processes, place.rank)
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


class OnJAX(DataParallelMixin, adapter.Adapter):
    """The Keras network in one of several processes; `place` names this process and the others."""

    def __init__(self, settings, place):
        join(place)
        super().__init__(settings)
        self.place = place


backend = keras.backend.backend()
Adapter = OnJAX if backend == "jax" else import_module(f"impls.keras.parallel_{backend}").Adapter
