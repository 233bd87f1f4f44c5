"""A search names the first bad build and the packages that make the difference, and repeats no measurement."""

import pytest

from harness.bisect import report
from harness.bisect.bisection import Bisection
from harness.bisect.journal import Journal, Outcome
from harness.bisect.prober import NUMERICS
from harness.judging.sequential import Sampling
from harness.regression.builds import Build
from harness.regression.numerics import NUMERICAL
from harness.regression.releases import NoAnswer

LAST = 20  # the bad end is toy==20


class FakeProber:
    """Builds are changed from toy 13 on, and have toymath 2 from toy 10 on.

    - `missing`: builds that cannot be measured.
    - `is_changed(pins)`: replaces the rule above.
    - `word`: of what is changed.
    """

    variant = "numpy"

    def __init__(self, missing=(), is_changed=lambda pins: int(pins["toy"]) >= 13, word="changed"):
        self.missing, self.is_changed, self.word = missing, is_changed, word
        self.measured = []

    def resolved(self, version):
        return {"toy": version, "toymath": "2" if int(version) >= 10 else "1", "toyfont": "7"}

    def build(self, version, checks, sampling):
        return self.environment(self.resolved(version), checks, sampling)

    def environment(self, pins, checks, sampling):
        self.measured.append(pins)
        if int(pins["toy"]) in self.missing:
            return Outcome(checks[0], "missing", "no wheel", {}, 0)
        changed = self.is_changed(pins)
        check = checks[-1] if not changed or "logits" not in checks else "logits"
        return Outcome(check, self.word if changed else "identical", "", pins, 1)


def bisect(prober, file=None, check=NUMERICS, say=lambda line: None):
    """Return a search that has ended."""
    builds = [Build(str(number)) for number in range(LAST + 1)]
    ended = Bisection("toy", builds, check, Sampling(), prober, Journal(file, {"package": "toy"}), say)
    ended.run()
    return ended


@pytest.mark.parametrize(("word", "asked", "found"), [("changed", NUMERICS, "logits"), ("different", "calls", "calls")])
def test_first_bad_build_is_found_in_the_first_check_that_differs(word, asked, found):
    ended = bisect(FakeProber(word=word), check=asked)
    assert (ended.good, ended.bad, ended.check) == (12, 13, found)
    assert ended.differences() == {"toy": ("12", "13")}


def test_equal_ends_need_one_measurement():
    prober = FakeProber(is_changed=lambda pins: False)
    ended = bisect(prober)
    assert ended.bad is None
    assert len(prober.measured) == 1
    assert NUMERICS in report.as_text(report.described(ended, "mlp", {}))


@pytest.mark.parametrize("prober", [FakeProber(missing={LAST}), FakeProber(word="not counted")])
def test_end_that_cannot_be_measured_is_named(prober):
    with pytest.raises(NoAnswer, match="toy==20 cannot be measured"):
        bisect(prober)


def test_gap_of_builds_that_cannot_be_measured_is_reported():
    ended = bisect(FakeProber(missing={11, 12, 13, 14, 17}))
    assert (ended.good, ended.bad) == (10, 15)
    assert ended.unknown() == dict.fromkeys(("11", "12", "13", "14"), "cannot be measured: no wheel")


@pytest.mark.parametrize(
    ("is_changed", "culprits"),
    [
        (lambda pins: pins["toymath"] == "2", ["toymath"]),
        (lambda pins: int(pins["toy"]) >= 10, ["toy"]),
        (lambda pins: int(pins["toy"]) >= 10 and pins["toymath"] == "2", ["toy", "toymath"]),
    ],
)
def test_packages_that_make_the_difference_are_named(is_changed, culprits):
    ended = bisect(FakeProber(is_changed=is_changed))
    assert ended.differences() == {"toy": ("9", "10"), "toymath": ("1", "2")}
    assert ended.culprits == culprits


def test_weaker_difference_than_that_of_the_end_is_good():
    class Rounding(FakeProber):
        def environment(self, pins, checks, sampling):
            outcome = super().environment(pins, checks, sampling)
            return outcome._replace(word="within rounding") if 5 <= int(pins["toy"]) < 13 else outcome

    assert bisect(Rounding()).bad == 13
    assert bisect(Rounding(is_changed=lambda pins: False), check="logits").bad is None


@pytest.mark.parametrize("probes", range(1, 6))
def test_resumed_search_measures_no_environment_twice(tmp_path, probes):
    """The last of five probes leaves nothing to measure."""
    file, first, second = tmp_path / "journal", FakeProber(), FakeProber()

    def say(line):
        if len(first.measured) == probes:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bisect(first, file, say=say)
    assert bisect(second, file).bad == 13
    both = [pins["toy"] for pins in first.measured + second.measured]
    assert len(both) == len(set(both))


def test_report_holds_the_answer_in_all_forms():
    facts = report.described(bisect(FakeProber(missing={12})), "cnn", {"yanked": 2})
    assert (facts["last_good"]["version"], facts["first_bad"]["version"]) == ("11", "13")
    assert facts["check"] in NUMERICAL
    for text in (report.as_text(facts), report.as_markdown(facts)):
        assert all(part in text for part in ("toy 11", "toy 13", "no wheel", "2 left out: yanked"))
    for part in ("--framework numpy --network cnn", '--baseline "toy==11"', '--candidate "toy==13"'):
        assert part in facts["reproduce"]
