"""TensorFlow in several processes: MultiWorkerMirroredStrategy, and a step that it runs in each of them.

Under a strategy, Keras' losses are divided by the number of processes, and its optimizers add up the gradients.
"""

import json
import os
from functools import cache

import tensorflow as tf

from impls import tensorflow as one_process
from impls.contract import Settings
from impls.parallel import InStep, Place


@cache  # once in a process, and before anything else is asked of TensorFlow
def join(place: Place):
    cluster = {"worker": place.addresses}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": place.rank}})
    return tf.distribute.MultiWorkerMirroredStrategy()


class Classifier(InStep, one_process.Classifier):
    def __init__(self, settings: Settings, place: Place):
        self.strategy = join(place)
        with self.strategy.scope():  # every process begins with the parameters of rank 0
            super().__init__(settings)
        self.place = place
        self.jit_compile = False  # XLA cannot exchange gradients between processes
        self._update_own = super()._update
        self._update = tf.function(self._update_together)

    def prepare_batch(self, images, labels):
        return super().prepare_batch(*self.place.part(images, labels))  # (n, ...) -> (n / processes, ...)

    def _update_together(self, pixels, labels):
        loss = self.strategy.run(self._update_own, args=(pixels, labels))  # of the own part, divided
        return self.strategy.reduce("SUM", loss, axis=None)


if __name__ == "__main__":
    from impls.parallel._main import train_together

    train_together("tensorflow")
