"""Long text is shown in a few short lines."""

from harness.workers.excerpt import excerpt, shortened, tail


def test_long_text_loses_the_middle():
    line = shortened("a" * 1000 + "b" * 1000)
    assert (line[:200], line[-100:]) == ("a" * 200, "b" * 100)
    lines = excerpt("\n".join(map(str, range(100)))).splitlines()
    assert (lines[:10], lines[11:]) == ([str(n) for n in range(10)], [str(n) for n in range(80, 100)])


def test_tail_reads_the_end_of_a_large_file(tmp_path):
    (tmp_path / "file").touch()
    with (tmp_path / "file").open("r+b") as file:
        file.truncate(10**12)  # of which the disk holds nothing
        file.seek(-100, 2)
        file.write(b"\n" + b"last\n" * 12)
        file.truncate()
        assert tail(file).splitlines()[1:] == ["last"] * 12
