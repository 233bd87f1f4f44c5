"""A campaign interleaves its participants fairly, separates launches, and isolates a participant that fails."""

import pytest

import impls
from harness.measuring import floor
from harness.measuring.campaign import Campaign, Launch, Participant
from harness.measuring.interleaving import in_turn, interleaved
from harness.measuring.workload import Operation
from impls.contract import Settings
from tests.fakes import CONDITIONS, FakeWorker

STEP = Operation("train_step", 128, rounds=2, blocks=3)
PREDICT = Operation("predict_step", 128, rounds=2, blocks=1)
FIT = Operation("fit", 60_000, rounds=1, blocks=1)


class Recorder(FakeWorker):
    """Records its commands in `log`, and holds a byte more after each."""

    def __init__(self, name, log, failing=()):
        super().__init__(**{command: RuntimeError(f"{command} of {name} failed") for command in failing})
        self.name, self.log, self.commands, self.bytes = name, log, [], 0

    def answer(self, command, *arguments):
        self.log.append((self.name, command))
        self.commands.append((command, *arguments))
        if command == "peak_memory":
            return self.bytes
        self.bytes += 1
        return super().answer(command, *arguments)

    def close(self):
        self.log.append((self.name, "close"))


@pytest.fixture
def run(dataset):
    def run(names, launches=1, operations=(STEP,), failing=None):
        log = []
        build = (impls.load, "variant", Settings())
        participants = [Participant(name, "variant", "mlp", build, operations) for name in names]
        start = lambda participant: Recorder(participant.name, log, (failing or {}).get(participant.name, ()))  # noqa: E731
        campaign = Campaign(participants, dataset, start)
        campaign.run(launches)
        return campaign, log

    return run


@pytest.mark.parametrize(("sides", "turns"), [("ab", "ab ba ba ab"), ("abc", "abc cba bca acb cab bac abc")])
def test_order_of_turns(sides, turns):
    assert ["".join(in_turn(sides, turn)) for turn in range(len(turns.split()))] == turns.split()
    assert "".join(interleaved(sides, range(len(turns.split())))) == turns.replace(" ", "")


def test_launches_continue_the_order_of_turns(run):
    _, log = run("abc", launches=2)
    order = {what: "".join(name for name, command in log if command == what) for what in ("import_seconds", "block")}
    assert order == {"import_seconds": "abc" + "cba", "block": "abc" + "cba" + "bca" + "acb" + "cab" + "bac"}


def test_each_launch_has_new_workers_and_its_own_samples(run):
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


def test_a_network_is_built_anew_before_training_steps(run, dataset):
    campaign, _ = run("a", operations=(STEP, PREDICT))
    build, (images, labels) = ("build", impls.load, "variant", Settings()), dataset.train
    commands = [each for each in campaign.workers["a"].commands if each[0] in ("build", "first_step", "prepare")]
    first_step = ("first_step", images.first(128), labels.first(128))
    assert commands == [
        *(build, first_step),
        *(build, ("prepare", STEP, images, labels)),
        ("prepare", PREDICT, images, labels),
    ]


def test_order_of_operations(run):
    """An epoch comes before memory is mixed, and the floor next to the training steps."""
    campaign, _ = run("a", operations=(STEP, PREDICT, *floor.OPERATIONS[::-1], FIT))
    assert list(campaign.launches["a"][0].samples) == [FIT, *floor.OPERATIONS, STEP, PREDICT]
    assert set(campaign.launches["a"][0].memory) == {"import", "building", "first step", "training"}


@pytest.mark.parametrize("command", ["import_seconds", "build", "first_step", "prepare", "block"])
def test_a_failed_participant_is_closed_at_once_and_left_out(run, command):
    campaign, log = run("ab", launches=2, failing={"a": [command]})
    assert str(campaign.failures["a"]) == f"{command} of a failed"
    assert (len(campaign.launches["a"]), len(campaign.launches["b"])) == (0, 2)
    assert [name for name, what in log if what == command].count("a") == 1
    assert log.index(("a", "close")) == log.index(("a", command)) + 1


def test_ctrl_c_closes_all_workers(dataset):
    log = []
    build = (impls.load, "a", Settings())
    participants = [Participant(name, name, "mlp", build, (STEP,)) for name in "ab"]
    campaign = Campaign(participants, dataset, lambda participant: Recorder(participant.name, log))

    def interrupt(launch, launches, what):
        if what == str(STEP):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        campaign.run(1, interrupt)
    assert {name for name, command in log if command == "close"} == {"a", "b"}
    assert not campaign.workers


def test_progress_names_launch_and_operation(dataset):
    seen = []
    campaign = Campaign([Participant("a", "a", "mlp", ("build", "a"), (STEP,))], dataset, lambda _: FakeWorker())
    campaign.run(2, lambda *progress: seen.append(progress))
    assert seen == [(1, 2, "start a"), (1, 2, "train_step-128"), (2, 2, "start a"), (2, 2, "train_step-128")]
