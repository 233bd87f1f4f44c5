"""A comparison measures in pairs, stops when it knows, and says of each quantity what kept it from knowing."""

import pytest

from harness.comparison import QUANTITIES, TIMED, Comparison
from harness.verdict import LOOKS
from harness.workload import EPOCH
from impls.contract import Settings

SECONDS = {"baseline": 1.0, "candidate": 1.0}


class FakeWorker:
    """Takes for each call what it is told to, times a speed that changes with each block."""

    def __init__(self, side, python, clock, **answers):
        self.side, self.python, self.clock, self.answers = side, python, clock, answers

    def call(self, command, *arguments):
        if command in self.answers:
            answer = self.answers[command]
            if isinstance(answer, Exception):
                raise answer
            return answer
        if command == "prepare":
            self.operation = arguments[0]
        if command == "block":
            _, _, rounds, *_ = self.operation
            speed = 1 + 0.3 * (self.clock["blocks"] // 2 % 3)  # of the machine: alike for neighbours
            self.clock["blocks"] += 1
            return [float(self.python) * speed] * rounds
        known = {"import_": 0.5, "first_step": 0.2, "peak_memory": 1000, "conditions": {"jit_compile": False}}
        return known.get(command)

    def close(self):
        pass


@pytest.fixture
def compare(mnist):
    """Runs a comparison of two fakes, whose "interpreters" are the seconds that they take."""

    def compare(baseline=1.0, candidate=1.0, quantities=QUANTITIES, seconds=1e9, **candidates_answers):
        clock = {"blocks": 0}

        def start(participant):
            answers = candidates_answers if participant.name == "candidate" else {}
            return FakeWorker(participant.name, participant.python, clock, **answers)

        pythons = (str(baseline), str(candidate))
        comparison = Comparison("numpy", pythons, Settings(), mnist, start, quantities, 0.05, len(quantities))
        comparison.run(seconds)
        return comparison

    return compare


def words(comparison):
    return {quantity: verdict.word for quantity, verdict in comparison.verdicts.items()}


def test_it_stops_at_the_first_look_that_decides(compare):
    comparison = compare()
    assert words(comparison) == dict.fromkeys(QUANTITIES, "same")
    assert comparison.campaign.done == LOOKS[0]


def test_a_slower_candidate_is_worse_and_a_faster_one_better(compare):
    assert set(words(compare(1.0, 1.2, tuple(TIMED))).values()) == {"worse"}
    assert set(words(compare(1.2, 1.0, tuple(TIMED))).values()) == {"better"}


def test_what_changes_between_blocks_is_in_both_sides(compare):
    verdict = compare(1.0, 1.02, ("train_step-128",)).verdicts["train_step-128"]
    assert verdict.change == pytest.approx(0.02)
    assert verdict.low == pytest.approx(verdict.high)


def test_without_time_nothing_is_decided(compare):
    comparison = compare(seconds=0)
    assert set(words(comparison).values()) == {"missing"}


@pytest.mark.parametrize("command", ["import_", "build", "first_step", "prepare", "block"])
def test_a_candidate_that_fails_is_missing_with_its_error(compare, command):
    comparison = compare(**{command: ImportError(f"{command} is broken\nin many lines")})
    assert set(words(comparison).values()) == {"missing"}
    assert comparison.verdicts["import"].reason == f"candidate: {command} is broken"


def test_another_compilation_makes_times_not_comparable(compare):
    comparison = compare(conditions={"jit_compile": True})
    assert set(words(comparison).values()) == {"not comparable"}
    assert comparison.verdicts["import"].reason == "jit_compile False in the baseline, True in the candidate"


def test_what_the_system_does_not_tell_is_missing(compare):
    assert words(compare(peak_memory=None))["peak-memory"] == "missing"


def test_an_epoch_of_a_comparison_is_a_short_one():
    assert TIMED["fit-6400"].batch_size < EPOCH.batch_size
    assert all(name == str(operation) for name, operation in TIMED.items())
