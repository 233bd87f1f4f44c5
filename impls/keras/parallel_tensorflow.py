"""Keras on TensorFlow in several processes: the parallel step of TensorFlow, as its strategy cannot run `model.fit`.

Under a strategy, a loss object of Keras divides by the number of processes, and the optimizer sums the gradients.
"""

from impls.keras import adapter
from impls.parallel import DataParallelMixin
from impls.tensorflow.parallel import join, train_step


class Adapter(DataParallelMixin, adapter.Adapter):
    """The Keras network in one of several processes; `place` names this process and the others."""

    def __init__(self, settings, place):
        self.strategy = join(place)
        with self.strategy.scope():  # sends the parameters of rank 0 to every process
            super().__init__(settings)
        self.place = place

    def train_step(self, batch):
        """Take a step on this process's rows. Return the mean loss over the rows of all processes, ()."""
        return train_step(self.strategy, self.model, self.loss_fn, self.optimizer, *batch)
