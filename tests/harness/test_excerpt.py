"""Long text is shown in a few short lines; short text stays as it is."""

import io

from harness.workers.excerpt import CHARACTERS, FIRST, LAST, excerpt, shortened, tail


def test_short_text_stays_as_it_is(tmp_path):
    text = "\n".join(["x" * CHARACTERS] * (FIRST + LAST))
    (tmp_path / "file").write_text(text)
    assert excerpt(text) == text
    with (tmp_path / "file").open("rb") as file:
        assert tail(file) == text


def test_long_text_loses_the_middle_of_lines_and_of_messages():
    line = shortened("a" * 1000 + "b" * 1000)
    assert (line[:200], line[-100:]) == ("a" * 200, "b" * 100)
    lines = excerpt("\n".join(map(str, range(100)))).splitlines()
    assert (lines[:10], lines[11:]) == ([str(n) for n in range(10)], [str(n) for n in range(80, 100)])


def test_tail_reads_the_end_and_keeps_the_position(tmp_path):
    (tmp_path / "file").write_text("\n".join(map(str, range(100_000))))
    with (tmp_path / "file").open("r+b") as file:
        first, *lines = tail(file).splitlines()
        assert file.seek(0, io.SEEK_CUR) == 0
        assert "588,889 bytes" in first
        assert lines == [str(number) for number in range(99_970, 100_000)]
        file.truncate(10**12)  # of which the disk holds nothing
        assert "1,000,000,000,000 bytes" in tail(file)
