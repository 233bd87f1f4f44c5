"""Pictures say what was measured: each dot, line and tick lies where its number is."""

import itertools

import pytest

from harness.page.axis import Axis, shown
from harness.page.svg import LETTERS, Series, axes, bar, lines, spread, strip


def found(svg, tag, *classes):
    """The parts of this kind that have all these classes."""
    return [each for each in svg.iter(tag) if set(classes) <= set(each.get("class", "").split())]


def test_the_dot_of_launch_2_lies_at_1_81_ms():
    axis = Axis(0, 4, 10, 210)
    second = found(strip([2.0, 1.81, 4.0], axis, "ms"), "circle")[1]
    assert second.find("title").text == "launch 2: 1.81 ms"
    assert float(second.get("cx")) == pytest.approx(10 + 200 * 1.81 / 4, abs=0.05)


def test_the_floor_the_margin_and_the_interval_are_drawn_where_they_are():
    axis = Axis(-10, 10, 0, 200)
    drawn = strip([3.0], axis, "%", line=1, band=(-5, 5), interval=(2, 4))
    assert found(drawn, "path", "limit")[0].get("d").startswith("M110")
    band = found(drawn, "rect", "band")[0]
    assert (float(band.get("x")), float(band.get("width"))) == (50, 100)
    assert found(drawn, "path", "interval")[0].get("d") == "M120.0 11.0H140.0"


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
def test_what_is_not_a_number_has_no_dot_and_keeps_its_place_in_the_count(missing):
    dots = found(strip([1.0, missing, 3.0], Axis(0, 4, 0, 100), "s"), "circle")
    assert [dot.find("title").text for dot in dots] == ["launch 1: 1 s", "launch 3: 3 s"]


def test_a_bar_adds_up():
    parts = found(bar({"import": 1.0, "building": 0.5}, Axis(0, 2, 0, 200), "s", [1.6]), "rect")
    assert [(float(each.get("x")), float(each.get("width"))) for each in parts] == [(0, 100), (100, 50)]


def test_a_line_breaks_where_a_number_is_missing():
    x, y = axes((0, 4), (0, 10))
    series = Series("one", [1, 2, 3, 4], [1.0, None, 3.0, float("nan")], "v0", dots=True)
    drawn = lines([series], x, y, ("step", "loss"), [(5, "the limit")])
    assert found(drawn, "path", "line")[0].get("d") == f"M{x(1):g} {y(1):g}M{x(3):g} {y(3):g}"
    assert [(float(each.get("cx")), float(each.get("cy"))) for each in found(drawn, "circle")] == [
        (x(1), y(1)),
        (x(3), y(3)),
    ]
    assert found(drawn, "path", "limit")[0].get("d").startswith(f"M{x.start} {y(5)}")
    assert {"step", "loss", "the limit", "one"} <= {text.text for text in drawn.iter("text")}


def test_a_logarithmic_axis_has_powers_of_ten_in_equal_steps_and_draws_zero_at_its_end():
    axis = Axis(1e-16, 1, 0, 160, logarithmic=True)
    assert [axis(10.0**-power) for power in (16, 8, 0)] == [0, 80, 160]
    assert axis(0) == 0
    assert [shown(tick) for tick in axis.ticks()] == ["1e-16", "1e-13", "1e-10", "1e-7", "1e-4", "0.1"]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0.955, 0.98, [0.955, 0.96, 0.965, 0.97, 0.975, 0.98]),
        (-1, 1, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_ticks_are_round_numbers(low, high, ticks):
    assert Axis(low, high, 0, 1).ticks() == pytest.approx(ticks)


def test_steps_are_counted_in_whole_numbers():
    assert Axis(0, 1, 0, 1).ticks(8, least=1) == [0, 1]


def test_names_keep_apart_in_their_order_and_within_the_picture():
    placed = spread([50, 50, 51, 300, 301], LETTERS, 10, 305)
    assert placed == sorted(placed)
    assert min(after - before for before, after in itertools.pairwise(placed)) >= LETTERS
    assert placed[-1] <= 305


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (1.81, "1.81"), (0.05, "0.05"), (1e-12, "1e-12"), (2e6, "2e6"), (512, "512"), (12345, "12,345")],
)
def test_numbers_are_written_as_people_write_them(value, said):
    assert shown(value) == said
