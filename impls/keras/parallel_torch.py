"""Keras on PyTorch in several processes: DistributedDataParallel around the Keras model, which is a module."""

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from impls import keras as one_process
from impls.contract import Settings
from impls.parallel import InStep, Place
from impls.parallel.pytorch import join


class Classifier(InStep, one_process.Classifier):
    def __init__(self, settings: Settings, place: Place):
        join(place)
        super().__init__(settings)
        self.place = place
        self.module = DistributedDataParallel(self.model)  # every process begins with the parameters of rank 0

    def prepare_batch(self, images, labels):
        return super().prepare_batch(*self.place.part(images, labels))  # (n, ...) -> (n / processes, ...)

    def train_step(self, batch):
        pixels, one_hot = batch
        self.module.zero_grad()
        loss = self.loss(one_hot, self.module(pixels, training=True))
        loss.backward()  # of the own part; the gradients are those of the whole batch
        gradients = [variable.value.grad for variable in self.model.trainable_variables]
        with torch.no_grad():
            self.optimizer.apply(gradients, self.model.trainable_variables)
        loss = loss.detach()
        dist.all_reduce(loss)  # their sum, in every process
        return loss / self.place.processes
