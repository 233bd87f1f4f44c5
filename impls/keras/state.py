"""The state of a training in Keras, in which NumPy's global generator draws the order of images."""

import numpy as np

from impls import keras_state


class State(keras_state.State):
    """The methods of an adapter that read and replace the state of the training."""

    def shuffling(self):
        generator = np.random.get_state(legacy=False)["state"]  # which draws the order of images
        return np.append(generator["key"], generator["pos"])

    def assign_shuffling(self, state):
        np.random.set_state(("MT19937", state[:-1].astype(np.uint32), int(state[-1])))
