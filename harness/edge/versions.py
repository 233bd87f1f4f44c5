"""Two versions of a runtime: the files that are compared, and the environments in which they run."""

import importlib.util
from collections.abc import Collection, Iterable, Sequence

import impls
from harness.regression.requirements import NotBuilt, canonical, package_of, parsed
from impls.edge import ENVIRONMENTS

DISTRIBUTIONS = {"litert": "ai-edge-litert", "onnx": "onnxruntime"}  # those that run in the environment "device"
WRITER = "onnx"  # the package of the current environment with which NumPy's edge.py writes the files


def named_in(requirements: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the files of the runtimes whose distributions these requirements name: name -> runtime and kind.

    Raises `NotBuilt` if a framework is named as well, or if the files cannot be written here.
    """
    names = _names(requirements)
    runtimes = [runtime for runtime, distribution in DISTRIBUTIONS.items() if distribution in names]
    frameworks = set().union(*(variant.packages for variant in impls.variants().values())) - {"numpy"}
    if runtimes and (both := sorted(frameworks & set(map(package_of, names)))):
        raise NotBuilt(f"a run compares runtimes or frameworks: leave out {', '.join(both)}, or the runtime")
    if runtimes and importlib.util.find_spec(WRITER) is None:
        raise NotBuilt(f"{WRITER} is not installed, and it takes it to write the compared files: pip install '.[edge]'")
    return {f"{runtime}-{kind}": (runtime, kind) for runtime in runtimes for kind in ("float", "int8")}


def requirements(given: Sequence[str], packages: Collection[str]) -> list[str]:
    """Return the requirements of the environment "device", of which the given ones replace those of the same names.

    It has all runtimes, whichever `packages` are compared.
    """
    ours, _ = ENVIRONMENTS["device"]
    named = _names(given)
    return [*given, *(each for each in ours if named.isdisjoint(_names([each])))]


def _names(requirements: Iterable[str]) -> set[str]:
    return {canonical(parsed(each).name) for each in requirements}
