"""How the implementations are compared: data, processes, clocks, and the pytest plugin. Imports no framework."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent  # holds harness/ and impls/: what a worker needs

# Where Python is started inside impls/, impls/numpy.py would be taken for NumPy.
sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != ROOT / "impls"]
