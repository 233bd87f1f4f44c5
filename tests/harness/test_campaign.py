"""A campaign gives every variant the same turns, keeps each launch apart, and is not fooled by whom it measures."""

import pytest

import impls
from harness.measuring import floor
from harness.measuring.campaign import Campaign, Launch, Participant, in_turn
from harness.measuring.workload import Operation
from impls.contract import Settings
from tests.fakes import CONDITIONS, FakeWorker

STEP = Operation("train_step", 128, rounds=2, blocks=3)
PREDICT = Operation("predict_step", 128, rounds=2, blocks=1)
FIT = Operation("fit", 60_000, rounds=1, blocks=1)


class Diarist(FakeWorker):
    """Keeps what it was asked, and holds as many bytes as it has worked off commands."""

    def __init__(self, name, log, failing=()):
        super().__init__(**{command: RuntimeError(f"{command} of {name} failed") for command in failing})
        self.name, self.log, self.said, self.bytes = name, log, [], 0

    def answer(self, command, *arguments):
        self.log.append((self.name, command))
        self.said.append((command, *arguments))
        if command == "peak_memory":
            return self.bytes
        self.bytes += 1
        return super().answer(command, *arguments)

    def close(self):
        self.log.append((self.name, "close"))


@pytest.fixture
def run(dataset):
    def run(names, launches, operations=(STEP,), failing=None):
        log = []
        participants = [Participant(name, name, "mlp", ("build", name), operations) for name in names]
        start = lambda participant: Diarist(participant.name, log, (failing or {}).get(participant.name, ()))  # noqa: E731
        campaign = Campaign(participants, dataset, start)
        campaign.run(launches)
        return campaign, log

    return run


def test_each_turn_begins_with_another_participant_and_the_next_launch_goes_on(run):
    _, log = run("abc", launches=2)
    order = {what: "".join(name for name, command in log if command == what) for what in ("import_seconds", "block")}
    assert order == {"import_seconds": "abc" + "cba", "block": "abc" + "cba" + "bca" + "acb" + "cab" + "bac"}


def test_two_sides_are_first_equally_often():
    assert ["".join(in_turn("ab", turn)) for turn in range(4)] == ["ab", "ba", "ba", "ab"]


def test_nobody_always_follows_the_same_one():
    orders = [in_turn("abcdefg", turn) for turn in range(9)]
    for name in "abcdefg":
        before = {order[order.index(name) - 1] for order in orders if order[0] != name}
        assert len(before) > 1


def test_each_launch_is_a_new_worker_and_its_samples_stay_apart(run):
    campaign, log = run("ab", launches=3)
    assert (log.count(("a", "import_seconds")), log.count(("a", "close"))) == (3, 2), "the last ones live on"
    campaign.close()
    assert log.count(("a", "close")) == 3
    expected = Launch(
        0.5,
        memory={"import": 1, "building": 2, "first step": 4},
        building_seconds=0.1,
        first_step_seconds=0.2,
        samples={STEP: [1.0, 1.0] * 3},
        conditions=CONDITIONS | {"kept_variables": "none"},
    )
    assert campaign.launches == {"a": [expected] * 3, "b": [expected] * 3}


def test_what_a_worker_is_asked_in_a_launch(dataset):
    """A network is built anew before training steps alone, and gets all of the training images but for its first."""
    worker = Diarist("a", [])
    participant = Participant("a", "variant", "mlp", (impls.load, "variant", Settings()), (STEP, PREDICT))
    Campaign([participant], dataset, lambda _: worker).run(1)
    images, labels = dataset.train
    build, look = ("build", impls.load, "variant", Settings()), ("peak_memory",)
    beginning = [("import_seconds", "variant"), look, build, look, ("conditions",)]
    first_step = [("first_step", images.first(128), labels.first(128)), look]
    step = [build, ("prepare", STEP, images, labels), *[("block",)] * 3]
    assert worker.said == [*beginning, *first_step, *step, ("prepare", PREDICT, images, labels), ("block",)]


def test_who_has_no_first_step_is_not_asked_for_one(dataset):
    worker = Diarist("a", [])
    Campaign([Participant("a", "a", "mlp", ("build",), (), has_first_step=False)], dataset, lambda _: worker).run(1)
    assert "first_step" not in [command for command, *_ in worker.said]


def test_an_epoch_is_measured_before_memory_is_mixed_and_the_floor_beside_the_training_steps(run):
    campaign, _ = run("a", launches=1, operations=(STEP, PREDICT, *floor.OPERATIONS[::-1], FIT))
    assert list(campaign.launches["a"][0].samples) == [FIT, *floor.OPERATIONS, STEP, PREDICT]
    assert set(campaign.launches["a"][0].memory) == {"import", "building", "first step", "training"}


@pytest.mark.parametrize("command", ["import_seconds", "build", "first_step", "prepare", "block"])
def test_who_fails_takes_no_further_part_and_disturbs_nobody(run, command):
    campaign, log = run("ab", launches=2, failing={"a": [command]})
    assert str(campaign.failures["a"]) == f"{command} of a failed"
    assert campaign.launches["a"] == []
    assert len(campaign.launches["b"]) == 2
    assert [name for name, what in log if what == command].count("a") == 1
    assert log.index(("a", "close")) == log.index(("a", command)) + 1  # at once: it could be at work still


def test_progress_names_launch_and_operation(dataset):
    seen = []
    campaign = Campaign([Participant("a", "a", "mlp", ("build", "a"), (STEP,))], dataset, lambda _: FakeWorker())
    campaign.failures["a"] = RuntimeError("not to be started")
    campaign.run(2, lambda *progress: seen.append(progress))
    assert seen == [(1, 2, "start a"), (1, 2, "train_step-128"), (2, 2, "start a"), (2, 2, "train_step-128")]
