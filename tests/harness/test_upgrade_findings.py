"""Findings of an upgrade: an error of one check leaves the others, and accuracy is judged over paired seeds."""

import pytest

from harness.judging.sequential import Sampling
from harness.regression.pair import SIDES, Pairs
from harness.regression.upgrade import Upgrade
from harness.regression.versions import Side
from harness.workers.worker import WorkerDied
from impls.contract import Settings
from tests.fakes import FakeWorker, PatchedNumpy


@pytest.fixture
def find(dataset):
    """Return a function: the findings of `requested` about NumPy, in order, with these workers: side -> worker."""

    def find(workers, *requested):
        start = lambda target: workers.get(target.name) or PatchedNumpy()  # noqa: E731
        pairs = Pairs(Settings(), dataset, start)
        upgrade = Upgrade([Side(name, name) for name in SIDES], {"numpy": [*requested]}, pairs, Sampling(seconds=60))
        return [upgrade.find("numpy", name) for name in requested]

    return find


class Failing(PatchedNumpy):
    """Raises the error in the check of gradients, and has ended then if it has died."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def run(self, function, *arguments):
        if function != "loss_and_gradients":
            return super().run(function, *arguments)
        self.running = not isinstance(self.error, WorkerDied)
        raise self.error


@pytest.mark.parametrize(("side", "word"), [("candidate", "changed"), ("baseline", "missing")])
@pytest.mark.parametrize(
    ("error", "after"), [(RuntimeError("no gradients"), "identical"), (WorkerDied("exit code 7"), "missing")]
)
def test_failed_check_leaves_the_others_unless_a_worker_died(find, side, word, error, after):
    logits, gradients, training = find({side: Failing(error)}, "logits", "gradients", "training")
    assert (logits.word, gradients.word, training.word) == ("identical", word, after)
    assert str(error) in gradients.reason


class Learner(FakeWorker):
    """Has an accuracy of 0.96 + seed / 10,000 + `more(seed)` on images that it was not trained on."""

    def __init__(self, more):
        super().__init__()
        self.more = more

    def answer(self, command, *arguments):
        if command == "build":
            self.seed = arguments[2].seed
        if command == "fit":
            self.known = arguments[:2]
        if command == "evaluate":
            return 0.1, 1.0 if arguments == self.known else 0.96 + self.seed / 1e4 + self.more(self.seed)
        return super().answer(command, *arguments)


@pytest.mark.parametrize(
    ("more", "word"),
    [(lambda seed: 0, "same"), (lambda seed: -0.01, "worse"), (lambda seed: 0.01 * (-1) ** seed, "inconclusive")],
)
def test_accuracy_is_judged_over_paired_seeds(find, more, word):
    [found] = find({"baseline": Learner(lambda seed: 0), "candidate": Learner(more)}, "accuracy")
    assert (found.word, found.pairs, found.unit) == (word, 8, "points")
