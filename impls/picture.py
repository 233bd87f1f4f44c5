"""A picture file of any format, depth, colours and size as one image like those of the data set."""

import math
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np

from impls.contract import DATASET
from impls.drawing import centred, ink
from impls.files import check_regular

MOST_BYTES = 512 * 2**20  # of a file
MOST_PIXELS = 40_000_000  # that are decoded: 160 MB in colour. A sheet of A4 at 600 dpi has 35 million
ENOUGH = 1000  # pixels of a side; a picture with more than the square of it is reduced
BITS = (1, 8, 10, 12, 14, 16, 32)  # a pixel of more than 8 bits: the fewest of these that hold the largest one
OVERSHOOT = 1.1  # a picture of floats that was resized exceeds its range beside an edge
OPAQUE = 230  # of 255: the colour of an edge that is less opaque may be mixed
UNIFORM = 32  # grey levels
SPARSE = 0.5  # of the rectangle around it: a stroke covers less, a sheet of paper more


def read_picture(path: Path) -> np.ndarray:
    """Return the digit drawn in a picture as uint8 (1, height, width), light on dark, 20 pixels tall or wide.

    An image of the data set, or its negative, is returned unchanged. docs/reference/inputs.md states what is assumed.
    Raises `ValueError` if the file cannot be read, or if no stroke can be separated from the paper.
    """
    if len(DATASET.image_shape) != 2:
        raise ValueError(f"pictures are read for grey data sets only, and {DATASET.name} has colours")
    try:
        from PIL import Image
    except ImportError:
        raise ValueError("to read pictures, Pillow is needed: pip install pillow") from None
    before = Image.MAX_IMAGE_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pixels = _pixels(path)
    except Exception as error:  # the decoders raise exceptions of any type for a damaged file
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"{path} cannot be read as a picture: {' '.join(reason.split())}") from None
    finally:
        Image.MAX_IMAGE_PIXELS = before
    if pixels.shape == DATASET.image_shape:
        [ground, *others] = np.unique(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]))
        if not others and ground in (0, 255) and np.ptp(pixels):
            return np.abs(pixels - ground).round().astype(np.uint8)[np.newaxis]
    try:
        return centred(ink(pixels))[np.newaxis]  # (height, width) -> (1, height, width)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _pixels(path: Path) -> np.ndarray:
    """Return lightness, float (height, width), 0..255, upright, without transparency."""
    from PIL import ImageOps

    check_regular(path, MOST_BYTES)
    # From a path instead of a file, Pillow 13 scrambles TIFF files with an orientation.
    with path.open("rb") as file, _opened(file) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"it has {image.width} x {image.height} pixels, and at most {MOST_PIXELS:,} are read")
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        grey_alpha = _reduced_to_eight_bits(image)
    grey, alpha = (np.asarray(band, np.float32) for band in grey_alpha.split())
    return _on_paper(grey, alpha)


def _opened(file: IO[bytes]) -> Any:
    """Return a Pillow image that is not decoded yet. The caller restores Pillow's limit of pixels."""
    from PIL import Image, UnidentifiedImageError

    try:
        Image.MAX_IMAGE_PIXELS = None
        photograph = Image.open(file, formats=["JPEG"])
        photograph.draft("L", (ENOUGH, ENOUGH))  # while it is decoded, JPEG can be reduced up to eightfold
        return photograph
    except UnidentifiedImageError:
        Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow warns from here on, and refuses twice as many
    try:
        image = Image.open(file)
        if image.format == "EPS":
            raise ValueError("EPS is a program, which may never end: save the picture as PNG")
        image.verify()  # the checksums of PNG, which are not looked at otherwise
        return Image.open(file)
    except UnidentifiedImageError:
        raise ValueError("its format is not one that Pillow reads") from None


def _reduced_to_eight_bits(image: Any) -> Any:
    """Return a Pillow image of any mode in mode LA, lightness and opacity, not much larger than `ENOUGH`."""
    from PIL import Image

    factor, clear = max(1, math.isqrt(image.width * image.height) // ENOUGH), image.info.get("transparency")
    if image.mode == "LAB":
        image = image.getchannel("L")
    elif image.mode == "La":
        image = image.convert("LA")
    if image.mode[0] not in "IF":  # I;16, I;16B, I, F: Pillow would cut their values off at 255
        return image.convert("RGBA").reduce(factor).convert("LA")
    opaque = np.asarray(image) != clear if isinstance(clear, int) else np.ones(image.size[::-1], bool)
    alpha = Image.fromarray(np.where(opaque, np.uint8(255), np.uint8(0))).reduce(factor)
    values = np.asarray(image.convert("F").reduce(factor), np.float64)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise ValueError("its pixels must be finite numbers")
    floats = range(1, 8) if image.mode == "F" else ()  # of no usual range, such as light that a camera has counted
    scale = next((2.0**bits - 1 for bits in (*floats, *BITS) if high <= OVERSHOOT * (2.0**bits - 1)), high)
    low, scale = (0.0, scale) if low >= 0 else (low, (high - low) or 1.0)
    grey = ((values - low) * (255 / scale)).clip(0, 255).round().astype(np.uint8)
    return Image.merge("LA", [Image.fromarray(grey), alpha])


def _on_paper(grey: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return lightness with the transparent part filled.

    Where the visible part fades towards its rim, as a stroke of which only the paper is transparent, the paper is of
    the lightness that it fades to. Otherwise, if all visible pixels have one colour, or cover little of the rectangle
    around them, the opacity is the drawing; if not, they contain their own paper, whose lightness is the median.
    """
    from scipy import ndimage

    if alpha.min() == alpha.max():
        return grey
    visible = alpha >= min(OPAQUE, alpha.max())
    rows, columns = np.nonzero(visible)
    shown = grey[visible]
    dark, paper, light = np.percentile(shown, [0.5, 50, 99.5])
    depth = ndimage.distance_transform_edt(visible)[visible]
    fade = np.median(shown[depth < 2]) - np.median(shown[depth > depth.max() / 2])
    if abs(fade) > UNIFORM:
        paper = light if fade > 0 else dark
    elif light - dark < UNIFORM or len(rows) < SPARSE * (np.ptp(rows) + 1) * (np.ptp(columns) + 1):
        return 255 - alpha * (255 / alpha.max())
    return grey * (alpha / 255) + paper * (1 - alpha / 255)
