"""Mistakes in distillation with Keras."""
# ruff: noqa: N801, N805 - a class is a mistake here, and its functions take the place of others

import keras

from impls.keras import adapter
from tests.mistakes import Mistake, catchers


class temperature_not_squared(Mistake):
    caught_by = catchers.HIGH_TEMPERATURE

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return (1 - weight) * hard + weight * soft

        return loss_fn


class temperature_of_the_student_alone(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return (1 - weight) * hard + weight * temperature**2 * soft

        return loss_fn


class temperature_of_the_teacher_alone(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits, from_logits=True)  # -> (n,)
            return (1 - weight) * hard + weight * temperature**2 * soft

        return loss_fn


class temperature_of_the_labels_too(Mistake):
    caught_by = catchers.WITHOUT_TEACHER

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits / temperature)
            hard = keras.ops.categorical_crossentropy(
                one_hot, logits / temperature, from_logits=True
            )  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return (1 - weight) * hard + weight * temperature**2 * soft

        return loss_fn


class student_evaluated_at_the_temperature(Mistake):
    caught_by = catchers.STUDENT_EVALUATION

    class Adapter(adapter.Adapter):
        def logits(self, images):
            return super().logits(images) / 4


class soft_targets_of_other_images(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(keras.ops.roll(teacher_logits, 1, axis=0) / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return (1 - weight) * hard + weight * temperature**2 * soft

        return loss_fn


class probabilities_taken_for_the_teachers_logits(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(keras.ops.softmax(teacher_logits) / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return (1 - weight) * hard + weight * temperature**2 * soft

        return loss_fn


class divergence_in_the_other_direction(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            predicted = keras.ops.softmax(logits / temperature)
            soft = keras.ops.sum(predicted * keras.ops.log(predicted / soft_targets), axis=1)  # (n, 10) -> (n,)
            return (1 - weight) * hard + weight * temperature**2 * soft

        return loss_fn


class soft_part_summed_over_the_batch(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return (1 - weight) * hard + weight * temperature**2 * keras.ops.sum(soft)

        return loss_fn


class soft_part_averaged_over_the_classes_too(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return (1 - weight) * hard + weight * temperature**2 * soft / 10

        return loss_fn


class weights_swapped(Mistake):
    caught_by = catchers.WITHOUT_TEACHER

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return weight * hard + (1 - weight) * temperature**2 * soft

        return loss_fn


class soft_part_added_to_the_whole_loss_of_the_labels(Mistake):
    caught_by = catchers.DISTILLATION_LOSS

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return hard + weight * temperature**2 * soft

        return loss_fn


class label_and_teacher_swapped(Mistake):
    caught_by = catchers.WITHOUT_TEACHER

    def make_loss(temperature, weight):
        def loss_fn(targets, logits):
            teacher_logits, one_hot = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = keras.ops.softmax(teacher_logits / temperature)
            hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
            soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
            return (1 - weight) * hard + weight * temperature**2 * soft

        return loss_fn
