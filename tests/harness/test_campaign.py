"""A campaign interleaves its targets fairly, separates process runs, and isolates a target that fails."""

from collections import Counter
from itertools import chain, pairwise, permutations

import pytest

import impls
from harness.measuring.campaign import Campaign, ProcessRun, Target
from harness.measuring.interleaving import interleaved
from harness.measuring.workload import EPOCH, Operation
from harness.workers.worker import WorkerEnded
from impls.contract import Settings
from tests.fakes import CONDITIONS, FakeWorker

STEP = Operation("train_step", 128, rounds=2, blocks=3)
PREDICT = Operation("predict_step", 128, rounds=2, blocks=1)
BUILD = impls.load, "variant", Settings()


class Growing(FakeWorker):
    """Holds a byte more after each command."""

    bytes = 0

    def answer(self, command, *arguments):
        if command == "peak_memory":
            return self.bytes
        self.bytes += 1
        return super().answer(command, *arguments)


@pytest.fixture
def log():
    """The commands of all workers: name, command, arguments."""
    return []


@pytest.fixture
def run(dataset, log):
    def run(names, runs=1, operations=(STEP,), failing="", on_progress=lambda *_: None):
        """Of these targets, "a" fails in the command `failing`."""
        targets = [Target(name, "variant", "mlp", BUILD, operations) for name in names]
        errors = {"a": {failing: RuntimeError(failing)}}
        start = lambda each: Growing(1.0, each.name, log, **errors.get(each.name, {}))  # noqa: E731
        campaign = Campaign(targets, dataset, start)
        campaign.run(runs, on_progress)
        return campaign

    return run


def who(log, command):
    """Return the names of those that got the command, in order."""
    return "".join(name for name, each, *_ in log if each == command)


@pytest.mark.parametrize("sides", ["ab", "abc", "abcde"])
def test_each_side_follows_each_other_equally_often(sides):
    turns = [list(interleaved(sides, [turn])) for turn in range(2000)]
    assert all(sorted(turn) == list(sides) for turn in turns)
    followed = Counter(pairwise(chain(*turns)))
    counts = [followed[pair] for pair in permutations(sides, 2)]
    assert min(counts) > 0.85 * max(counts)


def test_each_run_has_new_workers_and_samples(run, log):
    campaign = run("ab", runs=3)
    assert (who(log, "import_seconds").count("a"), who(log, "close").count("a")) == (3, 2), "the last ones live on"
    campaign.close()
    assert who(log, "close").count("a") == 3
    expected = ProcessRun(
        0.5,
        memory={"import": 1, "building": 2, "first step": 4},
        building_seconds=0.1,
        first_step_seconds=0.2,
        samples={STEP: [1.0, 1.0] * 3},
        conditions=CONDITIONS | {"kept_variables": "none"},
    )
    assert campaign.runs == {"a": [expected] * 3, "b": [expected] * 3}


def test_training_steps_begin_with_the_first_state(run, log):
    run("a", operations=(PREDICT, STEP))
    commands = [command for _, command, *_ in log if command in ("build", "first_step", "prepare", "obtain")]
    assert commands == ["build", "first_step", "prepare", "obtain", "prepare"]
    assert ("a", "obtain", *BUILD) in log


def test_an_epoch_comes_before_steps(run, log):
    run("a", operations=(STEP, EPOCH))
    assert [arguments[0] for _, command, *arguments in log if command == "prepare"] == [EPOCH, STEP]


@pytest.mark.parametrize("command", ["import_seconds", "build", "first_step", "prepare", "block"])
def test_failed_target_is_closed_and_left_out(run, log, command):
    campaign = run("ab", runs=2, failing=command)
    assert str(campaign.failures["a"]) == command
    assert (len(campaign.runs["a"]), len(campaign.runs["b"])) == (0, 2)
    assert who(log, command).count("a") == 1
    commands = [each for name, each, *_ in log if name == "a"]
    assert commands.index("close") == commands.index(command) + 1


def test_ctrl_c_closes_all_workers(run, log):
    def interrupt(run, runs, what):
        if what == str(STEP):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("ab", on_progress=interrupt)
    assert sorted(who(log, "close")) == ["a", "b"]


def test_closed_worker_is_no_failure_of_its_target(dataset):
    start = lambda target: FakeWorker(build=WorkerEnded("by pytest-timeout"))  # noqa: E731
    campaign = Campaign([Target("a", "variant", "mlp", BUILD, (STEP,))], dataset, start)
    with pytest.raises(WorkerEnded):
        campaign.run(1)
    assert campaign.failures == {}
