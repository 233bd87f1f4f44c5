"""Long text is shown in a few short lines that say what they leave out; short text is shown as it is."""

from harness.workers.excerpt import CHARACTERS, FIRST, LAST, excerpt, shortened, tail


def test_short_text_stays_as_it_is(tmp_path):
    text = "\n".join(["x" * CHARACTERS] * (FIRST + LAST))
    (tmp_path / "file").write_text(text)
    assert excerpt(text) == text
    assert tail(str(tmp_path / "file")) == text


def test_long_lines_lose_their_middle():
    assert shortened("a" * 1000 + "b" * 1000) == "a" * 200 + " [... 1,700 characters ...] " + "b" * 100


def test_many_lines_lose_the_middle_ones():
    lines = excerpt("\n".join(map(str, range(100)))).splitlines()
    assert lines[: FIRST + 2] == [*map(str, range(10)), "[... 70 lines ...]", "80"]
    assert lines[-1] == "99"


def test_the_tail_of_a_file_is_read_and_said_to_be_one(tmp_path):
    (tmp_path / "file").write_text("\n".join(map(str, range(100_000))))
    first, *lines = tail(str(tmp_path / "file")).splitlines()
    assert first == "[... cut: the last of 588,889 bytes ...]"
    assert lines == [str(number) for number in range(99_970, 100_000)]
    (tmp_path / "empty").touch()
    assert tail(str(tmp_path / "empty")) == ""


def test_of_a_large_file_no_more_than_the_tail_is_read(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        file.truncate(10**12)  # of which the disk holds nothing
    assert tail(str(tmp_path / "file")).startswith("[... cut: the last of 1,000,000,000,000 bytes ...]\n\0")
