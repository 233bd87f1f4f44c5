"""A worker that dies takes nobody with it, says how it died, and is replaced."""

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
from harness.workers.worker import Worker, WorkerDied, WorkerError, in_a_line
from impls import BrokenImplementation
from impls.contract import Settings
from tests.processes import comes_true, has_ended

IMAGES = np.zeros((2, 28, 28), np.uint8)
LARGE = 10**8  # characters; more than anybody wants to read


@pytest.fixture
def start(project):
    """Starts a worker of the copied project with a fake implementation built in it; ends them all afterwards."""
    workers = []

    def start(body: str, **options) -> Worker:
        project.add("fake", body)
        workers.append(Worker("fake", root=project.folder, **options))
        workers[-1].build(impls.load, "fake", Settings())
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


def test_a_worker_answers_and_keeps_its_network(start):
    worker = start("pass")
    before = worker.call("get_parameters")
    assert worker.call("parameter_count") == 535_818
    np.testing.assert_array_equal(worker.call("get_parameters")["dense_1/kernel"], before["dense_1/kernel"])


def test_events_arrive_before_the_answer(start):
    events = []
    worker = start("pass", on_event=lambda event, details: events.append((event, details.get("epoch"))))
    worker.run(train, IMAGES, np.array([1, 2]), 2)
    assert events == [("training", None), ("epoch", 1), ("epoch", 2), ("trained", None)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def logits(self, images): os._exit(3)", "died during 'logits': exit code 3"),
        ("def logits(self, images): os.abort()", r"exit code -6, SIGABRT(?s:.)*Fatal Python error: Aborted"),
        ("def logits(self, images): os.kill(os.getpid(), 9)", "exit code -9, SIGKILL .*memory ran out"),
        (
            "def logits(self, images): print('a library complains', file=sys.stderr, flush=True); os._exit(1)",
            r"exit code 1\. The last lines of its stderr:\s+a library complains",
        ),
    ],
    ids=["exit", "abort", "kill", "stderr"],
)
def test_a_crash_is_reported_with_exit_code_and_last_words(start, body, message):
    worker = start(body)
    with pytest.raises(WorkerDied, match=message):
        worker.call("logits", IMAGES)
    assert not worker.alive


def test_a_silent_worker_is_ended(start):
    worker = start("def logits(self, images): time.sleep(1000)", timeout=2.0)
    with pytest.raises(WorkerDied, match="silent for 2 s during 'logits' and was ended"):
        worker.call("logits", IMAGES)
    assert not psutil.pid_exists(worker.process.pid)


def test_an_exception_comes_over_with_the_line_at_fault_and_the_worker_lives_on(start):
    worker = start("def inner(self): return sys.float_info.missing\ndef logits(self, images): return self.inner()")
    with pytest.raises(AttributeError, match="no attribute 'missing'") as raised:
        worker.call("logits", IMAGES)
    assert raised.value.__notes__ == [
        "in the worker of fake: impls/fake/adapter.py:7 in inner: def inner(self): return sys.float_info.missing\n"
        "  impls/fake/adapter.py:8 in logits: def logits(self, images): return self.inner()"
    ]
    assert worker.call("parameter_count") == 535_818


def test_an_exception_from_inside_a_framework_is_told_from_impls_on(start):
    worker = start("def logits(self, images): import numpy as np; return np.linalg.inv(np.zeros((2, 2)))")
    with pytest.raises(WorkerError, match="LinAlgError: Singular matrix") as raised:
        worker.call("logits", IMAGES)
    first, *_, last = raised.value.__notes__[0].splitlines()
    assert "impls/fake/adapter.py:7 in logits" in first
    assert "raised at" in last
    assert "_linalg.py" in last


def test_an_exception_tells_what_caused_it(start):
    worker = start(
        "def logits(self, images):\n    try: {}['key']\n    except KeyError as error: raise ValueError('no') from error"
    )
    with pytest.raises(ValueError, match="no") as raised:
        worker.call("logits", IMAGES)
    assert raised.value.__notes__[0].endswith("caused by KeyError: 'key'")


def test_a_broken_implementation_is_told_in_a_line(start, project):
    project.add_file("impls/broken/adapter.py", "def")
    worker = start("pass")
    with pytest.raises(BrokenImplementation) as raised:
        worker.build(impls.load, "broken", Settings())
    assert written(raised.value) == "impls/broken is no implementation: invalid syntax (adapter.py, line 1)"


def test_an_exception_of_an_unknown_type_keeps_its_name(start):
    worker = start("def logits(self, images):\n    class Strange(Exception): pass\n    raise Strange('here')")
    with pytest.raises(WorkerError, match="Strange: here"):
        worker.call("logits", IMAGES)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("MemoryError('64 GB')", "64 GB"),
        ("SystemExit(2)", "SystemExit: 2"),
        ("ExceptionGroup('several', [OSError()])", "ExceptionGroup: several"),
        ("type('Mute', (Exception,), {'__str__': None})()", "Mute: <exception str"),
    ],
)
def test_an_error_that_is_no_crash_leaves_the_worker_alive(start, error, message):
    worker = start(f"def logits(self, images): raise {error}")
    with pytest.raises((MemoryError, WorkerError), match=message):
        worker.call("logits", IMAGES)
    assert worker.call("parameter_count") == 535_818


def written(error: BaseException) -> str:
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (f"def logits(self, images): sys.stderr.write('x' * {LARGE}); sys.stderr.flush(); os._exit(1)", "exit code 1"),
        (
            f"def logits(self, images): sys.stderr.write('x\\n' * {LARGE // 50}); sys.stderr.flush(); os._exit(1)",
            "cut: ",
        ),
        (f"def logits(self, images): raise ValueError('x' * {LARGE})", "99,999,700 characters"),
        (f"def logits(self, images): raise ValueError('x\\n' * {LARGE // 50})", "1,999,970 lines"),
        (f"def logits(self, images): raise ValueError('short') from OSError('x' * {LARGE})", "short"),
        ("def logits(self, images): return self.logits(images)", "recursion depth"),
    ],
    ids=["stderr", "lines of stderr", "message", "lines of a message", "cause", "recursion"],
)
def test_last_words_have_a_measure(start, body, shown):
    worker = start(body)
    with pytest.raises((ValueError, RecursionError, WorkerDied)) as raised:
        worker.call("logits", IMAGES)
    assert shown in written(raised.value)
    assert len(written(raised.value)) < 10_000
    assert len(in_a_line(raised.value)) < 1000


def test_warnings_have_a_measure(start):
    messages = []
    body = (
        "def logits(self, images):\n"
        "    import warnings\n"
        "    warnings.warn('x' * 10**7)\n"
        "    for number in range(1000): warnings.warn(f'warning {number % 500}')\n"
        "    return 0"
    )
    worker = start(body, on_event=lambda event, details: messages.append(details["message"]))
    worker.call("logits", IMAGES)
    assert len(messages) == 21
    assert messages[0].startswith("xxx")
    assert messages[1] == "warning 0"
    assert messages[-1].startswith("more warnings")
    assert max(map(len, messages)) < 500


def test_an_answer_that_nobody_asked_for_is_not_taken_for_another_one(start):
    worker = start("def logits(self, images): return os.fork()")
    with pytest.raises(WorkerDied, match=r"answered twice .* forked"):  # noqa: PT012 - the second may come late
        worker.call("logits", IMAGES)
        for _ in range(1000):
            assert worker.call("parameter_count") == 535_818
    assert not worker.alive


def test_a_loss_that_is_not_a_number_ends_the_training(start):
    worker = start(
        "def fit(self, images, labels, epochs, on_epoch=None):\n"
        "    on_epoch(1, 0.5); on_epoch(2, float('nan')); on_epoch(3, float('nan'))"
    )
    with pytest.raises(FloatingPointError, match="nan after epoch 2"):
        worker.run(train, IMAGES, np.array([1, 2]), 3)


DETACHED = """
def fit(self, *_): os._exit(1)
def evaluate(self, *_):
    import subprocess
    return subprocess.Popen(["sleep", "1000"]).pid
def logits(self, images):
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(write, str(os.getpid()).encode())
            time.sleep(1000)
        os._exit(0)
    return int(os.read(read, 20))
"""


def test_close_ends_the_process_and_all_that_it_has_started(start):
    worker = start(DETACHED)
    child, detached = worker.call("evaluate"), worker.call("logits", IMAGES)
    assert not has_ended(child)
    assert not has_ended(detached)
    worker.close()
    worker.close()
    assert not psutil.pid_exists(worker.process.pid)
    assert comes_true(lambda: has_ended(child))
    assert comes_true(lambda: has_ended(detached))


def test_a_crash_leaves_nothing_that_it_has_started(start):
    worker = start(DETACHED)
    child, detached = worker.call("evaluate"), worker.call("logits", IMAGES)
    with pytest.raises(WorkerDied):
        worker.call("fit")
    assert comes_true(lambda: has_ended(child))
    assert comes_true(lambda: has_ended(detached))


LITTERING = """
def fit(self, *_): os._exit(1)
def logits(self, images):
    import tempfile
    tempfile.mkdtemp()
    return tempfile.mkstemp()[1]
"""


@pytest.mark.parametrize("end", ["close", "crash"])
def test_temporary_files_of_a_worker_go_with_it(start, tmp_path, monkeypatch, end):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    worker = start(LITTERING)
    file = Path(worker.call("logits", IMAGES))
    assert file.exists()
    assert tmp_path in file.parents
    if end == "crash":
        with pytest.raises(WorkerDied):
            worker.call("fit")
    worker.close()
    assert {path for path in set(tmp_path.iterdir()) - before if path.name.startswith("mnist-")} == set()
    assert not file.exists()


STRAYS = ("numpy.py", "random.py", "execnet.py", "harness.py", "keras/__init__.py")


@pytest.mark.parametrize("where", ["in the current directory", "in PYTHONPATH", "in the root"])
def test_a_worker_sees_the_environment_of_its_interpreter_and_our_code(start, project, tmp_path, monkeypatch, where):
    folder = project.folder if where == "in the root" else tmp_path / "strays"
    for stray in STRAYS:
        (folder / stray).parent.mkdir(parents=True, exist_ok=True)
        (folder / stray).write_text("raise SystemExit('a stray file was imported')")
    if where == "in the current directory":
        monkeypatch.chdir(folder)
    if where == "in PYTHONPATH":
        monkeypatch.setenv("PYTHONPATH", str(folder))
    worker = start("def logits(self, images):\n    import random\n    return [random.__file__, *sys.path]")
    found = worker.call("logits", IMAGES)
    assert str(folder) not in found[:-1]
    assert found[-1] == str(project.folder)
    assert "" not in found


def test_an_interpreter_is_taken_by_any_path(tmp_path):
    folder = tmp_path / 'it\'s a "path" = so'
    folder.mkdir()
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "python").chmod(0o755)
    worker = Worker("numpy", python=f"{folder}//python")
    assert worker.do(versions_with_python)["numpy"] == np.__version__
    worker.close()


def test_an_interpreter_that_is_none_is_said_to_be_none():
    with pytest.raises(Unusable, match="/bin/true is no usable interpreter"):
        Worker("numpy", python="/bin/true")


def test_a_worker_needs_nothing_but_numpy(start):
    worker = start(
        "def logits(self, images):\n"
        "    ours = {'pytest', 'execnet', 'rich', 'psutil', 'platformdirs', 'filelock', 'scipy'}\n"
        "    return sorted(ours & set(sys.modules))"
    )
    assert worker.call("logits", IMAGES) == []


def test_threads_bind_the_worker_to_that_many_processors(start):
    """By the variable that OpenMP reads and, where the system can, by the processors it may run on."""
    body = "return [os.environ['OMP_NUM_THREADS'], len(getattr(os, 'sched_getaffinity', lambda _: [0])(0))]"
    worker = start(f"def logits(self, images): {body}", threads=1)
    assert worker.call("logits", IMAGES) == ["1", 1]


HANGING = "def fit(self, images, labels, epochs, on_epoch=None):\n    on_epoch(1, 0.5)\n    time.sleep(1000)"


def heed_signals():
    """A job in the background, or under nohup, inherits that they are ignored."""
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_worker_outlives_pytest(project, how):
    """Whatever its whole group is told, as a terminal, `timeout` or a server of jobs does."""
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
    ) as pytest_process:
        try:
            assert any("epoch  1" in line for line in pytest_process.stdout)
            children = psutil.Process(pytest_process.pid).children(recursive=True)
            folders = [Path(child.environ()["TMPDIR"]) for child in children]
            assert folders
            assert all(folder.exists() for folder in folders)
        except BaseException:
            pytest_process.kill()  # or it would be waited for
            raise
        os.killpg(pytest_process.pid, how)
        rest, _ = pytest_process.communicate(timeout=30)
        _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert not any(folder.exists() for folder in folders)
    assert "Traceback" not in rest
    if how == signal.SIGINT:
        assert "KeyboardInterrupt" in rest
        assert pytest_process.returncode == pytest.ExitCode.INTERRUPTED
