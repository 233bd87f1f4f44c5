"""Keras in several processes: keras.distribution, which divides what `train_on_batch` is given. It works on JAX alone.

On TensorFlow and PyTorch a Keras model is trained by their own engines, in a step that is written in each.
"""

import os
from functools import cache
from importlib import import_module

import keras

from impls import keras as one_process
from impls.contract import Settings
from impls.parallel import InStep, Place


@cache  # once in a process
def join(place: Place):
    meeting = place.addresses[0]  # kept by rank 0; unless it is bound there, it listens to the whole network
    os.environ["JAX_COORDINATOR_BIND_ADDRESS"] = meeting
    keras.distribution.initialize(meeting, place.processes, place.rank)
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


class OnJAX(InStep, one_process.Classifier):
    def __init__(self, settings: Settings, place: Place):
        join(place)
        super().__init__(settings)
        self.place = place

    def prepare_batch(self, images, labels):
        return super().prepare_batch(*self.place.part(images, labels))  # (n, ...) -> (n / processes, ...)


backend = keras.backend.backend()
Classifier = OnJAX if backend == "jax" else import_module(f"impls.parallel._keras_{backend}").Classifier


if __name__ == "__main__":
    from impls.parallel._main import train_together

    train_together(f"keras-{backend}")
