"""What a process has used is all of it, and what it holds is what it holds now."""

import subprocess
import sys

import pytest

from harness.measuring import usage

BURN = "import time\nwhile time.process_time() < 0.3: pass"


def test_the_time_of_processes_that_were_started_counts():
    before = usage.cpu_seconds()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert usage.cpu_seconds() - before > 0.28  # the system counts in hundredths


def test_memory_is_what_is_held_and_its_peak_what_was():
    held = bytearray(2**27)
    held[::4096] = b"\1" * len(held[::4096])
    most = usage.memory()
    del held
    now = usage.memory()
    assert most - now > 2**26
    assert usage.peak_memory() - now > 2**26


@pytest.mark.parametrize("what", [usage.memory, usage.peak_memory])
def test_where_the_system_does_not_tell_it_is_not_known(monkeypatch, what):
    monkeypatch.setattr("pathlib.Path.exists", lambda _: False)
    assert what() is None
