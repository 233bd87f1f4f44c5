"""A search over real wheels builds the environment of each build with the other packages of the good end."""

import subprocess

import pytest

from harness.bisect.__main__ import main
from harness.bisect.bisection import Bisection
from harness.bisect.journal import Journal
from harness.bisect.prober import Prober
from harness.judging.sequential import Sampling
from harness.regression.builds import between, bound
from harness.regression.pair import Pairs
from harness.regression.releases import IMPORTABLE, NoAnswer
from impls.contract import Settings
from tests.fakes import FakeWorker
from tests.wheels import wheel

VERSION = "import {0}; print({0}.version)"


@pytest.fixture
def bisect(tmp_path, wheels):
    """Return a function: an ended search over the wheels of toynet, with real environments and substituted workers."""

    def start(target):
        def run(code):
            return subprocess.run([target.python, "-I", "-c", code], capture_output=True, text=True, check=False)

        imported = run(VERSION.format("toynet"))
        if imported.returncode:
            return FakeWorker(build=ImportError(imported.stderr.strip()))
        return FakeWorker(imported={}, hyperparameters={"epsilon": run(VERSION.format("toyepsilon")).stdout})

    def bisect(check, first, last):
        builds = between("toynet", bound(first), bound(last)).builds
        prober = Prober("toynet", "numpy", [], Pairs(Settings(), None, start), tmp_path / "environments")
        ended = Bisection("toynet", builds, check, Sampling(), prober, Journal(None, {}), lambda line: None)
        ended.run()
        return ended

    wheel(wheels, "numpy", "1.0")
    for version in ("1.0", "2.0"):
        wheel(wheels, "toyepsilon", version)
    wheel(wheels, "toynet", "1.0", ["toyepsilon", "toyframework==1.0"])
    wheel(wheels, "toynet", "2.0", ["toyepsilon==2.0", "toyframework"])
    wheel(wheels, "toynet", "3.0", code="raise ImportError('it is broken')")
    return bisect


def test_package_that_a_build_brings_with_it_is_the_culprit(bisect, monkeypatch):
    monkeypatch.setattr("harness.regression.installed.versions", lambda: {"toyepsilon": "1.0", "toyframework": "2.0"})
    ended = bisect("defaults", "1.0", "2.0")
    assert ended.differences() == {"toynet": ("1.0", "2.0"), "toyepsilon": ("1.0", "2.0")}
    assert ended.culprits == ["toyepsilon"]
    assert all(outcome.pins["toyframework"] == "1.0" for outcome in ended.journal.outcomes.values())


def test_first_build_that_cannot_be_imported_is_found(bisect):
    ended = bisect(IMPORTABLE, "2.0", "3.0")
    assert ended.builds[ended.bad].version == "3.0"
    assert "it is broken" in ended.outcome(ended.bad).reason


def test_build_that_cannot_be_imported_has_no_time(bisect):
    with pytest.raises(NoAnswer, match="it is broken"):
        bisect("import", "2.0", "3.0")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["toynet", "--from", "1.0", "--to", "7.0", "--framework", "numpy"], "7.0"),
        (["toynet", "--from", "first", "--to", "3.0", "--framework", "numpy"], "first"),
        (["toynet", "--from", "1.0", "--to", "3.0"], "--framework"),
        (["jax", "--from", "1.0", "--to", "3.0", "--with", "toymath @ https://localhost/toymath"], "localhost"),
        (["toynet", "--from", "1.0", "--to", "3.0", "--framework", "numpy", "--json", "/no/such/folder/f"], "/no/such"),
    ],
)
def test_invalid_request_ends_with_status_4_and_a_line(bisect, monkeypatch, capsys, arguments, named):
    monkeypatch.setattr("sys.argv", ["bisect", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    [line] = capsys.readouterr().err.splitlines()
    assert named in line
