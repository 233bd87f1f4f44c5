"""Variables of the environment that change what is measured: a worker starts without them, but for those that are kept.

So each is set by the suite (threads, device, backend), or taken out, or kept because `--keep-env` names it. Runs on the
machine of the worker, with the standard library alone. Workers run `python -I`, which reads none of PYTHON*.
"""

import contextlib
import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

# Beginnings of their names: threads; linear algebra; frameworks and compilers; GPUs; memory; the dynamic loader.
CHANGE_WHAT_IS_MEASURED = (
    *("OMP_", "KMP_", "GOMP_", "LIBOMP", "TBB_"),
    *("MKL_", "OPENBLAS_", "GOTO_", "BLIS_", "BLAS_", "NVPL_", "VECLIB_", "NUMEXPR_", "NPY_", "NUMPY_"),
    *("ONEDNN_", "DNNL_", "MKLDNN_", "LRU_CACHE_CAPACITY"),
    *("KERAS_", "TF_", "TF2_", "TENSORFLOW_", "AUTOGRAPH_", "PROTOCOL_BUFFERS_"),
    *("JAX_", "JAXLIB_", "XLA_", "PJRT_", "TPU_", "LIBTPU_", "MLIR_", "ENABLE_PJRT_"),
    *("TORCH", "PYTORCH_", "ATEN_", "AOT_", "AOTI", "INDUCTOR_", "TRITON_", "KINETO_"),
    *("CUDA_", "CUBLAS", "CUDNN_", "NCCL_", "NVIDIA_TF32_OVERRIDE"),
    *("MALLOC_", "Malloc", "_RJEM_", "JE_MALLOC_", "JEMALLOC_", "TCMALLOC_", "MIMALLOC_", "GLIBC_TUNABLES"),
    *("LD_", "DYLD_"),
)
WHICH_GPU = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")  # kept unasked: who was given one must not take another
KERAS_HOME = "KERAS_HOME"  # read by `keras_home`, and then set to what that returns


def found(keep: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """What is set here and changes what is measured: names of what is taken out, names and values of what is kept."""
    names = sorted(name for name in os.environ if name.startswith(CHANGE_WHAT_IS_MEASURED) and name != KERAS_HOME)
    kept = {*keep, *WHICH_GPU}
    return [name for name in names if name not in kept], {name: os.environ[name] for name in names if name in kept}


def flaw(keep: Iterable[str]) -> str:
    """Why the first of these that cannot be kept cannot be; nothing if all can."""
    listed = [name for name in os.environ if name.startswith(CHANGE_WHAT_IS_MEASURED)]
    for name in keep:
        if name.startswith("PYTHON"):
            return f"{name}: workers run `python -I`, which reads none of PYTHON*"
        if not name.startswith(CHANGE_WHAT_IS_MEASURED):
            return f"{name}: it is not taken out (harness/workers/variables.py lists what is): nothing to keep"
        if name not in os.environ:
            near = difflib.get_close_matches(name, listed, n=1)
            return f"{name}: it is not set" + (f"; did you mean {near[0]}?" if near else "")
    return ""


def described(kept: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in kept.items()) or "none"


def keras_home(folder: str) -> str:
    """A home for Keras in `folder`: without the user's keras.json, but with the data sets that are there already.

    Where Keras is installed, what it downloads goes to the user's folder, which is made if need be, as by Keras itself.
    """
    home = Path(folder, "keras")
    home.mkdir()
    datasets = Path(_users_keras_home(), "datasets").absolute()
    with contextlib.suppress(OSError):  # Keras then makes one of its own
        datasets.mkdir(parents=True, exist_ok=True)
        (home / "datasets").symlink_to(datasets)
    return str(home)


def _users_keras_home() -> str:
    """As Keras finds it."""
    user = os.path.expanduser("~")  # noqa: PTH111 - Path.expanduser raises where there is no home
    writable = user if os.access(user, os.W_OK) else "/tmp"
    return os.environ.get(KERAS_HOME) or os.path.join(writable, ".keras")  # noqa: PTH118
