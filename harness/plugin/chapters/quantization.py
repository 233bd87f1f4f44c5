"""Quantization-aware training: each quantized network is compared with the integer reference."""

from harness.plugin.chapter import Chapter
from impls import quantization

CHAPTER = Chapter(
    "quantization", "compares each quantized variant with the integer reference, bit by bit", quantization.exists
)
