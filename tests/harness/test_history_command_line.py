"""The command line of a history names a mistake in a line, and measures nothing that has a row."""

from types import SimpleNamespace

import pytest

from harness.data import lines
from harness.history import __main__ as command
from harness.history.rows import FORMAT, KEYS
from harness.measuring import machine
from tests.wheels import wheel


@pytest.fixture
def measure(tmp_path):
    """Return a function that writes the row of a release, which was compared with 2.0."""
    facts = {"package": "toynet", "anchor": "2.0", "framework": "numpy", "network": "mlp", "companions": []}
    row = dict.fromkeys(KEYS, 0.01) | facts | {"margin": 0.05, "machine": machine.identity(), "found": {}}
    row |= {"format": FORMAT, "state": "cannot be installed"}
    return lambda version, **other: lines.append(tmp_path / "rows", row | {"version": version, **other})


@pytest.fixture
def run(monkeypatch, wheels, tmp_path, measure):
    """Return a function: the exit status or its message, and the versions that are to be measured."""
    for version in ("1.0", "1.1", "1.2", "1.2.1", "2.0"):
        wheel(wheels, "toynet", version)

    def run(*arguments, in_time=True):
        measured = []

        def history(options, facts):
            def run(builds):
                measured.extend(build.version for build in builds)
                for version in measured[: None if in_time else 1]:
                    measure(version, **facts)

            return SimpleNamespace(run=run)

        monkeypatch.setattr(command, "_history", history)
        file = ["--file", str(tmp_path / "rows")]
        monkeypatch.setattr("sys.argv", ["history", "toynet", "--framework", "numpy", *file, *arguments])
        try:
            command.main()
        except SystemExit as ended:
            return ended.code, measured
        return 0, measured

    return run


def test_last_release_of_each_minor_version_is_measured(run):
    assert run("--since", "1.1") == (0, ["1.1", "1.2", "1.2.1"])
    assert run("--since", "1.1", "--minor", "--again") == (0, ["1.1", "1.2.1"])
    assert run("--since", "1.1", "--minor", "--anchor", "1.2", "--again") == (0, ["1.1", "1.2.1", "2.0"])


def test_releases_without_a_row_are_a_status(run):
    assert run("--since", "1.1", in_time=False) == (5, ["1.1", "1.2", "1.2.1"])
    assert run("--since", "1.1") == (0, ["1.2", "1.2.1"])


def test_anchor_by_another_spelling_is_the_same_release(run):
    assert run("--since", "1.1", "--anchor", "1.2.0") == (0, ["1.1", "1.2.1", "2.0"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["--since", "first"], "first"), (["--since", "1.0", "--picture", "/no/such/folder/f"], "/no/such")],
)
def test_invalid_request_ends_with_a_line(run, arguments, named):
    status, measured = run(*arguments)
    assert named in status
    assert "\n" not in status
    assert measured == []


def test_new_release_is_compared_with_the_anchor_of_the_file(run, measure, wheels):
    measure("1.2.1")
    wheel(wheels, "toynet", "3.0")
    assert run("--since", "1.2")[1] == ["1.2", "3.0"]
    assert run("--since", "1.2", "--margin", "2")[1] == ["1.2", "1.2.1", "2.0"]
