"""A digit in a picture is read as MNIST's are, whatever the file's form; other files are refused in one line."""

import numpy as np
import pytest

from impls.picture import read_picture
from tests.project import require

LIKENESS = 0.95  # smallest correlation with the same drawing in 8 bits on even paper
PAPER, STROKE = 235, 60


@pytest.fixture
def image():
    """Return the module of Pillow."""
    require("PIL")
    from PIL import Image

    return Image


@pytest.fixture
def amount(dataset):
    """Return the ink of three digits of the data set on sheets: float (180, 150), 0..1."""
    digits = dataset.test.images.first(3).array() / 255
    blocks = (np.kron(digit, np.ones((4, 4))) for digit in digits)
    return [np.pad(block, ((20, 48), (25, 13))) for block in blocks]


@pytest.fixture
def read(image, tmp_path):
    """Save pixels or a Pillow image in a file, and read it: float (28, 28)."""

    def read(drawing, name="digit.png", **options):
        picture = drawing if isinstance(drawing, image.Image) else image.fromarray(drawing)
        picture.save(tmp_path / name, **options)
        return read_picture(tmp_path / name)[0].astype(float)

    return read


def drawn(ink, paper=PAPER, stroke=STROKE):
    """Return grey levels, uint8."""
    return (paper + (stroke - paper) * ink).clip(0, 255).round().astype(np.uint8)


@pytest.fixture
def assert_alike(read, amount):
    """Assert that what `deform(ink, number)` returns, saved with these arguments, is read as the plain drawing is."""

    def assert_alike(deform, *name, **options):
        for number, ink in enumerate(amount):
            found, plain = read(deform(ink, number), *name, **options), read(drawn(ink))
            assert np.corrcoef(found.ravel(), plain.ravel())[0, 1] > LIKENESS

    return assert_alike


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<i4", "<f4", "12 bits", "signed", "float 255", "float 2"])
def test_picture_of_any_depth_is_read(assert_alike, dtype):
    def deform(ink, _):
        grey = drawn(ink).astype(np.float64)
        if dtype == "12 bits":
            return (16 * grey).astype("<u2")
        if dtype == "signed":
            return (grey / 127.5 - 1).astype("<f4")
        if dtype.startswith("f") or dtype == "<f4":
            return (grey / {"float 255": 1, "float 2": 127.5}.get(dtype, 255)).astype("<f4")
        return (257 * grey).astype(dtype)

    assert_alike(deform, "digit.tif")


@pytest.mark.parametrize(("stroke", "light"), [(30, 0), (150, 0), (150, 20), (100, 100)])
def test_picture_of_uneven_noisy_paper_is_read(assert_alike, stroke, light):
    def deform(ink, number):
        random = np.random.default_rng(number)
        fall = np.linspace(0, light, ink.shape[number % 2])
        paper = 240 - (fall if number % 2 else fall[:, np.newaxis])
        return drawn(ink, paper + random.normal(0, 3, ink.shape), stroke * paper / 240)

    assert_alike(deform)


@pytest.mark.parametrize("colours", [(0, 255), (30, 120), (250, 180)])
def test_paper_surrounds_the_stroke_light_or_dark(assert_alike, colours):
    assert_alike(lambda ink, _: drawn(ink, *colours))


@pytest.mark.parametrize(("margin", "factor"), [(0, 0.5), (0, 3), (400, 1)])
def test_picture_of_any_size_and_margin_is_read(image, assert_alike, margin, factor):
    def deform(ink, _):
        rows, columns = np.nonzero(ink > 0.1)
        cut = np.pad(ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1], margin)
        size = [round(factor * side) for side in cut.shape[::-1]]
        return image.fromarray(drawn(cut)).resize(size, image.Resampling.BOX)

    assert_alike(deform)


@pytest.mark.parametrize("stroke", [0, 255])
def test_stroke_on_a_transparent_ground_is_read(image, assert_alike, stroke):
    def deform(ink, _):
        grey = image.new("L", ink.shape[::-1], stroke)
        return image.merge("LA", [grey, image.fromarray((255 * ink).astype(np.uint8))])

    assert_alike(deform)


def test_sheet_on_a_dark_table_is_read(assert_alike):
    assert_alike(lambda ink, _: np.pad(drawn(ink), ((30, 80), (60, 50)), constant_values=90))


def test_frame_around_the_digit_is_no_stroke(assert_alike):
    assert_alike(lambda ink, _: np.pad(drawn(ink)[3:-3, 3:-3], 3, constant_values=STROKE))


@pytest.mark.parametrize(("mode", "name"), [("P", "x.gif"), ("1", "x.png"), ("CMYK", "x.tif"), ("CMYK", "x.jpg")])
def test_picture_of_any_colour_mode_is_read(image, assert_alike, mode, name):
    def deform(ink, _):
        return image.fromarray(drawn(ink, 255, 0)).convert("RGB").convert(mode, dither=image.Dither.NONE)

    assert_alike(deform, name)


@pytest.mark.parametrize(("orientation", "name"), [(3, "x.png"), (5, "x.tif"), (6, "x.tif"), (6, "x.jpg")])
def test_picture_is_turned_as_its_file_says(image, assert_alike, orientation, name):
    back = {3: image.Transpose.ROTATE_180, 5: image.Transpose.TRANSPOSE, 6: image.Transpose.ROTATE_90}[orientation]
    exif = image.Exif()
    exif[0x0112] = orientation
    options = {"tiffinfo": {0x0112: orientation}} if name == "x.tif" else {"exif": exif}
    assert_alike(lambda ink, _: image.fromarray(drawn(ink)).transpose(back), name, **options)
