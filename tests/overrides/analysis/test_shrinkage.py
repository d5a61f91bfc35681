"""Small groups are pulled towards the whole as far as they are small, and no further."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from overrides.analysis.shrinkage import (
    PRIOR,
    PRIOR_MAX,
    Prior,
    discoveries,
    gamma_cdf,
    gamma_quantile,
    poisson_interval,
    prior_of,
    shrunk,
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


def plain_prior(groups: list[tuple[int, float]]) -> float:
    """The shape of the highest likelihood on a fine grid, by the negative binomial."""
    pooled = sum(o for o, _ in groups) / sum(e for _, e in groups)
    observed = [o for o, _ in groups]

    def height(shape: float) -> float:
        chance = [shape / (shape + e * pooled) for _, e in groups]
        return float(stats.nbinom.logpmf(observed, shape, chance).sum())

    grid = [0.1 * (PRIOR_MAX / 0.1) ** (k / 800) for k in range(801)]
    best: float = max(grid, key=height)
    return best


@pytest.mark.parametrize("spread", [0.0, 0.3, 0.8])
def test_the_prior_has_the_highest_likelihood_there_is(spread: float) -> None:
    chance = Random(7)
    groups = []
    for _ in range(40):
        expected = chance.uniform(3, 30)
        ratio = math.exp(chance.gauss(0, spread))
        groups.append((sum(chance.random() < expected * ratio / 300 for _ in range(300)), expected))
    assert prior_of(groups).shape == pytest.approx(plain_prior(groups), rel=0.02)


def test_few_groups_or_none_bad_take_the_agreed_prior() -> None:
    assert prior_of([(3, 2.0)] * 4) == Prior(PRIOR, PRIOR)
    assert prior_of([(0, 2.0)] * 40) == Prior(PRIOR, PRIOR)
    assert prior_of([]) == Prior(PRIOR, PRIOR)


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
