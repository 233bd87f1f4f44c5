"""A campaign gives every variant the same turns, keeps each launch apart, and is not fooled by whom it measures."""

import json

import pytest

from harness import floor
from harness.campaign import Campaign, Launch, Participant, in_turn
from harness.timing import Unmeasurable
from harness.workload import Operation
from tests.fakes import CONDITIONS, FakeWorker

STEP = Operation("train_step", 128, rounds=2, blocks=3)
PREDICT = Operation("predict_step", 128, rounds=2, blocks=1)
FIT = Operation("fit", 60_000, rounds=1, blocks=1)


class Diarist(FakeWorker):
    """Keeps what it was asked, and holds as many bytes as it has worked off commands."""

    def __init__(self, name, log, failing=()):
        super().__init__(**{command: RuntimeError(f"{command} of {name} failed") for command in failing})
        self.name, self.log, self.said, self.bytes = name, log, [], 0

    def call(self, command, *arguments):
        self.log.append((self.name, command))
        self.said.append((command, *arguments))
        if command == "peak_memory":
            return self.bytes
        self.bytes += 1
        return super().call(command, *arguments)

    def close(self):
        self.log.append((self.name, "close"))


@pytest.fixture
def run(mnist):
    def run(names, launches, operations=(STEP,), failing=None):
        log = []
        participants = [Participant(name, name, ("build", name), operations) for name in names]
        start = lambda participant: Diarist(participant.name, log, (failing or {}).get(participant.name, ()))  # noqa: E731
        campaign = Campaign(participants, mnist, start)
        campaign.run(launches)
        return campaign, log

    return run


def test_each_turn_begins_with_another_participant_and_the_next_launch_goes_on(run):
    _, log = run("abc", launches=2)
    order = {what: "".join(name for name, command in log if command == what) for what in ("import_", "block")}
    assert order == {"import_": "abc" + "cba", "block": "abc" + "cba" + "bca" + "acb" + "cab" + "bac"}


def test_two_sides_are_first_equally_often():
    assert ["".join(in_turn("ab", turn)) for turn in range(4)] == ["ab", "ba", "ba", "ab"]


def test_nobody_always_follows_the_same_one():
    orders = [in_turn("abcdefg", turn) for turn in range(9)]
    for name in "abcdefg":
        before = {order[order.index(name) - 1] for order in orders if order[0] != name}
        assert len(before) > 1


def test_each_launch_is_a_new_worker_and_its_samples_stay_apart(run):
    campaign, log = run("ab", launches=3)
    assert (log.count(("a", "import_")), log.count(("a", "close"))) == (3, 2), "the last ones live on"
    campaign.close()
    assert log.count(("a", "close")) == 3
    expected = Launch(
        0.5,
        memory={"import": 1, "building": 2, "first step": 4},
        building_seconds=0.1,
        first_step_seconds=0.2,
        samples={STEP: [1.0, 1.0] * 3},
        conditions=CONDITIONS,
    )
    assert campaign.launches == {"a": [expected] * 3, "b": [expected] * 3}


def test_what_a_worker_is_asked_in_a_launch(mnist):
    """A network is built anew before training steps alone, and gets all of the training images but for its first."""
    worker = Diarist("a", [])
    participant = Participant("a", "variant", ("build", "variant", {}), (STEP, PREDICT))
    Campaign([participant], mnist, lambda _: worker).run(1)
    images, labels = mnist.train
    build, look = ("build", "variant", {}), ("peak_memory",)
    beginning = [("import_", "variant"), look, build, look, ("conditions",)]
    first_step = [("first_step", images.first(128), labels.first(128)), look]
    step = [build, ("prepare", tuple(STEP), images, labels), *[("block",)] * 3]
    assert worker.said == [*beginning, *first_step, *step, ("prepare", tuple(PREDICT), images, labels), ("block",)]


def test_who_has_no_first_step_is_not_asked_for_one(mnist):
    worker = Diarist("a", [])
    Campaign([Participant("a", "a", ("build",), (), has_first_step=False)], mnist, lambda _: worker).run(1)
    assert "first_step" not in [command for command, *_ in worker.said]


def test_an_epoch_is_measured_before_memory_is_mixed_and_the_floor_beside_the_training_steps(run):
    campaign, _ = run("a", launches=1, operations=(STEP, PREDICT, *floor.OPERATIONS[::-1], FIT))
    assert list(campaign.launches["a"][0].samples) == [FIT, *floor.OPERATIONS, STEP, PREDICT]
    assert set(campaign.launches["a"][0].memory) == {"import", "building", "first step", "training"}


@pytest.mark.parametrize("command", ["import_", "build", "first_step", "prepare", "block"])
def test_who_fails_takes_no_further_part_and_disturbs_nobody(run, command):
    campaign, log = run("ab", launches=2, failing={"a": [command]})
    assert str(campaign.failures["a"]) == f"{command} of a failed"
    assert campaign.launches["a"] == []
    assert len(campaign.launches["b"]) == 2
    assert [name for name, what in log if what == command].count("a") == 1
    assert log.index(("a", "close")) == log.index(("a", command)) + 1  # at once: it could be at work still


def test_progress_names_launch_and_operation(mnist):
    seen = []
    campaign = Campaign([Participant("a", "a", ("build", "a"), (STEP,))], mnist, lambda _: FakeWorker())
    campaign.failures["a"] = RuntimeError("not to be started")
    campaign.run(2, lambda *progress: seen.append(progress))
    assert seen == [(1, 2, "start a"), (1, 2, "train_step-128"), (2, 2, "start a"), (2, 2, "train_step-128")]


@pytest.fixture
def benchmarks(run_here, tmp_path):
    """Benchmarks, as pytest-benchmark saves them, of workers that are fakes unless told otherwise; and the run."""

    def benchmarks(*arguments, worker=lambda name, **_: FakeWorker()):
        saved = tmp_path / "b.json"
        options = ("--benchmark-only", f"--benchmark-json={saved}", f"--benchmark-storage={tmp_path}")
        done = run_here(*options, *arguments, "tests/test_latency.py", worker=worker)
        return json.loads(saved.read_text())["benchmarks"] if saved.exists() else [], done

    return benchmarks


def test_who_cannot_be_measured_is_an_error_and_the_others_are_measured(benchmarks):
    def worker(name, **options):
        return FakeWorker(**({"prepare": Unmeasurable("synchronize() does not wait")} if name == "jax" else {}))

    chosen = ("--launches", "1", "--framework", "jax", "--framework", "numpy", "-k", "step-32")
    found, done = benchmarks(*chosen, worker=worker)
    assert [benchmark["param"] for benchmark in found] == ["numpy-train_step-32"]
    assert "synchronize() does not wait" in done.stdout
    assert "1 passed" in done.stdout
    assert "1 error" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED


def test_a_record_holds_its_launches_and_all_it_depends_on(benchmarks):
    chosen = ("--launches", "2", "--framework", "numpy", "-k", "train_step-512", "--threads", "1")
    found, done = benchmarks(*chosen, worker=None)
    assert done.returncode == 0, done.stdout
    [benchmark] = found
    info = benchmark["extra_info"]
    assert [len(samples) for samples in info["launches"]] == [30, 30]
    assert benchmark["stats"]["data"] == info["launches"][0] + info["launches"][1]
    assert info["threads"] == len(info["affinity"]) == 1
    assert (info["batch_size"], info["device"], info["jit_compile"]) == (512, "cpu", False)
    for each_launch in ("import_seconds", "first_step_seconds", "floor_seconds"):
        assert [seconds > 0 for seconds in info[each_launch]] == [True, True]
    assert {"numpy", "python", "cpu", "load_average", "garbage_collector", "implementation_sha256"} <= set(info)
    for memory in info["peak_memory_bytes"]:
        assert 20e6 < memory["import"] <= memory["building"] < 1e9  # an interpreter with NumPy holds some 30 MB
    assert "UNSERIALIZABLE" not in json.dumps(benchmark)


def test_saved_runs_are_compared_where_they_can_be(benchmarks):
    def run(*options, threads="all"):
        worker = lambda name, **_: FakeWorker(conditions=CONDITIONS | {"threads": threads})  # noqa: E731
        chosen = ("--launches", "1", "--framework", "numpy", "-k", "predict_step-1")
        return benchmarks(*options, *chosen, worker=worker)[1]

    assert run("--benchmark-save=before").returncode == 0
    assert "(NOW)" in run("--benchmark-compare").stdout
    other = run("--benchmark-compare", threads=1)
    assert "(NOW)" not in other.stdout
    assert "0001_before.json: not comparable (threads all then, 1 now" in other.stdout
    done = run("--benchmark-compare", "--benchmark-compare-fail=median:5%", threads=1)
    assert "nothing could be compared" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
