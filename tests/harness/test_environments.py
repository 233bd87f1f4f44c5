"""An environment is built once, complete or not at all, with the required versions."""

import signal
import subprocess
import sys

import pytest

from harness import ROOT, tally
from harness.regression import environments
from harness.regression.environments import NotBuilt, clean, obtain
from tests.processes import comes_true, has_ended
from tests.stranger import leave_home
from tests.wheels import ENDLESS, only_wheels, wheel

wheels = pytest.fixture(only_wheels)

OBTAIN = """
import sys
from pathlib import Path
from harness.regression.environments import obtain
print(obtain([sys.argv[2]], sys.argv[3:], Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def root(tmp_path, wheels):
    return tmp_path / "environments"


def versions(python, *packages):
    code = "".join(f"import {package}; print({package}.version);" for package in packages)
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def start(root, *arguments, code=OBTAIN):
    """Start a run that builds an environment, prints its interpreter, and uses it until its stdin is closed."""
    command, pipe = [sys.executable, "-c", code, root, *arguments], subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_environment_holds_required_and_else_installed_versions(root, monkeypatch):
    monkeypatch.setattr("harness.regression.installed.versions", lambda: {"toymath": "1.0", "toyvision": "2.0"})
    python = obtain(["toyframework==1.0"], ["toyvision", "toymath"], root)
    assert versions(python, "toyframework", "toyvision", "toymath") == ["1.0", "1.0", "1.0"]


def test_nightly_replaces_the_distribution_that_is_imported_alike(root, wheels):
    wheel(wheels, "keras", "1.0")
    wheel(wheels, "numpy", "1.0")
    wheel(wheels, "keras_nightly", "2.0.dev1", module="keras")
    wheel(wheels, "toybackend", "1.0", needs=["keras"])
    assert versions(obtain(["keras-nightly"], ["toybackend"], root), "keras", "toybackend") == ["2.0.dev1", "1.0"]


def test_package_compiled_for_numpy_1_is_refused(root, wheels):
    complaint = "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.4.6 as it may crash"
    wheel(wheels, "toyold", "1.0", code=f"import sys; sys.stderr.write({complaint!r})")
    with pytest.raises(NotBuilt, match=r"toyold.*numpy<2"):
        obtain(["toyold"], ["toyold"], root)
    assert not list(root.glob("*/"))


@pytest.mark.parametrize(
    ("requirements", "named"),
    [(["toyframework==1.0", "toyvision==2.0"], "toyvision==2.0"), (["toyframework==1.0+cpu"], "index of its own")],
)
def test_unavailable_version_leaves_nothing(root, requirements, named):
    with pytest.raises(NotBuilt, match=named) as caught:
        obtain(requirements, ["toyvision"], root)
    assert "\n" not in str(caught.value)
    assert not root.exists()


def test_cache_that_cannot_be_written_is_reported(root, monkeypatch):
    root.write_text("not a folder")
    with pytest.raises(NotBuilt, match=str(root)):
        obtain(["toyframework==1.0"], [], root)
    leave_home(monkeypatch)
    with pytest.raises(NotBuilt, match="HOME"):
        clean()


def test_full_disk_leaves_nothing(root, wheels):
    wheel(wheels, "toylarge", "1.0", code="#" * 2_000_000)
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)){OBTAIN}"
    _, stderr = start(root, "toylarge", code=limited).communicate()
    assert "NotBuilt: no environment" in stderr.splitlines()[-1]
    assert not list(root.glob("*/"))


def test_two_runs_at_once_build_one_environment(root, tmp_path, monkeypatch):
    monkeypatch.setenv(tally.VARIABLE, str(tmp_path / "tally"))
    runs = [start(root, requirement) for requirement in ("toyframework==1.0", "toyframework<2")]
    pythons = {run.communicate()[0].strip() for run in runs}
    assert versions(*pythons, "toyframework") == ["1.0"]
    assert tally.spent((tmp_path / "tally").read_text().splitlines())["environments"] == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_killed_run_leaves_nothing(root, wheels, tmp_path, how):
    started = tmp_path / "started"
    wheel(wheels, "toyslow", "1.0", code=ENDLESS.format(file=str(started)))
    run = start(root, "toyslow", "toyslow")
    while run.poll() is None and not comes_true(started.exists):  # a busy machine takes longer than its patience
        pass
    assert comes_true(lambda: started.read_text().endswith("end"))
    run.send_signal(how)
    run.communicate()
    assert comes_true(lambda: has_ended(int(started.read_text().split()[0])))
    assert comes_true(lambda: not list(root.glob("*/")))


def test_environment_in_use_is_not_removed(root):
    run = start(root, "toyframework==1.0")
    python = run.stdout.readline().strip()
    home = next(root.glob("*/"))
    for folder in ("0123.killed.partial", "notes"):
        (root / folder).mkdir()
    assert clean(root) == ([root / "0123"], [home])
    assert versions(python, "toyframework") == ["1.0"]
    run.communicate()
    assert clean(root) == ([home], [])
    assert list(root.glob("*/")) == [root / "notes"]


def test_environment_is_listed(tmp_path, wheels, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    home = obtain(["toyframework==1.0"], []).parents[1]
    monkeypatch.setattr(sys, "argv", ["environments"])
    environments.main()
    assert str(home) in capsys.readouterr().out
