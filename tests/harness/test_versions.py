"""Whom an upgrade concerns is read from what the requirements name."""

from argparse import Namespace

import pytest

from harness.versions import affected, side


def option(**given):
    none = {"framework": None, "baseline": [], "candidate": [], "baseline_python": None, "candidate_python": None}
    return Namespace(**none | given)


VARIANTS = ["jax", "keras-jax", "numpy", "pytorch"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"baseline": ["keras==3.14.1"]}, ["keras-jax"]),
        ({"candidate": ["jax<1"]}, ["jax", "keras-jax"]),
        ({"baseline": ["torch==2.14.1"], "candidate": ["torch==2.15.0"]}, ["pytorch"]),
        ({"baseline": ["keras==3.14.1"], "framework": ["numpy"]}, VARIANTS),  # chosen already
        ({"baseline_python": "/some/python"}, VARIANTS),
    ],
    ids=lambda value: str(value)[:40],
)
def test_who_depends_on_what_is_named_takes_part(given, expected, monkeypatch):
    closure = {"keras": {"keras"}, "jax": {"jax", "optax"}, "torch": {"torch", "torchvision"}}
    monkeypatch.setattr("harness.environments.depends_on", lambda name: closure[name])
    assert affected(option(**given), VARIANTS) == expected


def test_a_package_that_nobody_needs_is_refused(monkeypatch):
    monkeypatch.setattr("harness.environments.depends_on", lambda name: {name})
    with pytest.raises(pytest.UsageError, match="nothing here depends on requests"):
        affected(option(baseline=["requests"]), VARIANTS)


def test_a_side_is_an_interpreter_a_built_environment_or_this_one(monkeypatch):
    built = []

    def obtain(requirements, packages, say):
        built.append((requirements, packages))
        return "built"

    monkeypatch.setattr("harness.environments.obtain", obtain)
    given = option(baseline=["keras==3"], candidate_python="/some/python")
    assert side(given, "baseline", ["keras-jax"], print).python == "built"
    assert built == [(["keras==3"], {"keras", "numpy", "jax"})]
    assert side(given, "candidate", ["keras-jax"], print).python == "/some/python"
    assert side(option(), "candidate", ["keras-jax"], print).wanted == "the current environment"
