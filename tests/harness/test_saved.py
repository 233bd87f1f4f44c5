"""A saved run is compared only with a run under the same conditions, and the difference is named."""

from types import SimpleNamespace

import pytest

from harness.report.saved import STATISTICS, examine, is_readable

NOW = {"torch": "2.15.0", "threads": 2, "cpu": "EPYC", "gpu": "not used", "batch_size": 128, "load_average": 0.1}


def run(then, fullname="t::train", now=NOW):
    """Return the lines about a saved benchmark under other conditions, and whether it is compared."""
    saved = {fullname: {"name": "train", "extra_info": then}}
    lines = examine([SimpleNamespace(fullname="t::train", extra_info=now)], saved, "saved A")
    return " ".join(lines), bool(saved)


def test_equal_conditions_need_no_word():
    assert run(NOW | {"load_average": 5.0}) == ("", True)


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        (NOW | {"threads": 1}, NOW, "threads 1 then, 2 now"),
        (NOW | {"cpu_quota": [12000, 100000]}, NOW, "cpu_quota [12000, 100000] then, unknown now"),
        (NOW | {"gpu": "H200"}, NOW, "gpu H200 then, not used now"),
        (NOW | {"python": "3.12.1"}, NOW, "python 3.12.1 then, unknown now"),
        (NOW | {"kept_variables": "XLA_FLAGS=1"}, NOW, "kept_variables XLA_FLAGS=1 then, unknown now"),
        ({}, NOW, "cpu unknown then"),
        (None, NOW, "cpu unknown then"),
        (NOW | {"cpu": None}, NOW | {"cpu": None}, "cpu unknown"),
    ],
)
def test_other_or_unknown_conditions_cannot_be_compared(then, now, why):
    line, compared = run(then, now=now)
    assert why in line
    assert not compared


def test_another_version_is_compared_and_named():
    line, compared = run(NOW | {"torch": "2.14.1"})
    assert "torch 2.14.1 then, 2.15.0 now" in line
    assert compared


def test_renamed_benchmark_is_missing():
    line, compared = run(NOW, fullname="t::gone")
    assert "missing" in line
    assert not compared


RECORD = {"name": "train", "fullname": "t::train", "stats": dict.fromkeys(STATISTICS, 0.5)}


@pytest.mark.parametrize(
    "record",
    [
        *({**RECORD, "stats": {**RECORD["stats"], "median": value}} for value in (float("nan"), None, "fast")),
        *(None, "text", {}, {"fullname": "t::train"}, {"stats": 1, "fullname": "a"}),
    ],
)
def test_record_without_its_numbers_cannot_be_read(record):
    assert is_readable(RECORD)
    assert not is_readable(record)
