"""The settings of a worker, and the command and the variables that its process starts with."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness import ROOT
from harness.workers import process_tree, sandbox, variables

NO_GPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}  # some frameworks take a GPU by default

# `impls` and `harness` come from the root, all other modules from the environment: the root may hold stray files.
BOOTSTRAP = """
import importlib.util, sys
root, threads, cpu_slot = sys.argv[1:]
del sys.argv[1:]
for name in ("impls", "harness"):
    spec = importlib.util.spec_from_file_location(name, f"{root}/{name}/__init__.py")
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
sys.path.append(root)
from harness.workers.child import serve
serve(int(threads), int(cpu_slot))
"""


@dataclass(frozen=True)
class WorkerSpec:
    """The settings of a worker.

    - `name`: for messages.
    - `python`: the interpreter, which has NumPy and the framework.
    - `root`: the folder that holds `impls/` and `harness/`.
    - `threads`: CPU threads that the framework may use; `None` for all.
    - `cpu_slot`: the index of the block of `threads` processors that the worker is bound to.
    - `environment`: variables to set before anything is imported.
    - `device`: "cpu" hides the GPUs, "cuda" does not.
    - `timeout`: seconds that the worker may be silent while it works.
    - `keep`: names of variables that it inherits besides those of `variables.INHERITED`.
    - `readable`: if given, the worker runs in the sandbox: it has an empty home, no network, and no files but those of
      the system, of its environment, of the project's code, and these files and folders (see `sandbox`).
    """

    name: str
    python: str = sys.executable
    root: Path = ROOT
    threads: int | None = None
    cpu_slot: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    timeout: float = 600.0
    keep: tuple[str, ...] = ()
    readable: tuple[str | Path, ...] | None = None


def thread_variables(threads: int | None, device: str) -> dict[str, str]:
    """Return variables that limit a framework to these threads and this device, if set before its import."""
    hidden = NO_GPU if device == "cpu" else {}
    return hidden | ({"OMP_NUM_THREADS": str(threads)} if threads else {})


def kept(spec: WorkerSpec) -> dict[str, str]:
    """Return the variables that the worker inherits because of `keep`, unless its settings set the same."""
    return {name: value for name, value in variables.kept(spec.keep).items() if name not in _set(spec)}


def command(spec: WorkerSpec, folder: str) -> list[str]:
    """Return the command that starts the worker, in the sandbox if it has one. It writes to `folder`."""
    words = [spec.python, "-I", "-c", BOOTSTRAP, str(spec.root), str(spec.threads or 0), str(spec.cpu_slot)]
    if spec.readable is None:
        return words
    return sandbox.command(words, (spec.root / "harness", spec.root / "impls", *spec.readable), folder)


def environment(spec: WorkerSpec, folder: str) -> dict[str, str]:
    """Return all variables of the worker, whose temporary files are in `folder`."""
    inherited = variables.inherited() if spec.readable is None else variables.in_sandbox(folder)
    return inherited | kept(spec) | _set(spec) | process_tree.environment(folder)


def _set(spec: WorkerSpec) -> dict[str, str]:
    return {**thread_variables(spec.threads, spec.device), **spec.environment}
