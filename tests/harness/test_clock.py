"""What pytest-benchmark stores is exactly what was measured elsewhere."""

import json

import pytest

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


@pytest.fixture
def replayed(project):
    def replayed(*options):
        project.add_file("tests/test_replay.py", TEST)
        return project.run(*options, "tests/test_replay.py")

    return replayed


def test_replayed_samples_are_stored_as_they_are(replayed, project):
    done = replayed("--benchmark-only", "--benchmark-json=saved.json")
    assert done.returncode == 0, done.stdout
    saved = json.loads((project.folder / "saved.json").read_text())["benchmarks"]
    assert [benchmark["stats"]["data"] for benchmark in saved] == [SAMPLES, SAMPLES]


def test_replay_passes_with_benchmarks_disabled(replayed):
    assert replayed("-m", "latency", "--benchmark-disable").returncode == 0
