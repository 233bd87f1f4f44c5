"""Deliberately wrong distillations: what each changes in impls/distillation/, and the test that is to catch it.

Two mistakes of notebooks cannot be made here, as the logits of the teacher are data: to train it along, and to leave it
in training mode (which would not show either: no network here has dropout or batch normalization). What is left of
asking it wrongly is `soft_targets_of_other_images`.
"""

from tests.catalogue import Control

LOSS = "tests/test_distillation.py::test_loss[{}]"
GRADIENTS = "tests/test_distillation.py::test_gradients[{}]"
HOT = "tests/test_distillation.py::test_at_a_high_temperature_logits_are_matched[{}]"
ALONE = "tests/test_distillation.py::test_without_the_teacher_it_is_training_on_labels[{}]"
EVALUATION = "tests/test_distillation.py::test_evaluation_is_by_labels_alone[{}]"

SOFTENED = "teacher_logits / self.temperature"
TORCH_HARD = "F.cross_entropy(logits, one_hot)"
TORCH_SOFT = "F.cross_entropy(logits / self.temperature, soft_targets)"
KERAS_SOFT = "(soft_targets, logits / self.temperature,"
RETURNED = "return (1 - self.weight) * hard + self.weight * self.temperature**2 * soft"


def alike(*change: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The same change in both files."""
    return [change], [change]


CONTROLS = [
    Control("temperature_not_squared", HOT, *alike(" * self.temperature**2 * soft", " * soft")),
    Control("temperature_of_the_student_alone", GRADIENTS, *alike(SOFTENED, "teacher_logits")),
    Control(
        "temperature_of_the_teacher_alone",
        GRADIENTS,
        [(TORCH_SOFT, "F.cross_entropy(logits, soft_targets)")],
        [(KERAS_SOFT, "(soft_targets, logits,")],
    ),
    Control(
        "temperature_of_the_labels_too",
        ALONE,
        [(TORCH_HARD, "F.cross_entropy(logits / self.temperature, one_hot)")],
        [("(one_hot, logits,", "(one_hot, logits / self.temperature,")],
    ),
    Control(
        "student_evaluated_at_the_temperature",
        EVALUATION,
        *alike("evaluated(self.logits(images), labels)", "evaluated(self.logits(images) / 4, labels)"),
    ),
    Control(
        "soft_targets_of_other_images",
        GRADIENTS,
        [(SOFTENED, "teacher_logits.roll(1, dims=0) / self.temperature")],
        [(SOFTENED, "keras.ops.roll(teacher_logits, 1, axis=0) / self.temperature")],
    ),
    Control(
        "probabilities_taken_for_the_teachers_logits",
        GRADIENTS,
        [(SOFTENED, "F.softmax(teacher_logits, dim=1) / self.temperature")],
        [(SOFTENED, "keras.ops.softmax(teacher_logits) / self.temperature")],
    ),
    Control(
        "divergence_in_the_other_direction",
        GRADIENTS,
        [
            (
                TORCH_SOFT,
                'F.kl_div(soft_targets.log(), F.softmax(logits / self.temperature, dim=1), reduction="batchmean")',
            )
        ],
        [
            (
                RETURNED,
                "spoken = keras.ops.softmax(logits / self.temperature)\n"
                "        soft = keras.ops.sum(spoken * keras.ops.log(spoken / soft_targets), axis=1)\n"
                f"        {RETURNED}",
            )
        ],
    ),
    Control(
        "soft_part_summed_over_the_batch",
        GRADIENTS,
        [(TORCH_SOFT, 'F.cross_entropy(logits / self.temperature, soft_targets, reduction="sum")')],
        [(RETURNED, RETURNED.replace("soft", "keras.ops.sum(soft)"))],
    ),
    Control(
        "soft_part_averaged_over_the_classes_too",
        GRADIENTS,
        [(TORCH_SOFT, 'F.kl_div(F.log_softmax(logits / self.temperature, dim=1), soft_targets, reduction="mean")')],
        [(RETURNED, RETURNED.replace("soft", "soft / 10"))],
    ),
    Control("weights_swapped", ALONE, *alike("self.weight = weight", "self.weight = 1 - weight")),
    Control("soft_part_added_to_the_whole_loss_of_the_labels", LOSS, *alike("(1 - self.weight) * hard", "hard")),
    Control("label_and_teacher_swapped", ALONE, *alike("one_hot, teacher_logits = ", "teacher_logits, one_hot = ")),
]
