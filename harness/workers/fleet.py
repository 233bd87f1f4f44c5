"""The frameworks of a session: each in a worker that is started at its first use and ended with the session."""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import psutil

import impls
from harness.workers import processors, together
from harness.workers.launch import WorkerSpec
from harness.workers.session import Session
from harness.workers.wire import dumps
from harness.workers.worker import Worker, WorkerDied
from impls import Case
from impls.contract import NETWORKS, Network, Settings


@dataclass(frozen=True, eq=False)
class Framework:
    """A variant that is built in a worker. Methods of `Adapter` are called there.

    `worker_key` is the name of the worker in the fleet. `factory(name, settings, *factory_args)` built the variant.
    """

    fleet: "Fleet"
    worker_key: str
    factory: Callable
    name: str
    settings: Settings
    factory_args: tuple = ()

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda *arguments: self.run(method, *arguments)

    def run(self, function: Callable | str, *arguments: Any) -> Any:
        """Return `Session.run(function, *arguments)` of its worker."""
        return self.fleet.worker(self.worker_key).run(function, *arguments)

    def label(self) -> str:
        """Return framework and version, and backend and version if it was chosen: "keras 3.15.1, torch 2.15.0"."""
        versions = list(self.versions().items())
        shown = versions[: 1 + self.name.count("-")]
        return ", ".join(f"{package} {version.partition('+')[0]}" for package, version in shown)

    @property
    def network(self) -> Network:
        """The requirements of its network."""
        return NETWORKS[self.settings.network]

    def memory(self) -> int:
        """Return the RAM that its process holds now, in bytes."""
        return self.fleet.worker(self.worker_key).process.memory_info().rss

    def with_settings(self, **changes: Any) -> "Framework":
        """Build it anew with these settings changed. The old one must not be used any more."""
        return self.fleet.framework(
            self.name, replace(self.settings, **changes), self.worker_key, self.factory, *self.factory_args
        )

    def rebuild(self, factory: Callable, *factory_args: Any) -> "Framework":
        """Build it anew by another function. The old one must not be used any more."""
        return self.fleet.framework(self.name, self.settings, self.worker_key, factory, *factory_args)


class InProcess(Session):
    """A session of this process in place of a worker, for a debugger."""

    @property
    def process(self) -> psutil.Process:
        """This process."""
        return psutil.Process()

    def is_running(self) -> bool:
        """Return True, as for a worker that runs."""
        return True

    def close(self) -> None:
        """Do nothing: this process goes on."""


class Fleet:
    """The workers of a session, started by `spec`. `on_event(name, event, details)` is called as by `Worker`."""

    def __init__(self, spec: WorkerSpec, on_event: Callable[[str, str, dict], None], in_process: bool = False):
        self.spec = spec
        self.on_event = on_event
        self.in_process = in_process
        self.workers: dict[str, Worker | InProcess] = {}
        self.broken: dict[bytes, Exception] = {}  # by `dumps` of the build

    def start(self, cases: Iterable[Case], settings: Settings) -> None:
        """Build these in their workers, as many at once as there are cores: an import takes seconds of a core."""

        def prepare(case: Case) -> None:
            with contextlib.suppress(Exception):  # `framework` raises it again for the test
                self.framework(case.variant, replace(settings, network=case.network))

        together.each(prepare, cases, processors.count(), self.close)

    def framework(
        self, variant: str, settings: Settings, worker_key: str = "", factory: Callable = impls.load, *factory_args: Any
    ) -> Framework:
        """Build `factory(variant, settings, *factory_args)` in the worker `worker_key`, by default `variant`.

        Raises the error of the import or of the building, each time.
        """
        key = dumps((factory, variant, settings, *factory_args))
        if key not in self.broken:
            try:
                self.worker(worker_key or variant).obtain(factory, variant, settings, *factory_args)
            except WorkerDied:
                raise  # the next test gets a fresh worker
            except Exception as error:
                self.broken[key] = error
        if key in self.broken:
            raise self.broken[key].with_traceback(None)  # or it would grow each time
        return Framework(self, worker_key or variant, factory, variant, settings, factory_args)

    def worker(self, name: str, **own: Any) -> Worker | InProcess:
        """Return the worker of this name. It is started, by `own` settings, if there is none, or if it has died."""
        if name in self.workers and not self.workers[name].is_running():
            self.workers.pop(name).close()  # removes its temporary files
        if name not in self.workers:
            if self.in_process:
                self.workers[name] = InProcess(lambda event, **details: self.on_event(name, event, details))
            else:
                spec = replace(self.spec, name=name, **own)
                self.workers[name] = Worker(spec, lambda event, details: self.on_event(name, event, details))
        return self.workers[name]

    def adopt(self, name: str, worker: Worker) -> None:
        """Make this the worker of that name, and end the previous one."""
        if name in self.workers:
            self.workers[name].close()
        self.workers[name] = worker

    def close(self) -> None:
        """End all workers. Those that are asked for later are started anew."""
        for worker in list(self.workers.values()):
            worker.close()
