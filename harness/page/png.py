"""Grey images as one PNG, side by side, in a data URI."""

import base64
import struct
import zlib

import numpy as np


def sprite(images: np.ndarray, columns: int) -> str:
    """`images`, (n, height, width), uint8, n >= 1, in rows of `columns`, as the text of a base64 PNG.

    The format is that of the PNG specification (W3C, third edition): a filter byte before each row of pixels.
    """
    count, height, width = images.shape
    rows = -(-count // columns)
    padded = np.zeros((rows * columns, height, width), np.uint8)
    padded[:count] = images
    grid = padded.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)  # -> (rows, height, columns, width)
    grid = grid.reshape(rows * height, columns * width)
    header = struct.pack(">IIBBBBB", grid.shape[1], grid.shape[0], 8, 0, 0, 0, 0)  # 8 bits of grey
    pixels = np.pad(grid, ((0, 0), (1, 0))).tobytes()
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(pixels, 9)) + _chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
