"""Environments with other versions of the packages: built with uv, kept by what is in them, listed and removed.

`python -m harness.regression.environments` lists them, `--clean` removes them.
"""

import argparse
import ast
import contextlib
import functools
import hashlib
import importlib.metadata
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import filelock
import uv
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from harness import family
from impls.contract import cache_directory

PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}


class NotBuilt(Exception):
    """An environment that was asked for cannot be had; the message says why, and nothing is left of it."""


def obtain(requirements: Sequence[str], packages: Iterable[str], root: Path | None = None) -> Path:
    """The interpreter of an environment that meets `requirements` and holds `packages`. Raises `NotBuilt`.

    Whatever the requirements leave open has the version that is installed here. Two runs that want the same
    environment at once: one builds it, one waits. It is not removed before this process has ended.
    """
    root = root or folder()
    pins = resolve(requirements, packages)
    content = f"{platform.python_implementation()} {platform.python_version()} {sys.base_prefix}\n{pins}"
    home = root / hashlib.sha256(content.encode()).hexdigest()[:16]
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone_with(home):
            if not home.exists():
                _build(home, pins)
            _usage(home).acquire_read()
    except OSError as error:
        raise NotBuilt(f"no environment can be kept in {root}: {error}") from None
    return interpreter(home)


def as_installed(packages: Iterable[str]) -> list[str]:
    """Requirements of exactly the versions that are installed here."""
    installed = _installed()
    return [f"{name}=={installed[name]}" for name in sorted(map(canonicalize_name, packages)) if name in installed]


def resolve(requirements: Sequence[str], packages: Iterable[str]) -> str:
    """Exact versions for all of it, as lines `name==version`: what is installed here, where that is allowed."""
    named = {canonicalize_name(parsed(requirement).name) for requirement in requirements}
    preferred = [f"{name}=={version}" for name, version in _installed().items() if name not in named]
    scratch = Path(tempfile.mkdtemp())
    try:
        wanted, pins = scratch / "requirements.in", scratch / "requirements.txt"
        wanted.write_text("\n".join([*requirements, *sorted({*packages} - named)]))
        pins.write_text("\n".join(preferred))  # uv keeps to the versions in the file that it is to write, if it can
        options = ("--no-header", "--no-annotate", "--output-file", pins)
        _uv(scratch, requirements, "pip", "compile", wanted, "--python", sys.executable, *options)
        return pins.read_text()
    finally:
        family.end(str(scratch))


def _installed() -> dict[str, str]:
    return {canonicalize_name(each.name): each.version for each in importlib.metadata.distributions()}


def parsed(requirement: str) -> Requirement:
    """Raises `NotBuilt` if it is no requirement of a package that stays what it is, such as "keras==3.14.1"."""
    try:
        found = Requirement(requirement)
    except InvalidRequirement as error:
        raise NotBuilt(f'{requirement!r} is no requirement such as "keras==3.14.1": {error}'.split("\n")[0]) from None
    if (found.url or "").startswith("file:"):
        raise NotBuilt(
            f"{requirement!r} may change while its name stays: install it, and name its python with --*-python"
        )
    return found


def depends_on(package: str) -> set[str]:
    """The packages installed here that need this one, directly or not, and itself; canonical names."""
    needs = {
        canonicalize_name(each.name): {
            canonicalize_name(need.name)
            for need in map(Requirement, each.requires or ())
            if not need.marker or need.marker.evaluate({"extra": ""})
        }
        for each in importlib.metadata.distributions()
    }
    found, before = {canonicalize_name(package)}, set()
    while found != before:
        before = set(found)
        found |= {name for name, of_it in needs.items() if of_it & found}
    return found


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


def _build(home: Path, pins: str) -> None:
    """All or nothing: what is half-built has another name."""
    partial = home.with_suffix(".partial")
    family.end(str(partial))  # a run that was killed has left it, and its uv may be at work for another second
    partial.mkdir()
    try:
        environment, requirements = partial / "environment", partial / "requirements.txt"
        requirements.write_text(pins)
        _uv(partial, (), "venv", "--relocatable", "--python", sys.executable, environment)
        options = ("--no-deps", "--compile-bytecode", "-r", requirements)
        _uv(partial, (), "pip", "install", "--python", interpreter(environment), *options)
        requirements.rename(environment / "requirements.txt")
        environment.rename(home)
    finally:
        family.end(str(partial))


def interpreter(home: Path) -> Path:
    """Of the virtual environment in `home`."""
    return home / "Scripts" / "python.exe" if os.name == "nt" else home / "bin" / "python"


def _uv(scratch: Path, requirements: Sequence[str], *arguments: str | Path) -> None:
    """Raises `NotBuilt` with what uv says, if it fails. It ends with this process, or with the family of `scratch`."""
    guard = [sys.executable, "-I", family.__file__, str(os.getpid())]
    with subprocess.Popen(
        [*guard, uv.find_uv_bin(), "--quiet", *map(str, arguments)],
        env=_as_pip_is_told() | os.environ | family.environment(str(scratch)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            _, said = process.communicate()
        except BaseException:  # Ctrl-C
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        wanted = f"with {', '.join(requirements)} " if requirements else ""
        why = re.sub(r"[^\x21-\x7e]+", " ", said)  # uv draws its answer as a tree
        raise NotBuilt(f"no environment {wanted}can be built: {textwrap.shorten(why, 600)}")


@functools.cache
def _as_pip_is_told() -> Mapping[str, str]:
    """uv does not read pip's configuration: the package indexes that the user gave pip, as variables for uv."""
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    told = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip chooses among several indexes
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in PIP_TO_UV:
            separator = "," if option == "find-links" else " "
            told[PIP_TO_UV[option]] = separator.join(ast.literal_eval(value).split())
    return told


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
