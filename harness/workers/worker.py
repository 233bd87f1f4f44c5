"""The parent's side of a worker: start it, run functions in it, end it, and describe how it died."""

import builtins
import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from socket import socketpair
from typing import Any

import psutil

from harness.workers import excerpt, launch, process_tree, variables
from harness.workers.launch import WorkerSpec
from harness.workers.wire import dumps, loads_values, receive, send

SECONDS_BETWEEN_CHECKS = 1.0  # between checks that a silent worker is alive


class WorkerDied(Exception):
    """An exception if a worker ended before it answered, or was ended because it was silent for too long."""


class WorkerEnded(WorkerDied):
    """An exception if this process ended the worker while another thread waited for its answer, as after Ctrl-C."""


class WorkerError(Exception):
    """An exception of a worker whose type this process does not know."""


class Worker:
    """A process with one implementation in it.

    `on_event(event, details)` is called for each event of `Session`, and for "taken_out" (names) if variables are set
    that the worker does not inherit. `kept` are those that it has inherited because of `keep`: names and values.

    Raises `WorkerDied` if it does not start.
    """

    def __init__(self, spec: WorkerSpec, on_event: Callable[[str, dict], None] = lambda *_: None):
        self.spec, self.name, self.on_event = spec, spec.name, on_event
        self.kept = launch.kept(spec)
        if names := variables.reported(spec.keep):
            on_event("taken_out", {"names": names})
        self.alive = True
        self.process: psutil.Process | None = None
        with contextlib.ExitStack() as stack:
            self.folder = tempfile.mkdtemp(prefix="mnist-")
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.stderr = stack.enter_context(tempfile.TemporaryFile())
            self.connection, stdin = map(stack.enter_context, socketpair())
            self.supervisor = process_tree.start(
                launch.command(spec, self.folder),
                self.folder,
                env=launch.environment(spec, self.folder),
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=self.stderr,
            )
            stack.callback(process_tree.end, self.supervisor)
            stdin.close()
            self.resources = stack.pop_all()
        number = self._answer("start")
        with contextlib.suppress(psutil.NoSuchProcess):  # the next command will say how it died
            self.process = psutil.Process(number)

    def build(self, make: Callable, *arguments: Any) -> float:
        """Call `Session.build` in the worker.

        Raises what it raises, `WorkerError` for an error of an unknown type, or `WorkerDied`.
        """
        return self._ask("build", make, *arguments)

    def obtain(self, make: Callable, *arguments: Any) -> None:
        """Call `Session.obtain` in the worker. Raises as `build`."""
        self._ask("obtain", make, *arguments)

    def run(self, function: Callable | str, *arguments: Any) -> Any:
        """Call `Session.run` in the worker: a function of harness/ or impls/, or a method's name. Raises as `build`."""
        return self._ask("run", function, *arguments)

    def is_running(self) -> bool:
        """Return False after `close`, and when the process has ended without it."""
        running = self.alive and self.supervisor.poll() is None
        return running and (self.process is None or self.process.is_running())

    def close(self) -> None:
        """End the process and all that it has started, and remove its temporary files; do nothing the second time."""
        if self.alive:
            self.alive = False
            self.resources.close()

    def _ask(self, verb: str, function: Callable | str, *arguments: Any) -> Any:
        doing = getattr(function, "__name__", function)
        if not self.alive:
            raise WorkerEnded(f"the worker of {self.name} had ended before {doing!r}")
        return self._answer(doing, dumps((verb, function, *arguments)))

    def _answer(self, doing: str, command: bytes = b"") -> Any:
        """Send a command, if any, and return the value that answers it. Raises the error that answers it.

        Anything else ends the worker: a late answer would be taken for that of the next command.
        """
        try:
            kind, *content = self._next(doing, command)
            while kind == "event":
                self.on_event(*content)
                kind, *content = self._next(doing)
        except BaseException:  # Ctrl-C above all
            self.close()
            raise
        if kind == "error":
            raise _exception(self.name, *content)
        return content[0]

    def _next(self, doing: str, command: bytes = b"") -> tuple:
        """Send a command, if any, and return the next message. Raises `WorkerDied`.

        The death of a worker is detected even if a process that it forked keeps the connection open.
        """
        silent_since = time.monotonic()

        def check_alive() -> None:
            if not self.is_running():
                raise EOFError
            if time.monotonic() - silent_since >= self.spec.timeout:
                raise TimeoutError

        try:
            if command:
                self.connection.settimeout(self.spec.timeout)
                send(self.connection, command)
            self.connection.settimeout(min(SECONDS_BETWEEN_CHECKS, self.spec.timeout))
            return loads_values(receive(self.connection, check_alive))
        except TimeoutError:
            raise WorkerDied(
                f"the worker of {self.name} was silent for {self.spec.timeout:g} s during {doing!r} and was ended "
                f"(--worker-timeout sets the limit). {self.last_lines()}"
            ) from None
        except (EOFError, OSError):
            if not self.alive:
                raise WorkerEnded(f"the worker of {self.name} was ended during {doing!r}") from None
            raise WorkerDied(
                f"the worker of {self.name} died during {doing!r}: {self._exit_code()}. {self.last_lines()}"
            ) from None

    def _exit_code(self) -> str:
        try:
            code = self.supervisor.wait(process_tree.SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return "exit code unknown"
        number = code - 128 if code > 128 else -code
        if number not in set(signal.Signals):
            return f"exit code {code}"
        hint = " (by someone, or by the system as memory ran out)" if number == signal.SIGKILL else ""
        return f"exit code {-number}, {signal.Signals(number).name}{hint}"

    def last_lines(self) -> str:
        """Return the end of its stderr, in short lines."""
        with contextlib.suppress(ValueError):  # another thread has closed the file
            if last := excerpt.tail(self.stderr).splitlines():
                return "\n  ".join(["The last lines of its stderr:", *last])
        return "It wrote nothing to stderr."


def _exception(worker: str, raised: str | type, message: str, place: str) -> Exception:
    """Return the error that a worker describes; one whose type is unknown here as a `WorkerError`."""
    kind = getattr(builtins, raised, None) if isinstance(raised, str) else raised
    error = WorkerError(f"{raised}: {message}")
    with contextlib.suppress(TypeError):  # it is no class, or wants more than a message
        error = kind(message) if issubclass(kind, Exception) else error
    if isinstance(raised, str):  # a message of a shared type says all there is to say
        error.add_note(f"in the worker of {worker}: {place}")
    return error
