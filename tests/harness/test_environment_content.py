"""An environment holds the required versions alone, also if its files are linked to those of another."""

import os
import py_compile
import subprocess
import sys

from harness.regression.environments import built, obtain
from tests.wheels import wheel


def modules(python):
    """Return the toys in an environment, with their versions."""
    code = "from importlib.metadata import distributions as d; print(*(f'{x.name}={x.version}' for x in d()))"
    return set(subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_linked_environment_has_its_own_versions(tmp_path, wheels):
    python = obtain(["toyvision==1.0", "toymath==1.0"], [], tmp_path)
    linked = built("toyframework==2.0\ntoymath==1.0\n", ["toyframework"], tmp_path, python)
    assert modules(linked) == {"toyframework=2.0", "toymath=1.0"}
    assert modules(python) == {"toyframework=1.0", "toymath=1.0", "toyvision=1.0"}
    module = "lib/python*/site-packages/toymath.py"
    assert len({next(each.parents[1].glob(module)).stat().st_ino for each in (python, linked)}) == 1


def test_linked_environment_runs_no_module_of_the_other(tmp_path, wheels):
    """Size and time of a module are those of the other version: compiled code would be taken for that of both."""
    [newer] = obtain(["toymath==2.0"], [], tmp_path / "newer").parents[1].glob("lib/python*/site-packages/toymath.py")
    python = obtain(["toymath==1.0"], [], tmp_path)
    [older] = python.parents[1].glob("lib/python*/site-packages/toymath.py")
    os.utime(older, ns=(0, newer.stat().st_mtime_ns))
    py_compile.compile(str(older), doraise=True)
    linked = built("toymath==2.0\n", ["toymath"], tmp_path, python)
    command = [linked, "-I", "-c", "import toymath; print(toymath.version)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "2.0\n"


def test_compiled_modules_of_a_wheel_may_be_compiled_anew(tmp_path, wheels):
    wheel(wheels, "toycompiled", "1.0", more={f"__pycache__/toycompiled.{sys.implementation.cache_tag}.pyc": "old"})
    assert modules(obtain(["toycompiled"], ["toycompiled"], tmp_path)) == {"toycompiled=1.0"}
