"""Comparison of the implementations: data, processes, clocks, and the pytest plugin. Imports no framework."""

from pathlib import Path

ROOT = Path(__file__).parent.parent  # holds harness/ and impls/: what a worker needs
