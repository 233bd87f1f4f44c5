"""Environments with other versions of the packages: built by uv, kept in the user's cache under a hash of the content.

`python -m harness.regression.environments` lists them, `--clean` removes them.
"""

import argparse
import contextlib
import functools
import hashlib
import platform
import re
import shutil
import sqlite3
import sys
import sysconfig
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import filelock

from harness import tally
from harness.regression import installed
from harness.regression.requirements import NotBuilt, canonical, chosen, parsed
from harness.regression.scratch import Scratch
from impls.files import cache_directory

IMPORT = 'import os, sys; os.environ["HOME"] = os.environ["TMPDIR"]; __import__(sys.argv[1])'
FOR_NUMPY_1 = "compiled using NumPy 1"  # NumPy 2 prints it at the import of such a package


@contextlib.contextmanager
def _errors_of_the_cache() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise NotBuilt(f"no environment can be kept: {error}") from None


def obtain(requirements: Sequence[str], packages: Collection[str], root: Path | None = None) -> Path:
    """Return the interpreter of an environment that meets `requirements` and holds the imports `packages`.

    All other versions are the installed ones, as far as the requirements allow it. Raises `NotBuilt`.
    """
    root = root or folder()
    return built(resolve(requirements, packages), packages, root)


@_errors_of_the_cache()
def resolve(requirements: Sequence[str], packages: Collection[str]) -> str:
    """Return all versions of an environment, as lines `name==version`. Raises `NotBuilt`."""
    held, excluded = chosen(requirements, packages)
    required = {canonical(parsed(requirement).name) for requirement in requirements}
    preferred = [f"{name}=={version}" for name, version in installed.versions().items() if name not in required]
    with Scratch() as scratch:
        source, excludes, pins = (scratch.folder / name for name in ("source.in", "excludes.txt", "pins.txt"))
        source.write_text("\n".join([*requirements, *sorted(held - required)]))
        excludes.write_text("\n".join(sorted(excluded)))
        pins.write_text("\n".join(preferred))  # uv prefers the versions in its output file
        options = ("--excludes", excludes, "--no-header", "--no-annotate", "--output-file", pins)
        local = any("+" in str(parsed(each).specifier) for each in requirements)
        hint = " (a version with + is on an index of its own: add it to those of pip or uv)" if local else ""
        wanted = f"with {', '.join(requirements)}{hint}"
        scratch.uv("pip", "compile", source, "--python", sys.executable, *options, wanted=wanted)
        return pins.read_text()


@_errors_of_the_cache()
def built(pins: str, packages: Collection[str], root: Path) -> Path:
    """Return the interpreter of an environment of exactly these versions, from which `packages` are imported.

    Of two runs that need the same environment, one builds it and one waits. The environment cannot be removed before
    this process ends. Raises `NotBuilt`.
    """
    key = (sys.implementation.cache_tag, platform.python_version(), sys.base_prefix, sysconfig.get_platform(), pins)
    home = root / hashlib.sha256("\n".join(key).encode()).hexdigest()[:16]
    root.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(home.with_suffix(".lock")):
        if not home.exists():
            _remove_partial(home)  # of a killed run
            _build(home, pins, packages)
        _usage(home).acquire_read()
    return interpreter(home)


def _build(home: Path, pins: str, packages: Collection[str]) -> None:
    """Build an environment elsewhere, and move it to `home` when it is complete."""
    tally.add("environment")
    with Scratch(home.parent, f"{home.name}.") as scratch:
        environment, requirements = scratch.folder / "environment", scratch.folder / "requirements.txt"
        python = interpreter(environment)
        requirements.write_text(pins)
        scratch.uv("venv", "--relocatable", "--python", sys.executable, environment)
        scratch.uv("pip", "install", "--python", python, "--no-deps", "--compile-bytecode", "-r", requirements)
        for package in sorted(packages):
            if FOR_NUMPY_1 in scratch.run(python, "-I", "-c", IMPORT, package).stderr:
                raise NotBuilt(f"{package} was compiled for NumPy 1 and cannot run with NumPy 2: require numpy<2, too")
        requirements.rename(environment / requirements.name)
        environment.rename(home)


def interpreter(home: Path) -> Path:
    """Return the interpreter of the virtual environment in `home`."""
    return home / "bin" / "python"


@_errors_of_the_cache()
def folder() -> Path:
    """Return the folder of all environments, in the user's cache. Raises `NotBuilt` if the user has none."""
    return cache_directory() / "environments"


@_errors_of_the_cache()
def clean(root: Path | None = None) -> tuple[list[Path], list[Path]]:
    """Remove all environments but those in use. Return the removed ones and the others. Wait for those being built."""
    root = root or folder()
    removed, in_use = [], []
    folders = [*_homes(root), *root.glob("*.partial")]
    for home in dict.fromkeys(root / path.name.partition(".")[0] for path in folders):
        with filelock.FileLock(home.with_suffix(".lock")):
            try:
                with _usage(home).write_lock(blocking=False):
                    if home.exists():  # an interrupted removal leaves no damaged environment
                        home.rename(tempfile.mkdtemp(".partial", f"{home.name}.", root))
                    _remove_partial(home)
                removed.append(home)
            except filelock.Timeout:
                in_use.append(home)
    return removed, in_use


@functools.cache  # a lock is released when its object is deleted
def _usage(home: Path) -> filelock.ReadWriteLock:
    """Return the lock for reading by processes that use the environment, for writing by one that removes it."""
    return filelock.ReadWriteLock(home.with_suffix(".db"))


def _homes(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob("*/requirements.txt"))


def _remove_partial(home: Path) -> None:
    for path in home.parent.glob(f"{home.name}*.partial"):
        shutil.rmtree(path, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true", help="remove all of them")
    if parser.parse_args().clean:
        removed, in_use = clean()
        print(f"removed {len(removed)} environments from {folder()}; `uv cache clean` removes the downloads")
        for home in in_use:
            print(f"kept {home}: a run is using it")
        return
    for home in _homes(folder()):
        pins = (home / "requirements.txt").read_text()
        frameworks = re.findall(r"^(?:torch|tensorflow|keras|jax|numpy)==.*$", pins, re.MULTILINE)
        size = sum(each.lstat().st_blocks for each in home.rglob("*")) / 2**21
        print(f"{home}  {size:.2f} GiB  {' '.join(frameworks)}")


if __name__ == "__main__":
    try:
        with contextlib.suppress(BrokenPipeError):
            main()
    except NotBuilt as error:
        sys.exit(f"error: {error}")
