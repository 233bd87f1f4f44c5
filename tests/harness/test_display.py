"""Where for long there were only dots, the name of a test says where a run is; not oftener."""

import io

from harness.report.display import SECONDS_OF_DOTS, Display


def test_a_name_now_and_then():
    now, stream = [0.0], io.StringIO()
    display = Display(stream, lambda: now[0])
    for second, test in (
        (1, "first"),
        (SECONDS_OF_DOTS, "a.py::second[of-it]"),
        (SECONDS_OF_DOTS + 1, "third"),
        (100, "fourth"),
    ):
        now[0] = float(second)
        display.begins(test)
    assert stream.getvalue().split() == ["a.py::second[of-it]", "fourth"]


def test_a_process_of_xdist_says_nothing():
    display = Display(None, lambda: 1e9)
    display.spoke = 0.0
    display.begins("a test")
