"""A change of make-up is a finding only beyond what chance does to groups of that size."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.analysis.drift import psi, score_shift, shift

COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=6)
SEED = 20261123


def slow(before: list[int], after: list[int]) -> float | None:
    """The index term by term, from the words of the definition."""
    bands = [k for k in range(len(before)) if before[k] + after[k] > 0]
    if len(bands) < 2 or sum(before) == 0 or sum(after) == 0:
        return None
    more = 0.5 if any(before[k] == 0 or after[k] == 0 for k in bands) else 0.0
    total = 0.0
    for k in bands:
        e = (before[k] + more) / (sum(before) + more * len(bands))
        a = (after[k] + more) / (sum(after) + more * len(bands))
        total += (a - e) * (math.log(a) - math.log(e))
    return total


def test_the_golden_number() -> None:
    found = psi((0.1, 0.2, 0.4, 0.2, 0.1), (0.08, 0.17, 0.35, 0.25, 0.15))
    assert found == pytest.approx(0.0474, abs=1e-4)


@given(COUNTS)
def test_counts_give_what_the_definition_says(pairs: list[tuple[int, int]]) -> None:
    before, after = [e for e, _ in pairs], [a for _, a in pairs]
    found, wanted = shift(before, after), slow(before, after)
    if wanted is None:
        assert found is None
    else:
        assert found is not None
        assert found.psi == pytest.approx(wanted, abs=1e-12)
        assert (found.before, found.after) == (sum(before), sum(after))


def test_groups_of_one_make_up_are_told_apart_in_about_one_of_twenty() -> None:
    chance = random.Random(SEED)
    rounds, false = 400, 0
    for _ in range(rounds):
        groups = [[chance.betavariate(2, 5) for _ in range(size)] for size in (600, 200)]
        found = score_shift(*groups)
        false += found is not None and found.stands
    assert 0.015 <= false / rounds <= 0.09


def test_a_moved_group_is_found() -> None:
    chance = random.Random(SEED)
    before = [chance.betavariate(2, 5) for _ in range(1000)]
    after = [chance.betavariate(2.6, 5) for _ in range(1000)]
    found = score_shift(before, after)
    assert found is not None
    assert found.stands


@pytest.mark.parametrize(("before", "after"), [([], [0.1]), ([0.1] * 40, []), ([0.1], [0.1])])
def test_one_band_or_no_cases_give_no_index(before: list[float], after: list[float]) -> None:
    assert score_shift(before, after) is None


@pytest.mark.parametrize(
    ("expected", "actual"), [((0.5, 0.5), (1.0, 0.0)), ((0.5, 0.5), (0.2, 0.3, 0.5))]
)
def test_a_band_without_a_share_has_no_logarithm(
    expected: tuple[float, ...], actual: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="every band"):
        psi(expected, actual)
