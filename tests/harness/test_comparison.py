"""A comparison measures in pairs, stops when it knows, and says of each quantity what kept it from knowing."""

from types import SimpleNamespace

import pytest

from harness.campaign import Launch
from harness.regression.comparison import QUANTITIES, STARTING, TIMED, Comparison
from harness.regression.verdict import LOOKS
from harness.timing import Unmeasurable
from harness.workload import EPOCH
from impls import PackageNotInstalled
from impls.contract import Settings
from tests.fakes import CONDITIONS, FakeWorker

STEP = TIMED["train_step-128"]


class Side(FakeWorker):
    """Takes for each call what it is told to, times a speed that changes with each block.

    `python`: the seconds of a call. An answer may be a function of the number of launches before this one.
    """

    def __init__(self, side, python, clock, **answers):
        launches = clock["launches"]
        super().__init__(**{name: told(launches) if callable(told) else told for name, told in answers.items()})
        self.side, self.python, self.clock = side, python, clock

    def block(self):
        pair = self.clock["blocks"] // 2
        self.clock["blocks"] += 1
        speed = 1 + 0.3 * (pair % 3)  # of the machine: alike for neighbours
        speed *= 2 if self.side == "baseline" and pair % 3 == 0 else 1  # and now and then one is disturbed
        return [float(self.python) * speed * self.noise()] * self.operation.rounds

    def noise(self):
        """The candidate's predictions are 3 % faster in one launch, and 3 % slower in the next."""
        if self.side == "baseline" or self.operation.method != "predict_step":
            return 1.0
        return 1.03 ** (-1) ** self.clock["launches"]

    def close(self):
        self.clock["launches"] += self.side == "baseline"


@pytest.fixture
def compare(mnist):
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
        clock = {"blocks": 0, "launches": 0}

        def start(participant):
            assert participant.variant == participant.build[1] == "numpy"
            answers = odd_answers if participant.name in odd else {}
            return Side(participant.name, participant.python, clock, **answers)

        pythons = (str(baseline), str(candidate))
        comparison = Comparison("numpy", pythons, Settings(), mnist, start, quantities, 0.05, family)
        comparison.run(seconds, on_progress)
        return comparison

    return compare


@pytest.fixture
def values(mnist):
    """What the launches of both sides, lists of `Launch`, come to in a quantity."""

    def values(quantity, baseline, candidate):
        comparison = Comparison("numpy", ("a", "b"), Settings(), mnist, None, [quantity], 0.05, 1)
        comparison.campaign.launches = {"baseline": baseline, "candidate": candidate}
        return comparison.values(quantity)

    return values


def stepping(*seconds):
    """A launch that was measured in so many training steps."""
    return Launch(0.5, samples={STEP: list(seconds)})


def words(comparison):
    return {quantity: verdict.word for quantity, verdict in comparison.verdicts.items()}


def test_it_stops_at_the_first_look_that_decides(compare):
    comparison = compare(quantities=("train_step-128", *STARTING))
    assert set(words(comparison).values()) == {"same"}
    assert comparison.campaign.done == LOOKS[0]


def test_it_goes_on_with_what_is_not_decided_and_with_nothing_else(compare):
    comparison = compare()
    assert words(comparison) == dict.fromkeys(QUANTITIES, "same")
    launches = comparison.campaign.launches["candidate"]
    assert len(launches) in LOOKS[1:]
    measured = {name: sum(TIMED[name] in launch.samples for launch in launches) for name in TIMED}
    assert measured["train_step-128"] == measured["fit-6400"] == LOOKS[0]
    assert measured["predict_step-128"] == len(launches)
    assert comparison.verdicts["predict_step-128"].launches == len(launches)


def test_a_slower_candidate_is_worse_and_a_faster_one_better(compare):
    assert set(words(compare(1.0, 1.5, tuple(TIMED))).values()) == {"worse"}
    assert set(words(compare(1.5, 1.0, tuple(TIMED))).values()) == {"better"}


def test_what_changes_between_blocks_is_in_both_sides(compare):
    verdict = compare(1.0, 1.02, ("train_step-128",)).verdicts["train_step-128"]
    assert verdict.change == pytest.approx(0.02)
    assert verdict.low == pytest.approx(verdict.high)


def test_what_comes_with_every_tenth_step_counts(values):
    """Twelve steps are a block, of which the mean is taken: a median would not see the slow ones."""
    even, uneven = stepping(*[1.0] * 24), stepping(*([1.0] * 11 + [13.0]) * 2)
    assert values("train_step-128", [even], [uneven]) == ([1.0], [pytest.approx(2.0)])


def test_a_block_that_was_disturbed_does_not_count(values):
    calm, disturbed = stepping(*[2.0] * 36), stepping(*[2.0] * 12, *[9.0] * 12, *[2.0] * 12)
    assert values("train_step-128", [calm, disturbed], [disturbed, calm]) == ([2.0, 2.0], [2.0, 2.0])


def test_the_launches_of_both_are_paired_in_the_order_in_which_they_ran(values):
    baseline, candidate = ([Launch(side * seconds) for seconds in (1.0, 2.0, 3.0)] for side in (1, 10))
    assert values("import", baseline, candidate) == ([1.0, 2.0, 3.0], [10.0, 20.0, 30.0])


def test_a_launch_in_which_something_was_not_measured_has_no_part_in_it(values):
    step, none = stepping(*[1.0] * 12), Launch(0.5)
    assert values("train_step-128", [step, step, none], [step, none, step]) == ([1.0], [1.0])


def test_the_first_step_counts_from_the_import_on_and_memory_until_then(values):
    memory = {"import": 1, "building": 2, "first step": 4, "training": 8}
    launch = Launch(0.5, memory, building_seconds=0.25, first_step_seconds=2.0)
    assert values("first-step", [launch], [launch]) == ([2.75], [2.75])
    assert values("peak-memory", [launch], [launch]) == ([4], [4])


def test_the_more_is_judged_in_a_run_the_more_launches_each_quantity_needs(compare):
    done = [compare(quantities=["predict_step-128"], family=family).campaign.done for family in (1, 1000)]
    assert LOOKS[0] < done[0] < done[1] < LOOKS[-1]


def test_what_was_known_before_a_failure_is_judged_no_less_strictly(compare):
    enough = compare(quantities=["predict_step-128"], family=1).campaign.done
    conditions = lambda launch: CONDITIONS if launch < enough else Unmeasurable("it spins")  # noqa: E731
    comparison = compare(quantities=["predict_step-128"], family=1000, conditions=conditions)
    assert comparison.verdicts["predict_step-128"].launches == enough
    assert words(comparison) == {"predict_step-128": "inconclusive"}


def test_progress_names_the_launch_and_the_next_look(compare):
    seen = []
    compare(quantities=["predict_step-128"], on_progress=lambda *progress: seen.append(progress))
    assert seen[:3] == [(1, 7, "start baseline"), (1, 7, "start candidate"), (1, 7, "predict_step-128")]
    assert {look for launch, look, _ in seen if launch in (7, 8)} == {7, 10}


@pytest.mark.parametrize(("seconds", "launches"), [(0.5, 1), (35, 3), (40, 4)])
def test_no_launch_is_begun_that_would_not_be_done_in_time(compare, monkeypatch, seconds, launches):
    """Each takes ten seconds, by a clock that runs when one begins with the operation."""
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)

    def on_progress(launch, look, what):
        clock.now += 10.0 if what == "train_step-128" else 0.0

    monkeypatch.setattr("harness.regression.comparison.time", clock)
    found = compare(quantities=["train_step-128"], seconds=seconds, on_progress=on_progress)
    assert found.verdicts["train_step-128"].launches == launches


def test_without_time_nothing_is_decided(compare):
    comparison = compare(seconds=0)
    assert set(words(comparison).values()) == {"inconclusive"}
    assert comparison.verdicts["import"].reason == "the time was up before the first launch"


@pytest.mark.parametrize("error", [MemoryError(), ImportError("broken\nin many lines\nand at last")])
@pytest.mark.parametrize("command", ["import_", "build", "first_step", "prepare", "block"])
def test_a_candidate_that_fails_is_worse_and_its_error_is_said(compare, command, error):
    comparison = compare(**{command: error})
    assert set(words(comparison).values()) == {"worse"}
    said = {"MemoryError": "MemoryError", "ImportError": "ImportError: broken ... and at last"}[type(error).__name__]
    assert comparison.verdicts["import"].reason == f"it fails where the baseline does not, candidate: {said}"


@pytest.mark.parametrize("odd", [("baseline",), ("baseline", "candidate")])
@pytest.mark.parametrize("command", ["import_", "build", "first_step", "prepare", "block"])
def test_if_the_baseline_fails_nothing_is_known(compare, command, odd):
    comparison = compare(odd=odd, **{command: MemoryError()})
    assert set(words(comparison).values()) == {"missing"}
    assert comparison.verdicts["import"].reason == "; ".join(f"{side}: MemoryError" for side in odd)


@pytest.mark.parametrize("error", [PackageNotInstalled("jax is not installed"), Unmeasurable("it spins")])
def test_what_is_no_fault_of_the_candidate_is_missing(compare, error):
    assert set(words(compare(block=error)).values()) == {"missing"}


def test_a_failure_after_some_launches_leaves_what_they_have_shown(compare):
    conditions = lambda launch: CONDITIONS if launch < LOOKS[0] else Unmeasurable("it spins")  # noqa: E731
    comparison = compare(quantities=("train_step-128", "predict_step-128"), conditions=conditions)
    assert words(comparison) == {"train_step-128": "same", "predict_step-128": "inconclusive"}
    assert comparison.verdicts["predict_step-128"].launches == LOOKS[0]
    assert comparison.verdicts["predict_step-128"].reason == "candidate: Unmeasurable: it spins"
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
    assert comparison.campaign.done == 1


def test_what_the_system_does_not_tell_is_missing(compare):
    assert words(compare(peak_memory=None))["peak-memory"] == "missing"


def test_what_is_timed_is_called_by_its_method_and_batch_and_an_epoch_is_a_short_one():
    assert list(TIMED) == ["train_step-128", "predict_step-1", "predict_step-128", "fit-6400"]
    assert list(TIMED) == [str(operation) for operation in TIMED.values()]
    assert TIMED["fit-6400"].batch_size < EPOCH.batch_size
