"""Small groups are pulled towards the whole as far as they are small, and no further."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from overrides.analysis.shrinkage import (
    PRIOR,
    Prior,
    discoveries,
    gamma_cdf,
    gamma_quantile,
    poisson_interval,
    shrunk,
    shrunk_groups,
)

GOLDEN = [(2, 4, 0.75), (5, 4.5, 1.0588), (1, 3, 0.7143), (9, 5, 1.4444), (4, 4.2, 0.9756)]


@pytest.mark.parametrize(("observed", "expected", "ratio"), GOLDEN)
def test_the_golden_numbers_of_five_reviewers(observed: int, expected: float, ratio: float) -> None:
    assert shrunk(observed, expected, Prior(4, 4)).ratio == pytest.approx(ratio, abs=1e-4)


@given(st.floats(0.05, 2000), st.floats(0.001, 0.999))
def test_gamma_quantiles_are_those_of_another_library(shape: float, share: float) -> None:
    found = gamma_quantile(shape, share)
    assert gamma_cdf(shape, found) == pytest.approx(share, abs=1e-9)
    assert found == pytest.approx(stats.gamma.ppf(share, shape), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("observed", [0, 1, 3, 20, 400])
def test_the_poisson_interval_is_garwoods(observed: int) -> None:
    low, high = poisson_interval(observed)
    assert low == pytest.approx(stats.chi2.ppf(0.025, 2 * observed) / 2 if observed else 0)
    assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * observed + 2) / 2)


def plain_mean(groups: list[tuple[int, float]], place: int) -> float:
    """A group's ratio, averaged over a thousand strengths of the negative binomial."""
    pooled = sum(o for o, _ in groups) / sum(e for _, e in groups)
    middle = sum(e for _, e in groups) * pooled / len(groups)
    above = below = 0.0
    for k in range(1000):
        pull = (k + 0.5) / 1000
        shape = middle * pull / (1 - pull)
        logs = [stats.nbinom.logpmf(o, shape, shape / (shape + e * pooled)) for o, e in groups]
        weight = math.exp(sum(logs) + 2 * len(groups))
        observed, expected = groups[place]
        above += weight * (shape + observed) / (shape / pooled + expected)
        below += weight
    return above / below


@pytest.mark.parametrize("spread", [0.0, 0.8])
def test_ratios_are_averaged_over_every_strength_of_pull(spread: float) -> None:
    chance = Random(7)
    groups = []
    for _ in range(6):
        expected = chance.uniform(3, 30)
        ratio = math.exp(chance.gauss(0, spread))
        groups.append((sum(chance.random() < expected * ratio / 300 for _ in range(300)), expected))
    found = shrunk_groups(groups)
    for place in (0, 5):
        assert found[place].ratio == pytest.approx(plain_mean(groups, place), rel=1e-3)


def test_intervals_hold_the_truth_of_groups_that_differ_and_of_groups_that_do_not() -> None:
    for spread in (0.0, 0.5):
        held = of = 0
        for seed in range(60):
            chance = Random(f"{spread}/{seed}")
            truths = [math.exp(chance.gauss(0, spread)) for _ in range(12)]
            groups = [
                (sum(chance.random() < truth * 8 / 300 for _ in range(300)), 8.0)
                for truth in truths
            ]
            for truth, found in zip(truths, shrunk_groups(groups), strict=True):
                held += found.interval[0] <= truth <= found.interval[1]
                of += 1
        assert held / of > 0.92


def test_few_groups_or_none_bad_take_the_agreed_prior() -> None:
    agreed = shrunk(3, 2.0, Prior(PRIOR, PRIOR))
    assert shrunk_groups([(3, 2.0)] * 4) == (agreed,) * 4
    nothing = shrunk(0, 2.0, Prior(PRIOR, PRIOR))
    assert shrunk_groups([(0, 2.0)] * 40) == (nothing,) * 40
    assert shrunk_groups([]) == ()


def test_the_interval_of_a_group_that_counted_nothing_is_the_priors() -> None:
    found = shrunk(0, 0.0, Prior(4, 4))
    low, high = found.interval
    assert found.ratio == 1
    assert low == pytest.approx(stats.gamma.ppf(0.025, 4) / 4)
    assert high == pytest.approx(stats.gamma.ppf(0.975, 4) / 4)


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=30))
def test_discoveries_are_those_of_another_library(p_values: list[float | None]) -> None:
    found = discoveries(p_values)
    tested = [p for p in p_values if p is not None]
    adjusted = iter(stats.false_discovery_control(tested) if tested else [])
    expected = tuple(p is not None and float(next(adjusted)) <= 0.05 + 1e-12 for p in p_values)
    assert found == expected
