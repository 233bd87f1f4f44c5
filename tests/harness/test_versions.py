"""The sides of an upgrade, and the variants that it concerns, are those of the requirements."""

import sys
from argparse import Namespace

import pytest

from harness.regression.requirements import NotBuilt
from harness.regression.versions import Compared, Side, affected, sides

COMPARED = Compared({"keras-jax": ["keras"]}, lambda given, packages: given or ["keras==4"], [], [])
VARIANTS = ["jax", "keras-jax", "numpy", "pytorch"]


def option(**given):
    none = {"framework": None, "baseline": [], "candidate": [], "baseline_python": None, "candidate_python": None}
    return Namespace(**none | {"worker_timeout": 60.0} | given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"candidate": ["jax<1"]}, ["jax", "keras-jax"]),
        ({"baseline": ["keras==3.14.1"], "framework": ["numpy"]}, VARIANTS),  # chosen already
        ({"baseline_python": "/some/python"}, VARIANTS),
    ],
)
def test_affected_variants_depend_on_a_required_package(given, expected, monkeypatch):
    monkeypatch.setattr("harness.regression.versions.dependents", {"keras": {"keras"}, "jax": {"jax", "optax"}}.get)
    assert affected(option(**given), VARIANTS) == expected


@pytest.mark.parametrize(("requirement", "named"), [("requests", "requests"), ("kears==3", "keras")])
def test_requirement_without_variants_is_refused(requirement, named):
    with pytest.raises(NotBuilt, match=named):
        affected(option(baseline=[requirement]), VARIANTS)


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """The resolved and built requirements, in order. There is no keras 99."""
    steps = []

    def resolve(requirements, packages):
        steps.append(("resolve", *requirements))
        if "keras==99" in requirements:
            raise NotBuilt("no keras 99")
        return requirements[0]

    module = "harness.regression.environments"
    monkeypatch.setattr("harness.regression.content.resolve", resolve)
    monkeypatch.setattr(f"{module}.built", lambda pins, *_: steps.append(("build", pins)) or pins)
    monkeypatch.setattr(f"{module}.folder", lambda: tmp_path)
    return steps


def test_both_sides_are_built_if_one_is(steps):
    built = sides(option(baseline=["keras==3"]), COMPARED, ["keras-jax"], print)
    assert [pins for step, pins in steps if step == "build"] == ["keras==3", "keras==4"]
    assert [side[1:] for side in built] == [("keras==3", ("keras==3",)), ("keras==4", ("keras==4",))]


@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_unavailable_side_is_named_before_any_is_built(steps, side):
    with pytest.raises(NotBuilt, match=side):
        sides(option(**{"baseline": ["keras==3"], side: ["keras==99"]}), COMPARED, ["keras-jax"], print)
    assert "build" not in {step for step, *_ in steps}


def test_named_interpreter_is_compared_with_the_current_one():
    [baseline, candidate] = sides(option(candidate_python=sys.executable), COMPARED, ["keras-jax"], print)
    assert baseline.python == sys.executable
    assert candidate == Side(sys.executable, sys.executable)


def test_unusable_interpreter_is_refused():
    with pytest.raises(NotBuilt, match="--candidate-python: /bin/true"):
        sides(option(candidate_python="/bin/true"), COMPARED, ["keras-jax"], print)
