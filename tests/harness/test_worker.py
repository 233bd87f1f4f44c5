"""A worker that dies takes no other process with it, its error says how it died, and nothing of it remains."""

import tempfile
from pathlib import Path

import numpy as np
import psutil
import pytest

from harness.workers.worker import Worker, WorkerDied, WorkerError
from tests.processes import has_ended, wait_until

IMAGES = np.zeros((2, 28, 28), np.uint8)
LARGE = 10**7  # characters of a message


def raised_by(worker: Worker, kind: type[Exception], argument: object = IMAGES) -> str:
    """The message and the notes of the error that `logits` raises."""
    with pytest.raises(kind) as caught:
        worker.run("logits", argument)
    return "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("os._exit(3)", "exit code 3"),
        ("os.abort()", "SIGABRT"),
        ("os.kill(os.getppid(), 9); time.sleep(1000)", "SIGKILL"),
        (f"sys.stderr.write('x' * {LARGE} + 'a complaint'); sys.stderr.flush(); os._exit(1)", "a complaint"),
    ],
    ids=["exit", "abort", "kill the supervisor", "long stderr"],
)
def test_crash_is_reported_with_exit_code_and_stderr(start_fake, body, found):
    worker = start_fake(f"def logits(self, images): {body}")
    message = raised_by(worker, WorkerDied)
    assert "'logits'" in message
    assert found in message
    assert len(message) < 10_000
    assert not worker.is_running()
    raised_by(worker, WorkerDied)


@pytest.mark.parametrize("body", ["time.sleep(1000)", "os.kill(os.getpid(), 19)"], ids=["sleeps", "is stopped"])
def test_silent_worker_is_ended(start_fake, body):
    worker = start_fake(f"def logits(self, images): {body}", timeout=2.0)
    assert "2 s" in raised_by(worker, WorkerDied)
    assert not psutil.pid_exists(worker.process.pid)


ERRORS = (
    ("sys.float_info.missing", AttributeError, "impls/fake/adapter.py:8"),
    ("raise MemoryError('64 GB')", MemoryError, "64 GB"),
    ("raise SystemExit(2)", WorkerError, "SystemExit: 2"),
    ("raise type('Mute', (Exception,), {'__str__': None})()", WorkerError, "Mute"),
    ("raise ValueError('no') from KeyError('the cause')", ValueError, "the cause"),
    ("raise ValueError('short') from OSError('x\\n' * 10**6)", ValueError, "short"),
    ("self.logits(number)", RecursionError, "recursion"),
    ("return object()", TypeError, "object"),
)


def test_error_leaves_the_worker_alive_and_its_report_short(start_fake):
    lines = (f"    if number == {number}: {body}" for number, (body, *_) in enumerate(ERRORS))
    worker = start_fake("\n".join(["def logits(self, number):", *lines]))
    for number, (_, kind, found) in enumerate(ERRORS):
        message = raised_by(worker, kind, number)
        assert found in message
        assert len(message) < 12_000
    assert worker.run("parameter_count") == 535_818


def test_warnings_are_few_and_short(start_fake):
    events = []
    warn = "import warnings; [warnings.warn(f'warning {number % 500}' + 'x' * 10**4) for number in range(1000)]"
    worker = start_fake(f"def logits(self, images): {warn}", lambda *event: events.append(event))
    worker.run("logits", IMAGES)
    messages = [details["message"] for event, details in events if event == "warning"]
    assert 10 < len(messages) < 30
    assert max(map(len, messages)) < 500


# Starts a process that leaves the session; leaves a file.
LITTERING = """
def fit(self, *_): os._exit(1)
def logits(self, images):
    import subprocess, tempfile
    orphan = subprocess.run(["setsid", "--fork", "sh", "-c", "echo $$; exec sleep 1000 >&-"], stdout=subprocess.PIPE)
    return int(orphan.stdout), tempfile.mkstemp()[1]
"""


@pytest.mark.parametrize("end", ["close", "crash"])
def test_processes_and_files_of_a_worker_end_with_it(start_fake, tmp_path, monkeypatch, end):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    worker = start_fake(LITTERING)
    orphan, file = worker.run("logits", IMAGES)
    assert Path(worker.folder) in Path(file).parents
    if end == "crash":
        with pytest.raises(WorkerDied):
            worker.run("fit")
    worker.close()
    worker.close()
    assert not psutil.pid_exists(worker.process.pid)
    assert wait_until(lambda: has_ended(orphan))
    assert not Path(worker.folder).exists()
