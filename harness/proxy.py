"""The parent's side of a worker: start it, ask it, end it, and say what happened if it died."""

import builtins
import contextlib
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import execnet
import psutil

import impls
from harness import ROOT, timing
from harness.host import Host
from harness.wire import decode, encode

LINES_OF_STDERR = 30  # shown when a worker dies: enough for a Python traceback or a C++ abort
SECONDS_TO_DIE = 5  # for a killed process to be gone

NO_GPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}  # or some frameworks would take one unasked

BOOTSTRAP = """
import os, sys
root, environment, stderr_path, threads = channel.receive()
os.environ.update(environment)
sys.path.insert(0, root)
from harness.worker import serve
serve(channel, stderr_path, threads)
"""


def in_a_line(error: Exception) -> str:
    """What it says: its first line and, if there are more, its last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ": ".join([type(error).__name__, " ... ".join(dict.fromkeys(lines[:1] + lines[-1:]))]).rstrip(": ")


def limits(threads: int | None, device: str) -> dict[str, str]:
    """What must be set before a framework is imported, so that it keeps to these threads and this device."""
    hidden = NO_GPU if device == "cpu" else {}
    return hidden | ({"OMP_NUM_THREADS": str(threads)} if threads else {})


class WorkerDied(Exception):
    """The worker process ended, or was ended because it was silent for too long, before it answered."""


class WorkerError(Exception):
    """The worker raised an exception of a type that pytest's process does not know."""


class Worker:
    """A process of its own for one framework, under any Python that has NumPy and the framework.

    - `name`: for messages.
    - `root`: the folder that holds `impls/` and `harness/`.
    - `host`: the machine on which `root` and `python` are; None for this one.
    - `threads`: CPU threads the frameworks may use; `None` for all.
    - `environment`: variables to set before anything is imported.
    - `device`: "cpu" hides the GPUs, "cuda" does not.
    - `timeout`: seconds the worker may be silent while it works.
    - `on_event(event, details)`: called for each event of `Session`.
    """

    def __init__(
        self,
        name: str,
        on_event: Callable[[str, dict], None] = lambda *_: None,
        root: Path = ROOT,
        python: str = sys.executable,
        host: Host | None = None,
        threads: int | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
        device: str = "cpu",
        timeout: float = 600.0,
    ):
        self.name = name
        self.on_event = on_event
        self.timeout = timeout
        self.alive = True
        self.stderr = tempfile.NamedTemporaryFile(prefix=f"{name}-", suffix=".stderr")  # noqa: SIM115 - until close()
        self.host, self.number = host, None
        spec = f"popen//execmodel=main_thread_only//python={shlex.quote(python)}"
        self.group = execnet.Group()
        self.gateway = host.start(spec) if host else self.group.makegateway(spec)
        self.channel = self.gateway.remote_exec(BOOTSTRAP)
        stderr = None if host else self.stderr.name
        self.channel.send((str(root), {**limits(threads, device), **environment}, stderr, threads))
        self.number = self._answer("start")  # of its process, on its machine
        self.process = None if host else psutil.Process(self.number)

    def call(self, name: str, *arguments: Any) -> Any:
        """`Session.call` in the worker. Raises what it raised (`WorkerError` for an unknown type), or `WorkerDied`."""
        if not self.alive:
            raise WorkerDied(f"the worker of {self.name} had ended before {name!r}")
        command = (name, encode(arguments))
        with self._obituary(name):
            self.channel.send(command)
        return self._answer(name)

    def is_running(self) -> bool:
        """False after `close`, and when the process has ended by itself; on a host, that shows at the next call."""
        if self.host:
            return self.alive
        return self.alive and self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE

    def close(self) -> None:
        """End the process and whatever it started; does nothing the second time."""
        if not self.alive:
            return
        self.alive = False
        with contextlib.suppress(psutil.NoSuchProcess, AttributeError):
            for process in [*self.process.children(recursive=True), self.process]:
                process.kill()
        with contextlib.suppress(OSError):  # the host is gone already
            self.host.kill(self.number) if self.host and self.number else self.group.terminate(timeout=1)
        self.stderr.close()

    def _answer(self, doing: str) -> Any:
        kind, *content = self._receive(doing)
        while kind == "event":
            self.on_event(*content)
            kind, *content = self._receive(doing)
        if kind == "error":
            raise _exception(self.name, *content)
        return decode(content[0])

    def _receive(self, doing: str) -> tuple:
        with self._obituary(doing):
            return self.channel.receive(self.timeout)

    @contextlib.contextmanager
    def _obituary(self, doing: str):
        """Whatever breaks the conversation ends the worker: a late answer would be taken for the next one's."""
        try:
            yield
        except execnet.TimeoutError:
            last_words = self._last_words()
            self.close()
            raise WorkerDied(
                f"the worker of {self.name} was silent for {self.timeout:g} s during {doing!r} and was ended "
                f"(--worker-timeout sets the limit). {last_words}"
            ) from None
        except (EOFError, OSError, execnet.RemoteError) as error:
            raised = str(error).strip().splitlines()[-1:] if isinstance(error, execnet.RemoteError) else []
            cause = "".join(raised) or self._exit_code()
            last_words = self._last_words()
            self.close()
            raise WorkerDied(f"the worker of {self.name} died during {doing!r}: {cause}. {last_words}") from None
        except BaseException:  # Ctrl-C above all
            self.close()
            raise

    def _exit_code(self) -> str:
        with contextlib.suppress(psutil.Error, AttributeError):
            code = self.process.wait(SECONDS_TO_DIE)
            if code is not None and code < 0:
                hint = " (by someone, or by the system as memory ran out)" if code == -signal.SIGKILL else ""
                return f"exit code {code}, {signal.Signals(-code).name}{hint}"
            return f"exit code {code}"
        return "exit code unknown"

    def _last_words(self) -> str:
        if self.host:
            return "What it wrote to stderr stayed on its host."
        lines = Path(self.stderr.name).read_text(errors="replace").splitlines()
        if not lines:
            return "It wrote nothing to stderr."
        return "\n  ".join(["The last lines of its stderr:", *lines[-LINES_OF_STDERR:]])


def _exception(worker: str, type_name: str, message: str, traceback: str) -> Exception:
    kind = next((getattr(known, type_name) for known in (builtins, impls, timing) if hasattr(known, type_name)), None)
    if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, UnicodeError):
        error = kind(message)
    else:
        error = WorkerError(f"{type_name}: {message}")
    error.add_note(f"raised in the worker of {worker}:\n{traceback}")
    return error
