"""Comparison of the implementations: data, processes, clocks, and the pytest plugin. Imports no framework."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent  # holds harness/ and impls/: what a worker needs
HAS_PIP = importlib.util.find_spec("pip") is not None  # uv makes environments without it
