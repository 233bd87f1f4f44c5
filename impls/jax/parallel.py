"""JAX in several processes: arrays that are sharded over the devices of all processes, and the tutorial's jitted step.

The batch is sharded and the parameters are replicated, so the compiler adds the exchange of the gradients.
"""

from functools import cache

import jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from impls.jax import adapter
from impls.parallel import DataParallelMixin


@cache  # once in a process
def join(place):
    """Connect this process with the others, and return a mesh of all devices; a process may have several."""
    coordinator = place.addresses[0]  # rank 0, which would listen on all interfaces without a bind address
    jax.distributed.initialize(coordinator, place.processes, place.rank, coordinator_bind_address=coordinator)
    return jax.make_mesh((jax.device_count(),), ("batch",), axis_types=(AxisType.Auto,))  # Auto: the compiler shards


class Adapter(DataParallelMixin, adapter.Adapter):
    """The JAX network in one of several processes; `place` names this process and the others."""

    def __init__(self, settings, place):
        mesh = join(place)
        super().__init__(settings)
        self.place = place
        self.replicated = NamedSharding(mesh, PartitionSpec())
        self.sharded = NamedSharding(mesh, PartitionSpec("batch"))
        self.state = jax.device_put(self.state, self.replicated)

    def assign(self, arrays):
        """Replace the parameters, and replicate them over all devices."""
        super().assign(arrays)
        self.state = jax.device_put(self.state, self.replicated)

    def prepare_batch(self, images, labels):
        """Return global arrays (n, ...), of which this process holds its own rows, (n / processes, ...)."""
        own = super().prepare_batch(images, labels)
        return tuple(jax.make_array_from_process_local_data(self.sharded, array) for array in own)
