"""Processes that train one network together: they start, work and end together, whatever becomes of one of them.

They find each other through the engine of their framework. What it does when one of them dies or hangs differs: it
raises an error at once or after half an hour, aborts the process, or waits for ever. Here all get one error in time.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from types import MappingProxyType
from typing import Any

import psutil

from harness.workers import processors
from harness.workers.worker import Worker, WorkerDied, in_a_line
from impls import parallel
from impls.contract import Settings
from impls.parallel import Place

SECONDS_BETWEEN_LOOKS = 0.2  # at whether something was heard
SECONDS_TO_FOLLOW = 2.0  # for the others to say what they know of it, when one process has failed


class TeamBroken(WorkerDied):
    """One of the processes died or hangs, or they did not find each other; all were ended."""


class Team:
    """A process for each part of a batch, each with a session and a processor of its own.

    - `timeout`: seconds for which nobody may be heard while they work.
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
        self.heard = time.monotonic()
        self.places = places(processes)
        self.workers: list[Worker] = []

        def hear(event: str, details: dict) -> None:
            self.heard = time.monotonic()
            on_event(event, details)

        try:
            for rank in range(processes):
                self.workers.append(
                    Worker(
                        f"{variant}, rank {rank} of {processes}",
                        on_event=hear if rank == 0 else lambda *_: None,
                        threads=1,
                        lane=rank % processors.count(),
                        environment=environment,
                        timeout=2 * timeout,  # the team's is the one that ends
                    )
                )
        except BaseException:
            self.close()
            raise

    def build(self, settings: Settings) -> None:
        """`impls.parallel.load` in every process."""
        self._ask("build", lambda rank, worker: worker.build(parallel.load, self.variant, settings, self.places[rank]))

    def call(self, method: str, *arguments: Any) -> list[Any]:
        """A method of what was built, in every process; what each returns."""
        return self._ask(method, lambda rank, worker: worker.call(method, *arguments))

    def run(self, task: Callable, *arguments: Any) -> list[Any]:
        """`task(implementation, *arguments)` in every process; what each returns."""
        return self.run_each(*[(task, *arguments)] * len(self.workers))

    def run_each(self, *questions: tuple) -> list[Any]:
        """The same, with a task and its arguments for each process."""
        return self._ask(questions[0][0].__name__, lambda rank, worker: worker.run(*questions[rank]))

    def is_running(self) -> bool:
        return all(worker.is_running() for worker in self.workers)

    def close(self) -> None:
        for worker in self.workers:
            worker.close()

    def _ask(self, doing: str, ask: Callable[[int, Worker], Any]) -> list[Any]:
        """`ask(rank, worker)` of all at once. Raises what one of them raised, or `TeamBroken`."""
        self.heard = time.monotonic()
        pool = ThreadPoolExecutor(len(self.workers))
        asked = [pool.submit(ask, rank, worker) for rank, worker in enumerate(self.workers)]
        try:
            self._watch(doing, asked)
        except BaseException:  # Ctrl-C too
            self.close()  # what the threads wait for
            raise
        finally:
            pool.shutdown()
        return [each.result() for each in asked]

    def _watch(self, doing: str, asked: list[Future]) -> None:
        """Wait until all have answered. Raises `TeamBroken` if they do not, or do not live to be asked again."""
        done, waiting = set(), set(asked)
        while waiting and not any(each.exception() for each in done):
            if time.monotonic() - self.heard > self.timeout:
                break
            done, waiting = wait(asked, SECONDS_BETWEEN_LOOKS, FIRST_EXCEPTION)
        if waiting:
            waiting = wait(asked, SECONDS_TO_FOLLOW).not_done
        if waiting or not self.is_running():
            known = self._known(asked)
            self.close()
            taken = [
                f"{address} is taken by another program" for address in self.places[0].addresses if is_taken(address)
            ]
            cause, *more = [*taken, *known] or [f"nobody was heard for {self.timeout:g} s"]
            told = f"{self.variant}: all {len(asked)} processes were ended during {doing!r}: {cause}"
            raise TeamBroken("\n".join([told, *more]))

    def _known(self, asked: list[Future]) -> list[str]:
        """What is known of each, first who is the cause: who died, then who hangs, then who has noticed it."""
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


def places(processes: int) -> list[Place]:
    """For so many processes on this machine, reached through its loopback alone, at ports that are free now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(processes)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        addresses = tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    return [Place(rank, addresses) for rank in range(processes)]


def is_taken(address: str) -> bool:
    """Whether a program listens there."""
    host, port = address.split(":")
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have ended do not count
        try:
            tried.bind((host, int(port)))
        except OSError:
            return True
    return False
