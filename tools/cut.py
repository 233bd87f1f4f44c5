"""Cut code out of a Python file by name: `cut(path, "Adam.step")`, `cut(path, "main/manual_seed")`."""

import ast
from pathlib import Path
from textwrap import dedent

COMPOUND = ast.For | ast.While | ast.If | ast.With | ast.Try | ast.FunctionDef | ast.ClassDef


def cut(path: Path, name: str) -> str:
    """Return the code of a function, a class, a method or a constant, with its decorators and the comment above it.

    FUNCTION/WORD is the lines of a function that use the identifier WORD; of a loop and its like, the first line.
    Raises `KeyError` with the name that the file does not have.
    """
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    name, _, word = name.partition("/")
    node = ast.parse(source)
    for part in name.split("."):
        node = next((each for each in getattr(node, "body", []) if part in _defined(each)), None)
        if node is None:
            raise KeyError(name)
    if word:
        spans = sorted(_span(each) for each in ast.walk(node) if isinstance(each, ast.stmt) and word in _used(each))
        if not spans:
            raise KeyError(f"{name}/{word}")
        parts = [line for start, end in spans for line in lines[start:end]]
    else:
        start, end = _span(node)[0], node.end_lineno
        while start and lines[start - 1].lstrip().startswith("#") and not lines[start - 1].startswith("# %%"):
            start -= 1
        parts = lines[start:end]
    return dedent("\n".join(parts))


def _defined(node: ast.stmt) -> list[str]:
    targets = getattr(node, "targets", [])
    return [getattr(node, "name", ""), *(target.id for target in targets if isinstance(target, ast.Name))]


def _span(node: ast.stmt) -> tuple[int, int]:
    """Return the lines of a statement, from 0; of a compound statement those before its body."""
    start = min(each.lineno for each in (node, *getattr(node, "decorator_list", [])))
    return start - 1, node.body[0].lineno - 1 if isinstance(node, COMPOUND) else node.end_lineno


def _used(node: ast.stmt) -> set[str]:
    """Return the identifiers of a statement; of a compound statement those before its body."""
    parts = [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.stmt)]
    nodes = [each for part in parts for each in ast.walk(part)]
    return {getattr(each, "id", None) or getattr(each, "attr", None) or getattr(each, "arg", "") for each in nodes}
