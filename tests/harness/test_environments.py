"""An environment is built once, completely or not at all, with the required versions, whatever uv is configured to."""

import signal
import subprocess
import sys

import pytest

from harness import ROOT, tally
from harness.regression.environments import clean, obtain
from harness.regression.requirements import NotBuilt
from tests.other_user import full_disk, no_home
from tests.processes import has_ended, wait_until
from tests.wheels import ENDLESS, wheel

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
    code = "".join(f"import {package}; print({package}.version);" for package in packages or ["toyframework"])
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def start(root, *arguments):
    """Start a run that builds an environment, prints its interpreter, and uses it until its stdin is closed."""
    command, pipe = [sys.executable, "-c", OBTAIN, root, *arguments], subprocess.PIPE
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored by a job in the background
    )


def test_environment_holds_required_and_installed_versions(root, monkeypatch):
    monkeypatch.setattr("harness.regression.installed.versions", lambda: {"toymath": "1.0", "toyvision": "2.0"})
    python = obtain(["toyframework==1.0"], ["toyvision", "toymath"], root)
    assert versions(python, "toyframework", "toyvision", "toymath") == ["1.0", "1.0", "1.0"]


@pytest.mark.parametrize(
    "content",
    [
        {"module": "other"},
        {"code": "import sys; sys.stderr.write('compiled using NumPy 1.x')"},
        {"digest": "sha256=AA"},
    ],
    ids=["no such module", "compiled for NumPy 1", "another file than that of its RECORD"],
)
def test_unusable_package_is_refused(root, wheels, content):
    wheel(wheels, "toyodd", "1.0", **content)
    with pytest.raises(NotBuilt, match="toyodd"):
        obtain(["toyodd"], ["toyodd"], root)
    assert not list(root.glob("*/"))


@pytest.mark.parametrize(
    ("requirements", "named"),
    [(["toyframework==1.0", "toyvision==2.0"], "toyvision==2.0"), (["toyframework==1.0+cpu"], "add it to those")],
)
def test_unavailable_version_leaves_nothing(root, requirements, named):
    with pytest.raises(NotBuilt, match=named):
        obtain(requirements, ["toyvision"], root)
    assert not root.exists()


def test_cache_that_cannot_be_written_is_named(root, monkeypatch):
    root.write_text("not a folder")
    with pytest.raises(NotBuilt, match=str(root)):
        obtain(["toyframework==1.0"], [], root)
    no_home(monkeypatch)
    with pytest.raises(NotBuilt, match="HOME"):
        clean()


def test_full_disk_leaves_nothing(root, wheels):
    wheel(wheels, "toylarge", "1.0", code="#" * 2_000_000)
    with full_disk(1_000_000), pytest.raises(NotBuilt):
        obtain(["toylarge"], [], root)
    assert not list(root.glob("*/"))


def test_two_runs_at_once_build_one_environment(root, tmp_path, monkeypatch):
    monkeypatch.setenv(tally.VARIABLE, str(tmp_path / "tally"))
    runs = [start(root, requirement) for requirement in ("toyframework==1.0", "toyframework<2")]
    pythons = {run.communicate()[0].strip() for run in runs}
    assert versions(*pythons) == ["1.0"]
    assert tally.spent((tmp_path / "tally").read_text().splitlines())["environments"] == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_killed_run_leaves_nothing(root, wheels, how):
    wheel(wheels, "toyslow", "1.0", code=ENDLESS)
    run = start(root, "toyslow", "toyslow")
    started = lambda: [*root.glob("*.partial/*/started")]  # noqa: E731
    while run.poll() is None and not wait_until(started):  # a busy machine takes longer than its patience
        pass
    [file] = started()
    assert wait_until(lambda: file.read_text().endswith("end"))
    number = int(file.read_text().split()[0])
    run.send_signal(how)
    run.communicate()
    assert wait_until(lambda: has_ended(number))
    assert wait_until(lambda: not list(root.glob("*/")))


def test_environment_in_use_is_not_removed(root):
    run = start(root, "toyframework==1.0")
    python = run.stdout.readline().strip()
    built = next(root.glob("*/"))
    for folder in ("0123.killed.partial", "notes"):
        (root / folder).mkdir()
    assert clean(root) == ([root / "0123"], [built])
    assert versions(python) == ["1.0"]
    run.communicate()
    assert clean(root) == ([built], [])
    assert list(root.glob("*/")) == [root / "notes"]


def test_damaged_environment_is_built_anew(root):
    """By a module of the same size, a truncated compiled module, or the lack of the interpreter."""
    python = obtain(["toyframework==1.0"], [], root)
    [site] = python.parents[1].glob("lib/python*/site-packages")
    module = site / "toyframework.py"
    for harm in (
        lambda: module.write_bytes(bytes(module.stat().st_size)),
        lambda: next(site.glob("__pycache__/toyframework.*.pyc")).write_bytes(b""),
        python.unlink,
    ):
        harm()
        assert versions(obtain(["toyframework==1.0"], [], root)) == ["1.0"]
        assert "version" in module.read_text()  # which an import does not read within the second of its compiling


@pytest.mark.parametrize("place", ["in the current folder", "named by a variable"])
def test_target_of_uv_is_ignored_and_its_index_is_used(root, wheels, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PIP_FIND_LINKS")
    settings = f"[pip]\ntarget = 'lib'\nfind-links = ['{wheels}']\nno-index = true"
    (tmp_path / "uv.toml").write_text(settings, encoding="utf-8")
    if place == "named by a variable":
        monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "uv.toml"))
    assert versions(obtain(["toyframework==1.0"], ["toyframework"], root)) == ["1.0"]
