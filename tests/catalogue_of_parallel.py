"""Deliberately wrong trainings in parallel: what each changes in impls/parallel/, and the test that is to catch it."""

from typing import NamedTuple

from tests.catalogue import Change

OWN_ROWS = "tests/test_parallel.py::test_each_computes_with_its_own_rows_alone[{}]"
STEPS = "tests/test_parallel.py::test_many_steps[{}]"
BITS = "tests/test_parallel.py::test_all_end_with_the_same_bits[{}]"
FIT = "tests/test_parallel.py::test_fit[{}]"
REFUSED = "tests/test_parallel.py::test_a_batch_that_cannot_be_divided_is_refused_by_name[{}-train_step]"


class Mistake(NamedTuple):
    """Made on the engines of these frameworks, where it can be made there."""

    name: str
    caught_by: str
    pytorch: tuple[Change, ...] = ()
    jax: tuple[Change, ...] = ()
    tensorflow: tuple[Change, ...] = ()
    network: str = "mlp"


PART = "self.place.part(images, labels)"
PLACE = "self.place = place"
UNEVEN = "numpy.array_split(array, self.place.processes)[self.place.rank] for array in (images, labels)"
UNEVEN_PART = (("import cache\n", "import cache\n\nimport numpy\n"), (f"*{PART}", f"*({UNEVEN})"))
SAME_HALF = ((PART, "self.place._replace(rank=0).part(images, labels)"),)
WHOLE = ((f"*{PART}", "images, labels"),)
SEED = "self.settings = type(settings)(**vars(settings) | {'seed': settings.seed + place.rank})"
OTHER_ORDER = ((PLACE, f"{PLACE}; {SEED}"),)

TORCH_MODEL = "self.model = DistributedDataParallel(self.model)"
TORCH_LOSS = "dist.all_reduce(loss)"


def torch_gradients(changed: str) -> tuple[Change, ...]:
    """What each process hands to the others, of `gradient`."""
    hooks = f"[p.register_hook(lambda gradient: {changed}) for p in self.model.parameters()]"
    return ((TORCH_MODEL, f"{hooks}; {TORCH_MODEL}"),)


MISTAKES = [
    Mistake(
        "gradients_are_summed",  # which Adam would not notice, but for its epsilon
        STEPS,
        torch_gradients("gradient * place.processes"),
        tensorflow=(
            (PLACE, f"{PLACE}; loss = self.loss; self.loss = lambda *each: loss(*each) * place.processes"),
            ('"SUM"', '"MEAN"'),
        ),
    ),
    Mistake("both_read_the_same_half", OWN_ROWS, SAME_HALF, SAME_HALF, SAME_HALF),
    Mistake("each_has_the_whole_batch", OWN_ROWS, WHOLE, WHOLE, WHOLE),
    Mistake(
        "nothing_is_exchanged",
        BITS,
        ((TORCH_MODEL, ""),),
        (
            ("jax.device_count()", "jax.local_device_count()"),
            ("axis_types=", "devices=jax.local_devices(), axis_types="),
        ),
    ),
    Mistake("one_process_sends_nothing", STEPS, torch_gradients("gradient * (place.rank == 0)")),
    Mistake("the_loss_is_that_of_the_own_part", STEPS, ((TORCH_LOSS, "loss = loss * self.place.processes"),)),
    Mistake("each_shuffles_by_a_seed_of_its_own", FIT, OTHER_ORDER, OTHER_ORDER, OTHER_ORDER),
    Mistake("uneven_parts_are_taken_for_even", REFUSED, UNEVEN_PART, UNEVEN_PART, UNEVEN_PART),
]
