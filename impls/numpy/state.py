"""The state of a training in NumPy, read and replaced: `params`, `optimizer`, and the generator `random`."""

import json

import numpy as np

from impls import adapter


class State(adapter.Adapter):
    """The methods of an adapter that read and replace the state of the training."""

    def parameters(self):
        return [self.params[name] for name in self.network.shapes]

    def statistics(self):
        return [self.params[name] for name in self.network.state]

    def moments(self):
        return [[moments[name] for name in self.network.shapes] for moments in (self.optimizer.m, self.optimizer.v)]

    def steps(self):
        return self.optimizer.steps

    def shuffling(self):
        return np.frombuffer(json.dumps(self.random.bit_generator.state).encode(), np.uint8)

    def assign(self, arrays):
        self.params |= zip(self.network.shapes, arrays, strict=True)

    def assign_statistics(self, arrays):
        self.params |= zip(self.network.state, arrays, strict=True)

    def assign_optimizer(self, m, v, steps):
        self.optimizer.m, self.optimizer.v = (dict(zip(self.network.shapes, each, strict=True)) for each in (m, v))
        self.optimizer.steps = steps

    def assign_shuffling(self, state):
        self.random.bit_generator.state = json.loads(state.tobytes())
