"""results.json is checked once when it is read: a problem is one line, or its record is left out and named."""

import contextlib
import copy
import json
import os
import re

import pytest

from harness.page.page import html
from harness.page.results import UNREADABLE, Unreadable, as_json, read
from tests.results import kept, results, verdicts

REMOVED = object()
WRONG = (REMOVED, None, "text", [{}], 10**400)


@pytest.fixture(scope="module")
def content():
    return json.loads(as_json(results(upgrades=[verdicts()])))


@pytest.fixture
def changed(content, tmp_path):
    """Return a results.json in which the value at `place` is another, or removed if it is `REMOVED`."""

    def changed(place, value):
        parent = new = copy.deepcopy(content)
        *above, last = place
        for key in above:
            parent = parent[key]
        parent[last] = value
        if value is REMOVED:
            del parent[last]
        return kept(tmp_path, json.dumps(new))

    return changed


@pytest.mark.parametrize("value", WRONG, ids=["removed", "null", "text", "list", "huge"])
def test_problem_anywhere_raises_nothing_but_unreadable(content, changed, value):
    """At every key of a run, of its parts, and of one record of each kind."""
    kinds = {record["kind"]: number for number, record in enumerate(content["results"])}
    above = [(), ("machine",), ("dataset",), ("networks", "mlp"), ("upgrades", 0)]
    for place in [*above, *(("results", number) for number in kinds.values())]:
        part = content
        for key in place:
            part = part[key]
        for key in part:
            with contextlib.suppress(Unreadable):
                html(read([changed((*place, key), value)]))


@pytest.mark.parametrize(("key", "value"), [("losses", REMOVED), ("losses", None), ("wrong", [{"9999": 1}])])
def test_record_with_a_problem_is_left_out_and_named(content, changed, key, value):
    [number, *_] = [n for n, record in enumerate(content["results"]) if record["kind"] == "training"]
    found = read([changed(("results", number, key), value)])
    [trouble] = found.troubles
    assert trouble["outcome"] == UNREADABLE
    assert f"results[{number}]" in trouble["test"]
    assert key in trouble["why"]
    assert len(found.results) == len(content["results"]) - 1


def test_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "results.json")
    with pytest.raises(Unreadable, match="regular file"):
        read([tmp_path / "results.json"])


@pytest.mark.parametrize(
    "text",
    ["{}", "[1]", "{", '{"schema": 99}', "\udcff", "[" * 10**5 + "]" * 10**5],
    ids=["empty", "list", "cut short", "other schema", "no UTF-8", "deeply nested"],
)
def test_other_files_are_refused_by_name(tmp_path, text):
    results_file, other = kept(tmp_path, as_json(results())), tmp_path / "other.json"
    other.write_bytes(text.encode(errors="surrogateescape"))
    for files in ([other], [results_file, other], [results_file, tmp_path / "nowhere.json"]):
        with pytest.raises(Unreadable, match=re.escape(str(files[-1]))):
            read(files)
