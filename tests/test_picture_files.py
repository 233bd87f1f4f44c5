"""A file that is no readable picture of one digit is refused in one line that names it; images of MNIST are kept."""

import os
import struct
import zlib

import numpy as np
import pytest

from impls.picture import read_picture
from tests.project import require
from tests.refusal import refused

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def picture(tmp_path):
    """A file with these pixels."""
    require("PIL")
    from PIL import Image

    def picture(pixels, name="digit.png", mode=None):
        Image.fromarray(pixels).convert(mode).save(tmp_path / name)
        return tmp_path / name

    return picture


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_image_of_the_data_set_is_kept_in_either_colour(picture, dataset):
    image = dataset.test.images.first(1).array()
    assert (read_picture(picture(image[0])) == image).all()
    assert (read_picture(picture(255 - image[0])) == image).all()
    assert (read_picture(picture(image[0], "digit.bmp", "RGB")) == image).all()
    assert (read_picture(picture(image[0].astype(np.uint16) * 257)) == image).all()


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((50, 50), 200, np.uint8),
        np.random.default_rng(0).normal(200, 3, (300, 200)).astype(np.uint8),
        np.linspace(230, 210, 60_000).reshape(300, 200).astype(np.uint8),
        np.kron(np.indices((8, 8)).sum(0) % 2 * 200, np.ones((20, 20))).astype(np.uint8),
        np.tile(np.where(np.arange(300) % 30 < 3, 60, 230).astype(np.uint8)[:, np.newaxis], 200),
        np.zeros((1, 1), np.uint8),
        np.full((40, 40), np.nan, np.float32),
    ],
    ids=["even", "noise", "light", "chequered", "ruled", "one-pixel", "nan"],
)
def test_picture_without_a_stroke_is_refused(picture, pixels):
    refused(read_picture, picture(pixels, "x.tif"))


@pytest.mark.parametrize("name", ["x.png", "x.avif", "x.webp", "x.dds", "x.tif", "x.jp2", "x.gif"])
def test_damaged_picture_is_refused(picture, name):
    content = picture(np.tile(np.arange(200, dtype=np.uint8), (100, 1)), name, "RGB").read_bytes()
    for cut in (0, 1, 20, len(content) // 2):
        refused(read_picture, content[:cut])
    refused(read_picture, content[: len(content) // 2] + bytes(40) + content[len(content) // 2 + 41 :])


def test_broken_chunk_of_a_png_is_refused(picture):
    content = picture(np.random.default_rng(0).integers(0, 255, (200, 200), np.uint8)).read_bytes()
    middle = content.index(b"IDAT") + 100
    broken = content[:middle] + chunk(b"\xff\xff\xff\xff", b"") + content[middle:]
    assert "cannot be read" in refused(read_picture, broken)


@pytest.mark.parametrize("side", [7_000, 15_000, 2**31 - 1])
def test_picture_of_too_many_pixels_is_not_decoded(side):
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(100))), chunk(b"IEND", b"")
    refused(read_picture, PNG + b"".join(chunks))


def test_large_photograph_is_reduced_while_it_is_read(tmp_path):
    require("PIL")
    from PIL import Image

    sheet = Image.new("L", (9_000, 9_000), 235)
    sheet.paste(40, (4_000, 2_000, 4_600, 7_000))
    sheet.save(tmp_path / "x.jpg")
    assert read_picture(tmp_path / "x.jpg").max() == 255


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_other_than_a_regular_file_is_refused(tmp_path, make):
    make(tmp_path / "x.png")
    assert "regular file" in refused(read_picture, tmp_path / "x.png")


def test_program_of_postscript_is_not_run():
    assert "EPS" in refused(read_picture, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n")


def test_missing_file_is_refused(tmp_path):
    assert "No such file" in refused(read_picture, tmp_path / "nowhere.png")
