"""Measurements of time and memory: workers take operations, process runs hold the samples."""
