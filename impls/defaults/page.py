"""The page of defaults: written from observations of the variants, read, and compared with them."""

import re
from collections.abc import Iterable, Mapping

from impls.defaults.rows import NONE, ROWS

TITLES = {"pytorch": "PyTorch", "jax": "JAX, optax", "tensorflow": "TensorFlow", "keras": "Keras"}  # of the columns


def page(text: str, observed: Mapping[str, Mapping]) -> str:
    """Return the page `text` with the table, and with the versions, of these observations by variant."""
    versions = {name: each for one in observed.values() for name, each in one["versions"].items()}
    columns = _columns(observed)
    titles = [TITLES.get(name, name) for name in columns]
    table = [["default", *titles, "effect", "for porting"], ["---"] * (len(columns) + 3)]
    for row, (porting, _, effect, otherwise) in ROWS.items():
        cells = [
            _joined({name: observed[name]["cells"].get(row, NONE) for name in names}) for names in columns.values()
        ]
        table.append([row, *cells, effect, f"{porting}; otherwise: {otherwise}" if otherwise else porting])
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


def differences(text: str, variant: str, observation: Mapping) -> list[str]:
    """Return a line for each cell of a page that differs from an observation of the variant."""
    versions = ", ".join(" ".join(each) for each in observation["versions"].items())
    old, new = read(text, variant), {row: observation["cells"].get(row, NONE) for row in ROWS}
    return [
        f"{variant}: {row}: the page says {old.get(row)!r}, with {versions} it is {new.get(row)!r}"
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
