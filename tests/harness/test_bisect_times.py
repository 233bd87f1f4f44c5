"""A search finds the first slower build, and states a wrong one as seldom as it says."""

import numpy as np
import pytest

from harness.bisect.bisection import Bisection
from harness.bisect.journal import Journal, Outcome
from harness.bisect.limits import half_way, planned, share
from harness.bisect.prober import Prober
from harness.judging.sequential import Sampling, sequential
from harness.judging.verdict import judge
from harness.regression.builds import Build, between, bound
from harness.regression.release_command import pairs
from harness.regression.releases import NoAnswer
from studies.injected_slowdown import HOOK, slowing
from tests.wheels import repacked, wheel

BUILDS = 16
STEP = "train_step-128"


class SimulatedProber:
    """A build takes `ratios[build]` as long as the good end. Log ratios of pairs are normally distributed.

    - `spread`: their standard deviation.
    - `spent`: the sum of alpha of all verdicts.
    """

    variant = "numpy"

    def __init__(self, ratios, spread, seed=0):
        self.ratios, self.spread, self.spent = ratios, spread, 0.0
        self.random = np.random.default_rng(seed)

    def resolved(self, version):
        return {"toy": version}

    def build(self, version, checks, sampling):
        drawn = []

        def draw(batch):
            mean = np.log(self.ratios[int(version)])
            drawn.extend(np.exp(self.random.normal(mean, self.spread, len(batch.numbers))))

        judged = lambda _, alpha: judge([1.0] * len(drawn), drawn, sampling.margin, alpha)  # noqa: E731
        *_, verdicts = sequential(draw, judged, checks, sampling)
        verdict = verdicts[checks[0]]
        self.spent += sampling.alpha
        return Outcome(checks[0], verdict.word, "", {"toy": version}, 0, change=verdict.change)


def ended(prober):
    """Return an ended search over simulated builds."""
    builds = [Build(str(number)) for number in range(BUILDS)]
    search = Bisection("toy", builds, STEP, Sampling(), prober, Journal(None, {}), lambda line: None)
    search.run()
    return search


def changed_from(first, ratio):
    """Return the ratios of builds of which those from `first` on take `ratio` as long."""
    return [1.0] * first + [ratio] * (BUILDS - first)


@pytest.mark.parametrize("ratio", [1.08, 1 / 1.08])
@pytest.mark.parametrize("first", [1, 8, 10, 15])
def test_first_build_of_another_speed_is_found(ratio, first):
    prober = SimulatedProber(changed_from(first, ratio), spread=0.01)
    search = ended(prober)
    assert (search.good, search.bad) == (first - 1, first)
    assert prober.spent <= Sampling.alpha


def test_noise_makes_a_search_inconclusive_and_not_wrong():
    found = []
    for seed in range(60):
        try:
            found.append(ended(SimulatedProber(changed_from(8, 1.08), 0.04, seed)))
        except NoAnswer:
            found.append(None)
    assert all(search is None or search.good < 8 <= search.bad for search in found)
    assert sum(search is None for search in found) not in (0, 60)


def test_inconclusive_build_next_to_the_change_is_measured_again():
    """Its second measurement is less noisy. All verdicts together stay within alpha."""
    asked = []

    class Settling(SimulatedProber):
        def build(self, version, checks, sampling):
            self.spread = 0.2 if version == "8" and version not in asked else 0.01
            asked.append(version)
            return super().build(version, checks, sampling)

    prober = Settling(changed_from(8, 1.08), spread=None)
    search = ended(prober)
    assert (search.good, search.bad, search.unknown()) == (7, 8, {})
    assert asked.count("8") == 2
    assert len(set(asked)) == len(asked) - 1
    assert prober.spent <= Sampling.alpha


def test_builds_of_one_speed_do_not_differ():
    assert ended(SimulatedProber([1.0] * BUILDS, spread=0.02)).bad is None


@pytest.mark.parametrize(
    ("ratios", "found", "undecided"),
    [
        ([1.0] * 8 + [half_way(0.2) + 1] + [1.2] * 7, (7, 9), {"8"}),  # half as slow as the bad end
        ([1.0] * 6 + [0.7] * 3 + [1.2] * 7, (8, 9), set()),  # faster before it became slower
    ],
)
def test_each_build_is_compared_with_the_middle_of_both_ends(ratios, found, undecided):
    search = ended(SimulatedProber(ratios, spread=0.02))
    assert ((search.good, search.bad), search.unknown().keys()) == (found, undecided)


@pytest.mark.long
@pytest.mark.parametrize("first", [*range(1, BUILDS), None])
def test_slower_build_of_a_real_variant_is_found_at_every_position(wheels, tmp_path, first):
    """A training step is 8 % slower from the build `first` on."""
    repacked("numpy", wheels)
    for number in range(BUILDS):
        code = HOOK.format(codes=slowing("numpy", 1.08)) if number >= (first or BUILDS) else ""
        wheel(wheels, "toyslow", f"1.{number}", code=code, more={"toyslow.pth": "import toyslow\n"})
    builds = between("toyslow", bound("1.0"), bound(f"1.{BUILDS - 1}")).builds
    prober = Prober("toyslow", "numpy", [], pairs("mlp", "the builds"), tmp_path / "environments")
    search = Bisection("toyslow", builds, STEP, Sampling(at_once=2, seconds=600), prober, Journal(None, {}), print)
    search.run()
    assert search.bad == first


@pytest.mark.parametrize("builds", [2, 3, 16, 160])
def test_all_verdicts_together_spend_alpha(builds):
    shares = [share(number, builds) for number in range(1, 500)]
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert shares[: planned(builds)] == [shares[0]] * planned(builds)
