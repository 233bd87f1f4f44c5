"""Mistakes in data-parallel training with JAX."""
# ruff: noqa: N801, N805 - a class is a mistake here, and its functions take the place of others

from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
from jax.sharding import AxisType

from impls.jax import adapter, parallel
from tests.mistakes import Mistake, catchers

chapter = SimpleNamespace(**vars(parallel))  # its functions as they are without a mistake


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
            own = adapter.Adapter.prepare_batch(self, images, labels)
            return tuple(jax.make_array_from_process_local_data(self.sharded, array) for array in own)


class nothing_is_exchanged(Mistake):
    caught_by = catchers.SAME_BITS

    def join(place):
        chapter.join(place)
        own = jax.local_devices()
        return jax.make_mesh((len(own),), ("batch",), axis_types=(AxisType.Auto,), devices=own)


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
            own = adapter.Adapter.prepare_batch(self, *own)
            return tuple(jax.make_array_from_process_local_data(self.sharded, array) for array in own)
