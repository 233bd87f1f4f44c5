"""Keras in several processes: keras.distribution, which shards the batches of `train_on_batch`, works on JAX only.

On TensorFlow and PyTorch a Keras model is trained by the library of the backend: see the files of these names.
"""

import os
from functools import cache
from importlib import import_module

import keras

from impls.keras import adapter
from impls.parallel import InStep


@cache  # once in a process
def join(place):
    """Connect this process with the others, and shard batches over the devices of all."""
    coordinator = place.addresses[0]  # rank 0, which would listen on all interfaces without a bind address
    os.environ["JAX_COORDINATOR_BIND_ADDRESS"] = coordinator
    keras.distribution.initialize(coordinator, place.processes, place.rank)
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


class OnJAX(InStep, adapter.Adapter):
    def __init__(self, settings, place):
        join(place)
        super().__init__(settings)
        self.place = place


backend = keras.backend.backend()
Adapter = OnJAX if backend == "jax" else import_module(f"impls.keras.parallel_{backend}").Adapter
