"""What one framework has trained another evaluates, from a file; and a picture of a digit is read as MNIST's are."""

import sys

import numpy as np
import pytest

import impls
from impls.__main__ import main
from impls.contract import NETWORKS, Settings
from impls.picture import read_picture
from impls.weights import load, save
from tests.project import require

LOGITS = 2e-5  # of other sums of float32, beside logits of some 10


@pytest.fixture
def weights(tmp_path):
    """Parameters that NumPy has drawn and saved."""
    file = tmp_path / "weights.npz"
    save(file, impls.load("numpy", Settings(seed=5)).get_parameters())
    return file


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


def test_every_framework_computes_the_same_from_a_file(framework, weights, dataset):
    if framework.settings.network != "mlp":
        pytest.skip("the file is of the mlp")
    images = dataset.test.images.first(100)
    framework.set_parameters(load(weights))
    expected = impls.load("numpy", Settings(seed=5)).logits(images.array())
    np.testing.assert_allclose(framework.logits(images), expected, rtol=0, atol=LOGITS)


@pytest.fixture
def trained(run, tmp_path_factory, once):
    """The file of one training of an epoch, and what the command printed."""

    def train():
        file = tmp_path_factory.mktemp("weights") / "trained.npz"
        return file, run("--epochs", 1, "--save", file)

    return once(train)


def test_what_was_trained_is_saved_and_evaluates_alike(run, trained):
    file, printed = trained
    assert sorted(load(file)) == sorted(NETWORKS["mlp"].shapes)
    loaded = run("--load", file)
    assert "epoch" not in loaded
    assert printed.splitlines()[-1] == loaded.splitlines()[-1]
    assert "test accuracy 9" in loaded


def test_what_cannot_be_saved_is_said_before_training(run, tmp_path):
    assert "its folder is not there" in run("--save", tmp_path / "nowhere" / "weights.npz")
    assert "it is a folder" in run("--save", tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"no archive"])
def test_a_file_that_holds_no_parameters_is_one_line(run, tmp_path, content):
    file = tmp_path / "other.npz"
    file.write_bytes(content)
    said = run("--load", file)
    assert (
        said == f"error: {file} cannot be read as parameters: not an archive of NumPy arrays; --save writes such a file"
    )


def test_parameters_of_another_network_are_one_line(run, weights, tmp_path):
    assert "parameters must be named ['conv_1/bias'" in run("--network", "cnn", "--load", weights)
    assert "No such file or directory" in run("--load", tmp_path / "nowhere.npz")
    np.savez(tmp_path / "objects.npz", **{"dense_1/kernel": np.array([object()])})
    assert "not an archive of NumPy arrays" in run("--load", tmp_path / "objects.npz")


def test_an_interrupted_save_leaves_what_was_there(tmp_path, monkeypatch):
    file = tmp_path / "weights.npz"
    file.write_text("what was there")
    monkeypatch.setattr(np, "savez", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        save(file, {})
    assert [path.read_text() for path in tmp_path.iterdir()] == ["what was there"]


@pytest.fixture
def picture(tmp_path):
    """A file with these pixels, uint8 (height, width)."""
    require("PIL")
    from PIL import Image

    def picture(pixels, name="digit.png", mode="L"):
        Image.fromarray(pixels).convert(mode).save(tmp_path / name)
        return tmp_path / name

    return picture


def test_an_image_of_the_data_set_comes_back_as_it_is_in_either_colour(picture, dataset):
    image = dataset.test.images.first(1).array()
    assert (read_picture(picture(image[0])) == image).all()
    assert (read_picture(picture(255 - image[0])) == image).all()
    assert (read_picture(picture(image[0], "digit.bmp", "RGB")) == image).all()


def test_a_large_drawing_anywhere_on_paper_becomes_like_those_of_the_data_set(picture, dataset):
    """Blown up eightfold, moved into a corner of white paper, and read: nearly the image that it was."""
    image = dataset.test.images.first(1).array()[0]
    paper = np.full((400, 300), 255, np.uint8)
    paper[170:394, 20:244] = 255 - np.kron(image, np.ones((8, 8), np.uint8))
    [found] = read_picture(picture(paper))
    assert found.shape == image.shape
    likeness = np.corrcoef(found.ravel(), image.ravel())[0, 1]
    assert likeness > 0.95


def test_most_digits_are_named_right_from_a_picture(run, picture, dataset, trained):
    file, _ = trained
    images, labels = dataset.test.images.first(10).array(), dataset.test.labels.first(10).array()
    right = 0
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        drawn = np.pad(255 - np.kron(image, np.ones((5, 5), np.uint8)), 60, constant_values=255)
        said = run("--load", file, "--predict", picture(drawn, f"{number}.png"))
        right += f"{number}.png: {label} (" in said
    assert right >= 8


def test_a_picture_that_is_none_is_one_line(run, tmp_path, picture):
    (tmp_path / "text.png").write_text("no picture")
    assert "text.png cannot be read as a picture" in run("--predict", tmp_path / "text.png")
    assert "No such file or directory" in run("--predict", tmp_path / "nowhere.png")
    assert "nothing is drawn there" in run("--predict", picture(np.full((50, 50), 200, np.uint8)))
