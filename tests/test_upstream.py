"""A defect of a framework is fixed upstream. Each test is expected to fail; one that passes reports the fix.

The scripts of docs/lab/upstream/ exit with 0 if the defect is present, and with 1 and a line "fixed: ..." if it is not.
"""

import os
import subprocess
import sys

import pytest

from harness import ROOT
from tests.project import require

pytestmark = pytest.mark.lessons
FOLDER = ROOT / "docs" / "lab" / "upstream"
SECONDS = 600  # for a script that hangs
UNREPORTED = "not reported yet, as far as a search showed on 2026-11-30"


def defect(name, packages, reason):
    """Return a parameter set. `packages`: of the script; the second is the backend of Keras, if the first is Keras.

    `raises` is AssertionError, so that a script that crashes fails its test.
    """
    expected = pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)
    return pytest.param(name, packages, marks=expected, id=f"{name}-{packages[-1]}")


DEFECTS = [
    defect("tensorflow_gelu", ["tensorflow"], f"tf.nn.gelu: {UNREPORTED}; its cast: tensorflow#57779"),
    defect("keras_result_type", ["keras", "jax"], f"keras#23704 and #23223; layers on JAX: {UNREPORTED}"),
    defect("keras_result_type", ["keras", "torch"], "keras#23704"),
    defect("optax_schedule", ["optax"], UNREPORTED),
    defect("keras_schedule", ["keras", "tensorflow"], UNREPORTED),
    defect("keras_schedule", ["keras", "jax"], UNREPORTED),
    defect("jax_attention", ["jax"], f"{UNREPORTED}; related: jax#34114"),
    defect("pytorch_batch_norm", ["torch"], "pytorch#1410"),
    defect("pytorch_fused_adam", ["torch"], f"{UNREPORTED}; CUDA raises an error: pytorch#106951"),
]


@pytest.mark.parametrize(("name", "packages"), DEFECTS)
def test_defect_is_fixed(name, packages):
    require(*packages)
    chosen = {"KERAS_BACKEND": packages[-1], "JAX_ENABLE_X64": "1", "CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, FOLDER / f"{name}.py"],
        env=os.environ | chosen,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    verdict = [line for line in done.stderr.splitlines() if line.startswith("fixed: ")]
    print(done.stdout, *verdict, sep="\n")
    if done.returncode != len(verdict):
        pytest.fail(f"{name}.py: expected status {len(verdict)}, found {done.returncode}: {done.stderr}")
    assert verdict


def test_every_script_of_the_folder_is_run():
    assert {row.values[0] for row in DEFECTS} == {script.stem for script in FOLDER.glob("*.py")}
