"""A sprite: grey images in the rows of one PNG."""

import base64
import io

import numpy as np
from PIL import Image

COLUMNS = 25  # images in a row of the misclassified digits


def sprite(images: np.ndarray, columns: int = COLUMNS) -> str:
    """Return `images`, (n, height, width), uint8, n >= 1, in rows of `columns`, as a base64 PNG."""
    count, height, width = images.shape
    sheet = Image.new("L", (columns * width, -(-count // columns) * height))
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        sheet.paste(Image.fromarray(image), (column * width, row * height))
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()
