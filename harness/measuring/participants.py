"""Who takes part in a campaign: the variants, their notebook ways if wanted, and the floor."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import impls
from harness.data.reference import Parts
from harness.measuring import floor, notebook
from harness.measuring.campaign import Participant
from harness.measuring.workload import EPOCH, OPERATIONS, Operation
from harness.workers.worker import Worker, WorkerSpec
from impls import Entrant
from impls.contract import NETWORKS, Settings


def pairs(
    entrants: Iterable[Entrant], with_notebooks: bool, operations: Iterable[Operation] = OPERATIONS
) -> list[tuple[Entrant, Operation]]:
    """All that is to be measured of these and, if wanted, of the notebook ways of their variants."""
    entrants = list(entrants)
    found = [
        (entrant, operation.scaled_to(NETWORKS[entrant.network])) for entrant in entrants for operation in operations
    ]
    if with_notebooks:
        variants = dict.fromkeys(entrant.variant for entrant in entrants)
        found += [(Entrant(variant, notebook.NAME), EPOCH) for variant in variants if notebook.exists(variant)]
    return found


def participants(wanted: Iterable[tuple[Entrant, Operation]], settings: Settings, dataset: Parts) -> list[Participant]:
    """One for each that is in the pairs `wanted`, with its operations; and the floor of each network whose training
    steps are among them, on the CPU. A notebook way is an entrant with `notebook.NAME` in place of a network."""
    operations: dict[Entrant, tuple[Operation, ...]] = {}
    for entrant, operation in wanted:
        operations[entrant] = (*operations.get(entrant, ()), operation)
    found = [_participant(entrant, of_it, settings, dataset) for entrant, of_it in operations.items()]
    trained = [
        entrant.network for entrant, of_it in operations.items() if "train_step" in {each.method for each in of_it}
    ]
    if settings.device == "cpu":
        found += [_floor(replace(settings, network=network)) for network in dict.fromkeys(trained)]
    return found


def _participant(
    entrant: Entrant, operations: tuple[Operation, ...], settings: Settings, dataset: Parts
) -> Participant:
    variant, network = entrant
    if network == notebook.NAME:
        build = (notebook.Notebook, variant, settings, dataset.directory)
        return Participant(str(entrant), variant, network, build, operations, has_first_step=False)
    build = (impls.load, variant, replace(settings, network=network))
    return Participant(str(entrant), variant, network, build, operations)


def _floor(settings: Settings) -> Participant:
    name, build = floor.name_for(settings.network), (floor.Machine, settings)
    return Participant(name, floor.NAME, settings.network, build, floor.OPERATIONS, has_first_step=False)


def starter(
    spec: WorkerSpec, cpu_flags: Iterable[str], on_event: Callable[[str, str, dict], None]
) -> Callable[[Participant], Worker]:
    """Return what starts a worker for a participant: as `spec` says, with the participant's name, Python and lane.

    `on_event(name, event, details)` is called as for a `Worker`.
    """

    def start(participant: Participant) -> Worker:
        name = participant.name
        environment = floor.environment(cpu_flags) if participant.variant == floor.NAME else {}
        own = replace(spec, name=name, python=participant.python, lane=participant.lane, environment=environment)
        return Worker(own, lambda event, details: on_event(name, event, details))

    return start
