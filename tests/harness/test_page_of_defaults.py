"""A cell of docs/reference/defaults.md that no longer holds is found, whichever it is."""

import pytest

from impls.defaults import PAGE, variants
from impls.defaults.page import TITLES, differences, page, read
from impls.defaults.rows import ROWS, worded

TEXT = PAGE.read_text(encoding="utf-8")
OBSERVED = {variant: {"versions": {variant: "1.0"}, "cells": read(TEXT, variant)} for variant in variants()}


def rows(text):
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]


def test_page_has_a_row_for_each_default():
    assert all(list(value["cells"]) == list(ROWS) for value in OBSERVED.values())


def test_every_changed_cell_is_found():
    """A cell of a framework differs from an observation, another from the page that the command writes."""
    lines, changed_cells, written = TEXT.splitlines(), 0, rows(page(TEXT, OBSERVED))
    for place, line in enumerate(lines):
        row, *cells = line.strip("| ").split(" | ")
        for column in range(len(cells) if row in ROWS else 0):
            changed = [row, *cells[:column], "wrong", *cells[column + 1 :]]
            text = "\n".join([*lines[:place], f"| {' | '.join(changed)} |", *lines[place + 1 :]])
            changed_cells += 1
            messages = [line for variant, value in OBSERVED.items() for line in differences(text, variant, value)]
            assert bool(messages) == (column < len(TITLES)), (row, column)
            assert all(row in message and "'wrong'" in message and "1.0" in message for message in messages)
            assert rows(text) != written
    assert changed_cells == len(ROWS) * (len(TITLES) + 2)


@pytest.mark.parametrize(("value", "words"), [(0.84134, "exact, erf"), (0.84119, "tanh"), (1.0, "other, 1.0")])
def test_a_value_gets_the_words_of_the_nearest_value(value, words):
    assert worded("GELU", value) == words
