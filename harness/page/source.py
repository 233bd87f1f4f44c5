"""The training step of an implementation, cut out of its file: `train_step`, and what it calls there."""

import ast
from pathlib import Path
from typing import Any

CLASS, START = "Classifier", "train_step"
Functions = dict[str, ast.FunctionDef]


def step_of(path: Path) -> dict[str, Any] | None:
    """The `file`, the first `line` of `train_step`, and the `text`: each function in the order of the file.

    None if the file has none, or cannot be read as Python.
    """
    try:
        text = path.read_text()
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        return None
    own = _functions(next((node for node in tree.body if getattr(node, "name", "") == CLASS), tree))
    if START not in own:
        return None
    others = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name != CLASS]
    of_others = {name: method for node in others for name, method in _functions(node).items()}
    free = _functions(tree)
    wanted, met = [own[START]], []
    while wanted:
        met.append(wanted.pop())
        called = [_defined(call.func, free, own, of_others) for call in ast.walk(met[-1]) if isinstance(call, ast.Call)]
        wanted += [function for function in called if function and function not in met + wanted]
    lines = text.splitlines()
    cut = sorted(met, key=lambda node: node.lineno)
    parts = ["\n".join(_undented(lines[_first_line(node) - 1 : node.end_lineno])) for node in cut]
    return {"file": f"impls/{path.name}", "line": own[START].lineno, "text": "\n\n".join(parts)}


def _functions(node: ast.Module | ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}


def _defined(called: ast.expr, free: Functions, own: Functions, of_others: Functions) -> ast.FunctionDef | None:
    """What the file itself defines of it: a function, a method of `self`, or one of what `self` has."""
    match called:
        case ast.Name(id=name):
            return free.get(name)
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return own.get(name)
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self")), attr=name):
            return of_others.get(name)
    return None


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def _undented(lines: list[str]) -> list[str]:
    indent = len(lines[0]) - len(lines[0].lstrip())
    return [line[indent:] for line in lines]
