"""The state of a training in TensorFlow, in which seed and epoch draw the order of images."""

import numpy as np

from impls import keras_state


class State(keras_state.State):
    """The methods of an adapter that read and replace the state of the training."""

    def shuffling(self):
        return np.array([self.epochs])

    def assign_shuffling(self, state):
        [self.epochs] = state.tolist()
