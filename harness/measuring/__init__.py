"""Measurements of time and memory: workers take operations, launches hold the samples."""
