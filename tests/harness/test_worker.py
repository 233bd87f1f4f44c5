"""A worker that dies takes nobody with it, says how it died, and is replaced."""

import signal
import subprocess

import numpy as np
import psutil
import pytest

from harness.proxy import Worker, WorkerDied, WorkerError

IMAGES = np.zeros((2, 28, 28), np.uint8)


@pytest.fixture
def start(project):
    """Starts a worker of the copied project with a fake implementation built in it; ends them all afterwards."""
    workers = []

    def start(body: str, **options) -> Worker:
        project.add("fake", body)
        workers.append(Worker("fake", root=project.folder, **options))
        workers[-1].call("build", "fake", {})
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
    worker.call("train", IMAGES, np.array([1, 2]), 2)
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


def test_an_exception_comes_over_with_its_traceback_and_the_worker_lives_on(start):
    worker = start("def logits(self, images): raise KeyError('no such layer')")
    with pytest.raises(KeyError, match="no such layer") as raised:
        worker.call("logits", IMAGES)
    assert "impls/fake.py" in raised.value.__notes__[0]
    assert worker.call("parameter_count") == 535_818


def test_an_exception_of_an_unknown_type_keeps_its_name(start):
    worker = start("def logits(self, images):\n    class Strange(Exception): pass\n    raise Strange('here')")
    with pytest.raises(WorkerError, match="Strange: here"):
        worker.call("logits", IMAGES)


@pytest.mark.parametrize("error", ["MemoryError('64 GB')", "SystemExit(2)"])
def test_an_error_that_is_no_crash_leaves_the_worker_alive(start, error):
    worker = start(f"def logits(self, images): raise {error}")
    with pytest.raises((MemoryError, WorkerError)):
        worker.call("logits", IMAGES)
    assert worker.call("parameter_count") == 535_818


def test_a_loss_that_is_not_a_number_ends_the_training(start):
    worker = start(
        "def fit(self, images, labels, epochs, on_epoch=None):\n"
        "    on_epoch(1, 0.5); on_epoch(2, float('nan')); on_epoch(3, float('nan'))"
    )
    with pytest.raises(FloatingPointError, match="nan after epoch 2"):
        worker.call("train", IMAGES, np.array([1, 2]), 3)


def test_close_ends_the_process_and_its_children(start):
    worker = start("def logits(self, images): import subprocess; return subprocess.Popen(['sleep', '1000']).pid")
    child = worker.call("logits", IMAGES)
    worker.close()
    worker.close()
    assert not psutil.pid_exists(worker.process.pid)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


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


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_pytest(project, how):
    project.add("fake", HANGING)
    command = project.command("--framework", "fake", "-m", "accuracy", "-s")
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background inherits SIG_IGN
    ) as pytest_process:
        for line in pytest_process.stdout:
            if "epoch  1" in line:
                break
        children = psutil.Process(pytest_process.pid).children(recursive=True)
        assert children
        pytest_process.send_signal(how)
        rest, _ = pytest_process.communicate(timeout=30)
        _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert "Traceback" not in rest
    if how == signal.SIGINT:
        assert "KeyboardInterrupt" in rest
        assert pytest_process.returncode == pytest.ExitCode.INTERRUPTED
