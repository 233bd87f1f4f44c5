"""What a run found, collected from its tests and its campaign for the page: `harness.page.results`."""

import os
import platform
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

import impls
from harness.data.obtain import DataError, obtain
from harness.equality.limits import required_accuracy
from harness.measuring import figures, floor, notebook
from harness.measuring.arithmetic import step_bytes
from harness.measuring.campaign import Campaign, Launch
from harness.measuring.machine import describe
from harness.page.results import Results
from harness.page.source import step_of
from harness.page.sprite import sprite
from harness.plugin.stash import CAMPAIGN, ENTRANTS, REFEREES, UPGRADE
from harness.regression.report import described
from impls.contract import DATASET, NETWORKS
from impls.files import read_dataset

SAMPLES = 10  # images of each class that are shown
NO_TROUBLE = ("", "passed", "deselected", "warnings")  # outcomes, as the terminal calls them
OF_TRAININGS = ("parameters", "accuracies", "losses", "seconds", "epoch_accuracies", "wrong")


def collected(config: pytest.Config, reports: Mapping[str, Sequence[Any]]) -> Results:
    """`reports`: outcome -> the reports of tests that had it, as pytest's terminal keeps them."""
    told = [(report, dict(report.user_properties)) for report in _of_tests(reports)]
    known = [(report, about) for report, about in told if "variant" in about]
    trainings = [_training(config, about) for _, about in known if "accuracies" in about]
    campaign, upgrade = config.stash.get(CAMPAIGN, None), config.stash.get(UPGRADE, None)
    variants = list(dict.fromkeys(entrant.variant for entrant in config.stash[ENTRANTS]))
    cpu = config.hook.pytest_benchmark_generate_machine_info(config=config)["cpu"]
    machine = campaign.machine if campaign else describe(cpu, config.option.device)
    return Results(
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        command=shlex.join(["pytest", *config.invocation_params.args]),
        machine={**machine, "cores": os.cpu_count(), "python": platform.python_version()},
        dataset=_dataset(config, trainings),
        networks={name: _network(name) for name in config.stash[REFEREES]},
        variants=variants,
        frameworks={about["variant"]: about["framework"] for _, about in known if "framework" in about},
        tests={outcome: len(each) for outcome, each in reports.items() if outcome},
        steps=dict(_steps(variants)),
        trainings=trainings,
        rungs=list(each_recorded("rung", known)),
        lessons=[value for report, _ in told for name, value in report.user_properties if name == "lesson"],
        launches=list(_launches(campaign)) if campaign else [],
        floors=list(_floors(campaign)) if campaign else [],
        profiles=list(each_recorded("profile", known)),
        troubles=list(_troubles(reports)),
        upgrades=[described(upgrade)] if upgrade else [],
    )


def _of_tests(reports: Mapping[str, Sequence[Any]]) -> Iterator[Any]:
    """Once for each test that came to be called, or that ended before; none of files that could not be collected."""
    for each in reports.values():
        yield from (report for report in each if getattr(report, "when", "") in ("setup", "call"))


def each_recorded(name: str, known: Sequence[tuple[Any, Mapping[str, Any]]]) -> Iterator[dict[str, Any]]:
    """All that was recorded by this name, with the variant and the network that it is of."""
    for report, about in known:
        for key, value in report.user_properties:
            if key == name:
                yield {"variant": about["variant"], "network": about["network"], **value}


def _training(config: pytest.Config, about: Mapping[str, Any]) -> dict[str, Any]:
    network = about["network"]
    required = required_accuracy(NETWORKS[network], config.option.epochs or NETWORKS[network].epochs)
    recorded = {key: about[key] for key in OF_TRAININGS}
    return {"variant": about["variant"], "network": network, "required": required, **recorded}


def _network(name: str) -> dict[str, Any]:
    network = NETWORKS[name]
    asked = {"epochs": network.epochs, "accuracy": network.accuracy}
    return {"shapes": network.shapes, "parameters": network.parameter_count, **asked, "step_bytes": step_bytes(network)}


def _dataset(config: pytest.Config, trainings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Without the data, which not each run needs, there are no pictures."""
    found = {"name": DATASET.name, "image_shape": DATASET.image_shape, "class_counts": [], "samples": "", "hard": None}
    try:
        _, (images, labels) = read_dataset(str(obtain(config.option.data_dir)))
    except DataError:
        return found
    first = [np.flatnonzero(labels == digit)[:SAMPLES] for digit in range(DATASET.classes)]
    hard = sorted({image for training in trainings for wrong in training["wrong"] for image in wrong})
    if hard:
        png = sprite(images[hard])
        found["hard"] = {"indices": hard, "labels": labels[hard].tolist(), "png": png}
    counts = np.bincount(labels, minlength=DATASET.classes).tolist()
    return {**found, "class_counts": counts, "samples": sprite(images[np.concatenate(first)], 2 * SAMPLES)}


def _steps(variants: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in dict.fromkeys(impls.variants()[variant].implementation for variant in variants):
        step = step_of(impls.FOLDER / name / "mnist.py")
        if step:
            yield name, step


def _launches(campaign: Campaign) -> Iterator[dict[str, Any]]:
    for each in campaign.participants:
        launches = campaign.launches[each.name]
        if each.variant != floor.NAME and each.network != notebook.NAME and launches:
            yield {"variant": each.variant, "network": each.network, **_measured(launches)}


def _measured(launches: Sequence[Launch]) -> dict[str, Any]:
    """A number for each launch."""
    starting = {
        "import": [launch.import_seconds for launch in launches],
        "building": [launch.building_seconds for launch in launches],
        "first step": [launch.first_step_seconds for launch in launches],
    }
    afters = dict.fromkeys(after for launch in launches for after in launch.memory)
    operations = dict.fromkeys(operation for launch in launches for operation in launch.samples)
    return {
        "seconds": {str(operation): figures.medians(launches, operation) for operation in operations},
        "starting": starting,
        "memory": {after: [launch.memory.get(after) for launch in launches] for after in afters},
    }


def _floors(campaign: Campaign) -> Iterator[dict[str, Any]]:
    operations = dict.fromkeys(operation for each in campaign.participants for operation in each.operations)
    for each in campaign.participants:
        if each.variant == floor.NAME:
            launches = campaign.launches[each.name]
            seconds = {str(name): figures.floor_seconds(launches, name, each.network) for name in operations}
            yield {"network": each.network, "seconds": {name: found for name, found in seconds.items() if found}}


def _troubles(reports: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, str]]:
    for outcome, each in reports.items():
        if outcome not in NO_TROUBLE:
            for report in each:
                yield {"test": report.nodeid, "outcome": outcome, "why": _why(report)}


def _why(report: Any) -> str:
    """The reason of a skip, or the message of what was raised, in a line."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    said = crash.message if crash else str(report.longrepr)
    return (said.splitlines() or [""])[0][:300]
