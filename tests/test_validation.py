"""With `--validate` the last twelfth of the training images is evaluated, and neither trained on nor tested."""

import sys

import numpy as np
import pytest

import impls
from impls.__main__ import main

TRAIN = np.arange(24), np.arange(24)  # in place of images, their numbers
TEST = np.arange(100, 104), np.arange(100, 104)


class Recorder:
    """An implementation that records the images of each call."""

    def __init__(self):
        self.trained, self.evaluated = [], []

    def load_dataset(self, directory):
        return TRAIN, TEST

    def fit(self, images, labels, epochs, on_epoch):
        self.trained.append(images)
        on_epoch(epochs, 0.5)

    def evaluate(self, images, labels):
        self.evaluated.append(images)
        return 0.25, 0.75

    def versions(self):
        return {}

    def parameter_count(self):
        return 0


@pytest.fixture
def recorder(monkeypatch, dataset):
    """Return a function that runs `python -m impls numpy` with these arguments on a recorder."""

    def run(*arguments):
        recorder = Recorder()
        monkeypatch.setattr(impls, "load", lambda *_: recorder)
        monkeypatch.setattr(sys, "argv", ["impls", "numpy", "--data-dir", dataset.directory, *arguments])
        main()
        return recorder

    return run


def test_held_out_images_are_evaluated_alone(recorder, capsys):
    run = recorder("--validate", "--epochs", "1")
    assert [images.tolist() for images in run.trained] == [list(range(22))]
    assert [images.tolist() for images in run.evaluated] == [[22, 23]] * 2  # after the epoch, and in the end
    assert "validation accuracy 75.00%" in capsys.readouterr().out
