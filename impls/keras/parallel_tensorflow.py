"""Keras on TensorFlow in several processes: a step with a GradientTape, as the strategy cannot run `model.fit`."""

import tensorflow as tf

from impls import keras as one_process
from impls.contract import Settings
from impls.parallel import InStep, Place
from impls.parallel.tensorflow import join


class Classifier(InStep, one_process.Classifier):
    def __init__(self, settings: Settings, place: Place):
        self.strategy = join(place)
        with self.strategy.scope():  # every process begins with the parameters of rank 0
            super().__init__(settings)
            self.optimizer.build(self.model.trainable_variables)
        self.place = place
        self._update = tf.function(self._update_together)

    def prepare_batch(self, images, labels):
        return super().prepare_batch(*self.place.part(images, labels))  # (n, ...) -> (n / processes, ...)

    def train_step(self, batch):
        return self._update(*batch)

    def _update_together(self, pixels, one_hot):
        loss = self.strategy.run(self._update_own, args=(pixels, one_hot))  # of the own part, divided
        return self.strategy.reduce("SUM", loss, axis=None)

    def _update_own(self, pixels, one_hot):
        with tf.GradientTape() as tape:
            loss = self.loss(one_hot, self.model(pixels, training=True))
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply(gradients, self.model.trainable_variables)  # of all processes, added up
        return loss
