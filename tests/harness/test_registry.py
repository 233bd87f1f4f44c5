"""An implementation is found by its file name, and says by its imports what must be installed; nothing is imported."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import impls
from impls.contract import Settings
from tests.project import require

FRAMEWORKS = {"tensorflow", "torch", "jax", "keras", "optax", "torchvision"}


def test_names_are_the_files():
    assert {"jax", "keras", "numpy", "pytorch", "tensorflow"} <= set(impls.names())
    assert not {"contract", "_main", "__init__"} & set(impls.names())


def test_variants_say_what_they_need():
    assert impls.variants()["pytorch"].packages == ("numpy", "torch", "torchvision")
    assert impls.variants()["keras-jax"].packages == ("keras", "numpy", "jax")
    assert impls.variants()["keras-torch"].environment == {"KERAS_BACKEND": "torch"}
    assert "keras" not in impls.variants()


def public_methods(path, class_name):
    tree = ast.parse(path.read_text())
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    return [node.name for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


@pytest.mark.parametrize("name", impls.names())
def test_methods_stand_in_the_same_order_in_every_file(name):
    """So that any two files can be read side by side."""
    folder = Path(impls.__file__).parent
    contract = public_methods(folder / "contract.py", "Implementation")
    methods = public_methods(folder / f"{name}.py", "Classifier")
    assert [method for method in methods if method in contract] == contract
    assert set(methods) - set(contract) <= {"float64_gap"}


def test_listing_and_the_whole_harness_import_no_framework():
    code = (
        "import sys, impls, harness.plugin, harness.mnist, harness.fleet, harness.worker, harness.clock, conftest\n"
        "impls.variants()\n"
        f"print({FRAMEWORKS!r} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_unknown_variant():
    with pytest.raises(ValueError, match=r"unknown variant 'tensorflw', expected one of .*tensorflow"):
        impls.load("tensorflw", Settings())


def test_two_enemies_in_one_process_are_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", object())
    require("tensorflow", "keras")
    with pytest.raises(RuntimeError, match="has imported torch, and with tensorflow beside it"):
        impls.load("keras-tensorflow", Settings())


def test_a_second_backend_in_one_process_is_refused(monkeypatch):
    require("keras", "jax")
    monkeypatch.setattr(impls, "_loaded", {"keras-tensorflow"})
    with pytest.raises(RuntimeError, match="this process has loaded keras-tensorflow already"):
        impls.load("keras-jax", Settings())
