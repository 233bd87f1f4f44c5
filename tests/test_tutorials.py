"""A tutorial runs alone from any folder, and its adapter trains with the tutorial's own functions."""

import ast
import json
import os
import subprocess
import sys

import pytest

import impls
from harness import ROOT
from harness.equality.training import train

SECONDS = 600  # for a program that hangs


@pytest.fixture
def variant(framework):
    return impls.variants()[framework.name]


@pytest.fixture
def run(variant, small_dataset, tmp_path):
    """Run a program in an empty folder, with the variant's environment; return what it prints."""

    def run(*command, **more):
        ours = variant.environment | {"MNIST_DIR": small_dataset.directory, "CUDA_VISIBLE_DEVICES": ""}
        environment = os.environ | ours | more
        arguments = [sys.executable, *map(str, command)]
        done = subprocess.run(
            arguments,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def tutorial(variant):
    return ROOT / "impls" / variant.implementation / "mnist.py"


def imported(file):
    """Return the modules that a file imports anywhere in it."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return modules | {node.module for node in nodes if isinstance(node, ast.ImportFrom)}


def test_tutorial_imports_its_framework_and_numpy_only(tutorial, variant):
    packages = {module.partition(".")[0] for module in imported(tutorial)} - sys.stdlib_module_names
    assert packages <= {"numpy", *variant.packages}


def test_adapter_imports_its_tutorial_and_the_contract_only(tutorial, variant):
    own = {module for module in imported(tutorial.with_name("adapter.py")) if module.startswith(("impls", "harness"))}
    assert own <= {"impls", "impls.adapter", "impls.checks", "impls.contract", f"impls.{variant.implementation}"}


@pytest.mark.tutorial
def test_main_prints_the_training_of_the_adapter(framework, small_dataset, tutorial, run):
    """The same losses and accuracies: seed, optimizer, loss, shuffling and evaluation are the same."""
    history = framework.run(train, *small_dataset.train, 2, *small_dataset.test)
    epochs = zip(*(history[name] for name in ("loss", "test_loss", "accuracy")), strict=True)
    expected = [
        f"epoch {epoch}: loss {loss:.4f}, test loss {test_loss:.4f}, test accuracy {accuracy:.2%}"
        for epoch, (loss, test_loss, accuracy) in enumerate(epochs, 1)
    ]
    printed = run(tutorial, "--epochs", 2, "--network", framework.settings.network)
    assert [line for line in printed.splitlines() if line.startswith("epoch")] == expected


@pytest.fixture
def looked_at(variant, run, dataset, tmp_path, once):
    """What `tests.called` prints of the tutorial, without MNIST; a proxy refuses every connection."""

    def look():
        nowhere = {"MNIST_DIR": str(tmp_path / "empty"), "HOME": str(tmp_path), "KERAS_HOME": str(tmp_path)}
        proxies = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
        code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.called import main; main()"
        printed = run("-c", code, variant.name, dataset.directory, **nowhere, **proxies)
        return {**json.loads(printed.splitlines()[-1]), "folder": nowhere["MNIST_DIR"]}

    return once(look, variant.name)


@pytest.mark.tutorial
def test_adapter_calls_every_function_of_the_tutorial(looked_at):
    assert looked_at["unused"] == []


@pytest.mark.tutorial
def test_main_without_mnist_is_one_line(looked_at):
    [line] = looked_at["error"].splitlines()
    assert line.startswith("error: ")
    assert looked_at["folder"] in line
