"""A comparison launches in pairs, stops when it knows, and says of each quantity what kept it from knowing."""

import threading
from types import SimpleNamespace

import pytest

from harness.judging.verdict import LOOKS
from harness.measuring.timing import Unmeasurable
from harness.regression.comparison import KEPT, Comparison, most_lanes
from harness.regression.launch import QUANTITIES, STARTING, STEPS, Launch
from impls import PackageNotInstalled
from impls.contract import Settings
from tests.fakes import CONDITIONS, FakeWorker

FIRST, SECOND, *_, LAST = LOOKS
COMMANDS = ["numpy_seconds", "build", "first_step", "of_fit", "prepare", "block"]


class Side(FakeWorker):
    """Takes for each call what it is told to, times a speed that changes with each block.

    `python`: the seconds of a call. An answer may be a function of the number of launches before this one.
    """

    def __init__(self, side, python, clock, **answers):
        self.launch = clock["starts"] // 2
        clock["starts"] += 1
        super().__init__(
            float(python), **{name: told(self.launch) if callable(told) else told for name, told in answers.items()}
        )
        self.side, self.turn = side, 0

    def block(self):
        self.turn += 1
        speed = 1 + 0.3 * (self.turn % 3)  # of the machine: alike for neighbours
        speed *= 2 if self.side == "baseline" and self.turn % 3 == 0 else 1  # and now and then one is disturbed
        return [self.seconds * speed * self.noise()] * self.operation.rounds

    def noise(self):
        """The candidate's predictions are 3 % faster in one launch, and 3 % slower in the next."""
        if self.side == "baseline" or self.operation.method != "predict_step":
            return 1.0
        return 1.03 ** (-1) ** self.launch


@pytest.fixture
def compare(dataset):
    """Runs a comparison of two fakes, whose "interpreters" are the seconds that they take."""

    def compare(
        baseline=1.0,
        candidate=1.0,
        quantities=QUANTITIES,
        seconds=1e9,
        odd=("candidate",),
        family=7,
        on_progress=lambda *_: None,
        **odd_answers,
    ):
        clock = {"starts": 0}

        def start(participant):
            assert participant.variant == "numpy"
            answers = odd_answers if participant.name in odd else {}
            return Side(participant.name, participant.python, clock, **answers)

        pythons = (str(baseline), str(candidate))
        comparison = Comparison("numpy", pythons, Settings(), dataset, start, quantities, 0.05, 0.01, family)
        comparison.run(seconds, on_progress)
        return comparison

    return compare


@pytest.fixture
def values(dataset):
    """What the launches of both sides, lists of `Launch`, come to in a quantity."""

    def values(quantity, baseline, candidate):
        comparison = Comparison("numpy", ("a", "b"), Settings(), dataset, None, [quantity], 0.05, 0.01, 1)
        comparison.launches = dict(enumerate(zip(baseline, candidate, strict=True)))
        return comparison.values(quantity)

    return values


def stepping(*seconds):
    """A launch that was measured in so many blocks of training steps."""
    return Launch({}, blocks={"train_step-128": list(seconds)})


def words(comparison):
    return {quantity: verdict.word for quantity, verdict in comparison.verdicts.items()}


def test_it_stops_at_the_first_look_that_decides(compare):
    comparison = compare(quantities=("train_step-128", *STARTING))
    assert set(words(comparison).values()) == {"same"}
    assert len(comparison.launches) == FIRST


def test_it_goes_on_with_what_is_not_decided_and_with_nothing_else(compare):
    comparison = compare()
    assert words(comparison) == dict.fromkeys(QUANTITIES, "same")
    launches = [candidate for _, candidate in comparison.launches.values()]
    assert len(launches) in (SECOND, LAST)
    measured = {name: sum(name in {*launch.blocks, *launch.values} for launch in launches) for name in QUANTITIES}
    assert measured["train_step-128"] == measured["fit-3200"] == measured["kept-by-epoch"] == FIRST
    assert measured["predict_step-128"] == len(launches)
    assert comparison.verdicts["predict_step-128"].launches == len(launches)


def test_a_slower_candidate_is_worse_and_a_faster_one_better(compare):
    assert set(words(compare(1.0, 1.5, tuple(STEPS))).values()) == {"worse"}
    assert set(words(compare(1.5, 1.0, tuple(STEPS))).values()) == {"better"}


def test_what_changes_between_blocks_is_in_both_sides(compare):
    verdict = compare(1.0, 1.02, ("train_step-128",)).verdicts["train_step-128"]
    assert verdict.change == pytest.approx(0.02)
    assert verdict.low == pytest.approx(verdict.high)


def test_a_block_that_was_disturbed_does_not_count(values):
    calm, disturbed = stepping(2.0, 2.0, 2.0), stepping(2.0, 9.0, 2.0)
    assert values("train_step-128", [calm, disturbed], [disturbed, calm]) == ([2.0, 2.0], [2.0, 2.0])


def test_the_launches_of_both_are_paired_in_the_order_of_their_numbers(dataset):
    comparison = Comparison("numpy", ("a", "b"), Settings(), dataset, None, ["import"], 0.05, 0.01, 1)
    for number in (2, 0, 1):  # as they were done
        comparison.launches[number] = tuple(Launch({}, {"import": side + number}) for side in (1.0, 10.0))
    assert comparison.values("import") == ([1.0, 2.0, 3.0], [10.0, 11.0, 12.0])


def test_a_launch_in_which_something_was_not_measured_has_no_part_in_it(values):
    step, none = stepping(1.0), Launch({})
    assert values("train_step-128", [step, step, none], [step, none, step]) == ([1.0], [1.0])


@pytest.mark.parametrize(("quantity", "kept"), KEPT.items())
@pytest.mark.parametrize(("share", "word"), [(0.9, "same"), (1.1, "worse"), (-1.1, "better")])
def test_memory_that_is_kept_is_judged_in_bytes_as_it_may_be_none(dataset, quantity, kept, share, word):
    comparison = Comparison("numpy", ("a", "b"), Settings(), dataset, None, [quantity], 0.05, 0.01, 1)
    sides = (Launch({}, {quantity: 0.0}), Launch({}, {quantity: share * kept}))
    comparison.launches = dict.fromkeys(range(FIRST), sides)
    verdict = comparison._judged(quantity, 0.01)
    assert (verdict.word, verdict.unit) == (word, "KiB")
    assert f"{share * kept / 1024:+.1f} KiB" in str(verdict)


def test_the_more_is_judged_in_a_run_the_more_launches_each_quantity_needs(compare):
    done = [compare(quantities=["predict_step-128"], family=family).begun for family in (1, 1000)]
    assert FIRST == done[0] < done[1] < LAST


def test_what_was_known_before_a_failure_is_judged_no_less_strictly(compare):
    enough = compare(quantities=["predict_step-128"], family=1).begun
    conditions = lambda launch: CONDITIONS if launch < enough else Unmeasurable("it spins")  # noqa: E731
    comparison = compare(quantities=["predict_step-128"], family=1000, conditions=conditions)
    assert comparison.verdicts["predict_step-128"].launches == enough
    assert words(comparison) == {"predict_step-128": "inconclusive"}


def test_progress_counts_the_launches_and_names_the_next_look(compare):
    seen = []
    compare(quantities=["predict_step-128"], on_progress=lambda *progress: seen.append(progress))
    assert seen[:2] == [(0, FIRST), (1, FIRST)]
    assert seen[FIRST - 1 : FIRST + 1] == [(FIRST - 1, FIRST), (FIRST, SECOND)]


@pytest.fixture
def launch_at_once(dataset):
    """Launches until the first look, so many at once; the lanes of the baselines. `meet` is called in each launch."""

    def launch_at_once(lanes, meet):
        seen = []

        def start(participant):
            if participant.name == "candidate":
                return FakeWorker()
            seen.append(participant.lane)
            worker = FakeWorker()
            worker.cpu_seconds = lambda: (meet(), 1.0)[1]
            return worker

        comparison = Comparison("numpy", "ab", Settings(), dataset, start, ["peak-memory"], 0.05, 0.01, 1, lanes)
        comparison.run(1e9)
        assert comparison.failure is None
        assert sorted(comparison.launches) == list(range(FIRST))
        return seen

    return launch_at_once


def test_launches_at_once_are_on_processors_of_their_own(launch_at_once):
    """Each waits for the other."""
    assert sorted(launch_at_once(2, threading.Barrier(2, timeout=10).wait)) == [0] * (FIRST // 2) + [1] * (FIRST // 2)


def test_no_more_are_launched_at_once_than_the_look_needs(launch_at_once):
    assert len(launch_at_once(3, lambda: None)) == FIRST


@pytest.mark.parametrize(("processors", "threads", "lanes"), [(1, 1, 1), (2, 1, 2), (64, 1, 4), (8, 3, 2), (2, 4, 1)])
def test_there_are_as_many_lanes_as_fit(processors, threads, lanes):
    assert most_lanes(processors, threads) == lanes


@pytest.mark.parametrize(("seconds", "launches"), [(0.5, 1), (35, 3), (40, 4)])
def test_no_launch_is_begun_that_would_not_be_done_in_time(compare, monkeypatch, seconds, launches):
    """Each takes ten seconds."""
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)

    def wait(launch):
        clock.now += 10.0
        return CONDITIONS

    monkeypatch.setattr("harness.regression.comparison.time", clock)
    found = compare(quantities=["train_step-128"], seconds=seconds, conditions=wait)
    assert found.verdicts["train_step-128"].launches == launches


def test_without_time_nothing_is_decided(compare):
    comparison = compare(seconds=0)
    assert set(words(comparison).values()) == {"inconclusive"}
    assert comparison.verdicts["import"].reason == "the time was up before the first launch"


@pytest.mark.parametrize("error", [MemoryError(), ImportError("broken\nin many lines\nand at last")])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_candidate_that_fails_is_worse_and_its_error_is_said(compare, command, error):
    comparison = compare(**{command: error})
    assert set(words(comparison).values()) == {"worse"}
    said = {"MemoryError": "MemoryError", "ImportError": "ImportError: broken ... and at last"}[type(error).__name__]
    assert comparison.verdicts["import"].reason == f"the candidate fails where the baseline does not: {said}"


@pytest.mark.parametrize("odd", [("baseline",), ("baseline", "candidate")])
@pytest.mark.parametrize("command", COMMANDS)
def test_if_the_baseline_fails_nothing_is_known(compare, command, odd):
    comparison = compare(odd=odd, **{command: MemoryError()})
    assert set(words(comparison).values()) == {"missing"}
    assert comparison.verdicts["import"].reason == "MemoryError"


@pytest.mark.parametrize("error", [PackageNotInstalled("jax is not installed"), Unmeasurable("it spins")])
def test_what_is_no_fault_of_the_candidate_is_missing(compare, error):
    assert set(words(compare(block=error)).values()) == {"missing"}


def test_a_failure_after_some_launches_leaves_what_they_have_shown(compare):
    conditions = lambda launch: CONDITIONS if launch < FIRST else Unmeasurable("it spins")  # noqa: E731
    comparison = compare(quantities=("train_step-128", "predict_step-128"), conditions=conditions)
    assert words(comparison) == {"train_step-128": "same", "predict_step-128": "inconclusive"}
    assert comparison.verdicts["predict_step-128"].launches == FIRST
    assert comparison.verdicts["predict_step-128"].reason == "Unmeasurable: it spins"
    assert comparison.verdicts["predict_step-128"].needed == 0  # of which it will not get any


JIT = "jit_compile False in the baseline, True in the candidate"
AFFINITY = "affinity [0, 1] in the baseline, [0] in the candidate"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"jit_compile": True}, JIT),
        ({"affinity": [0]}, AFFINITY),
        ({"affinity": [0], "jit_compile": True}, f"{AFFINITY}; {JIT}"),
    ],
    ids=["jit_compile", "affinity", "both"],
)
def test_other_conditions_make_times_not_comparable(compare, other, reason):
    comparison = compare(conditions=CONDITIONS | other)
    assert set(words(comparison).values()) == {"not comparable"}
    assert comparison.verdicts["import"].reason == reason
    assert comparison.begun == 1


def test_what_the_system_does_not_tell_is_missing(compare):
    assert words(compare(peak_memory=None))["peak-memory"] == "missing"
