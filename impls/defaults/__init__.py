"""Observe the defaults of the installed packages: `python -m impls.defaults` writes docs/reference/defaults.md.

A row of the page is one default, a column one framework. `defaults()` in impls/FRAMEWORK/defaults.py returns what
is observed: numbers, arrays, names. Each variant runs in a separate process.
"""

import json
import os
import subprocess
import sys

import impls
from impls.defaults.page import TITLES

ROOT = impls.FOLDER.parent
PAGE = ROOT / "docs" / "reference" / "defaults.md"


def observe(variant: str) -> dict:
    """Return {"versions": package -> version, "cells": row -> words} of a variant, observed in a separate process.

    Raises `RuntimeError` with the end of the output if the process fails.
    """
    command = [sys.executable, "-m", "impls.defaults", variant]
    environment = os.environ | {"KERAS_HOME": os.devnull}  # without the user's keras.json, which sets defaults
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{variant} cannot be observed: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def variants() -> list[str]:
    """Return the variants that have defaults, in the order of the columns."""
    order = [*TITLES, *impls.names()]
    known = [name for name in impls.variants() if impls.has_file(name, "defaults")]
    return sorted(known, key=lambda name: order.index(impls.variants()[name].implementation))
