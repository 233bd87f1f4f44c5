"""Whom an upgrade concerns is read from what the requirements name."""

import sys
from argparse import Namespace

import pytest

from harness.regression.environments import ForNumPy1, NotBuilt
from harness.regression.versions import Side, affected, sides


def option(**given):
    none = {"framework": None, "baseline": [], "candidate": [], "baseline_python": None, "candidate_python": None}
    return Namespace(**none | {"host": None, "worker_timeout": 60.0} | given)


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
    monkeypatch.setattr("harness.regression.versions.depends_on", lambda name: closure[name])
    assert affected(option(**given), VARIANTS) == expected


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("requests", "nothing here depends on requests; name with"),
        ("kears==3", r"nothing here depends on kears \(is it keras\?\); name with"),
        ("keras-nigthly", r"nothing here depends on keras-nigthly \(is it keras-nightly\?\); name with"),
        ("keras=3", "'keras=3' is no requirement"),
    ],
)
def test_a_package_that_nobody_needs_is_refused(name, remedy, monkeypatch):
    monkeypatch.setattr("harness.regression.versions.depends_on", lambda name: {name})
    with pytest.raises(pytest.UsageError, match=f"^{remedy}"):
        affected(option(baseline=[name]), VARIANTS)


def test_what_is_no_requirement_is_refused_whoever_is_to_be_compared():
    with pytest.raises(pytest.UsageError, match=r"^'keras=3' is no requirement"):
        affected(option(baseline=["keras=3"], framework=["numpy"]), VARIANTS)


@pytest.fixture
def done(monkeypatch, tmp_path):
    """What was resolved and built, in order. Who asks for keras 99 gets none; keras 4 is installed."""
    steps = []

    def resolve(requirements, packages):
        steps.append(("resolve", *requirements))
        if "keras==99" in requirements:
            raise NotBuilt("no environment with keras==99 can be built")
        return f"keras=={requirements[0][-1]}"

    def built(pins, packages, root):
        steps.append(("build", pins))
        if pins == "keras==1":
            raise ForNumPy1("keras was compiled for NumPy 1")
        return f"python of {pins}"

    monkeypatch.setattr("harness.regression.environments.resolve", resolve)
    monkeypatch.setattr("harness.regression.environments.built", built)
    monkeypatch.setattr("harness.regression.environments.folder", lambda: tmp_path)
    monkeypatch.setattr("harness.regression.versions.as_installed", lambda packages: ["keras==4"])
    return steps


def test_who_is_compared_with_a_built_environment_gets_one_too(done):
    found = sides(option(baseline=["keras==3"]), ["keras-jax"], lambda _: None)
    assert done == [("resolve", "keras==3"), ("resolve", "keras==4"), ("build", "keras==3"), ("build", "keras==4")]
    assert found == [
        Side("keras==3", "python of keras==3", ("keras==3",)),
        Side("the installed versions", "python of keras==4", ("keras==4",)),
    ]


@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_nothing_is_built_before_both_sides_are_known_to_exist(done, side):
    with pytest.raises(NotBuilt, match=f"^the {side}: no environment with keras==99 can be built$"):
        sides(option(**{"baseline": ["keras==3"], side: ["keras==99"]}), ["keras-jax"], lambda _: None)
    assert "build" not in {step for step, *_ in done}


@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_what_was_compiled_for_an_older_numpy_is_told_what_to_add_where(done, side):
    with pytest.raises(NotBuilt, match=f"^the {side}: keras was compiled for NumPy 1: add --{side} 'numpy<2'$"):
        sides(option(**{side: ["keras==1"]}), ["keras-jax"], lambda _: None)


def test_sides_that_turn_out_alike_are_said_to_be(done):
    said = []
    sides(option(baseline=["keras==4"]), ["keras-jax"], said.append)
    assert said[0] == "both sides are alike: the same version of each package"


def test_an_interpreter_is_taken_as_it_is_and_ours_is_the_other_side(monkeypatch):
    monkeypatch.setattr("harness.workers.interpreter.flaw", lambda python, timeout: "")
    found = sides(option(candidate_python="/some/python"), ["keras-jax"], print)
    assert found == [Side("the current environment", sys.executable), Side("/some/python", "/some/python")]


def test_an_interpreter_that_is_none_is_refused_before_anything_is_measured():
    with pytest.raises(NotBuilt, match="--candidate-python: /bin/true is no usable interpreter"):
        sides(option(candidate_python="/bin/true"), ["numpy"], print)
