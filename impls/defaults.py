"""Ask the installed frameworks for their defaults: `python -m impls.defaults` writes docs/reference/defaults.md.

A row of the page is one default, a column one framework. `defaults()` in impls/FRAMEWORK/defaults.py returns what its
packages answer: numbers, arrays, names. `ROWS` has the words. Each variant answers in a separate process.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

import impls

ROOT = impls.FOLDER.parent
PAGE = ROOT / "docs" / "reference" / "defaults.md"
NONE = "-"  # the framework has no such default
SAME = 0.02  # distance of an answer from the value that has its words
TITLES = {"pytorch": "PyTorch", "jax": "JAX, optax", "tensorflow": "TensorFlow", "keras": "Keras"}  # of the columns


class Row(NamedTuple):
    """A default: its meaning for porting, and how an answer is worded: (value, words), a function, or as it is."""

    porting: str
    words: tuple[tuple[Any, str], ...] | Callable[[Any], str] = str


def number(value: float) -> str:
    """Return a number without float32's digits beyond the sixth."""
    return f"{value:g}"


def dtype_of(error: float) -> str:
    """Return the dtype in which a result with this error was computed."""
    return "float64" if error < 1e-12 else "float32, at least in part"


def tail(draws: np.ndarray) -> str:
    """Return whether a normal distribution is truncated: of 1,000 draws, one is beyond 3.3 standard deviations."""
    return "truncated at 2 deviations" if np.quantile(np.abs(draws), 0.999) < 2.4 * draws.std() else "not truncated"


DISTRIBUTIONS = (  # largest draw times sqrt(inputs), where inputs : outputs = 3 : 5
    (1.0, "uniform, ±1 / sqrt(inputs)"),
    (1.5, "uniform, ±sqrt(6 / (inputs + outputs))"),
    (0.0, "0"),
)
BIASED = ((1.0, "biased, n"), (2.0, "unbiased, n - 1"))
YES = ((1.0, "yes"), (0.0, "no"))
ROWS = {
    "axes of images in a convolution": Row(
        "transpose images; permute the dense kernel after flattening",
        (((1, 50, 6, 7), "batch, channel, row, column"), ((1, 6, 7, 50), "batch, row, column, channel")),
    ),
    "axes of a convolution kernel": Row(
        "transpose",
        (((50, 30, 3, 3), "outputs, inputs, row, column"), ((3, 3, 30, 50), "row, column, inputs, outputs")),
    ),
    "axes of a dense kernel": Row("transpose", (((500, 300), "outputs, inputs"), ((300, 500), "inputs, outputs"))),
    "dense kernel, initial": Row("copy the initial parameters (c)", DISTRIBUTIONS),
    "convolution kernel, initial": Row("copy the initial parameters (c)", DISTRIBUTIONS),
    "dense bias, initial": Row("copy the initial parameters (c)", DISTRIBUTIONS),
    "He normal": Row("copy the initial parameters (c)", tail),
    'padding "same" with stride 2 adds a zero': Row("pad explicitly", (((6, 7), "after"), ((3, 9), "before"))),
    "BatchNorm: part of the new statistics": Row("PyTorch's momentum is 1 - Keras' momentum", number),
    "BatchNorm: epsilon": Row("set it", number),
    "BatchNorm: running variance": Row("multiply by (n - 1) / n", BIASED),
    "LayerNorm: epsilon": Row("set it: logits move by 2.5e-3 (b)", number),
    "GELU": Row("state it: logits move by 1e-4 (b)", ((0.841345, "exact, erf"), (0.841192, "tanh"))),
    "attention in float64 computes in": Row("write it out: the loss moves by 8e-9 (b)", dtype_of),
    "dropout of a plain call": Row("state the mode", ((0.5, "active"), (0.0, "inactive"))),
    "standard deviation": Row("state the divisor", ((1.0, "divides by n"), (2**0.5, "divides by n - 1"))),
    "cross-entropy takes": Row("return logits, and state it", ((40.0, "logits"), (16.118, "probabilities"))),
    "cross-entropy of a batch": Row(
        "take the mean", ((20.0, "mean"), (40.0, "sum"), ((40.0, 0.0), "one number for each image"))
    ),
    "probabilities are clipped at": Row("return logits", number),
    "Adam: learning rate": Row("set it", number),
    "Adam: betas": Row("nothing"),
    "Adam: epsilon": Row("set it", number),
    "Adam: epsilon is added": Row(
        "set it in each step: the loss moves by 3.5e-2 (a)",
        ((0.5, "after the bias correction"), (0.0307, "before it")),
    ),
    "Adam: betas in float64": Row("take betas exact in float32: the loss moves by 2.1e-2 (a)", dtype_of),
    "Adam: weight_decay": Row("use AdamW", ((1.0, "L2, in the gradient"), (0.1, "decoupled"))),
    "AdamW: weight decay": Row("set it", number),
    "RMSprop: decay": Row("set it", number),
    "SGD: learning rate": Row("set it", number),
    "a second gradient": Row(
        "reset PyTorch's gradients in each step", ((2.0, "is added to the first"), (1.0, "is new"))
    ),
    "last partial batch": Row("weight the mean loss by images (c)", ((3, "kept"), (2, "dropped"))),
    "data are shuffled": Row("state it: without, 0.65 points less (c)", YES),
    "orders of 4 epochs, if seeded": Row("draw the order in each epoch"),
    "a float64 array becomes": Row("enable float64 in JAX, for the process"),
    "a Python float becomes": Row("nothing"),
    "a step is compiled": Row("state it before a comparison of times", YES),
}


def worded(row: str, answer: Any) -> str:
    """Return the words for what a package answers; text stays as it is."""
    words = ROWS[row].words
    if isinstance(answer, str) or words is str:
        return str(answer)
    if callable(words):
        return words(answer)
    answer = np.asarray(answer, float)
    alike = [(np.abs(answer - value).max(), text) for value, text in words if np.shape(value) == answer.shape]
    distance, text = min(alike, default=(np.inf, ""))
    return text if distance < SAME else f"other, {answer.tolist()}"


def ask(variant: str) -> dict:
    """Return {"versions": package -> version, "cells": row -> words} of a variant, asked in a separate process.

    Raises `RuntimeError` with the end of the output if the process fails.
    """
    command = [sys.executable, "-m", "impls.defaults", variant]
    environment = os.environ | {"KERAS_HOME": os.devnull}  # without the user's keras.json, which sets defaults
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{variant} did not answer: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def variants() -> list[str]:
    """Return the variants that have defaults, in the order of the columns."""
    order = [*TITLES, *impls.names()]
    known = [name for name in impls.variants() if impls.has_file(name, "defaults")]
    return sorted(known, key=lambda name: order.index(impls.variants()[name].implementation))


def page(text: str, answers: Mapping[str, Mapping]) -> str:
    """Return the page `text` with the table, and with the versions, of these answers by variant."""
    versions = {name: each for answer in answers.values() for name, each in answer["versions"].items()}
    columns = _columns(answers)
    titles = [TITLES.get(name, name) for name in columns]
    table = [["default", *titles, "for porting"], ["---"] * (len(columns) + 2)]
    for row, (porting, _) in ROWS.items():
        cells = [_joined({name: answers[name]["cells"].get(row, NONE) for name in names}) for names in columns.values()]
        table.append([row, *cells, porting])
    head, rest = text[: text.index("\n| default ")], text[text.index("\n| default ") + 1 :]
    after = "".join(line for line in rest.splitlines(keepends=True) if not line.startswith("|"))
    said = ", ".join(" ".join(each) for each in sorted(versions.items()))
    head = re.sub(r"(?<=Versions: ).*", f"{said}.", head)
    return head + "\n" + "".join(f"| {' | '.join(line)} |\n" for line in table) + after


def read(text: str, variant: str) -> dict[str, str]:
    """Return row -> words of a variant on a page."""
    implementation, _, backend = variant.partition("-")
    table = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    column = table[0].index(TITLES.get(implementation, implementation))
    return {line[0]: _part(line[column], backend) for line in table[1:] if line[0] != "---"}


def differences(text: str, variant: str, answer: Mapping) -> list[str]:
    """Return a line for each cell of a page that differs from what the variant answers."""
    versions = ", ".join(" ".join(each) for each in answer["versions"].items())
    old, new = read(text, variant), {row: answer["cells"].get(row, NONE) for row in ROWS}
    return [
        f"{variant}: {row}: the page says {old.get(row)!r}, {versions} answers {new.get(row)!r}"
        for row in {**old, **new}
        if old.get(row) != new.get(row)
    ]


def _columns(names: Iterable[str]) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for name in names:
        columns.setdefault(name.partition("-")[0], []).append(name)
    return columns


def _joined(cells: Mapping[str, str]) -> str:
    """Return one cell for the backends of a framework: one value, or a value for each."""
    by_value: dict[str, list[str]] = {}
    for name, words in cells.items():
        by_value.setdefault(words, []).append(name.partition("-")[2])
    return words if len(by_value) == 1 else "; ".join(f"{', '.join(each)}: {words}" for words, each in by_value.items())


def _part(cell: str, backend: str) -> str:
    """Return the value of a backend in a cell of `_joined`."""
    for part in cell.split("; "):
        names, _, words = part.rpartition(": ")
        if not names or backend in names.split(", "):
            return words
    return NONE


def main() -> None:
    """Print what one variant answers, or write the page of all of them."""
    if len(sys.argv) > 1:
        [variant] = sys.argv[1:]
        answers = impls.import_(variant, "defaults").defaults()
        cells = {row: worded(row, answer) for row, answer in answers.items()}
        versions = {name: version(name).partition("+")[0] for name in impls.variants()[variant].packages}
        print(json.dumps({"versions": versions, "cells": cells}))
    else:
        text = page(PAGE.read_text(encoding="utf-8"), {variant: ask(variant) for variant in variants()})
        PAGE.write_text(text, encoding="utf-8")
        print(f"{PAGE} is written")


if __name__ == "__main__":
    main()
