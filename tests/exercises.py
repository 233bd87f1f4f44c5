"""docs/exercises.md, made of the catalogue of mistakes: `python -m tests.exercises` writes it."""

import ast
from collections.abc import Iterator, Sequence

from harness import ROOT
from tests import catalogue, catalogue_of_distillation, catalogue_of_parallel, catalogue_of_quantization
from tests.catalogue import Change

PAGE = ROOT / "docs" / "exercises.md"
INTRODUCTION = """# Exercises

Each of these mistakes is made in impls/ on purpose, one at a time, by `pytest -m catalogue`, which shows that the suite
notices it. Here they are for you: read the change, say what it does to the training, guess which test fails, make it,
and run the command beneath. The answer is folded away. (Put the file back with `git checkout impls`.)

Does the network still learn? Run `python -m impls.pytorch` with the mistake in place, and look at its accuracy: that it
may, is why there is a suite.
"""
CHAPTERS = (
    ("The network and its training", "impls", catalogue.CONTROLS),
    ("With whole numbers", "impls/quantization", catalogue_of_quantization.CONTROLS),
    ("A teacher", "impls/distillation", catalogue_of_distillation.CONTROLS),
    ("Two processes", "impls/parallel", catalogue_of_parallel.MISTAKES),
)
FRAMEWORKS = ("pytorch", "jax", "tensorflow", "keras")  # an exercise is set in the first that has it


def text() -> str:
    parts = [INTRODUCTION]
    for title, folder, mistakes in CHAPTERS:
        parts.append(f"## {title}\n")
        parts += (_exercise(number, folder, mistake) for number, mistake in enumerate(mistakes, 1))
    return "\n".join(parts)


def _exercise(number: int, folder: str, mistake: catalogue.Control | catalogue_of_parallel.Mistake) -> str:
    framework = next(name for name in FRAMEWORKS if getattr(mistake, name, ()))
    changes = getattr(mistake, framework)
    title = mistake.name.replace("_", " ")
    lines = [
        f"### {number}. {title[0].upper()}{title[1:]}\n",
        f"In {folder}/{framework}.py, of the {mistake.network}:\n",
    ]
    lines += ["```diff", *_diff(f"{folder}/{framework}.py", changes), "```\n", f"    {_command(framework, mistake)}\n"]
    file, name = _test(mistake.caught_by)
    lines += ["<details><summary>Who notices, and why?</summary>\n", f"`{name}` in {file}: {_claim(file, name)}\n"]
    return "\n".join([*lines, "</details>\n"])


def _diff(path: str, changes: Sequence[Change]) -> Iterator[str]:
    """The lines of the file that a change touches, before and after it."""
    source = (ROOT / path).read_text()
    for old, new in changes:
        before = source.count("\n", 0, source.index(old))
        after = source.count("\n", 0, source.index(old) + len(old))
        touched = "\n".join(source.splitlines()[before : after + 1])
        yield from (f"-{line}" for line in touched.splitlines())
        yield from (f"+{line}" for line in touched.replace(old, new).splitlines())
        source = source.replace(old, new)


def _command(framework: str, mistake: catalogue.Control | catalogue_of_parallel.Mistake) -> str:
    file, name = _test(mistake.caught_by)
    network = "" if mistake.network == "mlp" else f" --network {mistake.network}"
    dtype = next((f" and {dtype}" for dtype in ("float32", "float64") if f"[{dtype}-" in mistake.caught_by), "")
    chosen = f'"{name}{dtype}"' if dtype else name
    parallel = " -m parallel" if file == "tests/test_parallel.py" else ""
    return f"pytest {file}{parallel} -k {chosen} --framework {framework}{network}"


def _test(caught_by: str) -> tuple[str, str]:
    file, _, name = caught_by.partition("::")
    return file, name.partition("[")[0]


def _claim(file: str, name: str) -> str:
    """What the test says of itself, or else its file."""
    tree = ast.parse((ROOT / file).read_text())
    test = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
    said = ast.get_docstring(test) or ast.get_docstring(tree)
    return " ".join(said.partition("\n\n")[0].split())


if __name__ == "__main__":
    PAGE.write_text(text())
