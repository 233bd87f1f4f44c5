"""A comparison draws pairs until each quantity has a verdict, and names the reason if one has none."""

import contextlib
import threading
from collections import Counter

import pytest

from harness.judging.sequential import INTERIM_ANALYSES, Sampling
from harness.measuring.timing import Unmeasurable
from harness.regression import comparison as module
from harness.regression.comparison import Comparison, most_pairs
from harness.regression.pair import Pairs
from harness.regression.pair_run import QUANTITIES, STEPS, PairRun
from harness.regression.versions import ACCURACY
from impls import PackageNotInstalled
from impls.contract import Settings
from tests.fakes import CONDITIONS, FakeWorker

FIRST = min(INTERIM_ANALYSES)


@pytest.fixture
def compare(dataset):
    """Compare two fakes, which take `seconds` for everything. `answers`: side -> other answers of its worker."""

    def compare(seconds=(1.0, 1.0), quantities=QUANTITIES, sampling=Sampling(), **answers):  # noqa: B008
        start = lambda each: FakeWorker(float(each.python), **answers.get(each.name, {}))  # noqa: E731
        comparison = Comparison(Pairs(Settings(), dataset, start), "numpy", seconds, quantities, sampling)
        comparison.run()
        return comparison

    return compare


@pytest.fixture
def measured(dataset, monkeypatch):
    """A comparison whose pairs measure `both(number)`: quantity -> values of both."""

    def measured(both, *quantities):
        monkeypatch.setattr(module, "measure", lambda pair, wanted, number: PairRun(({}, {}), both(number)))
        pairs = Pairs(Settings(), dataset, lambda target: FakeWorker())
        return Comparison(pairs, "numpy", "ab", quantities, Sampling())

    return measured


def words(comparison):
    return {verdict.word for verdict in comparison.verdicts.values()}


@pytest.mark.parametrize(("candidate", "word"), [(1.0, "same"), (1.5, "worse"), (0.5, "better")])
def test_times_have_verdicts_after_the_first_analysis(compare, candidate, word):
    comparison = compare((1.0, candidate), STEPS)
    assert words(comparison) == {word}
    assert len(comparison.runs) == FIRST


def test_blocks_are_compared_with_their_neighbours(measured):
    """The machine's speed changes for both, and one block of the candidate was disturbed."""
    comparison = measured(lambda _: {"import": ([1.0, 2.0, 4.0], [1.1, 9.0, 4.4])}, "import")
    comparison.run()
    assert [side[0] for side in comparison.values("import")] == pytest.approx([2.0, 2.2])


@pytest.mark.parametrize(("quantity", "margin"), [("kept-by-epoch", 25 * 1024), ("kept-by-call", 1024)])
@pytest.mark.parametrize(("share", "word"), [(0.9, "same"), (1.1, "worse"), (-1.1, "better")])
def test_kept_memory_is_judged_in_bytes(measured, quantity, margin, share, word):
    comparison = measured(lambda _: {quantity: (0.0, share * margin)}, quantity)
    comparison.run()
    assert (comparison.verdicts[1, quantity].word, comparison.verdicts[1, quantity].unit) == (word, "KiB")


def test_memory_that_the_system_does_not_report_is_missing(compare):
    silent = {"peak_memory": None, "in_use": None, "fit_usage": ([1.0] * 6, None, True)}
    memory = [name for name in QUANTITIES if "memory" in name or "kept" in name]
    assert words(compare(quantities=memory, candidate=silent)) == {"missing"}


@pytest.mark.parametrize(
    ("side", "error", "word"),
    [
        ("candidate", ImportError("broken\nin\nlines"), "worse"),
        ("baseline", MemoryError(), "missing"),
        ("candidate", PackageNotInstalled("no jax"), "missing"),
    ],
)
def test_error_of_a_side_is_the_reason(compare, side, error, word):
    comparison = compare(**{side: {"block": error}})
    assert words(comparison) == {word}
    [reason] = {verdict.reason for verdict in comparison.verdicts.values()}
    assert type(error).__name__ in reason
    assert "\n" not in reason


@pytest.mark.parametrize("error", [Unmeasurable("it spins"), KeyboardInterrupt()])
def test_verdicts_before_an_error_stand(measured, error):
    """Of the first pairs, imports decide; first steps, which alternate by 5 %, do not."""

    def both(number):
        if number == FIRST:
            raise error
        return {"import": (1.0, 1.0), "first-step": (1.0, 1.05 ** (-1) ** number)}

    comparison = measured(both, "import", "first-step")
    with contextlib.suppress(KeyboardInterrupt):
        comparison.run()
    assert [each.word for each in comparison.verdicts.values()] == ["same", "inconclusive"]
    assert {each.pairs for each in comparison.verdicts.values()} == {FIRST}


def test_each_candidate_is_compared_with_the_baseline(dataset):
    """One of them fails, and is left out."""

    def start(target):
        broken = {"block": MemoryError("full")} if target.python == 2.0 else {}
        return FakeWorker(target.python, evaluate=(0.0, 0.8 if target.python == 0.5 else 0.9), **broken)

    pythons, quantities = (1.0, 1.5, 2.0, 0.5, 1.0), ["import", STEPS[0], ACCURACY]
    comparison = Comparison(Pairs(Settings(), dataset, start), "numpy", pythons, quantities, Sampling())
    comparison.run()
    found = [[comparison.verdicts[side, name].word for name in comparison.quantities] for side in range(1, 5)]
    assert found == [["worse", "worse", "same"], ["worse"] * 3, ["better", "better", "worse"], ["same"] * 3]
    assert comparison.verdicts[1, "import"].change == pytest.approx(0.5)
    assert "full" in comparison.verdicts[2, "import"].reason
    assert comparison.verdicts[2, "import"].change is None
    assert len(comparison.runs) == FIRST


def test_a_decided_candidate_takes_no_more_time(dataset):
    """The first one is twice as slow; the second one alternates by 5 %, so it needs more process runs."""
    starts = Counter()

    def start(target):
        starts[target.python] += 1
        return FakeWorker(1.05 ** (-1) ** starts["uneven"] if target.python == "uneven" else target.python)

    comparison = Comparison(Pairs(Settings(), dataset, start), "numpy", (1.0, 2.0, "uneven"), ["import"], Sampling())
    comparison.run()
    assert comparison.verdicts[1, "import"].pairs == starts[2.0] == FIRST
    assert comparison.verdicts[2, "import"].pairs == starts["uneven"] == starts[1.0] > FIRST


@pytest.mark.parametrize("other", [{"jit_compile": True}, {"affinity": [0]}])
def test_other_conditions_are_not_comparable(compare, other):
    comparison = compare(candidate={"conditions": CONDITIONS | other})
    assert words(comparison) == {"not comparable"}
    assert len(comparison.runs) == 1


def test_pairs_at_once_have_different_processors(dataset):
    cpu_slots, meeting = [], threading.Barrier(2, timeout=10)  # of two pairs, each waits for the other

    def start(target):
        cpu_slots.append(target.cpu_slot)
        worker = FakeWorker()
        if target.name == "baseline":
            worker.cpu_seconds = lambda: (meeting.wait(), 1.0)[1]
        return worker

    comparison = Comparison(Pairs(Settings(), dataset, start), "numpy", "ab", ["peak-memory"], Sampling(at_once=2))
    comparison.run()
    assert (cpu_slots.count(0), cpu_slots.count(1)) == (FIRST, FIRST)


def test_each_pair_has_its_processors():
    assert [most_pairs(*each) for each in ((1, 2), (4, 2), (16, 1))] == [1, 2, 4]
