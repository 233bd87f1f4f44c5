"""A history compares each release with the anchor of the same process runs, and measures none twice."""

import json
import math
import re
from argparse import Namespace

import pytest

from harness.history.history import RELEASES, History, pending
from harness.history.picture import drawn
from harness.history.rows import COMPARED, read
from harness.history.table import as_markdown
from harness.judging.sequential import Sampling
from harness.measuring import machine
from harness.regression.builds import Build
from harness.regression.comparison import Comparison
from harness.regression.numerics import NUMERICAL, SAME, Finding
from harness.regression.pair import Pairs
from harness.regression.release_command import sampling
from harness.regression.releases import NoAnswer
from harness.regression.requirements import NotBuilt
from harness.regression.versions import Side
from impls.contract import Settings
from tests.fakes import FakeWorker
from tests.refusal import refused

FACTS = {"package": "toy", "anchor": "9", "framework": "numpy", "network": "mlp", "companions": []}
FACTS |= {"margin": Sampling.margin, "machine": machine.identity()}
OTHER = FACTS | {"machine": FACTS["machine"] | {"cpu": "another"}}


@pytest.fixture
def pairs(dataset):
    """The factory of fakes. An interpreter is "seconds", or "seconds accuracy", or "broken"."""

    def start(target):
        seconds, accuracy = [*target.python.split(), "0.9"][:2]
        if seconds == "broken":
            return FakeWorker(evaluate=(0.0, 0.9), block=MemoryError("full"))
        return FakeWorker(float(seconds), evaluate=(0.0, float(accuracy)))

    return Pairs(Settings(), dataset, start)


class FakeReleases:
    """Release 4 cannot be installed, 5 cannot be imported, 3 has other numerics, all others are like the anchor."""

    variant, companions, reference = "numpy", (), None

    def __init__(self, pairs, anchor=SAME):
        self.pairs, self.anchor, self.built = pairs, anchor, []

    def resolved(self, version):
        if version == "4":
            raise NotBuilt("no wheel")
        return {"toy": version, "toymath": "2" if version == "3" else "1"}

    def side(self, pins, like=None):
        self.built.append(pins["toy"])
        return Side(pins["toy"], "1.0")

    def findings(self, sides, checks):
        if sides[1].wanted == "5" or self.anchor != SAME:
            return [("network", Finding("missing", "no module"))]
        found = dict.fromkeys(checks, SAME)
        return (found | {"training": Finding("changed", "loss")} if sides[1].wanted == "3" else found).items()


@pytest.fixture
def history(pairs, tmp_path):
    """Return a function that measures releases 1 to `last` into a file, and returns what was built, and its rows."""

    def history(last=6, say=lambda line: None, file=tmp_path / "rows", facts=FACTS, seconds=math.inf, **changes):
        releases, builds = FakeReleases(pairs, **changes), [Build(str(number)) for number in [*range(1, last + 1), 9]]
        todo = pending(builds, read(file), facts)
        History(releases, facts, Sampling(seconds=seconds), file, say).run(todo)
        return releases.built, read(file)

    return history


def test_each_release_is_a_row_with_its_state(history):
    _, rows = history()
    states = {row["version"]: row["state"] for row in rows}
    assert states.pop("4") == "cannot be installed"
    assert states.pop("5") == "cannot be measured"
    assert states == dict.fromkeys("12369", "measured")
    [third] = (row for row in rows if row["version"] == "3")
    assert third["found"]["training"] == {"word": "changed", "reason": "loss"}
    assert third["packages"] == {"toy": ["9", "3"], "toymath": ["1", "2"]}
    assert set(third["found"]) == {*NUMERICAL, *COMPARED}
    assert [row["together"][-1] for row in rows if row["version"] == "9"] == ["9", "9"]


def test_groups_share_the_time(history, monkeypatch):
    shares = []
    monkeypatch.setattr(Comparison, "run", lambda self, _: shares.append(self.sampling.seconds))
    history(seconds=60.0)
    assert shares == [30.0, pytest.approx(60.0, abs=5)]  # the first takes next to nothing


def test_minutes_of_the_command_line_are_seconds():
    options = Namespace(margin=0.05, alpha=0.01, max_minutes=2.0)
    assert sampling(options, most=4).seconds == 120.0


def test_all_verdicts_of_a_measurement_share_its_error(history):
    _, rows = history()
    assert {row["comparisons"] for row in rows} == {(6 + 6 // RELEASES) * len(COMPARED)}


def test_no_release_is_measured_twice_on_a_machine(history):
    def say(line):
        if line.startswith("6: environment"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        history(say=say)
    built, rows = history()
    assert built == ["9", "6"]
    assert sorted(row["version"] for row in rows) == [*"12345699"]
    built, _ = history(facts=OTHER)
    assert built == ["9", *"12356"]


def test_anchor_that_cannot_be_measured_ends_the_history(history):
    with pytest.raises(NoAnswer, match="no module"):
        history(anchor=Finding("missing"))


@pytest.mark.parametrize("row", [{"format": 2}, {"format": 1, "package": "toy"}])
def test_row_of_another_format_is_refused(row):
    refused(read, json.dumps(row).encode() + b"\n")


def test_table_states_error_and_reasons(history):
    history()
    _, rows = history(facts=OTHER)
    table = as_markdown(rows)
    parts = ("no wheel", "no module", "changed *", "2.0%", f"{4 * len(COMPARED)} same", "2 machine(s)")
    assert [part for part in parts if part not in table] == []


def test_table_names_verdicts_that_two_measurements_disagree_about(history):
    history()
    _, rows = history(facts=OTHER)
    assert f"{4 * len(COMPARED)} verdicts, 0 of them differently" in as_markdown(rows)
    last = next(row for row in reversed(rows) if row["version"] == "2")
    last["found"][COMPARED[0]] |= {"word": "worse"}
    last["found"][COMPARED[1]] |= {"word": "inconclusive"}
    table = as_markdown(rows)
    assert f"{4 * len(COMPARED) - 1} verdicts, 1 of them differently" in table
    assert f"2 {COMPARED[0]}: same" in table


def test_group_without_a_measurement_has_no_row(history, monkeypatch):
    monkeypatch.setattr(FakeReleases, "side", lambda self, pins, like=None: Side(pins["toy"], "broken"))
    _, rows = history()
    assert {row["version"] for row in rows} == {"4", "5"}


def test_figure_has_no_line_across_machines(history):
    history(2)
    _, rows = history(3)
    for row in rows:
        row["machine"] = (OTHER if row["version"] == "3" else FACTS)["machine"]
    lines = [line.count("L") for line in re.findall('<path d="(.*)" class="line', drawn(rows))]
    assert lines == [1] * len(COMPARED)  # 1 to 2; neither 2 to 3, nor 3 to the anchor, 9


def test_figure_marks_changes_of_numerics(history):
    _, rows = history()
    assert drawn(rows).count("limit dashed") == 2  # 2 to 3, 3 to 6
