"""Mistakes in distillation with PyTorch.

Two mistakes of notebooks cannot be made here, as the teacher's logits are data: to train the teacher too, and to leave
it in training mode. `soft_targets_of_other_images` is what remains of evaluating the teacher wrongly.
"""
# ruff: noqa: N801, N805 - a class is a mistake here, and its functions take the place of others

from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax

from impls.pytorch import adapter
from tests.mistakes import Mistake, catchers


class temperature_not_squared(Mistake):
    caught_by = catchers.HIGH_TEMPERATURE
    change = "make_loss", {" * temperature**2": ""}


class temperature_of_the_student_alone(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS
    change = "make_loss", {"softmax(teacher_logits / temperature": "softmax(teacher_logits"}


class temperature_of_the_teacher_alone(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS
    change = "make_loss", {"cross_entropy(logits / temperature": "cross_entropy(logits"}


class temperature_of_the_labels_too(Mistake):
    caught_by = catchers.WITHOUT_TEACHER
    change = "make_loss", {"cross_entropy(logits, one_hot)": "cross_entropy(logits / temperature, one_hot)"}


class student_evaluated_at_the_temperature(Mistake):
    caught_by = catchers.STUDENT_EVALUATION

    class Adapter(adapter.Adapter):
        def logits(self, images):
            return super().logits(images) / 4


class soft_targets_of_other_images(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS
    change = "make_loss", {"softmax(teacher_logits": "softmax(teacher_logits.roll(1, dims=0)"}


class probabilities_taken_for_the_teachers_logits(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS
    change = "make_loss", {"softmax(teacher_logits": "softmax(softmax(teacher_logits, dim=1)"}


class divergence_in_the_other_direction(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS

    def make_loss(temperature, weight):
        def loss_fn(logits, targets):
            one_hot, teacher_logits = targets.unbind(dim=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = softmax(teacher_logits / temperature, dim=1)
            hard = cross_entropy(logits, one_hot)
            soft = kl_div(soft_targets.log(), softmax(logits / temperature, dim=1), reduction="batchmean")
            return (1 - weight) * hard + weight * temperature**2 * soft

        return loss_fn


class soft_part_summed_over_the_batch(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS
    change = "make_loss", {"temperature, soft_targets)": 'temperature, soft_targets, reduction="sum")'}


class soft_part_averaged_over_the_classes_too(Mistake):
    caught_by = catchers.DISTILLATION_GRADIENTS

    def make_loss(temperature, weight):
        def loss_fn(logits, targets):
            one_hot, teacher_logits = targets.unbind(dim=1)  # (n, 2, 10) -> (n, 10), (n, 10)
            soft_targets = softmax(teacher_logits / temperature, dim=1)
            hard = cross_entropy(logits, one_hot)
            soft = kl_div(log_softmax(logits / temperature, dim=1), soft_targets, reduction="mean")
            return (1 - weight) * hard + weight * temperature**2 * soft

        return loss_fn


class weights_swapped(Mistake):
    caught_by = catchers.WITHOUT_TEACHER
    change = "make_loss", {"(1 - weight) * hard + weight * ": "weight * hard + (1 - weight) * "}


class soft_part_added_to_the_whole_loss_of_the_labels(Mistake):
    caught_by = catchers.DISTILLATION_LOSS
    change = "make_loss", {"(1 - weight) * hard": "hard"}


class label_and_teacher_swapped(Mistake):
    caught_by = catchers.WITHOUT_TEACHER
    change = "make_loss", {"one_hot, teacher_logits =": "teacher_logits, one_hot ="}
