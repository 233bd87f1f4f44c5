"""Processes that train one network together. They start, work and end together, also if one of them dies or hangs.

Frameworks differ in how they report a process that dies or hangs: an error at once, an error after half an hour, an
aborted process, or none. A `Team` raises one error within its timeout, and ends all processes.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import psutil

from harness.workers import processors
from harness.workers.excerpt import in_a_line
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker, WorkerDied
from impls import parallel
from impls.contract import Settings
from impls.parallel import Place

SECONDS_BETWEEN_CHECKS = 0.2  # at the time of the last message
SECONDS_TO_FOLLOW = 2.0  # for the other processes to report their errors, after the first error


class TeamBroken(WorkerDied):
    """One of the processes died or hangs, or they did not connect. All were ended."""


class Team:
    """A process for each part of a batch, with a session and a processor for each.

    - `timeout`: seconds without a message from the process of rank 0 after which they are ended.
    - `on_event(event, details)`: called for each event of `Session` in the process of rank 0.
    - `environment`: variables to set in each before anything is imported.
    """

    def __init__(
        self,
        variant: str,
        processes: int,
        timeout: float = 600.0,
        on_event: Callable[[str, dict], None] = lambda *_: None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ):
        self.variant = variant
        self.timeout = timeout
        self.places = places(processes)
        self.workers: list[Worker] = []
        self.last_event = time.monotonic()

        def note_event(event: str, details: dict) -> None:
            self.last_event = time.monotonic()
            on_event(event, details)

        direct = {**without_proxy(), **environment}
        spec = WorkerSpec("", threads=1, environment=direct, timeout=2 * timeout)  # the team's ends all before it
        try:
            for rank in range(processes):
                name, cpu_slot = f"{variant}, rank {rank} of {processes}", rank % processors.count()
                own = replace(spec, name=name, cpu_slot=cpu_slot)
                self.workers.append(Worker(own, note_event if rank == 0 else lambda *_: None))
        except BaseException:
            self.close()
            raise

    def build(self, settings: Settings) -> None:
        """Call `impls.parallel.load` in every process."""
        self._ask("build", lambda rank, worker: worker.build(parallel.load, self.variant, settings, self.places[rank]))

    def run(self, function: Callable | str, *arguments: Any) -> list[Any]:
        """`Worker.run` in every process. Return the results by rank."""
        return self.run_each(*[(function, *arguments)] * len(self.workers))

    def run_each(self, *questions: tuple) -> list[Any]:
        """Run as `run` does; `questions` holds a tuple (function, *arguments) for each process."""
        function = questions[0][0]
        return self._ask(getattr(function, "__name__", function), lambda rank, worker: worker.run(*questions[rank]))

    def is_running(self) -> bool:
        """Return whether every process runs."""
        return all(worker.is_running() for worker in self.workers)

    def close(self) -> None:
        """End every process, and remove its temporary files."""
        for worker in self.workers:
            worker.close()

    def _ask(self, doing: str, ask: Callable[[int, Worker], Any]) -> list[Any]:
        """Call `ask(rank, worker)` for all at the same time. Raises the exception of one of them, or `TeamBroken`."""
        self.last_event = time.monotonic()
        pool = ThreadPoolExecutor(len(self.workers))
        asked = [pool.submit(ask, rank, worker) for rank, worker in enumerate(self.workers)]
        try:
            self._watch(doing, asked)
        except BaseException:  # Ctrl-C too
            self.close()  # the threads of the pool wait for these processes
            raise
        finally:
            pool.shutdown()
        return [each.result() for each in asked]

    def _watch(self, doing: str, asked: list[Future]) -> None:
        """Wait for all answers. Raises `TeamBroken` if one is missing, or if a process is not running any more."""
        done, waiting = set(), set(asked)
        while waiting and not any(each.exception() for each in done):
            if time.monotonic() - self.last_event > self.timeout:
                break
            done, waiting = wait(asked, SECONDS_BETWEEN_CHECKS, FIRST_EXCEPTION)
        if waiting:
            waiting = wait(asked, SECONDS_TO_FOLLOW).not_done
        if waiting or not self.is_running():
            causes = self._causes(asked) or self._silent(asked)
            self.close()
            taken = [each for each in self.places[0].addresses if is_taken(each)]
            causes = [*(f"{address} is taken by another program" for address in taken), *causes]
            cause, *more = causes
            first_line = f"{self.variant}: all {len(asked)} processes were ended during {doing!r}: {cause}"
            raise TeamBroken("\n".join([first_line, *more]))

    def _causes(self, asked: list[Future]) -> list[str]:
        """Return a line for each process that failed: first those that died, then those that hang, then the others."""
        died, stopped, others = [], [], []
        for worker, each in zip(self.workers, asked, strict=True):
            error = each.exception() if each.done() else None
            if isinstance(error, WorkerDied):
                died.append(str(error))
            elif error:
                others.append(f"{worker.name}: {in_a_line(error)}")
            elif worker.is_running() and worker.process.status() == psutil.STATUS_STOPPED:
                stopped.append(f"the worker of {worker.name} is stopped, as by SIGSTOP")
        return [*died, *stopped, *others]

    def _silent(self, asked: list[Future]) -> list[str]:
        """Return a line for the silence, and the last lines of stderr of each process without an answer."""
        waiting = [worker for worker, each in zip(self.workers, asked, strict=True) if not each.done()]
        said = [f"{worker.name}: {worker.last_lines()}" for worker in waiting]
        return [f"no message for {self.timeout:g} s", *said]


def without_proxy() -> dict[str, str]:
    """Return variables that keep connections within this machine from a proxy: those of gRPC, curl and Python."""
    names = ("no_proxy", "NO_PROXY", "no_grpc_proxy")
    users = next(filter(None, map(os.environ.get, names)), "")
    return dict.fromkeys(names, ",".join(filter(None, [users, "127.0.0.1", "localhost"])))


def places(processes: int) -> list[Place]:
    """Return the places of `processes` processes of this machine, on its loopback interface, at ports that are free."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(processes)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        addresses = tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    return [Place(rank, addresses) for rank in range(processes)]


def is_taken(address: str) -> bool:
    """Return whether a program listens at `address`. Closed connections in TIME_WAIT do not count."""
    host, port = address.split(":")
    try:
        socket.create_server((host, int(port))).close()
    except OSError:
        return True
    return False
