"""A picture of one digit, made like those of MNIST: light on dark, 20 pixels tall or wide, its mass in the middle."""

from pathlib import Path

import numpy as np

from impls.contract import DATASET

SHARE = 20 / 28  # of the image that the digit takes, as http://yann.lecun.com/exdb/mnist describes it
FAINT = 0.1  # of the brightest: paper, not pencil


def read_picture(path: Path) -> np.ndarray:
    """uint8 (1, height, width), of any format and size that Pillow reads. Raises `ValueError`.

    What has the size of an image of the data set is taken as it is, but for its colours: a light border is paper.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise ValueError("to read pictures, Pillow is needed: pip install pillow") from None
    try:
        with Image.open(path) as opened:
            grey = np.asarray(opened.convert("RGBA").convert("LA"), np.float32)
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as a picture: {getattr(error, 'strerror', None) or error}") from None
    pixels = grey[..., 0] * grey[..., 1] / 255 + 255 - grey[..., 1]  # (h, w, 2) -> (h, w): what is clear is paper
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    light_on_dark = 255 - pixels if np.median(border) > 127 else pixels
    if light_on_dark.shape != DATASET.image_shape:
        light_on_dark = _centred(light_on_dark, path)
    return light_on_dark.round().astype(np.uint8)[np.newaxis]  # -> (1, height, width)


def _centred(pixels: np.ndarray, path: Path) -> np.ndarray:
    """The part that is drawn on, scaled to `SHARE` of an image, with its centre of mass in the middle."""
    from PIL import Image

    drawn = pixels - pixels.min()
    rows, columns = np.nonzero(drawn > FAINT * drawn.max())
    if not len(rows):
        raise ValueError(f"{path}: nothing is drawn there")
    cut = drawn[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    height, width = DATASET.image_shape
    scale = SHARE * min(height / cut.shape[0], width / cut.shape[1])
    size = tuple(max(1, round(scale * side)) for side in cut.shape[::-1])
    small = np.asarray(Image.fromarray(cut * (255 / drawn.max())).resize(size, Image.Resampling.LANCZOS)).clip(0, 255)
    mass = [np.average(np.arange(side), weights=small.sum(axis=1 - axis)) for axis, side in enumerate(small.shape)]
    found = np.zeros((height, width), np.float32)
    top, left = (
        int(np.clip(round(whole / 2 - at), 0, whole - side))
        for whole, at, side in zip(found.shape, mass, small.shape, strict=True)
    )
    found[top : top + small.shape[0], left : left + small.shape[1]] = small
    return found
