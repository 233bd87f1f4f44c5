"""A comparison launches pairs until each quantity has a verdict, and names the reason if one has none."""

import threading

import pytest

from harness.judging.sequential import LOOKS, Sampling
from harness.measuring.timing import Unmeasurable
from harness.regression import comparison as module
from harness.regression.comparison import KEPT, Comparison, most_lanes
from harness.regression.launch import QUANTITIES, STEPS, Launch
from harness.regression.pair import Pairs
from impls import PackageNotInstalled
from impls.contract import Settings
from tests.fakes import CONDITIONS, FakeWorker

FIRST = min(LOOKS)


@pytest.fixture
def compare(dataset):
    """Compare two fakes, which take `seconds` for everything. `answers`: side -> other answers of its worker."""

    def compare(seconds=(1.0, 1.0), quantities=QUANTITIES, sampling=Sampling(), **answers):  # noqa: B008
        start = lambda each: FakeWorker(float(each.python), **answers.get(each.name, {}))  # noqa: E731
        comparison = Comparison(Pairs(seconds, Settings(), dataset, start), "numpy", quantities, sampling)
        comparison.run()
        return comparison

    return compare


@pytest.fixture
def measured(dataset, monkeypatch):
    """A comparison of which `both(number)` returns the measurements of the baseline and of the candidate."""

    def measured(both, *quantities):
        monkeypatch.setattr(module, "measure", lambda pair, wanted, number: both(number))
        pairs = Pairs("ab", Settings(), dataset, lambda participant: FakeWorker())
        return Comparison(pairs, "numpy", quantities, Sampling())

    return measured


def words(comparison):
    return {verdict.word for verdict in comparison.verdicts.values()}


@pytest.mark.parametrize(("candidate", "word"), [(1.0, "same"), (1.5, "worse"), (0.5, "better")])
def test_times(compare, candidate, word):
    comparison = compare((1.0, candidate), tuple(STEPS))
    assert words(comparison) == {word}
    assert len(comparison.launches) == FIRST


@pytest.mark.parametrize(
    ("baseline", "candidate", "expected"),
    [
        ([2.0, 7.0, 3.0], [2.2, 7.7, 3.3], (3.0, 3.3)),  # the machine's speed changes for both
        ([2.0, 2.0, 2.0], [2.0, 9.0, 2.0], (2.0, 2.0)),  # a block was disturbed
    ],
)
def test_blocks_are_compared_with_their_neighbours(measured, baseline, candidate, expected):
    comparison = measured(lambda _: [Launch({}, blocks={"import": each}) for each in (baseline, candidate)], "import")
    comparison.run()
    assert [side[0] for side in comparison.values("import")] == pytest.approx(expected)


def test_launches_without_a_measurement_are_left_out(measured):
    comparison = measured(lambda number: [Launch({}, {"import": number} if number else {}) for _ in "ab"], "import")
    comparison.run()
    assert comparison.values("import") == ([*range(1, len(comparison.launches))],) * 2


@pytest.mark.parametrize(("quantity", "kept"), KEPT.items())
@pytest.mark.parametrize(("share", "word"), [(0.9, "same"), (1.1, "worse"), (-1.1, "better")])
def test_kept_memory_is_judged_in_bytes(measured, quantity, kept, share, word):
    comparison = measured(lambda _: [Launch({}, {quantity: each}) for each in (0.0, share * kept)], quantity)
    comparison.run()
    assert (comparison.verdicts[quantity].word, comparison.verdicts[quantity].unit) == (word, "KiB")


def test_memory_that_the_system_does_not_report_is_missing(compare):
    assert words(compare(quantities=["peak-memory"], candidate={"peak_memory": None})) == {"missing"}


@pytest.mark.parametrize("command", ["numpy_seconds", "build", "of_fit", "block"])
@pytest.mark.parametrize(
    ("sides", "error", "word"),
    [
        (["candidate"], ImportError("broken\nin\nlines"), "worse"),
        (["baseline"], MemoryError(), "missing"),
        (["baseline", "candidate"], MemoryError(), "missing"),
        (["candidate"], PackageNotInstalled("no jax"), "missing"),
        (["candidate"], Unmeasurable("it spins"), "missing"),
    ],
)
def test_errors(compare, command, sides, error, word):
    comparison = compare(**{side: {command: error} for side in sides})
    assert words(comparison) == {word}
    [reason] = {verdict.reason for verdict in comparison.verdicts.values()}
    assert type(error).__name__ in reason
    assert "\n" not in reason


@pytest.mark.parametrize("error", [Unmeasurable("it spins"), KeyboardInterrupt()])
def test_verdicts_before_an_error_stand(measured, error):
    """Of the first launches, imports decide; first steps, which alternate by 5 %, do not."""

    def both(number):
        if number == FIRST:
            raise error
        return [Launch({}, {"import": 1.0, "first-step": each}) for each in (1.0, 1.05 ** (-1) ** number)]

    comparison = measured(both, "import", "first-step")
    if isinstance(error, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            comparison.run()
    else:
        comparison.run()
        assert "it spins" in comparison.verdicts["first-step"].reason
    assert [(each.word, each.launches) for each in comparison.verdicts.values()] == [
        ("same", FIRST),
        ("inconclusive", FIRST),
    ]


@pytest.mark.parametrize("other", [{"jit_compile": True}, {"affinity": [0]}])
def test_other_conditions_are_not_comparable(compare, other):
    comparison = compare(candidate={"conditions": CONDITIONS | other})
    assert words(comparison) == {"not comparable"}
    assert next(iter(other)) in comparison.verdicts["import"].reason
    assert len(comparison.launches) == 1


def test_without_time_all_is_inconclusive(compare):
    comparison = compare(sampling=Sampling(seconds=-1))
    assert words(comparison) == {"inconclusive"}
    assert not comparison.launches


def test_launches_at_once_have_their_own_processors(dataset):
    """Each launch waits for the other."""
    lanes, meeting = [], threading.Barrier(2, timeout=10)

    def start(participant):
        lanes.append(participant.lane)
        worker = FakeWorker()
        if participant.name == "baseline":
            worker.cpu_seconds = lambda: (meeting.wait(), 1.0)[1]
        return worker

    comparison = Comparison(Pairs("ab", Settings(), dataset, start), "numpy", ["peak-memory"], Sampling(at_once=2))
    comparison.run()
    assert sorted(comparison.launches) == list(range(FIRST))
    assert (lanes.count(0), lanes.count(1)) == (FIRST, FIRST)


@pytest.mark.parametrize(("processors", "threads", "lanes"), [(1, 1, 1), (2, 1, 2), (64, 1, 4), (8, 3, 2), (2, 4, 1)])
def test_most_lanes(processors, threads, lanes):
    assert most_lanes(processors, threads) == lanes
