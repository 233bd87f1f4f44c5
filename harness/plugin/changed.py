"""`--changed`: run the tests that a change can affect, by the imports of the test files and by their variants."""

import ast
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

import impls
from harness import ROOT
from harness.plugin.chapter import case_of, chapters
from harness.plugin.selection import keep_only

REFERENCE = "numpy"  # its tests run after a change of anything that all variants share
CODE = ("harness/", "impls/", "tests/", "studies/")
TEMPLATES, PAGE = "harness/page/templates/", "harness/page/page.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names a revision of Git."""
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


class Change:
    """The effect of a change of these files, relative to the root.

    - A file of impls/FRAMEWORK/ or tests/mistakes/FRAMEWORK/ affects the tests of its variants. So does a module that
      its adapter imports, and the reference's does not; and, for tests of a chapter, one that its files of the chapter
      import. A file of the reference affects the equivalence tests of all variants.
    - Other Python code affects the tests of the reference.
    - Each affects the test files that import it; a conftest.py those of its folder; and a template those of its page.
    - Tests of accuracy train ten epochs: they run after a change of their variant, or of the test file.
    """

    def __init__(self, files: Iterable[str]):
        self.files = {PAGE if file.startswith(TEMPLATES) else file for file in files}
        self.names = set(impls.names())
        self.code = {each for each in self.files if each.endswith(".py") or each in ("pytest.ini", "pyproject.toml")}
        folders = {file: self.names & set(Path(file).parent.parts) for file in self.files}
        self.frameworks = set().union(*folders.values())
        own = frozenset().union(*map(_imported_by, self.names))
        shared = {file for file in self.code - own if not (folders[file] or file.startswith(("tests/", "studies/")))}
        self.is_shared = bool(shared) or "tests/conftest.py" in self.code

    def affects(self, item: pytest.Item) -> bool:
        """Return whether the change can affect a test."""
        test_file, framework = Path(item.path).relative_to(ROOT).as_posix(), self._framework(item)
        own = test_file in self.files or framework in self.frameworks
        if framework and not own:
            marks = (chapter.marker for chapter in chapters(item.config) if item.get_closest_marker(chapter.marker))
            own = not self.code.isdisjoint(_imported_by(framework, *marks))
        if own or item.get_closest_marker("accuracy"):
            return own
        if self.code & imported(test_file):
            return True
        if REFERENCE in self.frameworks and item.get_closest_marker("equivalence"):
            return True
        folder = Path(test_file).parent.as_posix()
        if folder != "tests" and f"{folder}/conftest.py" in self.files:
            return True
        return self.is_shared and framework == REFERENCE

    def _framework(self, item: pytest.Item) -> str | None:
        """Return the folder of the variant that a test is about, or that the id of a mutation test begins with."""
        case = case_of(item)
        if case and case.variant in impls.variants():
            return case.implementation
        first = item.name.partition("[")[2].partition("-")[0].rstrip("]")
        return first if first in self.names else None


@cache
def _imported_by(name: str, *chapters: str) -> frozenset[str]:
    """Return the files that an implementation's adapter and its files of these chapters import.

    Those of the reference's adapter are left out.
    """
    files = [Path("impls", name, "adapter.py")]
    files += [path.relative_to(ROOT) for each in chapters for path in (impls.FOLDER / name).glob(f"{each}*.py")]
    found = frozenset().union(*(imported(file.as_posix()) for file in files))
    return found - imported(f"impls/{REFERENCE}/adapter.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that the change cannot affect."""
    if config.option.changed:
        keep_only(config, items, Change(changed_files(config.option.changed)).affects)
