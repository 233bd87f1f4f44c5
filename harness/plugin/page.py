"""`--page FILE` draws the results of a run as a page. `--results FILE` keeps them as JSON, to be drawn again."""

import ast
import platform
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import impls
from harness.data.obtain import DataError, obtain
from harness.measuring.machine import describe
from harness.measuring.roofline import step_bytes
from harness.page.digits import sprite
from harness.page.page import html
from harness.page.results import Results, as_json
from harness.plugin.output import results_of, write_report
from harness.plugin.stash import CAMPAIGN, CASES, REFERENCES, UPGRADE
from harness.regression.report import described
from harness.report.record import Result, of_kind
from harness.workers import processors
from impls.contract import DATASET, NETWORKS
from impls.files import read_dataset

SAMPLES = 10  # images of each class that are shown
NO_TROUBLE = ("", "passed", "deselected", "warnings", "xfailed")  # outcomes, as the terminal calls them


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that name the files."""
    add = parser.getgroup("frameworks").addoption
    add("--page", type=Path, metavar="FILE", help="write the results as a page; write it with =")
    again = "the same as JSON, of which `python -m harness.page` draws it again; write it with ="
    add("--results", type=Path, metavar="FILE", help=again)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the files, after all tables."""
    if config.option.collectonly or not (config.option.page or config.option.results):
        return
    results = collected(config, terminalreporter.stats)
    for option, text_of in (("--page", html), ("--results", as_json)):
        file = write_report(terminalreporter, option, text_of, results)
        if file:
            terminalreporter.write_line(f"{file} is written: {file.stat().st_size / 1e3:,.0f} kB")


def collected(config: pytest.Config, reports: Mapping[str, Sequence[Any]]) -> Results:
    """Return the results of a run. `reports`: outcome -> test reports, as pytest's terminal keeps them."""
    found = [each for each in results_of(reports) if each["kind"] != "test"]
    campaign, upgrade = config.stash.get(CAMPAIGN, None), config.stash.get(UPGRADE, None)
    variants = list(dict.fromkeys(case.variant for case in config.stash[CASES]))
    cpu = config.hook.pytest_benchmark_generate_machine_info(config=config)["cpu"]
    machine = campaign.machine if campaign else describe(cpu, config.option.device)
    return Results(
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        command=shlex.join(["pytest", *config.invocation_params.args]),
        machine={**machine, "cores": processors.count(), "python": platform.python_version()},
        dataset=_dataset(config, of_kind(found, "training")),
        networks={name: _network(name) for name in config.stash[REFERENCES]},
        variants=variants,
        tests={outcome: len(each) for outcome, each in reports.items() if outcome},
        steps=dict(_steps(variants)),
        results=found,
        troubles=list(_troubles(reports)),
        upgrades=[described(upgrade)] if upgrade else [],
    )


def _network(name: str) -> dict[str, Any]:
    network = NETWORKS[name]
    asked = {"epochs": network.epochs, "accuracy": network.accuracy}
    return {"shapes": network.shapes, "parameters": network.parameter_count, **asked, "step_bytes": step_bytes(network)}


def _dataset(config: pytest.Config, trainings: Sequence[Result]) -> dict[str, Any]:
    """Describe the data set. Without its files, which not each run needs, there are no pictures."""
    shape = DATASET.image_shape[:2]
    found = {"name": DATASET.name, "image_shape": shape, "class_counts": [], "samples": "", "hard": None}
    try:
        _, (images, labels) = read_dataset(str(obtain(config.option.data_dir)))
    except DataError:
        return found
    first = [np.flatnonzero(labels == digit)[:SAMPLES] for digit in range(DATASET.classes)]
    hard = sorted({int(image) for training in trainings for wrong in training["wrong"] for image in wrong})
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


def step_of(path: Path) -> dict[str, Any] | None:
    """Return the `file`, the first `line` and the `text` of `train_step`; None if there is none or it is unreadable."""
    try:
        text = path.read_text(encoding="utf-8")
        body = ast.parse(text).body
    except (OSError, SyntaxError, ValueError):
        return None
    for step in body:
        if isinstance(step, ast.FunctionDef) and step.name == "train_step":
            first = min([step.lineno, *(decorator.lineno for decorator in step.decorator_list)])
            cut = "\n".join(text.splitlines()[first - 1 : step.end_lineno])
            return {"file": f"impls/{path.parent.name}/{path.name}", "line": step.lineno, "text": cut}
    return None


def _troubles(reports: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, str]]:
    for outcome, each in reports.items():
        if outcome not in NO_TROUBLE:
            for report in each:
                yield {"test": report.nodeid, "outcome": outcome, "why": _why(report)}


def _why(report: Any) -> str:
    """Return the reason of a skip, or the message of the error, in a line."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    said = crash.message if crash else str(report.longrepr)
    return (said.splitlines() or [""])[0][:300]
