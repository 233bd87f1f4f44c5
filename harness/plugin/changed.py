"""`--changed`: run the tests that a change can affect, by the imports of the test files and by their variants."""

import ast
import subprocess
from functools import cache
from pathlib import Path

import pytest

import impls
from harness import ROOT
from harness.plugin.chapter import case_of

REFERENCE = "numpy"  # its tests run after a change of anything that all variants share
CODE = ("harness/", "impls/", "tests/", "studies/")


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "run the tests that the difference to REVISION can affect (default: HEAD, with files not yet added)"
    add = parser.getgroup("frameworks").addoption
    add("--changed", nargs="?", const="HEAD", metavar="REVISION", help=text)


def changed_files(revision: str) -> set[str]:
    """Return the changed files, relative to the root. Raise `pytest.UsageError` if Git cannot tell."""
    found: set[str] = set()
    for command in (("diff", "--name-only", revision, "--"), ("ls-files", "--others", "--exclude-standard")):
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise pytest.UsageError(f"--changed {revision}: {done.stderr.strip().splitlines()[0]}")
        found |= set(done.stdout.splitlines())
    return found


@cache
def imported(file: str) -> frozenset[str]:
    """Return the files of the project that a Python file imports, directly and through others, and the file itself."""
    found, waiting = set(), [file]
    while waiting:
        path = waiting.pop()
        if path not in found and (ROOT / path).is_file():
            found.add(path)
            waiting += _imports(path)
    return frozenset(found)


def _imports(file: str) -> list[str]:
    names = []
    for node in ast.walk(ast.parse((ROOT / file).read_bytes())):
        if isinstance(node, ast.Import):
            names += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    paths = [name.replace(".", "/") for name in names]
    return [file for path in paths for file in (f"{path}.py", f"{path}/__init__.py") if file.startswith(CODE)]


def affects(changed: set[str], item: pytest.Item) -> bool:
    """Return whether a change of these files can affect a test.

    - A file of impls/FRAMEWORK/ or tests/mistakes/FRAMEWORK/ affects the tests of its variants.
    - Other Python code affects the test files that import it, and the tests of the reference, but for its accuracy.
    """
    case = case_of(item)
    implementation = impls.variants()[case.variant].implementation if case else _framework_of_parameters(item)
    test_file = Path(item.path).relative_to(ROOT).as_posix()
    for file in changed:
        folder = next((each for each in impls.names() if f"/{each}/" in f"/{Path(file).parent}/"), None)
        if file == test_file or (folder and folder == implementation):
            return True
        if not folder and _is_code(file):
            shared = not file.startswith(("tests/", "studies/")) or file == "tests/conftest.py"
            of_reference = implementation == REFERENCE and item.get_closest_marker("accuracy") is None
            if file in imported(test_file) or (shared and of_reference):
                return True
    return False


def _is_code(file: str) -> bool:
    return file.endswith(".py") or file in ("pytest.ini", "pyproject.toml")


def _framework_of_parameters(item: pytest.Item) -> str | None:
    """Return the folder of the framework that the id of a test begins with, as that of a mutation test."""
    first = item.name.partition("[")[2].partition("-")[0].rstrip("]")
    return first if first in impls.names() else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.changed:
        changed = changed_files(config.option.changed)
        wanted = [item for item in items if affects(changed, item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
        items[:] = wanted
