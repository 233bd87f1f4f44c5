"""int8 export is bit-exact: a device returns the logits of the quantized network that was trained.

Each file runs in an environment without a framework. Only ExecuTorch needs PyTorch. Time and memory are recorded.
"""

import numpy as np
import pytest

from harness.edge.exports import loader
from harness.edge.fidelity import fidelity, step_of
from harness.equality.limits import ACCURACY_MARGIN, FORWARD_BACKWARD
from harness.measuring import figures
from harness.report.runs import median, spread
from impls import PackageNotInstalled
from impls.edge.official import OFFICIAL
from impls.quantization import check_exact

pytestmark = pytest.mark.edge


@pytest.fixture
def recorded(framework, runtime, kind, record):
    """Return a function that adds numbers of the file to the table at the end."""
    return lambda **found: record("file", runtime=runtime, export=kind, **found)


@pytest.fixture
def expected(framework, exports, kind, path):
    """The logits of the test images, by the kind of the file.

    Those of a float network are its framework's, and those of an int8 network the reference's in integers. Those of a
    framework's documented way are the last that it evaluated.
    """
    ready = exports.trained(framework)
    if kind == "official":
        return exports.official(framework, path)
    if kind == "float":
        return ready.logits["float"]
    check_exact(ready.trained["int8"].integers, ready.trained["int8"].scales)
    return ready.right


@pytest.fixture
def path(framework, runtime, kind, exports):
    """The exported file. Skips if a package for the export is missing."""
    try:
        return exports.file(framework, runtime, kind)
    except PackageNotInstalled as error:
        pytest.skip(str(error))


def test_integer_reference_equals_training_graph(framework, exports, dataset):
    ready = exports.trained(framework)
    found = fidelity(ready.logits["int8"], ready.right, dataset.test.labels.array())
    assert (found.differ, found.labels) == (0, 0), found


def test_device_logits_equal_trained_logits(framework, runtime, kind, path, exports, dataset, expected, recorded):
    """All 100,000 logits of an int8 file are bit-exact; those of a float file are equal within a tolerance.

    A framework's documented way to int8 must be bit-exact if and only if `OFFICIAL` says so.
    """
    device = exports.device(runtime)
    device.build(loader(kind), runtime, str(path))
    logits = device.run("logits", dataset.test.images)
    step = 1.0 if kind == "float" else step_of(logits)
    found = fidelity(logits, expected, dataset.test.labels.array(), step)
    recorded(bytes=path.stat().st_size, **found._asdict())
    off = f"{path.name}: {found.differ:,} of {logits.size:,} logits differ, by up to {found.largest:g}"
    if kind == "float":
        assert found.largest <= 2 * FORWARD_BACKWARD["float32"] * np.abs(expected).max(), off
        return
    weights = device.run("dtypes")["weights"]
    assert "int8" in weights, f"{path.name} has no int8 weights, but {weights}"
    exact = kind == "int8" or framework.settings.network in OFFICIAL[framework.name].exact
    assert (found.differ == 0) == exact, off
    assert abs(found.accuracy - np.mean(expected.argmax(axis=1) == dataset.test.labels.array())) < ACCURACY_MARGIN


def test_time_and_memory_of_a_prediction(path, devices, recorded):
    target = next(each for each in devices.targets if each.name == path.name)
    assert target.name not in devices.failures, devices.failures.get(target.name)
    runs, (operation,) = devices.runs[target.name], target.operations
    seconds = median(figures.medians(runs, operation))
    assert seconds > 0
    recorded(
        seconds=seconds,
        spread=spread(figures.medians(runs, operation)),
        memory=max((run.memory.get("building", 0) for run in runs), default=0),
    )
