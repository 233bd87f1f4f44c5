"""A saved run is compared only with what it can be compared with, and says what differs."""

from types import SimpleNamespace

import pytest

from harness.report.saved import STATISTICS, examine, is_readable

NOW = {"torch": "2.15.0", "threads": 2, "cpu": "EPYC", "gpu": "not used", "batch_size": 128, "load_average": 0.1}


def run(then, fullname="t::train", now=NOW):
    saved = {fullname: {"name": "train", "extra_info": then}}
    lines = examine([SimpleNamespace(fullname="t::train", extra_info=now)], saved, "saved A")
    return lines, [benchmark["name"] for benchmark in saved.values()]


def test_equal_conditions_need_no_word():
    assert run(NOW | {"load_average": 5.0}) == ([], ["train"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"threads": 1}, "threads 1 then, 2 now"),
        ({"cpu": "Xeon"}, "cpu Xeon then, EPYC now"),
        ({"cpu_quota": [12000, 100000]}, "cpu_quota [12000, 100000] then, unknown now"),
        ({"gpu": "H200"}, "gpu H200 then, not used now"),
        ({"python": "3.12.1"}, "python 3.12.1 then, unknown now"),
        ({"batch_size": 64}, "batch_size 64 then, 128 now"),
        ({"kept_variables": "XLA_FLAGS=1"}, "kept_variables XLA_FLAGS=1 then, unknown now"),
    ],
)
def test_other_conditions_cannot_be_compared(change, reason):
    assert run(NOW | change) == ([f"saved A: not comparable ({reason}): train"], [])


def test_a_record_without_conditions_cannot_be_compared():
    lines, kept = run({})
    assert lines[0].startswith("saved A: not comparable (cpu unknown then, EPYC now; gpu unknown then, not used")
    assert len(lines) == 1
    assert kept == []


def test_two_processors_of_which_nothing_is_known_cannot_be_compared():
    lines, kept = run(NOW | {"cpu": None}, now=NOW | {"cpu": None})
    assert lines == ["saved A: not comparable (cpu unknown): train"]
    assert kept == []


def test_another_version_is_compared_and_named():
    lines, kept = run(NOW | {"torch": "2.14.1"})
    assert lines == ["saved A: compared although torch 2.14.1 then, 2.15.0 now: train"]
    assert kept == ["train"]


def test_a_renamed_benchmark_is_missing():
    lines, kept = run(NOW, fullname="t::gone")
    assert lines == ["saved A: missing in this run, or renamed since: train"]
    assert kept == []


def test_a_record_that_was_saved_without_conditions_cannot_be_compared():
    saved = {"t::train": {"fullname": "t::train"}}
    lines = examine([SimpleNamespace(fullname="t::train", extra_info=NOW)], saved, "saved A")
    assert lines[0].startswith("saved A: not comparable (cpu unknown then, EPYC now; ")
    assert saved == {}


RECORD = {"name": "train", "fullname": "t::train", "stats": dict.fromkeys(STATISTICS, 0.5)}


def test_what_pytest_benchmark_wrote_is_read():
    assert is_readable(RECORD)


@pytest.mark.parametrize("key", STATISTICS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "fast"])
def test_a_number_that_is_none_cannot_be_read(key, value):
    assert not is_readable(RECORD | {"stats": RECORD["stats"] | {key: value}})


@pytest.mark.parametrize(
    "record", [None, "text", {}, {"fullname": "t::train"}, {"stats": {}}, {"stats": 1, "fullname": "a"}]
)
def test_what_is_no_record_cannot_be_read(record):
    assert not is_readable(record)
