"""Parameters that one framework has saved another evaluates; a file that does not fit is refused in one line."""

import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import impls
from harness import ROOT
from impls.__main__ import main
from impls.contract import NETWORKS, Settings
from impls.picture import read_picture
from impls.weights import load, save

LOGITS = 2e-5  # of other sums of float32, beside logits of some 10


@pytest.fixture
def run(monkeypatch, dataset, capsys):
    """Run `python -m impls numpy` with these arguments; return what it prints, or the line with which it ends."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["impls", "numpy", "--data-dir", dataset.directory, *map(str, arguments)])
        try:
            main()
        except SystemExit as ended:
            return ended.code
        return capsys.readouterr().out

    return run


def test_every_framework_computes_the_same_from_a_file(framework, build_reference, tmp_path, dataset):
    reference = build_reference(replace(framework.settings, seed=5))
    images, file = dataset.test.images.first(100), tmp_path / "weights.npz"
    save(file, reference.get_parameters())
    framework.set_parameters(load(file, framework.network))
    np.testing.assert_allclose(framework.logits(images), reference.logits(images), rtol=0, atol=LOGITS)


@pytest.fixture
def trained(run, tmp_path_factory, once):
    """The file of one training of an epoch, and what the command printed."""

    def train():
        file = tmp_path_factory.mktemp("weights") / "trained.npz"
        return file, run("--epochs", 1, "--save", file)

    return once(train)


def test_saved_parameters_evaluate_alike(run, trained):
    file, printed = trained
    loaded = run("--load", file)
    assert "epoch" not in loaded
    assert printed.splitlines()[-1] == loaded.splitlines()[-1]
    assert "test accuracy 9" in loaded


def test_training_goes_on_from_a_file(run, trained, tmp_path):
    file, _ = trained
    printed = run("--load", file, "--epochs", 1, "--save", tmp_path / "two.npz")
    assert "epoch  1/1" in printed
    assert [int(load(path)["steps"]) for path in (file, tmp_path / "two.npz")] == [469, 938]


def test_saving_again_keeps_the_whole_training(run, trained, tmp_path):
    file, _ = trained
    run("--load", file, "--save", tmp_path / "again.npz")
    np.testing.assert_equal(load(tmp_path / "again.npz"), load(file))


def test_unwritable_save_path_is_refused_before_training(run, tmp_path):
    assert "its folder is not there" in run("--save", tmp_path / "nowhere" / "weights.npz")
    assert "it is a folder" in run("--save", tmp_path)


def test_parameters_of_another_network_are_one_line(run, weights, tmp_path):
    assert "parameters must be named ['conv_1/bias'" in run("--network", "cnn", "--load", weights)
    assert "No such file or directory" in run("--load", tmp_path / "nowhere.npz")
    np.savez(tmp_path / "objects.npz", **load(weights) | {"dense_1/kernel": np.array([object()])})
    assert "not an archive of NumPy arrays" in run("--load", tmp_path / "objects.npz")


@pytest.mark.parametrize("moment", ["write", "fsync"])
def test_a_killed_save_leaves_what_was_there(weights, moment):
    """SIGKILL in the middle of the archive, and before it gets its name."""
    code = f"""
import os, signal, sys
from pathlib import Path
import numpy as np
from impls.weights import load, save
file = Path(sys.argv[1])
checkpoint = load(file)
def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
if {moment!r} == "write":
    checkpoint["dense_3/bias"] = type("Killer", (), {{"__array__": kill}})()
else:
    os.fsync = kill
save(file, checkpoint)
"""
    before = weights.read_bytes()
    killed = subprocess.run([sys.executable, "-c", code, weights], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert weights.read_bytes() == before


def test_most_digits_are_named_right_from_a_picture(run, dataset, trained, tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    file, _ = trained
    images, labels = dataset.test.images.first(10).array(), dataset.test.labels.first(10).array()
    right = 0
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        drawn = np.pad(255 - np.kron(image, np.ones((5, 5), np.uint8)), 60, constant_values=255)
        pillow.fromarray(drawn).save(tmp_path / f"{number}.png")
        said = run("--load", file, "--predict", tmp_path / f"{number}.png")
        right += f"{number}.png: {label} (" in said
    assert right >= 8


def test_parameters_that_are_not_finite_name_their_file(run, weights, tmp_path):
    save(tmp_path / "nan.npz", {name: np.nan * array for name, array in load(weights).items()})
    assert "nan.npz: dense_1/kernel must be finite" in run("--load", tmp_path / "nan.npz")


@pytest.fixture
def picture(tmp_path):
    """The file of a picture of a 1."""
    image = pytest.importorskip("PIL.Image")
    image.fromarray(np.pad(np.full((20, 3), 255, np.uint8), 10)).save(tmp_path / "one.png")
    return tmp_path / "one.png"


def test_probabilities_that_are_not_finite_name_no_digit(run, weights, picture, tmp_path):
    save(tmp_path / "large.npz", {name: 0 * array + 1e38 for name, array in load(weights).items()})
    with np.errstate(all="ignore"):
        assert "not finite" in run("--load", tmp_path / "large.npz", "--predict", picture)


def test_the_state_of_a_network_is_loaded(run, picture, tmp_path):
    network = next(name for name, network in NETWORKS.items() if network.state)
    framework = impls.load("numpy", Settings(network, seed=5))
    printed = []
    for factor in (1, 9):
        framework.set_state({name: factor * array for name, array in framework.get_state().items()})
        save(tmp_path / "file.npz", framework.get_checkpoint())
        printed.append(run("--network", network, "--load", tmp_path / "file.npz", "--predict", picture))
        assert f"({framework.probabilities(read_picture(picture)).max():.1%})" in printed[-1]
    assert printed[0] != printed[1]
