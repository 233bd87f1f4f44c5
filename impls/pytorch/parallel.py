"""PyTorch in several processes: DistributedDataParallel around the module, whose `backward` averages the gradients.

The step is that of impls/pytorch/mnist.py.
"""

from functools import cache

import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from impls.parallel import DataParallelMixin
from impls.pytorch import adapter


@cache  # once in a process
def join(place):
    """Connect this process with the others, through a store in the process of rank 0."""
    store = f"tcp://{place.addresses[0]}"
    dist.init_process_group("gloo", init_method=store, rank=place.rank, world_size=place.processes)


class Adapter(DataParallelMixin, adapter.Adapter):
    """The PyTorch network in one of several processes; `place` names this process and the others."""

    def __init__(self, settings, place):
        join(place)
        super().__init__(settings)
        self.place = place
        self.model = DistributedDataParallel(self.model)  # sends the parameters of rank 0 to every process

    def train_step(self, batch):
        """Take a step on this process's rows. Return the mean loss over the rows of all processes, ()."""
        loss = super().train_step(batch)  # the mean over this process's rows
        dist.all_reduce(loss)  # the sum over the processes, in each of them
        return loss / self.place.processes
