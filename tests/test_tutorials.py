"""A tutorial runs alone from any folder, and its adapter trains with the tutorial's own functions."""

import ast
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
def run(variant, tutorial, small_dataset, tmp_path):
    """Run the tutorial in an empty folder, with the variant's environment; return the completed process."""

    def run(*arguments, **more):
        ours = variant.environment | {"MNIST_DIR": small_dataset.directory, "CUDA_VISIBLE_DEVICES": ""}
        return subprocess.run(
            [sys.executable, tutorial, *map(str, arguments)],
            cwd=tmp_path,
            env=os.environ | ours | more,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

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
    done = run("--epochs", 2, "--network", framework.settings.network)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("epoch")] == expected


@pytest.mark.tutorial
def test_main_without_mnist_is_one_line(variant, run, once, tmp_path):
    empty = str(tmp_path / "empty")
    homes = {"MNIST_DIR": empty, "HOME": str(tmp_path), "KERAS_HOME": str(tmp_path)}
    proxies = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")  # refuses every connection
    done, folder = once(lambda: (run(**homes, **proxies), empty), variant.implementation)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert folder in last
    assert "Traceback" not in done.stderr


def names(tree):
    """Return the names in the code."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def attributes(tree, *owners):
    """Return the attributes of these objects in the code."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {node.attr for node in found if ast.unparse(node.value) in owners}


def test_adapter_reaches_every_function_of_the_tutorial(tutorial):
    """The adapter names it, or a function or constant that the adapter reaches names it."""
    definitions = {}
    for node in ast.parse(tutorial.read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node]
        definitions |= {getattr(target, "name", None) or getattr(target, "id", ""): node for target in targets}
    waiting = attributes(ast.parse(tutorial.with_name("adapter.py").read_text()), "mnist", "self.tutorial")
    reached = {"main"}
    while waiting := (waiting & set(definitions)) - reached:
        reached |= waiting
        waiting = set().union(*(names(definitions[name]) for name in waiting))
    functions = {name for name, node in definitions.items() if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert functions - reached == set()
