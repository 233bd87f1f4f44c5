"""A cell of docs/reference/defaults.md that no longer holds is found, whichever it is."""

import pytest

from impls.defaults import PAGE, variants
from impls.defaults.page import TITLES, differences, page, read
from impls.defaults.rows import ROWS, worded

TEXT = PAGE.read_text(encoding="utf-8")
ANSWERS = {variant: {"versions": {variant: "1.0"}, "cells": read(TEXT, variant)} for variant in variants()}


def found(text):
    return [line for variant, answer in ANSWERS.items() for line in differences(text, variant, answer)]


def test_page_has_a_row_for_each_default():
    assert all(list(answer["cells"]) == list(ROWS) for answer in ANSWERS.values())
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
    assert len(found("\n".join(line for line in TEXT.splitlines() if row not in line))) == len(ANSWERS)


def test_written_page_is_read_as_it_was_answered():
    assert found(page(TEXT, ANSWERS)) == []


@pytest.mark.parametrize(("answer", "words"), [(0.84134, "exact, erf"), (0.84119, "tanh"), (1.0, "other, 1.0")])
def test_an_answer_gets_the_words_of_the_nearest_value(answer, words):
    assert worded("GELU", answer) == words
