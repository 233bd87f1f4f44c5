"""A worker imports what it should, whatever lies around, and nothing outlives a run of pytest."""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from harness.workers import processors

STRAYS = ("numpy.py", "random.py", "psutil.py", "harness.py", "keras/__init__.py")
LOOKS_AROUND = """
def logits(self, images):
    import random
    extras = {'pytest', 'rich', 'psutil', 'platformdirs', 'filelock', 'scipy'}
    return sys.path, sorted(extras & {*sys.modules}), os.environ['OMP_NUM_THREADS'], len(os.sched_getaffinity(0))
"""


def test_worker_imports_numpy_alone_and_no_stray_file(project, start_fake, tmp_path, monkeypatch):
    """The files are in the current directory, in PYTHONPATH and in the root."""
    here, named = tmp_path / "here", tmp_path / "named"
    for folder in (here, named, project.folder):
        for stray in STRAYS:
            project.add_file(str(folder / stray), "raise SystemExit('a stray file was imported')")
    monkeypatch.chdir(here)
    monkeypatch.setenv("PYTHONPATH", str(named))
    (*path, last), *rest = start_fake(LOOKS_AROUND, threads=1).run("logits", None)
    assert rest == [[], "1", 1]
    assert last == str(project.folder)
    assert not {str(here), str(named), ""} & {*path}


@pytest.mark.parametrize(("threads", "cpu_slot", "bound"), [(1, 1, [3]), (2, 0, [2, 3]), (9, 0, [2, 3, 5, 7])])
def test_cpu_slot_has_the_next_processors(monkeypatch, threads, cpu_slot, bound):
    calls = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 5, 3, 2})
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, which: calls.append(which))
    processors.bind(threads, cpu_slot)
    assert calls == [bound]


HANGING = "def fit(self, images, labels, epochs, on_epoch=None):\n    on_epoch(1, 0.5)\n    time.sleep(1000)"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_and_no_folder_outlives_pytest(project, how):
    """The signal reaches the whole process group, as from a terminal, `timeout` or a batch system."""
    project.add("fake", HANGING)
    with subprocess.Popen(
        project.command("--framework", "fake", "-m", "accuracy", "-s"),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored by a job in the background
    ) as run:
        try:
            assert any("epoch  1" in line for line in run.stdout)
            children = psutil.Process(run.pid).children(recursive=True)
            folders = [Path(child.environ()["TMPDIR"]) for child in children]
            assert folders
            assert all(folder.exists() for folder in folders)
        except BaseException:
            run.kill()  # or it would be waited for
            raise
        os.killpg(run.pid, how)
        rest, _ = run.communicate(timeout=30)
        _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert not any(folder.exists() for folder in folders)
    assert "Traceback" not in rest
    assert how != signal.SIGINT or run.returncode == pytest.ExitCode.INTERRUPTED
