"""Measurements of time and memory: operations are timed in workers, and process runs hold the samples."""
