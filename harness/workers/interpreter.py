"""Whether a Python can run a worker: one is started under it, and ended."""

from harness.workers.worker import Worker, WorkerDied, WorkerSpec, in_a_line


def flaw(python: str, timeout: float) -> str:
    """Return why this Python cannot run a worker, in a line; "" if it can. It is given `timeout` seconds."""
    try:
        Worker(WorkerSpec(python, python=python, timeout=timeout)).close()
    except WorkerDied as error:
        return f"{python} is no usable interpreter: Python 3.10 or later with NumPy is needed. {in_a_line(error)}"
    return ""
