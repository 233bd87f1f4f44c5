"""The content of an environment: uv chooses versions and installs wheels. Their files are verified and compiled."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from importlib.util import cache_from_source
from pathlib import Path

from harness.regression import installed, records, scratch
from harness.regression.requirements import NotBuilt, canonical, chosen, errors_in_a_line, parsed

IMPORT = "import sys; __import__(sys.argv[1])"
PINS = "requirements.txt"  # in a complete environment: its versions
FILES = "files.json"  # in a complete environment: the size of each file
NO_BUILD = "--no-build"  # wheels only: their installation runs none of their code, and that of a source package does
FOR_NUMPY_1 = "compiled using NumPy 1"  # NumPy 2 prints it at the import of such a package


def interpreter(place: Path) -> Path:
    """Return the interpreter of the virtual environment in `place`."""
    return place / "bin" / "python"


@errors_in_a_line()
def resolve(requirements: Sequence[str], packages: Collection[str], preferred: Mapping[str, str] | None = None) -> str:
    """Return all versions of an environment, as lines `name==version`. Raises `NotBuilt`.

    `preferred`, name -> version, are those of packages that no requirement names, if they can be met: by default the
    installed ones.
    """
    held, excluded = chosen(requirements, packages)
    required = {canonical(parsed(requirement).name) for requirement in requirements}
    versions = installed.versions() if preferred is None else preferred
    pinned = [f"{name}=={version}" for name, version in versions.items() if name not in required]
    local = any("+" in str(parsed(each).specifier) for each in requirements)
    hint = " (a version with + is on an index of its own: add it to those of pip or uv)" if local else ""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source, excludes, pins = (Path(folder, name) for name in ("source.in", "excludes.txt", "pins.txt"))
        source.write_text("\n".join([*requirements, *sorted(held - required)]), encoding="utf-8")
        excludes.write_text("\n".join(sorted(excluded)), encoding="utf-8")
        pins.write_text("\n".join(pinned), encoding="utf-8")  # uv prefers the versions in its output file
        options = (NO_BUILD, "--excludes", excludes, "--no-header", "--no-annotate", "--output-file", pins)
        wanted = f"with {', '.join(requirements)}{hint}"
        scratch.uv(folder, "pip", "compile", source, "--python", sys.executable, *options, wanted=wanted)
        return pins.read_text(encoding="utf-8")


def is_damaged(place: Path) -> bool:
    """Return whether an environment is absent, lacks a file, or has one that was changed after it was built."""
    try:
        sizes = json.loads((place / FILES).read_text(encoding="utf-8"))
        built_at = (place / FILES).stat().st_mtime_ns
        states = ((size, (place / name).stat()) for name, size in sizes.items())
        return any(state.st_size != size or state.st_mtime_ns > built_at for size, state in states)
    except (OSError, ValueError):
        return True


def fill(folder: str, pins: str, packages: Collection[str], like: Path | None, options: Sequence[str] = ()) -> Path:
    """Build an environment of exactly these versions in `folder`, from which `packages` are imported, and return it.

    `like` is the interpreter of an environment whose files are linked to where they are the same: that saves time.
    `options` are for the installation. Raises `NotBuilt`, and `OSError`.
    """
    environment, requirements = Path(folder, "environment"), Path(folder, PINS)
    python = interpreter(environment)
    requirements.write_text(pins, encoding="utf-8")
    if like:  # uv and Python replace files and never write into one, so links are safe
        shutil.copytree(like.parents[1], environment, symlinks=True, copy_function=os.link)
        (environment / PINS).unlink()
        (environment / FILES).unlink()
    else:
        scratch.uv(folder, "venv", "--relocatable", "--python", sys.executable, environment)
    # The interpreter of the environment would run the `.pth` files of its packages: uv and the compiler use ours.
    target = ("--python", sys.executable, "--prefix", environment, NO_BUILD)
    scratch.uv(folder, "pip", "sync", *target, requirements, *options)
    if problem := records.problem(environment, pins):
        raise NotBuilt(f"no environment can be built: {problem}. `uv cache clean` may help")
    if like:
        _remove_stale(environment, like.parents[1])
    # In Python 3.13 a pool of processes has a socket there, and its path may have 107 bytes.
    with tempfile.TemporaryDirectory() as short:
        scratch.run(short, sys.executable, "-I", "-m", "compileall", "-qq", "-j0", environment / "lib")
    for package in sorted(packages):
        stderr = scratch.run_in_sandbox(folder, python, "-I", "-c", IMPORT, package).stderr
        if FOR_NUMPY_1 in stderr:
            raise NotBuilt(f"{package} was compiled for NumPy 1 and cannot run with NumPy 2: require numpy<2, too")
        if f"No module named {package!r}" in stderr:  # another error of its import is a finding about the version
            raise NotBuilt(f"no environment can be built: {', '.join(pins.split())} has no module {package}")
    requirements.rename(environment / PINS)
    (environment / FILES).write_text(json.dumps(_sizes(environment)), encoding="utf-8")
    return environment


def _sizes(place: Path) -> dict[str, int]:
    """Return the size of each file of an environment, among them the compiled modules, which no RECORD names."""
    return {str(path.relative_to(place)): path.stat().st_size for path in place.rglob("*") if path.is_file()}


def _remove_stale(environment: Path, like: Path) -> None:
    """Remove the compiled module of each file that was replaced: size and second of both files may be equal."""
    for source in Path(environment, "lib").rglob("*.py"):
        linked = like / source.relative_to(environment)
        if not (linked.exists() and linked.samefile(source)):
            Path(cache_from_source(source)).unlink(missing_ok=True)
