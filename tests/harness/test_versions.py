"""Whom an upgrade concerns is read from what the requirements name."""

import sys
from argparse import Namespace

import pytest

from harness.regression.environments import NotBuilt
from harness.regression.versions import Side, affected, check_interpreters, sides


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
    monkeypatch.setattr("harness.regression.environments.depends_on", lambda name: closure[name])
    assert affected(option(**given), VARIANTS) == expected


def test_a_package_that_nobody_needs_is_refused(monkeypatch):
    monkeypatch.setattr("harness.regression.environments.depends_on", lambda name: {name})
    with pytest.raises(pytest.UsageError, match="nothing here depends on requests"):
        affected(option(baseline=["requests"]), VARIANTS)


def test_who_is_compared_with_a_built_environment_gets_one_too(monkeypatch):
    built = []

    def obtain(requirements, packages):
        built.append((requirements, packages))
        return f"python {len(built)}"

    monkeypatch.setattr("harness.regression.environments.obtain", obtain)
    monkeypatch.setattr("harness.regression.environments.as_installed", lambda packages: ["keras==4"])
    packages = {"keras", "numpy", "jax"}
    found = sides(option(baseline=["keras==3"]), ["keras-jax"], lambda _: None)
    assert built == [(["keras==3"], packages), (["keras==4"], packages)]
    installed = Side("the installed versions", "python 2", ("keras==4",))
    assert found == [Side("keras==3", "python 1", ("keras==3",)), installed]


def test_an_interpreter_is_taken_as_it_is_and_ours_is_the_other_side(monkeypatch):
    monkeypatch.setattr("harness.interpreter.flaw", lambda python, timeout: "")
    found = sides(option(candidate_python="/some/python"), ["keras-jax"], print)
    assert found == [Side("the current environment", sys.executable), Side("/some/python", "/some/python")]


def test_an_interpreter_that_is_none_is_refused_before_anything_is_measured():
    with pytest.raises(NotBuilt, match="--candidate-python: /bin/true is no usable interpreter: asked for its version"):
        sides(option(candidate_python="/bin/true"), ["numpy"], print)


def test_an_interpreter_of_a_host_is_looked_for_there():
    class Host:
        def do(self, function, *arguments):
            return f"{function.__name__}{arguments}"

    sides(option(candidate_python="/bin/true", host="ssh=there"), ["numpy"], print)
    with pytest.raises(NotBuilt, match=r"--candidate-python: flaw\('/bin/true', 60.0\)"):
        check_interpreters(option(candidate_python="/bin/true"), Host())
