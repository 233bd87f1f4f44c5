"""An environment is built once, complete or not at all, with the required versions."""

import os
import signal
import subprocess
import sys

import pytest

from harness import ROOT, tally
from harness.regression import environments
from harness.regression.environments import NotBuilt, clean, obtain
from tests.processes import comes_true, has_ended
from tests.stranger import leave_home
from tests.wheels import wheel

OBTAIN = """
import sys
from pathlib import Path
from harness.regression.environments import obtain
print(obtain([sys.argv[2]], sys.argv[3:], Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""
ENDLESS = """
import os, threading
with open({file!r}, "w") as file:
    file.write(f"{{os.getpid()}} end")
threading.Event().wait()
"""


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """The folder with the only packages that uv finds: three toys, of two versions each."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        wheel(folder, "toyframework", version)
        wheel(folder, "toymath", version)
        wheel(folder, "toyvision", version, needs=[f"toyframework=={version}"])
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def root(tmp_path, wheels):
    """The folder of the environments."""
    return tmp_path / "environments"


def versions(python, *packages):
    code = "".join(f"import {package}; print({package}.version);" for package in packages)
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def start(root, *requirement, **options):
    """Start a run that builds an environment, prints its interpreter, and uses it until its stdin is closed."""
    command = [sys.executable, "-c", OBTAIN, root, *requirement]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


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


def test_indexes_of_pip_are_used_where_uv_has_none(root, wheels, monkeypatch):
    monkeypatch.delenv("UV_FIND_LINKS")
    for option, value in {"no_index": "yes", "find_links": f"{wheels}", "cert": "", "proxy": "127.0.0.1:9"}.items():
        monkeypatch.setenv(f"PIP_{option.upper()}", value)
    assert versions(obtain(["toyframework"], [], root), "toyframework") == ["2.0"]


@pytest.mark.parametrize(
    ("requirements", "named"),
    [(["toyframework==1.0", "toyvision==2.0"], "toyvision==2.0"), (["toyframework==1.0+cpu"], "index of its own")],
)
def test_unavailable_version_leaves_nothing(root, requirements, named):
    with pytest.raises(NotBuilt, match=named) as caught:
        obtain(requirements, ["toyvision"], root)
    assert "\n" not in str(caught.value)
    assert not root.exists()


def test_cache_that_cannot_be_written_is_reported(root):
    root.write_text("not a folder")
    with pytest.raises(NotBuilt, match=str(root)):
        obtain(["toyframework==1.0"], [], root)


def test_user_without_a_home_has_no_environments(monkeypatch):
    leave_home(monkeypatch)
    with pytest.raises(NotBuilt, match="HOME"):
        clean()


def test_full_disk_leaves_nothing(root, wheels):
    wheel(wheels, "toylarge", "1.0", code="#" * 2_000_000)
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)){OBTAIN}"
    command = [sys.executable, "-c", limited, root, "toylarge"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert "NotBuilt: no environment" in done.stderr.splitlines()[-1]
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
    run = start(root, "toyslow", "toyslow", stderr=subprocess.DEVNULL)
    assert comes_true(lambda: started.exists() and started.read_text().endswith("end"))
    run.send_signal(how)
    run.communicate()
    assert comes_true(lambda: has_ended(int(started.read_text().split()[0])))
    assert comes_true(lambda: not list(root.glob("*/")))


def test_incomplete_environment_is_built_anew(root):
    python = obtain(["toyframework==1.0"], [], root)
    home = python.parent.parent
    home.rename(home.with_name(f"{home.name}.killed.partial"))
    assert obtain(["toyframework==1.0"], [], root) == python
    assert list(root.glob("*/")) == [home]


def test_environment_in_use_is_not_removed(root):
    run = start(root, "toyframework==1.0")
    python = run.stdout.readline().strip()
    home = next(root.glob("*/"))
    (root / "0123.killed.partial").mkdir()
    (root / "notes").mkdir()
    assert clean(root) == ([root / "0123"], [home])
    assert versions(python, "toyframework") == ["1.0"]
    run.communicate()
    assert clean(root) == ([home], [])
    assert list(root.glob("*/")) == [root / "notes"]


def test_environments_are_listed(tmp_path, wheels, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    python = obtain(["toyframework==1.0"], [])
    monkeypatch.setattr(sys, "argv", ["environments"])
    environments.main()
    assert str(python.parent.parent) in capsys.readouterr().out
