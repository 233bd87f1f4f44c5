"""An implementation is found by its file name, and says by its imports what must be installed; nothing is imported."""

import subprocess
import sys

import pytest

import impls
from impls.contract import Settings

FRAMEWORKS = {"tensorflow", "torch", "jax", "keras", "optax", "torchvision"}


def test_names_are_the_files():
    assert impls.names() == ("jax", "keras", "numpy", "pytorch", "tensorflow")


def test_variants_say_what_they_need():
    assert impls.variants()["pytorch"].packages == ("numpy", "torch", "torchvision")
    assert impls.variants()["keras-jax"].packages == ("keras", "numpy", "jax")
    assert impls.variants()["keras-torch"].environment == {"KERAS_BACKEND": "torch"}
    assert "keras" not in impls.variants()


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
    with pytest.raises(RuntimeError, match="has imported torch, and with tensorflow beside it"):
        impls.load("keras-tensorflow", Settings())
