"""Keras on PyTorch in several processes: DistributedDataParallel around the Keras model, which is a module."""

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from impls.keras import adapter
from impls.parallel import DataParallelMixin
from impls.pytorch.parallel import join


class Adapter(DataParallelMixin, adapter.Adapter):
    """The Keras network in one of several processes; `place` names this process and the others."""

    def __init__(self, settings, place):
        join(place)
        super().__init__(settings)
        self.place = place
        self.module = DistributedDataParallel(self.model)  # sends the parameters of rank 0 to every process

    def train_step(self, batch):
        """Take a step on this process's rows. Return the mean loss over the rows of all processes, ().

        It is the step of `train_on_batch`, which would not call the module around the model.
        """
        x, y = batch
        self.module.zero_grad()
        loss = self.loss_fn(y, self.module(x, training=True))  # the mean over this process's rows
        loss.backward()  # averages the gradients over the processes
        gradients = [variable.value.grad for variable in self.model.trainable_variables]
        with torch.no_grad():
            self.optimizer.apply(gradients, self.model.trainable_variables)
        loss = loss.detach()
        dist.all_reduce(loss)  # the sum over the processes, in each of them
        return loss / self.place.processes
