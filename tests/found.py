"""Small artificial results of a run, for the tests of the page."""

from pathlib import Path

import numpy as np

import impls
from harness.page.results import Results
from harness.page.source import step_of
from harness.page.sprite import sprite
from impls.contract import NETWORKS

STEPS = 469
OPERATIONS = {"train_step-128": 2e-3, "predict_step-1": 1e-4}  # seconds
IMAGES = np.arange(4 * 28 * 28, dtype=np.uint8).reshape(4, 28, 28)


def results(variants=("jax", "pytorch"), epochs=2, count=3, **changes) -> Results:
    """Return results in which variant k takes k + 1 times the seconds of `OPERATIONS`, and 10 % more in each launch."""
    network = NETWORKS["mlp"]
    described = {"shapes": network.shapes, "parameters": network.parameter_count, "epochs": 10, "accuracy": 0.97}
    described["step_bytes"] = {"parameters": 2**21, "the batch": 2**20}
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
        frameworks={variant: f"{variant} 1.0" for variant in variants},
        tests={"passed": 20},
        steps={"pytorch": step_of(impls.FOLDER / "pytorch" / "mnist.py")},
        trainings=[training(variant, epochs) for variant in variants],
        rungs=[rung(variant, place) for place, variant in enumerate(variants)],
        lessons=[{"network": "mlp", "name": "a lesson", "errors": [1e-4] * STEPS}],
        launches=[launched(variant, place, count) for place, variant in enumerate(variants)],
        floors=[{"network": "mlp", "seconds": {"train_step-128": [1e-3] * count}}],
        profiles=[profile(variant) for variant in variants],
        troubles=[],
        upgrades=[],
    )
    return found._replace(**changes)


def training(variant: str, epochs: int) -> dict:
    return {
        "variant": variant,
        "network": "mlp",
        "required": 0.97,
        "parameters": 535_818,
        "losses": [[0.3 / (epoch + 1) for epoch in range(epochs)]],
        "epoch_accuracies": [[0.96 + 0.02 * (epoch + 1) / epochs for epoch in range(epochs)]],
        "accuracies": [0.98],
        "seconds": [[2.0] * epochs],
        "wrong": [{"3": 7, "20": 9, "77" if variant == "jax" else "500": 9}],
    }


def rung(variant: str, place: int) -> dict:
    growth = [1e-16 * (1 + place + step) for step in range(STEPS)]
    found = {"name": "469 steps, loss", "dtype": "float64", "error": growth[-1], "limit": 1e-12, "gap": None}
    return {"variant": variant, "network": "mlp", **found, "growth": growth}


def profile(variant: str, alone: float = 2e-3) -> dict:
    parts = {"matrix products": 1e-3, "overhead": 1e-3}
    measured = {"operation": "train_step-128", "alone": alone, "seconds": 2e-3, "parts": parts, "floor": 5e-4}
    return {"variant": variant, "network": "mlp", **measured}


def launched(variant: str, place: int, count: int) -> dict:
    def each(first: float) -> list[float]:
        return [first * (1 + 0.1 * number) for number in range(count)]

    return {
        "variant": variant,
        "network": "mlp",
        "seconds": {name: each((place + 1) * seconds) for name, seconds in OPERATIONS.items()},
        "starting": {"import": each(0.5), "building": each(0.1), "first step": each(0.2)},
        "memory": {"import": each(1e8), "training": each(5e8)},
    }


def verdicts(word="worse", change=0.09, **more) -> dict:
    """Return the content of --regression-json for one quantity and one check."""
    found = {"word": word, "launches": 8, "change": change, "low": 0.07, "high": 0.11, "reason": "", "unit": "%"}
    measured = {"baseline": [1.0, 1.0, 2.0], "candidate": [1.08, 1.1, 2.18]}
    sides = {"baseline": {"wanted": "torch==2.14.1"}, "candidate": {"wanted": "torch==2.15.0"}}
    claims = {"import": found | measured | more, "network": {"word": "identical", "reason": ""}}
    return {"sides": sides, "max_slowdown": 0.05, "network": "mlp", "variants": {"pytorch": {"found": claims}}}


def kept(folder: Path, text: str, name: str = "results.json") -> Path:
    file = folder / name
    file.write_text(text)
    return file
