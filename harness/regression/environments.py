"""Environments with other versions of the packages: built with uv, kept by what is in them, listed and removed.

`python -m harness.regression.environments` lists them, `--clean` removes them.
"""

import argparse
import contextlib
import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import filelock
import uv

from harness.regression import installed, pip
from harness.regression.requirements import IMPORTED_AS, NotBuilt, canonical, chosen, overwritten, parsed
from harness.workers import process_tree
from impls.files import cache_directory

Run = Callable[..., "subprocess.CompletedProcess[str]"]

RECIPE = 2  # one more, whenever the same versions are to be built anew: what is kept is known by it
FOR_NUMPY_1 = "compiled using NumPy 1"  # NumPy 2 says so of what is imported
IMPORT = 'import os, sys; os.environ["HOME"] = os.environ["TMPDIR"]; __import__(sys.argv[1])'


class ForNumPy1(NotBuilt):
    """A package was compiled for NumPy 1, does not declare it, and would stand beside NumPy 2."""


def obtain(requirements: Sequence[str], packages: Collection[str], root: Path | None = None) -> Path:
    """The interpreter of an environment that meets `requirements` and holds what is imported as `packages`.

    Whatever the requirements leave open has the version that is installed here. Raises `NotBuilt`.
    """
    root = root or folder()
    return built(resolve(requirements, packages), packages, root)


def built(pins: str, packages: Collection[str], root: Path) -> Path:
    """The interpreter of an environment of exactly these versions, of which `packages` are imported. Raises `NotBuilt`.

    Two runs that want the same environment at once: one builds it, one waits. It is not removed before this process
    has ended.
    """
    content = f"{RECIPE} {platform.python_implementation()} {platform.python_version()} {sys.base_prefix}\n{pins}"
    home = root / hashlib.sha256(content.encode()).hexdigest()[:16]
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone_with(home):
            if not home.exists():
                _build(home, pins, packages)
            _usage(home).acquire_read()
    except OSError as error:
        raise NotBuilt(f"no environment can be kept in {root}: {error}") from None
    return interpreter(home)


def resolve(requirements: Sequence[str], packages: Collection[str]) -> str:
    """Exact versions for all of it, as lines `name==version`: what is installed here, where that is allowed.

    Raises `NotBuilt`.
    """
    held, rivals = chosen(requirements, packages)
    named = {canonical(parsed(requirement).name) for requirement in requirements}
    preferred = [f"{name}=={version}" for name, version in installed.versions().items() if name not in named]
    scratch = Path(tempfile.mkdtemp())
    with _family(scratch) as run:
        wanted, excluded, pins = (scratch / name for name in ("wanted.in", "excluded.in", "requirements.txt"))
        wanted.write_text("\n".join([*requirements, *sorted(held - named)]))
        excluded.write_text("\n".join(sorted(rivals)))
        pins.write_text("\n".join(preferred))  # uv keeps to the versions in the file that it is to write, if it can
        options = ("--excludes", excluded, "--no-header", "--no-annotate", "--output-file", pins)
        _uv(run, requirements, "pip", "compile", wanted, "--python", sys.executable, *options, *pip.told().options)
        return pins.read_text()


def folder() -> Path:
    """Where the environments are kept: in the user's cache. Raises `NotBuilt` if there is none."""
    try:
        return cache_directory() / "environments"
    except OSError as error:
        raise NotBuilt(f"no environment can be kept: {error}") from None


def clean(root: Path | None = None) -> tuple[list[Path], list[Path]]:
    """Remove all environments but those in use; returns the removed and the others. Who builds one is waited for."""
    root = root or folder()
    removed, in_use = [], []
    for home in [*_homes(root), *root.glob("*.partial")]:  # the latter were left by who was killed
        with _alone_with(home):
            try:
                with _usage(home).write_lock(blocking=False):
                    shutil.rmtree(home.rename(home.with_suffix(".partial")))  # whoever ends this leaves no torso
                removed.append(home)
            except filelock.Timeout:
                in_use.append(home)
    return removed, in_use


def _alone_with(home: Path) -> filelock.FileLock:
    """Held by who builds or removes the environment."""
    return filelock.FileLock(home.with_suffix(".lock"))


@functools.cache  # a lock that nobody keeps is let go
def _usage(home: Path) -> filelock.ReadWriteLock:
    """Held for reading by the processes that use the environment, for writing by who removes it."""
    return filelock.ReadWriteLock(home.with_suffix(".db"))


def _homes(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("*") if (path / "requirements.txt").exists())


def _build(home: Path, pins: str, packages: Collection[str]) -> None:
    """All or nothing: what is half-built has another name."""
    partial = home.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
    with _family(partial) as run:
        partial.mkdir()
        environment, requirements = partial / "environment", partial / "requirements.txt"
        requirements.write_text(pins)
        _uv(run, (), "venv", "--relocatable", "--python", sys.executable, environment)
        options = ("--no-deps", "--compile-bytecode", "-r", requirements, *pip.told().options)
        _uv(run, (), "pip", "install", "--python", interpreter(environment), *options)
        _refuse_overwritten(environment, packages)
        _refuse_for_numpy_1(run, interpreter(environment), packages)
        requirements.rename(environment / "requirements.txt")
        environment.rename(home)


def _refuse_overwritten(environment: Path, packages: Collection[str]) -> None:
    """Raises `NotBuilt` if two distributions have brought the same file of what is to be imported."""
    owners: dict[str, str] = {}
    folder = sysconfig.get_path("purelib", "venv", {"base": str(environment)})
    for name, each in installed.distributions([folder]).items():
        for file in each.files or ():
            package = file.parts[0].partition(".")[0]
            if package in {*packages, *IMPORTED_AS.values()} and owners.setdefault(str(file), name) != name:
                raise overwritten({owners[str(file)], name}, package)


def _refuse_for_numpy_1(run: Run, python: Path, packages: Collection[str]) -> None:
    """Raises `ForNumPy1` if NumPy complains of a package that is to be imported."""
    for package in sorted(packages):
        if FOR_NUMPY_1 in run(python, "-I", "-c", IMPORT, package).stderr:
            raise ForNumPy1(f"{package} was compiled for NumPy 1, and does not work beside NumPy 2")


def interpreter(home: Path) -> Path:
    """Of the virtual environment in `home`."""
    return home / "Scripts" / "python.exe" if os.name == "nt" else home / "bin" / "python"


@contextlib.contextmanager
def _family(scratch: Path) -> Iterator[Run]:
    """Runs commands with pip's settings. They and `scratch` end with this block, or soon after this process."""
    ours = process_tree.environment(str(scratch))
    guard = process_tree.start(["tail", "-f", "/dev/null"], str(scratch))  # which never ends
    for_uv = {name: value for name, value in os.environ.items() if name.startswith("UV_")}

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        process = process_tree.start(
            list(map(str, command)),
            str(scratch),
            env=os.environ | pip.told().variables | for_uv | ours,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _, stderr = process.communicate()
        finally:
            process_tree.end(process)
        return subprocess.CompletedProcess(command, process.returncode, stderr=stderr)

    try:
        yield run
    finally:
        process_tree.end(guard)
        shutil.rmtree(scratch, ignore_errors=True)


def _uv(run: Run, requirements: Sequence[str], *arguments: str | Path) -> None:
    """Raises `NotBuilt` with what uv says, if it fails."""
    done = run(uv.find_uv_bin(), "--quiet", *arguments)
    if done.returncode:
        wanted = f"with {', '.join(requirements)} " if requirements else ""
        why = re.sub(r"[^\x21-\x7e]+", " ", done.stderr)  # uv draws its answer as a tree
        elsewhere = any("+" in str(parsed(each).specifier) for each in requirements)
        hint = " (what has a + in its version is on an index of its own: tell pip of it)" if elsewhere else ""
        raise NotBuilt(f"no environment {wanted}can be built: {textwrap.shorten(why, 600)}{hint}")


def _sizes(home: Path) -> tuple[int, int]:
    """Bytes on disk of all its files, and of those alone that it shares with nobody: uv links what is in its cache."""
    files = [path.lstat() for path in home.rglob("*")]
    return tuple(sum(each.st_blocks * 512 for each in some) for some in (files, [f for f in files if f.st_nlink == 1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true", help="remove all of them")
    if parser.parse_args().clean:
        removed, in_use = clean()
        print(f"removed {len(removed)} environments from {folder()}; what uv downloaded goes with `uv cache clean`")
        for home in in_use:
            print(f"kept {home}: a run is using it")
        return
    for home in _homes(folder()):
        pins = (home / "requirements.txt").read_text().split()
        frameworks = [pin for pin in pins if pin.startswith(("torch==", "tensorflow==", "keras==", "jax==", "numpy=="))]
        size, alone = (size / 2**30 for size in _sizes(home))
        print(f"{home}  {size:.2f} GiB, {alone:.2f} of them not shared  {' '.join(frameworks)}")


if __name__ == "__main__":
    try:
        with contextlib.suppress(BrokenPipeError):
            main()
    except NotBuilt as error:
        sys.exit(f"error: {error}")
