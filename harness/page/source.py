"""The training step of an implementation, from its tutorial."""

import ast
from pathlib import Path
from typing import Any


def step_of(path: Path) -> dict[str, Any] | None:
    """Return the `file`, the first `line` and the `text` of `train_step`; None if there is none or it is unreadable."""
    try:
        text = path.read_text(encoding="utf-8")
        functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    except (OSError, SyntaxError, ValueError):
        return None
    for step in functions:
        if step.name == "train_step":
            first = min([step.lineno, *(decorator.lineno for decorator in step.decorator_list)])
            cut = "\n".join(text.splitlines()[first - 1 : step.end_lineno])
            return {"file": f"impls/{path.parent.name}/{path.name}", "line": step.lineno, "text": cut}
    return None
