"""The environment of workers: a few inherited variables, those that `--keep-env` names, and those that the suite sets.

Any other could change a measurement. Workers run `python -I`, which reads none of PYTHON*.
"""

import contextlib
import difflib
import os
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

SYSTEM = (  # all that a worker in the sandbox inherits: no secrets, and no folders of the user
    *("PATH", "USER", "LOGNAME", "TZ", "LANG", "LANGUAGE", "LC_*"),
    *("CUDA_HOME", "CUDA_PATH", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"),  # where a GPU is
)
INHERITED = (
    *SYSTEM,
    *("HOME", "SHELL", "XDG_*", "*_proxy", "*_PROXY", "SSL_CERT_*", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("TORCH_HOME", "KERAS_HOME"),  # folders of downloads; the latter is then replaced by `keras_home`
    "MNIST_*",  # ours
)
WHICH_GPU = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")  # inherited, and recorded as if --keep-env named them

# Not inherited, but often set on purpose: a note names those that are set. The list need not be complete.
REPORTED = (
    *("OMP_", "KMP_", "MKL_", "OPENBLAS_", "MALLOC_", "LD_"),
    *("KERAS_", "TF_", "XLA_", "JAX_", "TORCH", "PYTORCH_", "CUDA_", "NVIDIA_TF32_OVERRIDE"),
)


def is_inherited(name: str, patterns: Iterable[str] = INHERITED) -> bool:
    """Return whether every worker inherits this variable, or whether it matches one of other patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def inherited(patterns: Iterable[str] = INHERITED) -> dict[str, str]:
    """Return the variables that every worker inherits, or those that match other patterns."""
    return {name: value for name, value in os.environ.items() if is_inherited(name, patterns)}


def in_sandbox(folder: str) -> dict[str, str]:
    """Return the variables that a worker in the sandbox inherits, and an empty home, which is made in `folder`."""
    home = Path(folder, "home")
    home.mkdir(exist_ok=True)
    return inherited(SYSTEM) | {"HOME": str(home)}


def kept(keep: Iterable[str]) -> dict[str, str]:
    """Return the variables of `--keep-env` and of `WHICH_GPU` that are set."""
    return {name: os.environ[name] for name in sorted({*keep, *WHICH_GPU}) if name in os.environ}


def reported(keep: Iterable[str]) -> list[str]:
    """Return the names of variables in `REPORTED` that are set and not inherited."""
    names = {name for name in os.environ if name.startswith(REPORTED) and not is_inherited(name)}
    return sorted(names - {*keep, *WHICH_GPU})


def problem(keep: Iterable[str], ours: Collection[str]) -> str:
    """Return why one of these cannot be kept; "" if all can. `ours` are the variables that the suite sets."""
    for name in keep:
        if name in ours or name.startswith("PYTHON") or is_inherited(name):
            return f"{name}: workers inherit it anyway, or the suite sets it, or `python -I` does not read it"
        if name not in os.environ:
            near = difflib.get_close_matches(name, os.environ, n=1)
            return f"{name}: it is not set" + (f"; did you mean {near[0]}?" if near else "")
    return ""


def described(kept: Mapping[str, str]) -> str:
    """Return "NAME=value, NAME=value", or "none"."""
    return ", ".join(f"{name}={value}" for name, value in kept.items()) or "none"


def keras_home(folder: str) -> str:
    """Make a home for Keras in `folder`: without the user's keras.json, but with the user's folder of data sets.

    That folder is made if necessary, as Keras does.
    """
    home = Path(folder, "keras")
    home.mkdir()
    with contextlib.suppress(OSError, RuntimeError):  # the user has no home: Keras makes a folder in this one
        datasets = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras", "datasets").absolute()
        datasets.mkdir(parents=True, exist_ok=True)
        (home / "datasets").symlink_to(datasets)
    return str(home)
