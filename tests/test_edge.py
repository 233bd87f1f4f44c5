"""What quantization-aware training trained is what a device computes, to the last bit; and what files of it take.

Each file is run where no framework is, but PyTorch where there is no other way: in an environment of its own.
"""

import numpy as np
import pytest

from harness.edge.fidelity import fidelity, step_of
from harness.edge.shelf import loader
from harness.equality.limits import ACCURACY_MARGIN, PASS
from harness.measuring import figures
from impls import PackageNotInstalled
from impls.edge.official import OFFICIAL
from impls.quantization import check_exact

pytestmark = pytest.mark.edge


@pytest.fixture
def recorded(framework, runtime, kind, record_property):
    """Put figures of the file into the table at the end."""
    return lambda **found: record_property("file", {"runtime": runtime, "kind": kind, **found})


@pytest.fixture
def expected(framework, shelf, kind, path):
    """Logits of the test images: a float network's as its framework computes them, a quantized one's by the referee,
    and of a framework's own way those that it evaluated last."""
    ready = shelf.trained(framework)
    if kind == "official":
        return shelf.official(framework, path)
    if kind == "float":
        return ready.logits["float"]
    check_exact(ready.trained["int8"].whole, ready.trained["int8"].scales)
    return ready.right


@pytest.fixture
def path(framework, runtime, kind, shelf):
    """The file. Skips if a package that exports it is missing."""
    try:
        return shelf.file(framework, runtime, kind)
    except PackageNotInstalled as error:
        pytest.skip(str(error))


def test_what_was_trained_is_what_its_whole_numbers_compute(framework, shelf, dataset):
    ready = shelf.trained(framework)
    found = fidelity(ready.logits["int8"], ready.right, dataset.test.labels.array())
    assert (found.differ, found.labels) == (0, 0), found


def test_a_device_computes_what_was_trained(framework, runtime, kind, path, shelf, dataset, expected, recorded):
    """An int8 file all 100,000 logits to the last bit, and a float file each but for rounding.

    A framework's own way to int8 does not, unless `OFFICIAL` says so: that must be mended when this turns red.
    """
    device = shelf.device(runtime)
    device.build(loader(kind), runtime, str(path))
    logits = device.call("logits", dataset.test.images)
    step = 1.0 if kind == "float" else step_of(logits)
    found = fidelity(logits, expected, dataset.test.labels.array(), step)
    recorded(bytes=path.stat().st_size, **found._asdict())
    off = f"{path.name}: {found.differ:,} of {logits.size:,} logits differ, by up to {found.largest:g}"
    if kind == "float":
        assert found.largest <= 2 * PASS["float32"] * np.abs(expected).max(), off
        return
    weights = device.call("dtypes")["weights"]
    assert "int8" in weights, f"{path.name} has no int8 weights, but {weights}"
    exact = kind == "int8" or framework.settings.network in OFFICIAL[framework.name].exact
    assert (found.differ == 0) == exact, off
    assert abs(found.accuracy - np.mean(expected.argmax(axis=1) == dataset.test.labels.array())) < ACCURACY_MARGIN


def test_time_and_memory_of_a_prediction(path, devices, recorded):
    participant = next(each for each in devices.participants if each.name == path.name)
    assert participant.name not in devices.failures, devices.failures.get(participant.name)
    launches, (operation,) = devices.launches[participant.name], participant.operations
    seconds = figures.seconds(launches, operation)
    assert seconds > 0
    recorded(
        seconds=seconds,
        spread=figures.spread(launches, operation),
        memory=max((launch.memory.get("building", 0) for launch in launches), default=0),
    )
