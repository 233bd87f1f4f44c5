"""JAX in several processes: arrays that lie in parts on a mesh of all devices, and the very step of one process.

The compiler sees that the batch is divided and the parameters are not, and adds the exchange of the gradients.
"""

from functools import cache

import jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from impls import jax as one_process
from impls.contract import Settings
from impls.parallel import InStep, Place


@cache  # once in a process
def join(place: Place):
    """A mesh of the devices of all processes; one process may have several."""
    meeting = place.addresses[0]  # kept by rank 0; unless it is bound there, it listens to the whole network
    jax.distributed.initialize(meeting, place.processes, place.rank, coordinator_bind_address=meeting)
    return jax.make_mesh(
        (jax.device_count(),), ("batch",), axis_types=(AxisType.Auto,)
    )  # the compiler divides the work


class Classifier(InStep, one_process.Classifier):
    def __init__(self, settings: Settings, place: Place):
        mesh = join(place)
        self.whole = NamedSharding(mesh, PartitionSpec())  # on every device the same
        self.divided = NamedSharding(mesh, PartitionSpec("batch"))  # on every device its rows
        super().__init__(settings)
        self.place = place
        self.parameters, self.optimizer_state = jax.device_put((self.parameters, self.optimizer_state), self.whole)

    def set_parameters(self, parameters):
        super().set_parameters(parameters)
        self.parameters = jax.device_put(self.get_parameters(), self.whole)

    def prepare_batch(self, images, labels):
        own = super().prepare_batch(*self.place.part(images, labels))  # (n, ...) -> (n / processes, ...)
        # One array of all processes' rows, of which each holds its own: (n / processes, ...) -> (n, ...).
        return tuple(jax.make_array_from_process_local_data(self.divided, array) for array in own)


if __name__ == "__main__":
    from impls.parallel._main import train_together

    train_together("jax")
