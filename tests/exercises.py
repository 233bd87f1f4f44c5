"""The exercises, computed from the mistakes: `python -m tests.exercises` writes docs/tutorials/exercises.md."""

import ast
import difflib
from collections.abc import Callable
from functools import cache
from textwrap import dedent

from harness import ROOT
from tests.mistakes import Listed, mistakes, source

PAGE = ROOT / "docs" / "tutorials" / "exercises.md"
INTRODUCTION = """# Exercises

`python -m tests.exercises` writes this page.

Each of these mistakes is made on purpose by the mutation tests, `pytest -m mutation`, one at a time. Read the change,
say how it affects the training, guess which test fails, and run the command below it. The answer is folded away.

The site shows the loss with and without the mistake, too, over 469 steps with PyTorch, from equal parameters. A point
is the mean of 5 steps. Batches have 128 images, those of the CNN and of quantization 16. Quantization continues a
training of 469 steps.
`python -m studies.exercise_losses` measures it.

No file is edited. With this environment variable, each mistake is a variant of its own:

    export MNIST_VARIANTS=tests.mistakes

Many networks learn with a mistake. `python -m impls pytorch-divided_by_256` trains one and prints its accuracy.
"""
CHAPTERS = {  # by file
    "mnist": "The network and its training",
    "quantization": "Quantization",
    "distillation": "Distillation",
    "parallel": "Two processes",
}
FRAMEWORKS = ("tensorflow", "jax", "pytorch")  # an exercise is set in the last that has the mistake
Definition = ast.FunctionDef | ast.ClassDef


def exercises() -> list[Listed]:
    """Return each mistake once, in the framework that shows it."""
    listed = [mistake for mistake in mistakes() if mistake.file in CHAPTERS]
    listed.sort(key=lambda mistake: FRAMEWORKS.index(mistake.folder))
    return list({mistake.name: mistake for mistake in listed}.values())


def text(picture: Callable[[Listed], str] = lambda _: "") -> str:
    """Return the page, with the `picture` of the loss of each mistake."""
    parts = [INTRODUCTION]
    for file, title in CHAPTERS.items():
        chosen = [mistake for mistake in exercises() if mistake.file == file]
        parts.append(f"## {title}\n")
        for number, mistake in enumerate(chosen, 1):
            name = mistake.name.replace("_", " ").capitalize()
            parts += [f"### {number}. {name} {{#{mistake.name}}}\n", exercise(mistake, picture)]
    return "\n".join(parts)


def exercise(mistake: Listed, picture: Callable[[Listed], str]) -> str:
    """Return the change, the command below it, and the answers, folded away: its picture, and the test."""
    file, _, name = mistake.caught_by.partition("[")[0].partition("::")
    lines = [
        *["```diff", *diff(mistake), "```\n"],
        f"    {command(mistake)}\n",
        picture(mistake),
        "<details markdown><summary>Which test fails, and why?</summary>\n",
        f"`{name}` in {file}: {_claim(file, name)}\n",
        "</details>\n",
    ]
    return "\n".join(lines)


def command(mistake: Listed) -> str:
    """Return the command that runs the test which catches the mistake."""
    file, _, name = mistake.caught_by.partition("[")[0].partition("::")
    dtype = next((f" and {dtype}" for dtype in ("float32", "float64") if f"[{dtype}-" in mistake.caught_by), "")
    network = "" if mistake.network == "mlp" else f" --network {mistake.network}"
    mark = " -m parallel" if mistake.file == "parallel" else ""
    return f'pytest {file} -k "{name}{dtype}" --framework {mistake.folder}-{mistake.name}{network}{mark}'


def _claim(file: str, name: str) -> str:
    """Return the first paragraph of the test's docstring, or else of its file's."""
    said = ast.get_docstring(_definitions(file)[name]) or ast.get_docstring(_parsed(file))
    return " ".join(said.partition("\n\n")[0].split())


def diff(mistake: Listed) -> list[str]:
    """Return the lines of a unified diff: each replaced function, and the function in its place."""
    own = f"tests/mistakes/{mistake.folder}/{mistake.file}.py"
    names = {node.id for node in ast.walk(mistake.node) if isinstance(node, ast.Name)}
    helpers = [node for name, node in _definitions(own).items() if name in names]
    lines = [f"+{line}" for helper in helpers for line in (*_source(own, helper), "", "")]
    for member in filter(_is_definition, mistake.node.body):
        for file in (f"impls/{mistake.folder}/{mistake.file}.py", f"impls/{mistake.folder}/adapter.py"):
            if member.name in _definitions(file):
                break
        before, after = _both(file, _definitions(file)[member.name], own, member)
        lines += list(difflib.unified_diff(before, after, n=len(before), lineterm=""))[3:]  # without its header
    return [f"--- {file}", f"+++ {own}", *lines]


def _both(file: str, old: Definition, own: str, new: Definition) -> tuple[list[str], list[str]]:
    """Return the lines of a definition and of the one that replaces it; of classes, with the replaced methods only."""
    if isinstance(new, ast.FunctionDef):
        return _source(file, old), _with_docstring(_source(own, new), new, _source(file, old), old)
    methods = {node.name: node for node in filter(_is_definition, old.body)}
    if not all(each.name in methods and _is_rewritten(each, methods[each.name]) for each in new.body):
        return [], _source(own, new)
    pairs = [_both(file, methods[each.name], own, each) for each in new.body]
    return tuple(
        [_source(file, old)[0], *(f"    {line}" for part in side for line in part)] for side in zip(*pairs, strict=True)
    )


def _is_rewritten(new: ast.FunctionDef, old: ast.FunctionDef) -> bool:
    """Return whether a method does without the old one: what it calls by `super()`, the old one calls too."""
    called = {ast.unparse(node) for node in ast.walk(new) if isinstance(node, ast.Call)}
    return all(call in ast.unparse(old) for call in called if call.startswith(f"super().{new.name}("))


def _with_docstring(lines: list[str], new: ast.FunctionDef, old_lines: list[str], old: ast.FunctionDef) -> list[str]:
    """Return the lines of `new` with the docstring of `old`, and the blank line after it."""
    if not ast.get_docstring(old):
        return lines
    first, second = (_first_line(node) - _first_line(old) for node in old.body[:2])
    at = _first_line(new.body[0]) - _first_line(new)
    return [*lines[:at], *old_lines[first:second], *lines[at:]]


def _source(file: str, node: Definition) -> list[str]:
    lines = source(ROOT / file).splitlines()[_first_line(node) - 1 : node.end_lineno]
    return dedent("\n".join(lines)).splitlines()


def _first_line(node: ast.stmt) -> int:
    return min(each.lineno for each in (node, *getattr(node, "decorator_list", [])))


def _is_definition(node: ast.stmt) -> bool:
    return isinstance(node, Definition)


@cache
def _parsed(file: str) -> ast.Module:
    return ast.parse(source(ROOT / file))


def _definitions(file: str) -> dict[str, Definition]:
    """Return the functions and classes of a file by name."""
    return {node.name: node for node in _parsed(file).body if _is_definition(node)}


if __name__ == "__main__":
    PAGE.write_text(text())
