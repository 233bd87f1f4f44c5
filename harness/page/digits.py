"""Misclassified digits: the confusion matrix of all trainings, and each image by the number of variants it misled."""

import base64
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from harness.page.results import Record, Results

COLUMNS = 25  # images in a row of the sprite


class Digit(NamedTuple):
    """A misclassified test image."""

    image: int  # its index among the test images
    label: int
    answers: dict[str, int]  # variant -> its wrong prediction, in its last training
    left: int  # pixels in the sprite
    top: int


def confusion(results: Results, trainings: Sequence[Record]) -> list[list[tuple[int, float | None]]]:
    """Return the predictions of all trainings: a row for each true class, a column for each predicted one.

    A cell is a count and its share of the largest count of mistakes; None on the diagonal, which holds no mistakes.
    """
    hard, images = results.dataset["hard"], results.dataset["class_counts"]
    labels = dict(zip(hard["indices"], hard["labels"], strict=True))
    wrong = [predictions for training in trainings for predictions in training["wrong"]]
    counts = Counter((labels[int(image)], answer) for each in wrong for image, answer in each.items())
    most = max(counts.values(), default=1)
    rows = []
    for label, total in enumerate(images):
        row = [counts[label, answer] for answer in range(len(images))]
        cells = [(count, count / most) for count in row]
        cells[label] = (len(wrong) * total - sum(row), None)
        rows.append(cells)
    return rows


def groups(results: Results, trainings: Sequence[Record]) -> Iterator[tuple[int, list[Digit]]]:
    """Yield the digits that n variants misclassified, with n, the largest n first."""
    hard = results.dataset["hard"]
    height, width = results.dataset["image_shape"]
    last = {each["variant"]: each["wrong"][-1] for each in trainings}
    found: dict[int, list[Digit]] = {}
    for place, (image, label) in enumerate(zip(hard["indices"], hard["labels"], strict=True)):
        answers = {variant: wrong[str(image)] for variant, wrong in last.items() if str(image) in wrong}
        row, column = divmod(place, COLUMNS)
        if answers:
            found.setdefault(len(answers), []).append(Digit(image, label, answers, column * width, row * height))
    for count in sorted(found, reverse=True):
        yield count, sorted(found[count], key=lambda digit: (digit.label, digit.image))


def sprite(images: np.ndarray, columns: int = COLUMNS) -> str:
    """Return images as a base64 PNG, in rows of `columns`: uint8 (n, height, width) or (n, height, width, 3)."""
    count, height, width = images.shape[:3]
    sheet = Image.new("L" if images.ndim == 3 else "RGB", (columns * width, -(-count // columns) * height))
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        sheet.paste(Image.fromarray(image), (column * width, row * height))
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()
