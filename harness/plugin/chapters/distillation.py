"""Distillation: the student of each variant is compared with the reference."""

from harness.plugin.chapter import Chapter
from impls import distillation

CHAPTER = Chapter(
    "distillation", "compares the distilled student of each variant with the reference", distillation.exists
)
