"""results.json is checked once when it is read: a flaw is one line, or its record is left out and named."""

import contextlib
import copy
import json
import os
import re
import subprocess
import sys

import pytest

from harness import ROOT
from harness.page.page import html
from harness.page.results import UNREADABLE, Unreadable, as_json, read
from tests.results import kept, results, verdicts


@pytest.fixture(scope="module")
def content():
    return json.loads(as_json(results(upgrades=[verdicts()])))


@pytest.fixture
def changed(content, tmp_path):
    """Return a results.json in which the value at `place` is another, or removed if it is `REMOVED`."""

    def changed(place, value):
        new = copy.deepcopy(content)
        *above, last = place
        parent = new
        for key in above:
            parent = parent[key]
        if value is REMOVED:
            del parent[last]
        else:
            parent[last] = value
        return kept(tmp_path, json.dumps(new))

    return changed


REMOVED = object()
WRONG = (REMOVED, None, "text", [{}], 10**400)


@pytest.mark.parametrize("value", WRONG, ids=["removed", "null", "text", "list", "huge"])
def test_flaw_anywhere_raises_nothing_but_unreadable(content, changed, value):
    """At every key of a run, of its parts, and of one record of each kind."""
    kinds = {record["kind"]: number for number, record in enumerate(content["results"])}
    places = [(key,) for key in content] + [("results", number) for number in kinds.values()]
    places += [("results", number, key) for number in kinds.values() for key in content["results"][number]]
    places += [(part, key) for part in ("machine", "dataset") for key in content[part]]
    places += [("networks", "mlp", key) for key in content["networks"]["mlp"]]
    places += [("upgrades", 0, key) for key in content["upgrades"][0]]
    for place in places:
        with contextlib.suppress(Unreadable):
            html(read([changed(place, value)]))


@pytest.mark.parametrize(("key", "value"), [("losses", REMOVED), ("losses", None), ("wrong", [{"9999": 1}])])
def test_record_with_a_flaw_is_left_out_and_named(content, changed, key, value):
    [number, *_] = [n for n, record in enumerate(content["results"]) if record["kind"] == "training"]
    found = read([changed(("results", number, key), value)])
    [trouble] = found.troubles
    assert trouble["outcome"] == UNREADABLE
    assert f"results[{number}]" in trouble["test"]
    assert key in trouble["why"]
    assert len(found.results) == len(content["results"]) - 1


def test_command_names_the_record_that_it_leaves_out(changed, tmp_path):
    file = changed(("results", 0, "errors"), REMOVED)
    command = [sys.executable, "-m", "harness.page", file, "-o", tmp_path / "page.html"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    [line] = done.stderr.splitlines()
    assert "results[0] lesson" in line


@pytest.mark.parametrize("place", [("unknown",), ("results", 0, "unknown")])
def test_unknown_keys_are_ignored(changed, place):
    assert read([changed(place, [1])]).troubles == []


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_nesting_is_refused(tmp_path, depth):
    with pytest.raises(Unreadable, match=r"results\.json"):
        read([kept(tmp_path, "[" * depth + "]" * depth)])


def test_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "results.json")
    with pytest.raises(Unreadable, match="regular file"):
        read([tmp_path / "results.json"])


@pytest.mark.parametrize("text", ["{}", "[1]", "{", '{"schema": 99}', '{"schema": 1}', "\udcff"])
def test_other_files_are_refused_by_name(tmp_path, text):
    results_file, other = kept(tmp_path, as_json(results())), tmp_path / "other.json"
    other.write_bytes(text.encode(errors="surrogateescape"))
    for files in ([other], [results_file, other], [results_file, tmp_path / "nowhere.json"]):
        with pytest.raises(Unreadable, match=re.escape(str(files[-1]))):
            read(files)
