"""Mistakes in data-parallel training with TensorFlow."""
# ruff: noqa: N801 - a class is a mistake here

from dataclasses import replace

import numpy as np

from impls.tensorflow import adapter, mnist, parallel
from tests.mistakes import Mistake, catchers


class gradients_are_summed(Mistake):
    """Adam would hide it, but for its epsilon."""

    caught_by = catchers.PARALLEL_STEPS

    class Adapter(parallel.Adapter):
        def __init__(self, settings, place):
            super().__init__(settings, place)
            self.loss_fn = mnist.cross_entropy  # not divided by the number of processes

        def train_step(self, batch):
            return super().train_step(batch) / self.place.processes


class both_read_the_same_half(Mistake):
    caught_by = catchers.OWN_ROWS

    class Adapter(parallel.Adapter):
        def __init__(self, settings, place):
            super().__init__(settings, place)
            self.place = place._replace(rank=0)


class each_has_the_whole_batch(Mistake):
    caught_by = catchers.OWN_ROWS

    class Adapter(parallel.Adapter):
        def prepare_batch(self, images, labels):
            return adapter.Adapter.prepare_batch(self, images, labels)


class each_shuffles_by_a_seed_of_its_own(Mistake):
    caught_by = catchers.PARALLEL_FIT

    class Adapter(parallel.Adapter):
        def __init__(self, settings, place):
            super().__init__(settings, place)
            self.settings = replace(settings, seed=settings.seed + place.rank)


class uneven_parts_are_taken_for_even(Mistake):
    caught_by = catchers.REFUSED

    class Adapter(parallel.Adapter):
        def prepare_batch(self, images, labels):
            own = [np.array_split(array, self.place.processes)[self.place.rank] for array in (images, labels)]
            return adapter.Adapter.prepare_batch(self, *own)
