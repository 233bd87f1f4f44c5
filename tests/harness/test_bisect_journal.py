"""The outcomes of a search survive its end at any moment, and are not taken for those of another search."""

import json

import pytest

from harness.bisect.journal import Journal, Outcome
from tests.refusal import refused

SEARCH = {"package": "toy", "ends": ["1.0", "2.0"]}
OUTCOMES = {
    "toy==2.0": Outcome("training", "changed", "loss of step 1", {"toy": "2.0"}, 1, 1.5),
    "toy==1.5": Outcome("training", "missing", "no module", {}, 0),
}


@pytest.fixture
def file(tmp_path):
    """A file with both outcomes."""
    journal = Journal(tmp_path / "journal", SEARCH)
    for probe, outcome in OUTCOMES.items():
        journal.add(probe, outcome)
    return journal.file


def test_outcomes_are_read_again(file):
    assert Journal(file, SEARCH).outcomes == OUTCOMES


def test_file_that_ends_anywhere_keeps_the_outcomes_before(file):
    content = file.read_bytes()
    after_first_line = content.index(b"\n") + 1
    for end in range(after_first_line, len(content)):
        file.write_bytes(content[:end])
        journal = Journal(file, SEARCH)
        assert len(journal.outcomes) == content[:end].count(b"\n") - 1
        journal.add("toy==1.7", OUTCOMES["toy==1.5"])
        assert Journal(file, SEARCH).outcomes == journal.outcomes


def test_another_search_is_refused_and_its_file_stays(file):
    content = file.read_bytes()
    with pytest.raises(ValueError, match=r"ends \['1.0', '2.0'\]"):
        Journal(file, {**SEARCH, "ends": ["1.0", "3.0"]})
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [
        b"notes",
        b"notes\n",
        b"\x00\xff\n",
        b"[]\n",
        *(json.dumps(SEARCH).encode() + line for line in (b"\ndamaged\n{}\n", b"\n{}\n")),
    ],
)
def test_file_that_is_no_journal_is_refused_in_a_line(content):
    refused(lambda file: Journal(file, SEARCH), content)
