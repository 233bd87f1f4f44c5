"""Environments with other versions of the packages: built by uv, kept in the user's cache under a hash of the content.

`python -m harness.regression.environments` lists them, `--clean` removes them.
"""

import argparse
import contextlib
import fcntl
import functools
import hashlib
import json
import os
import platform
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.util import cache_from_source
from pathlib import Path

from harness import tally
from harness.regression import installed, records, scratch
from harness.regression.requirements import NotBuilt, canonical, chosen, parsed
from impls.files import cache_directory

IMPORT = "import sys; __import__(sys.argv[1])"
FORMAT = "2"  # of environments; in those of format 1, code of packages ran without the sandbox
PINS = "requirements.txt"  # in a complete environment: the content of its hash
NO_BUILD = "--no-build"  # wheels only: their installation runs none of their code, and that of a source package does
FILES = "files.json"  # in a complete environment: the size of each file
FOR_NUMPY_1 = "compiled using NumPy 1"  # NumPy 2 prints it at the import of such a package


@contextlib.contextmanager
def _errors_in_a_line() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotBuilt(f"no environment can be kept: {error}") from None


def obtain(requirements: Sequence[str], packages: Collection[str], root: Path | None = None) -> Path:
    """Return the interpreter of an environment that meets `requirements` and holds the imports `packages`.

    All other versions are the installed ones, as far as the requirements allow it. Raises `NotBuilt`.
    """
    root = root or folder()
    return built(resolve(requirements, packages), packages, root)


@_errors_in_a_line()
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


@_errors_in_a_line()
def built(pins: str, packages: Collection[str], root: Path, like: Path | None = None) -> Path:
    """Return the interpreter of an environment of exactly these versions, from which `packages` are imported.

    Of two runs that need the same environment, one builds it and one waits. One that was damaged is built anew, without
    uv's cache, whose files it shares. The environment cannot be removed before this process ends. Raises `NotBuilt`.
    `like` is the interpreter of an environment whose files are linked to where they are the same: that saves time.
    """
    place = _place(pins, root)
    root.mkdir(parents=True, exist_ok=True)
    lock = _lock(place)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)  # shared by all runs that use it, until they end
        damaged = _is_damaged(place)
        while damaged:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_damaged(place):  # another run may have built it meanwhile
                options = ["--no-cache"] if (place / FILES).exists() else []
                _remove(place)
                _build(place, pins, packages, options, like)
            fcntl.flock(lock, fcntl.LOCK_SH)  # between the two locks, `clean` may remove it
            damaged = not interpreter(place).exists()
    except BaseException:
        fcntl.flock(lock, fcntl.LOCK_UN)
        raise
    return interpreter(place)


def _place(pins: str, root: Path) -> Path:
    python = (sys.implementation.cache_tag, platform.python_version(), sys.base_prefix, sysconfig.get_platform())
    return root / hashlib.sha256("\n".join((FORMAT, *python, pins)).encode()).hexdigest()[:16]


def is_built(pins: str, root: Path) -> bool:
    """Return whether there is an environment of exactly these versions."""
    return (_place(pins, root) / PINS).exists()


@functools.cache  # a lock is released when its file is closed: by the system, at the end of this process
def _lock(place: Path) -> int:
    return os.open(place.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o666)


def _sizes(place: Path) -> dict[str, int]:
    """Return the size of each file of an environment, among them the compiled modules, which no RECORD names."""
    return {str(path.relative_to(place)): path.stat().st_size for path in place.rglob("*") if path.is_file()}


def _is_damaged(place: Path) -> bool:
    """Return whether an environment is absent, lacks a file, or has one that was changed after it was built."""
    try:
        sizes = json.loads((place / FILES).read_text(encoding="utf-8"))
        built_at = (place / FILES).stat().st_mtime_ns
        states = ((size, (place / name).stat()) for name, size in sizes.items())
        return any(state.st_size != size or state.st_mtime_ns > built_at for size, state in states)
    except (OSError, ValueError):
        return True


def _build(place: Path, pins: str, packages: Collection[str], options: Sequence[str], like: Path | None = None) -> None:
    """Build an environment elsewhere, and move it to `place` when it is complete."""
    tally.add("environment")
    with tempfile.TemporaryDirectory(".partial", f"{place.name}.", place.parent, ignore_cleanup_errors=True) as folder:
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
        environment.rename(place)


def _remove_stale(environment: Path, like: Path) -> None:
    """Remove the compiled module of each file that was replaced: size and second of both files may be equal."""
    for source in Path(environment, "lib").rglob("*.py"):
        linked = like / source.relative_to(environment)
        if not (linked.exists() and linked.samefile(source)):
            Path(cache_from_source(source)).unlink(missing_ok=True)


def _remove(place: Path) -> None:
    """Remove an environment and what was left of it. If that is interrupted, no damaged environment remains."""
    if place.exists():
        place.rename(tempfile.mkdtemp(".partial", f"{place.name}.", place.parent))
    for path in place.parent.glob(f"{place.name}*.partial"):
        shutil.rmtree(path, ignore_errors=True)


def interpreter(place: Path) -> Path:
    """Return the interpreter of the virtual environment in `place`."""
    return place / "bin" / "python"


@_errors_in_a_line()
def folder() -> Path:
    """Return the folder of all environments, in the user's cache. Raises `NotBuilt` if the user has none."""
    return cache_directory() / "environments"


@_errors_in_a_line()
def clean(root: Path | None = None) -> tuple[list[Path], list[Path]]:
    """Remove all environments but those in use. Return the removed ones, and those in use or being built."""
    root = root or folder()
    removed, in_use = [], []
    folders = [*_built(root), *root.glob("*.partial")]
    for place in dict.fromkeys(root / path.name.partition(".")[0] for path in folders):
        with place.with_suffix(".lock").open("a", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                in_use.append(place)
                continue
            _remove(place)
            removed.append(place)
    return removed, in_use


def _built(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob(f"*/{PINS}"))


def main() -> None:
    """List the environments, or remove them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true", help="remove all of them")
    if parser.parse_args().clean:
        removed, in_use = clean()
        print(f"removed {len(removed)} environments from {folder()}; `uv cache clean` removes the downloads")
        for place in in_use:
            print(f"kept {place}: a run is using it")
        return
    for place in _built(folder()):
        frameworks = re.findall(
            r"^(?:torch|tensorflow|keras|jax|numpy)==.*$", (place / PINS).read_text(encoding="utf-8"), re.MULTILINE
        )
        size = sum(each.lstat().st_blocks for each in place.rglob("*")) / 2**21
        print(f"{place}  {size:.2f} GiB  {' '.join(frameworks)}")


if __name__ == "__main__":
    try:
        with contextlib.suppress(BrokenPipeError):
            main()
    except NotBuilt as error:
        sys.exit(f"error: {error}")
