"""The search returns neighbours, one good and one bad, in few probes, whichever builds cannot be measured."""

import itertools

import pytest

from harness.bisect.delta import smallest
from harness.bisect.search import BAD, GOOD, UNKNOWN, first_bad


def searched(states):
    """Return the result of a search over these states, and the positions that it probed."""
    probed = []

    def state(position, left):
        probed.append(position)
        return states[position]

    return first_bad(len(states) - 1, state), probed


@pytest.mark.parametrize("count", [2, 3, 10, 121])
def test_search_finds_the_first_bad_build_in_logarithmic_probes(count):
    for bad in range(1, count):
        found, probed = searched([GOOD] * bad + [BAD] * (count - bad))
        assert found == (bad - 1, bad)
        assert len(probed) <= (count - 2).bit_length()


def test_search_goes_around_all_patterns_of_unknown_builds():
    for states in itertools.product((GOOD, BAD, UNKNOWN), repeat=6):
        states = [GOOD, *states, BAD]
        (good, bad), probed = searched(states)
        assert (states[good], states[bad]) == (GOOD, BAD)
        assert set(states[good + 1 : bad]) <= {UNKNOWN}
        assert len(probed) == len(set(probed))


def test_search_leaves_a_run_of_unknown_builds_quickly():
    found, probed = searched([GOOD] * 20 + [UNKNOWN] * 60 + [BAD] * 41)
    assert found == (19, 80)
    assert sum(position not in range(20, 80) for position in probed) <= 8


@pytest.mark.parametrize("needed", [{"c"}, {"a", "h"}, {"b", "c", "g"}, set("abcdefgh")])
def test_smallest_set_is_found(needed):
    assert set(smallest("abcdefgh", lambda subset: needed <= set(subset))) == needed


def test_smallest_set_is_one_from_which_nothing_can_be_left_out():
    def is_bad(subset):
        return {"a", "b"} <= set(subset) or {"c", "d", "e"} <= set(subset)

    found = smallest("abcde", is_bad)
    assert is_bad(found)
    assert not any(is_bad([each for each in found if each != left_out]) for left_out in found)
