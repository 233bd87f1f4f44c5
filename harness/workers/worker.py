"""The parent's side of a worker: start it, ask it, end it, and say what happened if it died."""

import builtins
import contextlib
import itertools
import re
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import execnet
import psutil

from harness import ROOT
from harness.workers import excerpt, family, interpreter, variables
from harness.workers.host import Host, Unreachable
from harness.workers.wire import decode, encode, is_ours

SECONDS_BETWEEN_LOOKS = 1.0  # at whether a worker that is silent still lives
SECONDS_TO_DIE = 5  # for a killed process to be gone

NO_GPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}  # or some frameworks would take one unasked

# For sh: in the environment of its family from the first moment on, and all that it writes to stderr in a file. What is
# unset before it would act at the start of the process.
START = """export TMPDIR="$0" TEMP="$0" TMP="$0"; exec "$@" 2>"$0/stderr" """
BOOTSTRAP = """
import importlib.machinery, importlib.util, os, sys
if os.getpgrp() != os.getpid():
    os.setsid()  # Ctrl-C, a closed terminal or a cancelled job are for pytest alone; who outlives it cleans up
root, folder, environment, threads, lane = channel.receive()
os.environ.update(environment)
for name in ("impls", "harness"):  # from the root; everything else from the environment, whatever lies in the root
    spec = importlib.machinery.PathFinder.find_spec(name, [root])
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
sys.path.append(root)
from harness.workers.child import serve
serve(channel, folder, threads, lane)
"""


def in_a_line(error: Exception) -> str:
    """What it says: its first line and, if there are more, its last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = " ... ".join(map(excerpt.shortened, dict.fromkeys(lines[:1] + lines[-1:])))
    return f"{type(error).__name__}: {said}".rstrip(": ")


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
    - `lane`: which so many of the machine's processors these are: the first, 0, or the next.
    - `environment`: variables to set before anything is imported.
    - `device`: "cpu" hides the GPUs, "cuda" does not.
    - `timeout`: seconds the worker may be silent while it works.
    - `on_event(event, details)`: called for each event of `Session`.
    - `keep`: names of variables that it inherits although they change what is measured: see `variables`.
    - `on_taken_out(names)`: called before the start, if there are others.

    `kept` is what it has inherited of these: names and values.
    """

    def __init__(
        self,
        name: str,
        on_event: Callable[[str, dict], None] = lambda *_: None,
        root: Path = ROOT,
        python: str = sys.executable,
        host: Host | None = None,
        threads: int | None = None,
        lane: int = 0,
        environment: Mapping[str, str] = MappingProxyType({}),
        device: str = "cpu",
        timeout: float = 600.0,
        keep: Iterable[str] = (),
        on_taken_out: Callable[[list[str]], None] = lambda _: None,
    ):
        self.name = name
        self.on_event = on_event
        self.timeout = timeout
        self.alive = True
        self.host, self.process, self.number = host, None, 0
        self.group = execnet.Group()
        self.numbers = itertools.count()  # of what it is asked
        flaw = "" if python == sys.executable else self._beside(interpreter.flaw, python, timeout)
        if flaw:
            raise interpreter.Unusable(flaw)
        settings = {**limits(threads, device), **environment}
        taken_out, inherited = self._beside(variables.found, tuple(keep))
        self.kept = {name: value for name, value in inherited.items() if name not in settings}
        if taken_out:
            on_taken_out(taken_out)
        self.folder = self._beside(tempfile.mkdtemp, None, "mnist-")
        with self._obituary("start"):
            gateway = (host or self.group).makegateway(_spec(python, self.folder, taken_out))
            self.channel = gateway.remote_exec(BOOTSTRAP)
            self.channel.send((str(root), self.folder, settings, threads, lane))
        self.number = self._answer(next(self.numbers), "start")  # of its process, on its machine
        self.process = None if host else psutil.Process(self.number)

    def build(self, make: Callable, *arguments: Any) -> float:
        """`Session.build` in the worker. This and the following raise what it raised there (`WorkerError` for an
        unknown type), or `WorkerDied`."""
        return self._ask("build", make, *arguments)

    def call(self, method: str, *arguments: Any) -> Any:
        """A method of the implementation that is built there."""
        return self._ask("call", method, *arguments)

    def run(self, task: Callable, *arguments: Any) -> Any:
        """`task(implementation, *arguments)` there; a function of harness/ or impls/."""
        return self._ask("run", task, *arguments)

    def do(self, function: Callable, *arguments: Any) -> Any:
        """`function(*arguments)` there; a function of harness/ or impls/."""
        return self._ask("do", function, *arguments)

    def is_running(self) -> bool:
        """False after `close`, and when the process has ended by itself; on a host, that shows at the next call."""
        if self.host:
            return self.alive
        return self.alive and self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE

    def close(self) -> None:
        """End the process and whatever it started, and remove its temporary files; does nothing the second time."""
        if not self.alive:
            return
        self.alive = False
        with contextlib.suppress(psutil.Error, AttributeError):
            for process in [*self.process.children(recursive=True), self.process]:
                process.kill()
        with contextlib.suppress(Unreachable):
            self._beside(family.end, self.folder, *([self.number] if self.host and self.number else []))
        with contextlib.suppress(OSError):
            self.group.terminate(timeout=1)

    def _ask(self, verb: str, what: Callable | str, *arguments: Any) -> Any:
        doing = getattr(what, "__name__", what)
        if not self.alive:
            raise WorkerDied(f"the worker of {self.name} had ended before {doing!r}")
        command = (next(self.numbers), verb, encode((what, *arguments)))
        with self._obituary(doing):
            self.channel.send(command)
        return self._answer(command[0], doing)

    def _beside(self, function: Callable, *arguments: Any) -> Any:
        """`function(*arguments)` on the machine of the worker, not in its process."""
        return self.host.do(function, *arguments) if self.host else function(*arguments)

    def _answer(self, number: int, doing: str) -> Any:
        while True:
            answered, kind, *content = self._receive(doing)
            if answered != number:
                self.close()
                raise WorkerDied(
                    f"the worker of {self.name} answered twice before {doing!r} and was ended: what it runs must have "
                    "forked a process that went on in its place"
                )
            if kind == "error":
                raise _exception(self.name, *content)
            if kind == "ok":
                return decode(content[0])
            self.on_event(*content)

    def _receive(self, doing: str) -> tuple:
        """The next message. A worker that died is noticed even if a process that it forked keeps the line open."""
        silent_since = time.monotonic()
        with self._obituary(doing):
            while True:
                with contextlib.suppress(execnet.TimeoutError):
                    return self.channel.receive(min(SECONDS_BETWEEN_LOOKS, self.timeout))
                if self.process and not self.is_running():
                    raise EOFError
                if time.monotonic() - silent_since >= self.timeout:
                    raise execnet.TimeoutError

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
        except (EOFError, OSError, AssertionError, execnet.RemoteError) as error:
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
        try:
            words = self._beside(excerpt.tail, f"{self.folder}/stderr")
        except (OSError, Unreachable):
            return "What it wrote to stderr is lost."
        lines = ["The last lines of its stderr:", *words.splitlines()] if words else ["It wrote nothing to stderr."]
        return "\n  ".join(lines)


def _spec(python: str, folder: str, unset: Iterable[str]) -> str:
    """For execnet, which splits it as a shell does, and before that at each double slash."""
    start = "".join(f"unset {name}; " for name in unset if re.fullmatch(r"\w+", name, re.ASCII)) + START
    command = ["sh", "-c", start, folder, re.sub("/+", "/", python), "-I"]
    return f"popen//execmodel=main_thread_only//python={shlex.join(command)}"


def _exception(worker: str, raised: str | tuple, message: str, place: str) -> Exception:
    kind = getattr(builtins, raised, None) if isinstance(raised, str) else decode(raised)
    ordinary = isinstance(kind, type) and issubclass(kind, Exception)
    if ordinary and not issubclass(kind, (UnicodeError, ExceptionGroup)):  # which want more than a message
        error = kind(message)
    else:
        error = WorkerError(f"{raised}: {message}")
    if not is_ours(type(error)) or isinstance(error, WorkerError):  # the others' messages say all there is to say
        error.add_note(f"in the worker of {worker}: {place}")
    return error
