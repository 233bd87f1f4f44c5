"""A worker that dies takes no other process with it, its error says how it died, and nothing of it remains."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil
import pytest

import impls
from harness.equality.training import train
from harness.regression.installed import versions_with_python
from harness.workers.interpreter import Unusable
from harness.workers.worker import Worker, WorkerDied, WorkerError, WorkerSpec, in_a_line
from impls import BrokenImplementation
from impls.contract import Settings
from tests.processes import comes_true, has_ended

IMAGES = np.zeros((2, 28, 28), np.uint8)
LARGE = 10**7  # characters of a message


@pytest.fixture
def start(project):
    """Starts a worker of the copied project with a fake implementation built in it; ends them all afterwards."""
    workers = []

    def start(body: str = "pass", on_event=lambda *_: None, **spec) -> Worker:
        project.add("fake", body)
        workers.append(Worker(WorkerSpec("fake", root=project.folder, **spec), on_event))
        workers[-1].build(impls.load, "fake", Settings())
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


def raised_by(worker: Worker, kind: type[Exception]) -> str:
    """The message and the notes of the error that `logits` raises."""
    with pytest.raises(kind) as caught:
        worker.run("logits", IMAGES)
    return "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])


def test_worker_keeps_its_network_and_sends_events(start):
    events = []
    worker = start(on_event=lambda event, details: events.append((event, details.get("epoch"))))
    before = worker.run("get_parameters")["dense_1/kernel"]
    np.testing.assert_array_equal(worker.run("get_parameters")["dense_1/kernel"], before)
    worker.run(train, IMAGES, np.array([1, 2]), 2)
    assert events[-4:] == [("training", None), ("epoch", 1), ("epoch", 2), ("trained", None)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("os._exit(3)", ["exit code 3"]),
        ("os.abort()", ["SIGABRT", "Fatal Python error: Aborted"]),
        ("os.kill(os.getpid(), 9)", ["exit code -9, SIGKILL"]),
        ("os.kill(os.getppid(), 9); time.sleep(1000)", ["SIGKILL"]),
        ("print('a library complains', file=sys.stderr, flush=True); os._exit(1)", ["a library complains"]),
        ("sys.stderr.write('x' * 10**7); sys.stderr.flush(); os._exit(1)", ["exit code 1"]),
    ],
    ids=["exit", "abort", "kill", "kill the supervisor", "stderr", "long stderr"],
)
def test_crash_is_reported_with_exit_code_and_stderr(start, body, found):
    worker = start(f"def logits(self, images): {body}")
    message = raised_by(worker, WorkerDied)
    assert all(each in message for each in ("'logits'", *found))
    assert len(message) < 10_000
    assert not worker.is_running()
    with pytest.raises(WorkerDied):
        worker.run("parameter_count")


@pytest.mark.parametrize("body", ["time.sleep(1000)", "os.kill(os.getpid(), 19)"], ids=["sleeps", "is stopped"])
def test_silent_worker_is_ended(start, body):
    worker = start(f"def logits(self, images): {body}", timeout=2.0)
    assert "silent for 2 s" in raised_by(worker, WorkerDied)
    assert not psutil.pid_exists(worker.process.pid)


def test_error_names_the_lines_of_the_implementation(start):
    worker = start("def inner(self): return sys.float_info.missing\ndef logits(self, images): return self.inner()")
    first, second, third = raised_by(worker, AttributeError).splitlines()
    assert "'missing'" in first
    assert "impls/fake/adapter.py:7 in inner: def inner(self): return sys.float_info.missing" in second
    assert "impls/fake/adapter.py:8 in logits" in third
    assert worker.run("parameter_count") == 535_818


def test_error_inside_a_library_is_reported_from_the_implementation_on(start):
    worker = start("def logits(self, images): import numpy as np; return np.linalg.inv(np.zeros((2, 2)))")
    first, second, *_, last = raised_by(worker, WorkerError).splitlines()
    assert "LinAlgError" in first
    assert "impls/fake/adapter.py:7 in logits" in second
    assert "_linalg.py" in last


def test_error_of_a_broken_implementation_is_a_line(start, project):
    project.add_file("impls/broken/adapter.py", "def")
    with pytest.raises(BrokenImplementation) as caught:
        start().build(impls.load, "broken", Settings())
    assert "adapter.py, line 1" in str(caught.value)
    assert not getattr(caught.value, "__notes__", ())


@pytest.mark.parametrize(
    ("error", "kind", "found"),
    [
        ("MemoryError('64 GB')", MemoryError, "64 GB"),
        ("SystemExit(2)", WorkerError, "SystemExit: 2"),
        ("ExceptionGroup('several', [OSError()])", WorkerError, "ExceptionGroup: several"),
        ("type('Mute', (Exception,), {'__str__': None})()", WorkerError, "Mute: "),
        ("ValueError('no') from KeyError('key')", ValueError, "caused by KeyError: 'key'"),
        (f"ValueError('x' * {LARGE})", ValueError, "characters"),
        (f"ValueError('x\\n' * {LARGE})", ValueError, "lines"),
        (f"ValueError('short') from OSError('x' * {LARGE})", ValueError, "short"),
        ("RecursionError() if self.logits(images) else None", RecursionError, "recursion depth"),
        ("ValueError(object())", ValueError, "<object"),
    ],
)
def test_error_leaves_the_worker_alive_and_its_report_short(start, error, kind, found):
    worker = start(f"def logits(self, images): raise {error}")
    message = raised_by(worker, kind)
    assert found in message
    assert len(message) < 10_000
    assert len(in_a_line(kind(message))) < 1000
    assert worker.run("parameter_count") == 535_818


def test_result_that_cannot_be_sent_is_an_error(start):
    worker = start("def logits(self, images): return object()")
    assert "cannot send object" in raised_by(worker, TypeError)
    assert worker.run("parameter_count") == 535_818


def test_warnings_are_few_and_short(start):
    messages = []
    body = (
        "def logits(self, images):\n"
        "    import warnings\n"
        "    warnings.warn('x' * 10**7)\n"
        "    for number in range(1000): warnings.warn(f'warning {number % 500}')"
    )
    start(body, on_event=lambda event, details: messages.append(details.get("message", ""))).run("logits", IMAGES)
    messages = list(filter(None, messages))
    assert messages[1] == "warning 0"
    assert len(messages) < 30
    assert max(map(len, messages)) < 500


def test_second_answer_of_a_forked_process_ends_the_worker(start):
    worker = start("def logits(self, images): return os.fork()")
    with pytest.raises(WorkerDied, match="forked"):  # noqa: PT012 - the second may come late
        worker.run("logits", IMAGES)
        for _ in range(1000):
            assert worker.run("parameter_count") == 535_818
    assert not worker.alive


def test_loss_that_is_not_a_number_ends_the_training(start):
    worker = start(
        "def fit(self, images, labels, epochs, on_epoch=None):\n"
        "    on_epoch(1, 0.5); on_epoch(2, float('nan')); on_epoch(3, float('nan'))"
    )
    with pytest.raises(FloatingPointError, match="nan after epoch 2"):
        worker.run(train, IMAGES, np.array([1, 2]), 3)


# Starts a child, and an orphan that has left the session; leaves a file.
LITTERING = """
def fit(self, *_): os._exit(1)
def logits(self, images):
    import subprocess, tempfile
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(write, str(os.getpid()).encode())
            time.sleep(1000)
        os._exit(0)
    os.wait()
    return subprocess.Popen(["sleep", "1000"]).pid, int(os.read(read, 20)), tempfile.mkstemp()[1]
"""


@pytest.mark.parametrize("end", ["close", "crash"])
def test_processes_and_files_of_a_worker_end_with_it(start, tmp_path, monkeypatch, end):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = {*tmp_path.iterdir()}
    worker = start(LITTERING)
    *processes, file = worker.run("logits", IMAGES)
    assert not any(map(has_ended, processes))
    assert tmp_path in Path(file).parents
    if end == "crash":
        with pytest.raises(WorkerDied):
            worker.run("fit")
    worker.close()
    worker.close()
    assert not psutil.pid_exists(worker.process.pid)
    assert comes_true(lambda: all(map(has_ended, processes)))
    assert {path for path in {*tmp_path.iterdir()} - before if path.name.startswith("mnist-")} == set()


STRAYS = ("numpy.py", "random.py", "psutil.py", "harness.py", "keras/__init__.py")


@pytest.mark.parametrize("where", ["in the current directory", "in PYTHONPATH", "in the root"])
def test_stray_files_are_not_imported(start, project, tmp_path, monkeypatch, where):
    folder = project.folder if where == "in the root" else tmp_path / "strays"
    for stray in STRAYS:
        (folder / stray).parent.mkdir(parents=True, exist_ok=True)
        (folder / stray).write_text("raise SystemExit('a stray file was imported')")
    if where == "in the current directory":
        monkeypatch.chdir(folder)
    if where == "in PYTHONPATH":
        monkeypatch.setenv("PYTHONPATH", str(folder))
    path = start("def logits(self, images):\n    import random\n    return sys.path").run("logits", IMAGES)
    assert path[-1] == str(project.folder)
    assert not {str(folder), ""} & {*path[:-1]}


def test_interpreter_may_have_any_path(tmp_path):
    folder = tmp_path / 'it\'s a "path" = so'
    folder.mkdir()
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "python").chmod(0o755)
    worker = Worker(WorkerSpec("numpy", python=f"{folder}//python"))
    assert worker.run(versions_with_python)["numpy"] == np.__version__
    worker.close()


def test_program_that_is_no_interpreter_is_refused():
    with pytest.raises(Unusable, match="/bin/true"):
        Worker(WorkerSpec("numpy", python="/bin/true"))


def test_worker_imports_nothing_but_numpy_and_has_its_processors(start):
    worker = start(
        "def logits(self, images):\n"
        "    ours = {'pytest', 'rich', 'psutil', 'platformdirs', 'filelock', 'scipy'}\n"
        "    processors = getattr(os, 'sched_getaffinity', lambda _: [0])(0)\n"
        "    return sorted(ours & {*sys.modules}), os.environ['OMP_NUM_THREADS'], len(processors)",
        threads=1,
    )
    assert worker.run("logits", IMAGES) == ([], "1", 1)


HANGING = "def fit(self, images, labels, epochs, on_epoch=None):\n    on_epoch(1, 0.5)\n    time.sleep(1000)"


def heed_signals():
    """A job in the background, or under nohup, inherits that they are ignored."""
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_and_no_folder_outlives_pytest(project, how):
    """The signal reaches the whole process group, as from a terminal, `timeout` or a batch system."""
    project.add("fake", HANGING)
    command = project.command("--framework", "fake", "-m", "accuracy", "-s")
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_signals,
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
    if how == signal.SIGINT:
        assert "KeyboardInterrupt" in rest
        assert run.returncode == pytest.ExitCode.INTERRUPTED
