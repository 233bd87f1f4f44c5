"""The targets of a campaign: the variants, their notebook ways if wanted, and the roofline."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

import impls
from harness.data.lazy import Parts
from harness.measuring import notebook, roofline
from harness.measuring.campaign import Target
from harness.measuring.workload import EPOCH, Operation
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker
from impls import Case
from impls.contract import NETWORKS, Settings


def pairs(cases: Sequence[Case], with_notebooks: bool, operations: Iterable[Operation]) -> list[tuple[Case, Operation]]:
    """Return each operation of each case, and an epoch of the notebook ways of their variants if wanted."""
    found = [(case, each.scaled_to(NETWORKS[case.network])) for case in cases for each in operations]
    if with_notebooks:
        variants = dict.fromkeys(case.variant for case in cases)
        found += [(Case(variant, notebook.NAME), EPOCH) for variant in variants if notebook.exists(variant)]
    return found


def targets(wanted: Iterable[tuple[Case, Operation]], settings: Settings, dataset: Parts) -> list[Target]:
    """Return one for each case of `wanted`, and on the CPU the roofline of each network that takes training steps.

    A notebook way is a case with `notebook.NAME` in place of a network.
    """
    operations: dict[Case, list[Operation]] = {}
    for case, operation in wanted:
        operations.setdefault(case, []).append(operation)
    found, rooflines = [], {}
    for case, own in operations.items():
        variant, network = case
        is_notebook = network == notebook.NAME
        if is_notebook:
            build = notebook.Notebook, variant, settings, dataset.directory
        else:
            build = impls.load, variant, replace(settings, network=network)
        found.append(Target(str(case), variant, network, build, tuple(own), has_first_step=not is_notebook))
        if settings.device == "cpu" and any(each.method == "train_step" for each in own):
            rooflines[network] = roofline_target(replace(settings, network=network))
    return [*found, *rooflines.values()]


def roofline_target(settings: Settings) -> Target:
    """Return the roofline of the network of these settings."""
    name, build = roofline.name_for(settings.network), (roofline.Machine, settings)
    own = {"has_first_step": False, "environment": roofline.environment()}
    return Target(name, roofline.NAME, settings.network, build, roofline.OPERATIONS, **own)


def starter(
    spec: WorkerSpec, on_event: Callable[[str, str, dict], None], trusted: Collection[str] = ()
) -> Callable[[Target], Worker]:
    """Return a function that starts a worker by `spec`, with the name, the Python, ... of a target.

    `on_event(name, event, details)` is called as for a `Worker`. The interpreters `trusted` are those of the user: they
    may need files anywhere, and run without the sandbox.
    """

    def start(target: Target) -> Worker:
        own = {field: getattr(target, field) for field in ("name", "python", "cpu_slot", "environment")}
        if target.python in trusted:
            own["readable"] = None
        return Worker(replace(spec, **own), lambda event, details: on_event(target.name, event, details))

    return start
