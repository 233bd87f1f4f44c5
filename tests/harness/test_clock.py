"""What pytest-benchmark stores is exactly what was measured elsewhere."""

import json

SAMPLES = [0.1, 0.3, 0.2, 1e-7, 12.000000000000002]
TEST = f"""
import pytest
from harness.measuring.clock import CLOCK, replay

@pytest.mark.latency
@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize("turn", [1, 2])
def test_replay(benchmark, turn):
    replay(benchmark, {SAMPLES})
"""


def test_replayed_samples_are_stored_as_they_are(project):
    project.add_file("tests/test_replay.py", TEST)
    done = project.run("--benchmark-only", "--benchmark-json=saved.json", "tests/test_replay.py")
    assert done.returncode == 0, done.stdout
    saved = json.loads((project.folder / "saved.json").read_text())["benchmarks"]
    assert [benchmark["stats"]["data"] for benchmark in saved] == [SAMPLES, SAMPLES]
    assert saved[0]["stats"]["median"] == 0.2


def test_replay_with_benchmarks_disabled(project):
    project.add_file("tests/test_replay.py", TEST)
    done = project.run("-m", "latency", "--benchmark-disable", "tests/test_replay.py")
    assert done.returncode == 0, done.stdout
