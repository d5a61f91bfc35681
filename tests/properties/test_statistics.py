"""Every number against its slow, plain definition, and what an interval must never do."""

import math
import random
from fractions import Fraction
from itertools import product
from statistics import NormalDist, median

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from overrides import statistics
from overrides.analysis.agreement import agreement
from overrides.statistics import (
    Share,
    distribution,
    observed_expected,
    quantile,
    shrunk_ratio,
    stability_index,
    tail_of,
    wilson,
)

scores = st.floats(0.001, 0.999)
few = st.lists(scores, min_size=1, max_size=9)


def every_way(chances: list[float]) -> list[float]:
    """The distribution by going through every combination of outcomes."""
    mass = [Fraction(0)] * (len(chances) + 1)
    for outcome in product((0, 1), repeat=len(chances)):
        weight = Fraction(1)
        for happened, chance in zip(outcome, chances, strict=True):
            weight *= Fraction(chance) if happened else 1 - Fraction(chance)
        mass[sum(outcome)] += weight
    return [float(share) for share in mass]


@given(few)
def test_the_convolution_is_the_sum_over_every_way(chances: list[float]) -> None:
    slow = every_way(chances)
    assert distribution(chances) == pytest.approx(slow, abs=1e-12)
    for count in range(-1, len(chances) + 2):
        assert tail_of(chances, count) == pytest.approx(sum(slow[max(0, count) :]), abs=1e-12)


def test_a_far_tail_keeps_its_digits() -> None:
    assert tail_of([0.1] * 60, 60) == pytest.approx(0.1**60, rel=1e-9, abs=0)
    assert tail_of([0.01] * 40, 30) == pytest.approx(binomial_tail(0.01, 40, 30), rel=1e-9, abs=0)


def binomial_tail(share: float, of: int, count: int) -> float:
    """Probability of at least ``count``, term by term."""
    return math.fsum(
        math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(count, of + 1)
    )


@given(st.integers(1, 60), st.data(), st.floats(0.02, 0.98))
def test_with_equal_scores_the_interval_is_clopper_and_pearsons(
    of: int, data: st.DataObject, score: float
) -> None:
    count = data.draw(st.integers(0, of))
    bad = [True] * count + [False] * (of - count)
    interval = observed_expected(bad, [score] * of).interval
    assert interval is not None
    low, high = (edge * score for edge in interval)
    if count:
        assert binomial_tail(low, of, count) == pytest.approx(0.025, rel=1e-4)
    else:
        assert low == 0
    if count < of:
        assert 1 - binomial_tail(high, of, count + 1) == pytest.approx(0.025, rel=1e-4)
    else:
        assert high == pytest.approx(1)


@given(st.lists(st.tuples(scores, st.booleans()), min_size=1, max_size=40))
def test_the_ratio_lies_in_its_interval(cases: list[tuple[float, bool]]) -> None:
    chances, bad = [score for score, _ in cases], [is_bad for _, is_bad in cases]
    found = observed_expected(bad, chances)
    assert found.interval is not None
    assert found.ratio is not None
    low, high = found.interval
    assert 0 <= low <= found.ratio + 1e-9
    assert found.ratio <= high + 1e-9
    assert high <= len(cases) / found.expected + 1e-9


def test_the_approximation_meets_the_exact_interval_where_it_takes_over() -> None:
    chances = [0.02 + 0.6 * ((37 * k) % 400) / 400 for k in range(400)]
    bad = [(53 * k) % 400 < 125 for k in range(400)]
    exact = observed_expected(bad, chances).interval
    longer = observed_expected(bad, chances)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "EXACT_WORK_MAX", 0)
        near = observed_expected(bad, chances).interval
    assert exact == longer.interval
    assert near == pytest.approx(exact, rel=1e-3)
    assert near != exact


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_certain_scores_and_no_cases_break_nothing(score: float) -> None:
    found = observed_expected([True, False], [score, score])
    assert found.z is None
    assert found.interval is None or found.interval[0] <= found.interval[1]
    nothing = observed_expected([], [])
    assert (nothing.ratio, nothing.interval, nothing.z) == (None, None, None)


def test_scores_that_are_no_probabilities_or_do_not_match_are_refused() -> None:
    for wrong in ([1.5], [-0.1], [math.nan], [0.1, 0.2]):
        with pytest.raises(ValueError, match="score"):
            observed_expected([True], wrong)


def solved_for(count: int, of: int) -> tuple[float, float]:
    """Wilson's interval by its definition: where the share is exactly z errors away."""
    z = NormalDist().inv_cdf(0.975)
    share = count / of

    def away(true: float) -> float:
        return (share - true) ** 2 * of - z * z * true * (1 - true)

    edges = []
    for outer, inner in ((0.0, share), (1.0, share)):
        far, near = outer, inner
        for _ in range(80):
            middle = (far + near) / 2
            far, near = (middle, near) if away(middle) > 0 else (far, middle)
        edges.append((far + near) / 2)
    return edges[0], edges[1]


@given(st.integers(1, 500), st.data())
def test_wilsons_interval_solves_its_own_equation(of: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    low, high = wilson(count, of)
    assert (low, high) == pytest.approx(solved_for(count, of), abs=1e-6)
    assert 0 <= low <= count / of <= high <= 1


def test_a_share_of_nothing_has_no_value_and_a_part_is_no_more_than_the_whole() -> None:
    assert Share(0, 0).value is None
    assert Share(0, 0).interval is None
    for count, of in ((1, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="of"):
            Share(count, of)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0, 1))
def test_a_quantile_has_its_share_of_the_values_below_it(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert found is not None
    assert min(values) <= found <= max(values)
    not_above = sum(value <= found + 1e-6 for value in values)
    assert not_above >= math.floor(share * (len(values) - 1)) + 1
    assert quantile(values, 0.5) == pytest.approx(median(values), abs=1e-6)
    assert quantile([], share) is None


@given(st.integers(0, 50), st.floats(0.01, 50))
def test_a_shrunk_ratio_lies_between_the_raw_one_and_one(observed: int, expected: float) -> None:
    raw, found = observed / expected, shrunk_ratio(observed, expected)
    assert min(raw, 1) - 1e-9 <= found <= max(raw, 1) + 1e-9


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_agreement_is_whole_when_everything_is_the_same_and_never_more(
    pairs: list[tuple[bool, bool]],
) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    found = agreement(first, second)
    assert found is not None
    assert max(found.ac1, found.pabak, found.kappa or 0) <= 1 + 1e-12
    same = agreement(first, first)
    assert same is not None
    assert (same.ac1, same.pabak) == (1, 1)
    assert agreement([], []) is None
    both = agreement(second, first)
    assert both is not None
    assert both.kappa == pytest.approx(found.kappa) if found.kappa is not None else True


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=8))
def test_a_population_that_did_not_move_is_stable(weights: list[float]) -> None:
    shares = [weight / sum(weights) for weight in weights]
    assert stability_index(shares, shares) == 0
    assume(len(set(shares)) > 1)
    assert stability_index(shares, shares[::-1]) >= 0


@given(st.integers(0, 10_000), st.floats(0.7, 1.4))
@settings(max_examples=8, deadline=None)
def test_very_many_scores_have_the_interval_that_each_of_them_moved_alone_gives(
    seed: int, ratio: float
) -> None:
    rng = random.Random(seed)
    chances = [rng.betavariate(2, 6) for _ in range(2_000)]
    bad = [rng.random() < min(1.0, ratio * chance) for chance in chances]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "EXACT_WORK_MAX", 0)
        alone = observed_expected(bad, chances)
        patch.setattr(statistics, "CELLS_FROM", 1)
        together = observed_expected(bad, chances)
    assert (together.observed, together.expected) == (alone.observed, alone.expected)
    assert together.interval == pytest.approx(alone.interval, rel=1e-5)
