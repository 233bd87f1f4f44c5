"""Small artificial results of a run, for the tests of the page."""

from pathlib import Path
from typing import Any

import numpy as np

import impls
from harness.page.digits import sprite
from harness.page.results import Results
from harness.plugin.page import step_of
from impls.contract import NETWORKS

STEPS = 469
OPERATIONS = {"train_step-128": 2e-3, "predict_step-1": 1e-4}  # seconds
IMAGES = np.arange(4 * 28 * 28, dtype=np.uint8).reshape(4, 28, 28)


def results(variants=("jax", "pytorch"), **changes) -> Results:
    """Return results in which variant k takes k + 1 times the seconds of `OPERATIONS`, and 10 % more in each run."""
    network = NETWORKS["mlp"]
    described = {"shapes": network.shapes, "parameters": network.parameter_count, "epochs": 10, "accuracy": 0.97}
    described["step_bytes"] = {"parameters": 2**21, "the batch": 2**20}
    records = [record("lesson", "jax", name="a lesson", errors=[1e-4] * STEPS)]
    for place, variant in enumerate(variants):
        records += [training(variant, 2), error(variant, place), profile(variant), process(variant, place, 3)]
        records += [timing(variant, operation, place, 3) for operation in OPERATIONS]
    found = Results(
        made="2026-11-27 12:00 UTC",
        command="pytest --compare",
        machine={"cpu": "a processor", "cores": 2, "load_average": 0.5, "python": "3.11.7"},
        dataset={
            "name": "MNIST",
            "image_shape": [28, 28],
            "class_counts": [1000] * 10,
            "samples": sprite(IMAGES, 2),
            "hard": {"indices": [3, 20, 77, 500], "labels": [2, 4, 9, 4], "png": sprite(IMAGES)},
        },
        networks={"mlp": described},
        variants=list(variants),
        tests={"passed": 20},
        steps={"pytorch": step_of(impls.FOLDER / "pytorch" / "mnist.py")},
        results=records,
        troubles=[],
        upgrades=[],
    )
    return found._replace(**changes)


def record(kind: str, variant: str, **values: Any) -> dict:
    return {"kind": kind, "variant": variant, "network": "mlp", **values}


def training(variant: str, epochs: int, **changes: Any) -> dict:
    values = {
        "framework": f"{variant} 1.0",
        "required": 0.97,
        "parameters": 535_818,
        "losses": [[0.3 / (epoch + 1) for epoch in range(epochs)]],
        "epoch_accuracies": [[0.96 + 0.02 * (epoch + 1) / epochs for epoch in range(epochs)]],
        "accuracies": [0.98],
        "seconds": [[2.0] * epochs],
        "wrong": [{"3": 7, "20": 9, "77" if variant == "jax" else "500": 9}],
    }
    return record("training", variant, **values | changes)


def error(variant: str, place: int, **changes: Any) -> dict:
    trajectory = [1e-16 * (1 + place + step) for step in range(STEPS)]
    values = {
        "name": "469 steps, loss",
        "dtype": "float64",
        "error": trajectory[-1],
        "limit": 1e-12,
        "known_deviation": None,
    }
    return record("error", variant, **values | {"trajectory": trajectory} | changes)


def profile(variant: str) -> dict:
    parts = {"matrix products": 1e-3, "overhead": 1e-3}
    return record("profile", variant, operation="train_step-128", alone=2e-3, seconds=2e-3, parts=parts, roofline=5e-4)


def timing(variant: str, operation: str, place: int, count: int) -> dict:
    roofline = [1e-3] * count if operation.startswith("train") else []
    seconds = _each((place + 1) * OPERATIONS[operation], count)
    return record("timing", variant, operation=operation, seconds=seconds, roofline=roofline)


def process(variant: str, place: int, count: int) -> dict:
    starting = {"import": _each(0.5, count), "building": _each(0.1, count), "first step": _each(0.2, count)}
    memory = {"import": _each(1e8, count), "training": _each(5e8, count)}
    return record("process", variant, starting=starting, memory=memory)


def _each(first: float, count: int) -> list[float]:
    return [first * (1 + 0.1 * number) for number in range(count)]


def verdicts(word="worse", change=0.09, **more) -> dict:
    """Return the content of --regression-json for one quantity and one check."""
    found = {"word": word, "pairs": 8, "change": change, "low": 0.07, "high": 0.11, "reason": "", "unit": "%"}
    measured = {"baseline": [1.0, 1.0, 2.0], "candidate": [1.08, 1.1, 2.18]}
    sides = {"baseline": {"wanted": "torch==2.14.1"}, "candidate": {"wanted": "torch==2.15.0"}}
    findings = {"import": found | measured | more, "network": {"word": "identical", "reason": ""}}
    return {"sides": sides, "max_slowdown": 0.05, "network": "mlp", "variants": {"pytorch": {"found": findings}}}


def kept(folder: Path, text: str, name: str = "results.json") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file
