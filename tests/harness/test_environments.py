"""An environment is built once, whole or not at all, and is what was asked for."""

import importlib.metadata
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import zipfile

import pytest

import impls
from harness import ROOT
from harness.regression import environments, pip
from harness.regression.environments import ForNumPy1, NotBuilt, clean, obtain, resolve
from harness.regression.requirements import chosen
from tests.processes import comes_true, has_ended
from tests.stranger import leave_home


def wheel(folder, name, version, needs=(), module=None, code=""):
    """The smallest wheel there is, of a package that knows its version."""
    info = f"{name}-{version}.dist-info"
    metadata = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        *(f"Requires-Dist: {need}" for need in needs),
    ]
    files = {
        f"{module or name}.py": f"version = {version!r}\n{code}",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Where environments are kept; the only packages that uv can find are three toys, of two versions each."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for version in ("1.0", "2.0"):
        wheel(wheels, "toyframework", version)
        wheel(wheels, "toymath", version)
        wheel(wheels, "toyvision", version, needs=[f"toyframework=={version}"])
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "environments"


def versions(python, *packages):
    packages = packages or ("toyframework", "toyvision")
    code = "".join(f"import {package}; print({package}.version);" for package in packages)
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_companions_come_in_the_version_that_fits(root):
    assert versions(obtain(["toyframework==1.0"], ["toyvision"], root=root)) == ["1.0", "1.0"]
    assert versions(obtain(["toyframework==2.0"], ["toyvision"], root=root)) == ["2.0", "2.0"]


def test_what_is_open_is_as_it_is_installed_here(root, monkeypatch):
    newest = obtain(["toyframework"], ["toymath"], root=root)
    monkeypatch.setattr("harness.regression.installed.versions", lambda: {"toymath": "1.0"})
    as_here = obtain(["toyframework"], ["toymath"], root=root)
    assert versions(newest, "toyframework", "toymath") == ["2.0", "2.0"]
    assert versions(as_here, "toyframework", "toymath") == ["2.0", "1.0"]


def test_of_those_imported_alike_the_named_one_is_there_alone(root, tmp_path):
    wheel(tmp_path / "wheels", "numpy", importlib.metadata.version("numpy"))  # Keras, if it is installed here, needs it
    wheel(tmp_path / "wheels", "keras", "1.0")
    wheel(tmp_path / "wheels", "keras_nightly", "2.0.dev1", module="keras")
    wheel(tmp_path / "wheels", "toybackend", "1.0", needs=["keras"])
    for named, expected in (("keras-nightly", "2.0.dev1"), ("keras==1.0", "1.0")):
        python = obtain([named], ["keras", "toybackend"], root=root)
        assert versions(python, "keras", "toybackend") == [expected, "1.0"]
        pins = (python.parent.parent / "requirements.txt").read_text().split()
        assert [pin for pin in pins if "keras" in pin] == [f"{named.partition('=')[0]}=={expected}"]


def nothing_but_locks(root):
    return not [path for path in root.glob("*") if path.suffix not in (".lock", ".db")]


def test_two_that_are_written_over_each_other_are_refused(root, tmp_path):
    wheel(tmp_path / "wheels", "toyfork", "1.0", module="toyframework")
    with pytest.raises(NotBuilt, match=r"^toyfork and toyframework would be written over each other, as toyframework"):
        obtain(["toyfork", "toyframework"], ["toyframework"], root=root)
    assert nothing_but_locks(root)
    assert versions(obtain(["toyfork"], ["toyfork"], root=root), "toyframework") == ["1.0"]


def test_what_was_compiled_for_an_older_numpy_is_refused(root, tmp_path):
    complaint = "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.4.6 as it may crash"
    wheel(tmp_path / "wheels", "toyold", "1.0", code=f"import sys; sys.stderr.write({complaint!r})")
    with pytest.raises(ForNumPy1, match=r"^toyold was compiled for NumPy 1, and does not work beside NumPy 2$"):
        obtain(["toyold"], ["toyframework", "toyold"], root=root)
    assert nothing_but_locks(root)


def test_uv_understands_all_that_it_is_told_for_pip(root, tmp_path, monkeypatch):
    told = {"no-index": "1", "pre": "yes", "only-binary": ":all:", "no-binary": ":none:", "find-links": f"{tmp_path}"}
    told |= {
        "timeout": "7.5",
        "retries": "1",
        "trusted-host": "one.example two.example:81",
        "proxy": "one.example:3128",
    }
    wheel(tmp_path, "toynew", "3.0rc1")
    wheel(tmp_path, "toynew", "2.0")
    monkeypatch.delenv("UV_FIND_LINKS")
    monkeypatch.setattr(pip, "told", lambda: pip.translated(told))
    assert versions(obtain(["toynew"], [], root=root), "toynew") == ["3.0rc1"]


def test_the_same_content_is_built_once(root):
    first = obtain(["toyframework==1.0"], ["toyvision"], root)
    built = first.lstat().st_mtime_ns
    assert obtain(["toyframework<2"], ["toyvision"], root) == first
    assert first.lstat().st_mtime_ns == built
    assert len(list(root.glob("*/requirements.txt"))) == 1


def obtain_and_tell(root, queue):
    builds = []
    build = environments._build
    environments._build = lambda *arguments: builds.append(build(*arguments))
    queue.put((str(obtain(["toyframework==1.0"], ["toyvision"], root)), len(builds)))


def test_of_two_runs_one_builds_and_one_waits(root):
    queue = multiprocessing.Queue()
    runs = [multiprocessing.Process(target=obtain_and_tell, args=(root, queue)) for _ in range(2)]
    for run in runs:
        run.start()
    results = [queue.get(timeout=60) for _ in runs]
    for run in runs:
        run.join()
    assert len({python for python, _ in results}) == 1
    assert sorted(builds for _, builds in results) == [0, 1]


@pytest.mark.parametrize(
    ("requirements", "message"),
    [
        (["toyframework==9"], "toyframework==9"),
        (["toyframework==1.0", "toyvision==2.0"], "unsatisfiable"),
        (["toyframwork==1.0"], "toyframwork was not found"),
        (["toyframework==1.0", "toyframework==2.0"], "unsatisfiable"),
        (["toyframework==1.0+cpu"], r"on an index of its own: tell pip of it\)$"),
    ],
    ids=["no such version", "not together", "no such package", "contradictory", "on another index"],
)
def test_what_cannot_be_had_is_one_clear_error_and_leaves_nothing(root, requirements, message):
    with pytest.raises(NotBuilt, match=message) as caught:
        obtain(requirements, ["toyvision"], root=root)
    assert "\n" not in str(caught.value)
    assert not root.exists()


def test_a_cache_that_cannot_be_written_is_one_clear_error(root):
    root.write_text("not a folder")
    with pytest.raises(NotBuilt, match=f"no environment can be kept in {root}: "):
        obtain(["toyframework==1.0"], [], root=root)


def test_an_installation_that_fails_leaves_nothing(root, monkeypatch):
    uv = environments._uv

    def fails_to_install(*arguments):
        uv(*arguments)
        if "install" in arguments:
            raise NotBuilt("the disk is full")

    monkeypatch.setattr(environments, "_uv", fails_to_install)
    with pytest.raises(NotBuilt, match="the disk is full"):
        obtain(["toyframework==1.0"], [], root=root)
    assert root.exists()
    assert nothing_but_locks(root)


def test_what_a_killed_run_left_half_built_is_not_taken(root):
    python = obtain(["toyframework==1.0"], ["toyvision"], root=root)
    home = python.parent.parent
    home.rename(home.with_name(home.name + ".partial"))
    (home.with_name(home.name + ".partial") / "bin" / "python").unlink()
    assert obtain(["toyframework==1.0"], ["toyvision"], root=root) == python
    assert versions(python) == ["1.0", "1.0"]
    assert not list(root.glob("*.partial"))


SLOW_UV = """#!/bin/sh
echo $$ >>{folder}/started
sleep 1000 &
echo $! >>{folder}/started
wait
"""


def obtain_with(uv, root):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits SIG_IGN
    environments.uv.find_uv_bin = lambda: uv
    environments.resolve = lambda *_: "toyframework==1.0"
    obtain(["toyframework==1.0"], [], root)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_uv_ends_with_the_run_that_it_builds_for_and_leaves_nothing_half_built(root, tmp_path, how):
    uv, started = tmp_path / "uv", tmp_path / "started"
    uv.write_text(SLOW_UV.format(folder=tmp_path))
    uv.chmod(0o755)
    run = multiprocessing.Process(target=obtain_with, args=(str(uv), root))
    run.start()
    assert comes_true(lambda: started.exists() and len(started.read_text().split()) == 2)
    os.kill(run.pid, how)
    run.join()
    assert comes_true(lambda: all(has_ended(int(number)) for number in started.read_text().split()))
    assert comes_true(lambda: not list(root.glob("*.partial")))
    assert not list(root.glob("*/requirements.txt"))


def obtain_until_checked(root, checks):
    environments._refuse_overwritten = lambda *_: [checks.set(), threading.Event().wait()]
    obtain(["toyframework==1.0"], [], root)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_killed_while_no_uv_is_at_work_leaves_nothing_half_built(root, how):
    checks = multiprocessing.Event()
    run = multiprocessing.Process(target=obtain_until_checked, args=(root, checks))
    run.start()
    assert checks.wait(60)
    assert list(root.glob("*.partial"))
    os.kill(run.pid, how)
    run.join()
    assert comes_true(lambda: not list(root.glob("*.partial")))
    assert nothing_but_locks(root)


def test_they_are_listed(root, monkeypatch, capsys):
    obtain(["toyframework==1.0"], [], root=root)
    monkeypatch.setattr(environments, "folder", lambda: root)
    monkeypatch.setattr(sys, "argv", ["environments"])
    environments.main()
    assert str(root) in capsys.readouterr().out


def test_what_a_killed_run_has_left_is_removed(root):
    (root / "0123.partial").mkdir(parents=True)
    assert clean(root) == ([root / "0123.partial"], [])
    assert clean(root) == ([], [])


def obtain_and_wait(root, queue, done):
    queue.put(obtain(["toyframework==1.0"], ["toyvision"], root))
    done.wait()


def test_an_environment_in_use_is_kept(root):
    queue, done = multiprocessing.Queue(), multiprocessing.Event()
    user = multiprocessing.Process(target=obtain_and_wait, args=(root, queue, done))
    user.start()
    python = queue.get(timeout=60)
    home = python.parent.parent
    assert clean(root) == ([], [home])
    assert versions(python) == ["1.0", "1.0"]
    done.set()
    user.join()
    assert clean(root) == ([home], [])
    assert not home.exists()


@pytest.mark.network
def test_what_the_weekly_job_asks_for_can_be_had():
    job = (ROOT / ".github" / "workflows" / "tomorrow.yml").read_text()
    candidate, variant = re.search(r"--candidate (\S+) --framework (\S+)", job).groups()
    names = {pin.partition("==")[0] for pin in resolve([candidate], impls.variants()[variant].packages).split()}
    assert candidate in names
    assert chosen([candidate], ["keras"]).rivals.isdisjoint(names)


def test_without_a_home_none_can_be_kept(monkeypatch):
    leave_home(monkeypatch)
    with pytest.raises(NotBuilt, match="no environment can be kept: no folder for a cache"):
        obtain(["numpy==1.0"], [])
    with pytest.raises(NotBuilt, match="no environment can be kept: no folder for a cache"):
        clean()
