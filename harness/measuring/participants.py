"""Who takes part in a campaign: the variants, their notebook ways if wanted, and the floor."""

from collections.abc import Callable, Iterable
from pathlib import Path

import impls
from harness import ROOT
from harness.data.reference import Mnist
from harness.measuring import floor, notebook
from harness.measuring.campaign import Participant
from harness.measuring.workload import EPOCH, OPERATIONS, Operation
from harness.workers.host import Host
from harness.workers.worker import Worker
from impls.contract import Settings


def pairs(
    variants: Iterable[str], with_notebooks: bool, operations: Iterable[Operation] = OPERATIONS
) -> list[tuple[str, Operation]]:
    """(name, operation) for all that is to be measured of these variants and, if wanted, of their notebook ways."""
    found = [(variant, operation) for variant in variants for operation in operations]
    if with_notebooks:
        found += [(variant + notebook.SUFFIX, EPOCH) for variant in variants if notebook.exists(variant)]
    return found


def participants(wanted: Iterable[tuple[str, Operation]], settings: Settings, mnist: Mnist) -> list[Participant]:
    """One for each name in the pairs `wanted`, with its operations; and the floor beside training steps on the CPU.

    A name is a variant, or a variant and `notebook.SUFFIX`.
    """
    operations: dict[str, tuple[Operation, ...]] = {}
    for name, operation in wanted:
        operations[name] = (*operations.get(name, ()), operation)
    found = [_participant(name, of_it, settings, mnist) for name, of_it in operations.items()]
    methods = {operation.method for of_it in operations.values() for operation in of_it}
    if settings.device == "cpu" and "train_step" in methods:
        build = (floor.Machine, settings)
        found.append(Participant(floor.NAME, floor.NAME, build, floor.OPERATIONS, has_first_step=False))
    return found


def _participant(name: str, operations: tuple[Operation, ...], settings: Settings, mnist: Mnist) -> Participant:
    if not name.endswith(notebook.SUFFIX):
        return Participant(name, name, (impls.load, name, settings), operations)
    variant = name.removesuffix(notebook.SUFFIX)
    build = (notebook.Notebook, variant, settings, mnist.directory)
    return Participant(name, variant, build, operations, has_first_step=False)


def starter(
    settings: Settings,
    timeout: float,
    cpu_flags: Iterable[str],
    on_event: Callable[[str, str, dict], None],
    host: Host | None = None,
    root: str | Path = ROOT,
    keep: Iterable[str] = (),
) -> Callable[[Participant], Worker]:
    """What gives a participant a fresh worker. `on_event(name, event, details)` hears what `Session` notifies, and
    "taken_out" (names).

    `root` is the folder with our code, on the `host` if there is one; `keep` is as in `Worker`.
    """

    def start(participant: Participant) -> Worker:
        return Worker(
            participant.name,
            root=root,
            python=participant.python,
            host=host,
            on_event=lambda event, details: on_event(participant.name, event, details),
            threads=settings.threads,
            lane=participant.lane,
            environment=floor.environment(cpu_flags) if participant.name == floor.NAME else {},
            device=settings.device,
            timeout=timeout,
            keep=keep,
            on_taken_out=lambda names: on_event(participant.name, "taken_out", {"names": names}),
        )

    return start
