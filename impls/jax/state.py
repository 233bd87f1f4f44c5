"""The state of a training in JAX, read and replaced: `state` holds the variables and the optimizer's."""

import jax.numpy as jnp
import numpy as np
import optax

from impls import adapter


class State(adapter.Adapter):
    """The methods of an adapter that read and replace the state of the training."""

    def parameters(self):
        return flat(self.network.shapes, self.state[0][0] if self.network.state else self.state[0])

    def statistics(self):
        return flat(self.network.state, self.state[0][1]) if self.network.state else []

    def moments(self):
        adam = self.state[1][0]
        return flat(self.network.shapes, adam.mu), flat(self.network.shapes, adam.nu)

    def steps(self):
        return int(self.state[1][0].count)

    def shuffling(self):
        return np.array([self.epochs])

    def assign(self, arrays):
        params, (variables, optimizer_state) = nested(self.network.shapes, arrays), self.state
        self.state = (params, variables[1]) if self.network.state else params, optimizer_state

    def assign_statistics(self, arrays):
        if self.network.state:
            self.state = (self.state[0][0], nested(self.network.state, arrays)), self.state[1]

    def assign_optimizer(self, m, v, steps):
        count = np.array(steps, "int32")  # of Adam, and of the schedule; JAX donates an array of its own only once
        moments = {"mu": nested(self.network.shapes, m), "nu": nested(self.network.shapes, v)}
        self.state = self.state[0], optax.tree.set(self.state[1], count=count, **moments)

    def assign_shuffling(self, state):
        [self.epochs] = state.tolist()


def nested(names, arrays):
    """Return {layer: {kind: array}} of these names, LAYER/KIND."""
    result = {}
    for name, array in zip(names, arrays, strict=True):
        layer, kind = name.rsplit("/", 1)
        result.setdefault(layer, {})[kind] = jnp.asarray(array)
    return result


def flat(names, arrays):
    """Undo `nested`: return the arrays in the order of `names`."""
    return [arrays[layer][kind] for layer, kind in (name.rsplit("/", 1) for name in names)]
