"""A stroke, separated from the paper around it and placed like the digits of the data set."""

from collections.abc import Iterator

import numpy as np

from impls.contract import DATASET

SHARE = 20 / 28  # of the image that the digit takes, as http://yann.lecun.com/exdb/mnist describes it
SMALL = 48  # pixels of the longer side, at which the light on the paper is estimated
BETTER = 0.85  # of the variance within the two levels: measured, 0.93 for a 7 cut without a margin
FAINT = 0.1  # of the stroke's contrast: paper, or a soft edge that does not matter
LEAST_CONTRAST = 8  # grey levels of 255
NOISE = 5  # standard deviations of the paper's noise, by which a stroke must differ
SPECK = 0.03  # of the largest connected stroke: smaller ones are dust
AT_BORDER = 0.35  # of the border pixels, and
OF_PICTURE = 0.6  # of all pixels: a stroke covers less
CENTRAL = 0.25  # of the largest part: if one inside has as much, parts at the border are frames, shadows or lines
MOST_CROSSINGS = 6  # of the border by a digit that is cut without a margin; ruled paper has more
FILLED, SLIM = 0.75, 0.4  # of the rectangle around it, and of its longer side: a 1 may fill it, and is slim
CANNOT_TELL = "paper and stroke cannot be told apart: draw one digit on an even ground, with a margin"


def ink(pixels: np.ndarray) -> np.ndarray:
    """Return the amount of ink in each pixel, float (height, width), 0..1; `pixels` are lightness, 0..255.

    The paper is estimated three times: as even, as a quadratic function of the place (light that falls off), and as
    the median of the surroundings (shadows). An estimate replaces a simpler one if Otsu's threshold separates two
    levels much better. The paper is the level that most of the border has. Raises `ValueError`.
    """
    from scipy import ndimage

    levels, threshold, mixed = _two_levels(pixels)
    for paper in _uneven_papers(pixels):
        found = _two_levels(pixels - paper)
        if found[2] < BETTER * mixed:
            levels, threshold, mixed = found
    border = np.zeros(pixels.shape, bool)
    edge = max(1, min(pixels.shape) // 50)
    border[:edge] = border[-edge:] = border[:, :edge] = border[:, -edge:] = True
    if np.mean(levels[border] > threshold) < 0.5:  # the border is dark: the stroke is light
        levels, threshold = -levels, -threshold
    core = levels < threshold
    if not core.any():
        raise ValueError("nothing is drawn there")
    paper = np.median(levels[~core])
    noise = 1.4826 * np.median(np.abs(levels[~core] - paper))  # the standard deviation, if it is normal
    contrast = paper - np.percentile(levels[core], 10)
    if contrast < max(LEAST_CONTRAST, NOISE * noise):
        raise ValueError("nothing is drawn there, or too faintly")
    if core[border].mean() > AT_BORDER:
        raise ValueError(CANNOT_TELL)
    amount = np.clip((paper - levels) / contrast, 0, 1)
    parts, count = ndimage.label(amount > max(FAINT, NOISE * noise / contrast), np.ones((3, 3)))
    sizes = ndimage.sum_labels(core, parts, np.arange(count + 1))
    sizes[0] = 0  # the paper
    inside = np.where(np.isin(np.arange(count + 1), _around(parts)), 0, sizes)
    if inside.max() > CENTRAL * sizes.max():
        sizes = inside
    parts[(sizes < max(1, SPECK * sizes.max()))[parts]] = 0
    if np.count_nonzero(np.diff(_around(parts) > 0)) > 2 * MOST_CROSSINGS:
        raise ValueError(CANNOT_TELL)
    rows, columns = (slice(at.min(), at.max() + 1) for at in np.nonzero(parts))
    sides = parts[rows, columns].shape
    if core[rows, columns].mean() > FILLED and min(sides) > SLIM * max(sides) and sides != pixels.shape:
        return ink(pixels[rows, columns])  # a sheet on a table, or with a frame
    if core.mean() > OF_PICTURE:
        raise ValueError(CANNOT_TELL)
    return np.where(parts > 0, amount, 0)


def _around(picture: np.ndarray) -> np.ndarray:
    """Return the values along the border of a picture, in order."""
    return np.concatenate([picture[0], picture[:, -1], picture[-1, ::-1], picture[::-1, 0]])


def _uneven_papers(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """Yield estimates of the paper's lightness in each pixel."""
    from PIL import Image
    from scipy import ndimage

    height, width = pixels.shape
    if min(height, width) < 8:
        return
    size = [max(1, round(side * min(1, SMALL / max(height, width)))) for side in (width, height)]
    small = np.asarray(Image.fromarray(pixels.astype(np.float32)).resize(size, Image.Resampling.BOX))
    y, x = np.meshgrid(*(np.linspace(-1, 1, side) for side in small.shape), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
    kept = np.ones(small.shape, bool)
    for _ in range(6):  # without the pixels that are far from the last estimate
        fitted = terms @ np.linalg.lstsq(terms[kept], small[kept], rcond=None)[0]
        distance = np.abs(small - fitted)
        kept = distance <= 2.5 * 1.4826 * np.median(distance)
    for paper in (fitted, ndimage.median_filter(small, [side // 2 | 1 for side in small.shape], mode="nearest")):
        yield np.asarray(Image.fromarray(paper.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))


def _two_levels(levels: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return `levels`, Otsu's threshold between two classes, and the share of the variance within them."""
    counts, edges = np.histogram(levels, 256)
    centres = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)[:-1]
    above = levels.size - below
    sums = np.cumsum(counts * centres)
    means = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below * above * (means[0] - means[1]) ** 2 / levels.size**2
    best = int(between.argmax())
    return levels, float(edges[best + 1]), 1 - float(between[best] / max(levels.var(), 1e-9))


def centred(amount: np.ndarray) -> np.ndarray:
    """Return ink, 0..1, as a uint8 image: scaled to `SHARE` of it, with the centre of mass in the middle."""
    from PIL import Image

    rows, columns = np.nonzero(amount)
    cut = amount[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(np.float32)
    height, width = DATASET.image_shape
    scale = SHARE * min(height / cut.shape[0], width / cut.shape[1])
    size = tuple(max(1, round(scale * side)) for side in cut.shape[::-1])
    small = np.asarray(Image.fromarray(cut).resize(size, Image.Resampling.LANCZOS)).clip(0, 1)
    small = small * (255 / small.max())  # a thin stroke has become faint
    mass = [np.average(np.arange(side), weights=small.sum(axis=1 - axis)) for axis, side in enumerate(small.shape)]
    image = np.zeros((height, width), np.float32)
    top, left = (
        int(np.clip(round(whole / 2 - at), 0, whole - side))
        for whole, at, side in zip(image.shape, mass, small.shape, strict=True)
    )
    image[top : top + small.shape[0], left : left + small.shape[1]] = small
    return image.round().astype(np.uint8)
