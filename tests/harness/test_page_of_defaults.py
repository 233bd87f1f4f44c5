"""A cell of docs/reference/defaults.md that no longer holds is found, whichever it is."""

import pytest

from impls.defaults import PAGE, variants
from impls.defaults.page import TITLES, differences, page, read
from impls.defaults.rows import ROWS, worded

TEXT = PAGE.read_text(encoding="utf-8")
OBSERVED = {variant: {"versions": {variant: "1.0"}, "cells": read(TEXT, variant)} for variant in variants()}


def found(text):
    return [line for variant, value in OBSERVED.items() for line in differences(text, variant, value)]


def test_page_has_a_row_for_each_default():
    assert all(list(value["cells"]) == list(ROWS) for value in OBSERVED.values())
    assert found(TEXT) == []


def test_every_changed_cell_is_found():
    lines = TEXT.splitlines()
    for place, line in enumerate(lines):
        row, *cells = line.strip("| ").split(" | ")
        for column in range(len(TITLES) if row in ROWS else 0):
            changed = [row, *cells[:column], "wrong", *cells[column + 1 :]]
            messages = found("\n".join([*lines[:place], f"| {' | '.join(changed)} |", *lines[place + 1 :]]))
            assert messages, (row, column)
            assert all(row in message and "'wrong'" in message and "1.0" in message for message in messages)


def test_a_missing_row_is_found():
    row = next(iter(ROWS))
    assert len(found("\n".join(line for line in TEXT.splitlines() if row not in line))) == len(OBSERVED)


def test_written_page_is_read_alike():
    assert found(page(TEXT, OBSERVED)) == []


@pytest.mark.parametrize(("value", "words"), [(0.84134, "exact, erf"), (0.84119, "tanh"), (1.0, "other, 1.0")])
def test_a_value_gets_the_words_of_the_nearest_value(value, words):
    assert worded("GELU", value) == words
