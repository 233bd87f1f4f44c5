"""PyTorch in several processes: DistributedDataParallel around the module, whose `backward` averages the gradients."""

from functools import cache

import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from impls import pytorch as one_process
from impls.contract import Settings
from impls.parallel import InStep, Place


@cache  # once in a process
def join(place: Place):
    store = f"tcp://{place.addresses[0]}"  # kept by rank 0: the others meet there
    dist.init_process_group("gloo", init_method=store, rank=place.rank, world_size=place.processes)


class Classifier(InStep, one_process.Classifier):
    def __init__(self, settings: Settings, place: Place):
        join(place)
        super().__init__(settings)
        self.place = place
        self.model = DistributedDataParallel(self.model)  # every process begins with the parameters of rank 0

    def prepare_batch(self, images, labels):
        return super().prepare_batch(*self.place.part(images, labels))  # (n, ...) -> (n / processes, ...)

    def train_step(self, batch):
        loss = super().train_step(batch)  # of the own part; the gradients are those of the whole batch
        dist.all_reduce(loss)  # their sum, in every process
        return loss / self.place.processes


if __name__ == "__main__":
    from impls.parallel._main import train_together

    train_together("pytorch")
