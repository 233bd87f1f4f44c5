"""TensorFlow in several processes: MultiWorkerMirroredStrategy runs the tutorial's step in each of them.

Under a strategy, the optimizer sums the gradients of all processes, so each process divides its loss by their number.
"""

import json
import os
from functools import cache, partial

import tensorflow as tf

from impls.parallel import DataParallelMixin
from impls.tensorflow import adapter, mnist


@cache  # once in a process, and before any other use of TensorFlow
def join(place):
    """Connect this process with the others, and return the strategy."""
    cluster = {"worker": place.addresses}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": place.rank}})
    return tf.distribute.MultiWorkerMirroredStrategy()


@tf.function
def train_step(strategy, model, loss_fn, optimizer, x, y):
    """Take the tutorial's step in each process, on its rows x (n, 784) and y (n,). Return the sum of the losses, ()."""
    loss = strategy.run(mnist.train_step, (model, loss_fn, optimizer, x, y))
    return strategy.reduce("SUM", loss, axis=None)


class Adapter(DataParallelMixin, adapter.Adapter):
    """The TensorFlow network in one of several processes; `place` names this process and the others."""

    def __init__(self, settings, place):
        self.strategy = join(place)

        def loss_fn(y, logits):
            return mnist.cross_entropy(y, logits) / place.processes  # (n,), (n, 10) -> ()

        with self.strategy.scope():  # sends the parameters of rank 0 to every process
            super().__init__(settings, loss_fn=loss_fn)
        self.place = place
        self.jit_compile = False  # XLA cannot exchange gradients between processes
        self.step = partial(train_step, self.strategy)
