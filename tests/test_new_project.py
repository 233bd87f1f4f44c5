"""`python -m harness.new` writes a project for other images whose suite passes at once; a bad option writes nothing."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import impls
from harness import ROOT, new
from harness.data.standin import stand_ins
from tests.project import require

PAGE = ROOT / "docs" / "how-to" / "new-project.md"
OTHERS = sorted({*impls.variants()} - {"pytorch", "numpy"})
SIZES_OF_MNIST = r"\b(28|784|3136|14|MNIST|t10k)\b"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that runs the command with these options, and returns the folder of the project."""

    def write(shape="12 12 4", classes=3, frameworks="numpy", name="photos", path="photos"):
        options = f"--dataset {name} --shape {shape} --classes {classes} --frameworks {frameworks}"
        monkeypatch.setattr(sys, "argv", ["new", str(tmp_path / path), *options.split()])
        new.main()
        return tmp_path / path

    return write


def run(folder: Path, *command: str) -> str:
    """Run a program in the folder, with a cache in it; return its output. Fails if the program does."""
    own = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def suite(folder: Path, *options: str) -> str:
    return run(folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options)


@pytest.mark.parametrize(("shape", "classes"), [("32 32 3", 7), ("20 24 1", 200), ("12 12", 2)])
def test_no_size_of_mnist_is_left(write, shape, classes):
    folder = write(shape, classes, " ".join(impls.names()))
    files = [folder / "impls" / "contract.py", *folder.glob("impls/*/mnist.py")]
    assert len(files) == 1 + len(impls.names())
    assert [(file, found) for file in files for found in re.findall(SIZES_OF_MNIST, file.read_text())] == []


def test_images_of_the_shape_of_mnist_keep_the_networks(write):
    tutorial = Path("impls", "numpy", "mnist.py")
    networks = [(root / tutorial).read_text().partition("def load_mnist")[0] for root in (write("28 28", 10), ROOT)]
    unchanged = [set(text.replace("MNIST", "photos").splitlines()) for text in networks]
    assert unchanged[1] - unchanged[0] == {"import gzip", "from urllib.request import urlopen"}
    assert unchanged[0] <= unchanged[1]


def test_only_what_was_chosen_is_there(write):
    folder = write(frameworks="jax")
    assert [path.parent.name for path in folder.glob("impls/*/adapter.py")] == ["jax"]
    for absent in ("impls/quantization.py", "harness/edge", "tests/mistakes", "tests/harness", "studies", "docs/lab"):
        assert not (folder / absent).exists()


@pytest.mark.parametrize("variant", ["pytorch", *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)])
def test_fast_tests_of_a_new_project_pass(write, variant):
    """With several channels, whose order in a flattened image differs between frameworks."""
    require(*impls.variants()[variant].packages)
    files = [f"tests/test_{name}.py" for name in ("dataset", "network", "output", "equivalence")]
    folder = write(frameworks=f"numpy {impls.variants()[variant].implementation}")
    said = suite(folder, "--network=all", f"--framework={variant}", "-k", "not many_steps", *files)
    assert "Largest relative error of cnn" in said


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"shape": "30 32 3"}, "multiples of 4"),
        ({"shape": "32"}, "height, width"),
        ({"classes": 257}, "2..256"),
        ({"name": "../photos"}, "--dataset ../photos"),
        ({"path": "no/photos"}, "an existing folder"),
        ({"path": "9_photos"}, "9_photos"),
        ({"path": "."}, "an empty folder"),
    ],
)
def test_bad_option_is_one_line_and_writes_nothing(write, tmp_path, options, named):
    (tmp_path / "here").touch()
    with pytest.raises(SystemExit, match=re.escape(named)) as ended:
        write(**options)
    assert "\n" not in ended.value.code
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_interrupted_command_writes_nothing(write, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(SystemExit):
        write()
    assert list(tmp_path.iterdir()) == []


def test_added_framework_is_tested(write):
    """By the steps of the page, with a copy of NumPy's folder: a wrong preprocessing fails, the right one passes."""
    folder = write()
    added = shutil.copytree(folder / "impls" / "numpy", folder / "impls" / "added")
    for file in added.glob("*.py"):
        file.write_text(file.read_text().replace("impls.numpy", "impls.added"))
    (added / "mnist.py").write_text((added / "mnist.py").read_text().replace("/ 255", "/ 256"))
    with pytest.raises(AssertionError, match=r"FAILED \S*test_full_test_set\[added-mlp"):
        suite(folder, "--framework=added", "tests/test_preprocessing.py")
    (added / "mnist.py").write_text((added / "mnist.py").read_text().replace("/ 256", "/ 255"))
    assert "added" in suite(folder, "--framework=added", "-m", "equivalence", "-k", "not many_steps")


@pytest.fixture
def by_the_page(write, tmp_path):
    """The project of the page, with the page's differences applied: other images, and a network in two frameworks."""
    folder = write("32 32 3", 10, "pytorch jax")
    names = "train_images", "train_labels", "test_images", "test_labels"
    np.savez(folder / "photos.npz", **dict(zip(names, stand_ins((32, 32, 3), 10), strict=True)))
    for difference in re.findall(r"^```diff\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S):
        (tmp_path / "difference").write_text(difference, encoding="utf-8")
        run(folder, "git", "apply", str(tmp_path / "difference"))
    return folder


def test_differences_of_the_page_fit(by_the_page):
    collected = suite(by_the_page, "--collect-only", "--network=small").splitlines()
    for variant in ("jax", "pytorch"):
        assert f"tests/test_equivalence.py::test_many_steps[float64-{variant}-small]" in collected


@pytest.mark.long
@pytest.mark.parametrize(
    ("shape", "classes", "frameworks"),
    [("12 12 4", 3, "numpy pytorch"), ("32 32 3", 10, "pytorch jax")],
    ids=["small", "large"],
)
def test_whole_suite_of_a_new_project_passes(write, shape, classes, frameworks):
    require("torch", *(["jax", "optax"] if "jax" in frameworks else []))
    folder = write(shape, classes, frameworks)
    suite(folder, "--network=all")
    same = ("-m", "regression", "-k", "computes and pytorch", "--network=mlp", f"--candidate-python={sys.executable}")
    assert "A VERSION AGAINST ITSELF" in suite(folder, *same)


@pytest.mark.long
def test_whole_suite_passes_after_the_differences_of_the_page(by_the_page):
    require("torch", "jax", "optax")
    suite(by_the_page, "--network=small")
