"""The e-process says what it promises: against every outcome there can be, counted one by one."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.sequential import looked_at
from overrides.analysis.sequential import (
    SHOCKS,
    Change,
    Declared,
    e_process,
    first_alarm,
    monitored,
    together,
)

CHANCES = st.lists(st.floats(0.02, 0.98), min_size=1, max_size=4)


def probability(chances: list[float], bads: tuple[bool, ...], shock: float) -> float:
    """Of these outcomes of a cohort when nothing changed, by plain multiplication."""
    total = 0.0
    for size, weight in SHOCKS:
        odds = [one / (1 - one) * math.exp(shock * size) for one in chances]
        total += weight * math.prod(
            (one if bad else 1) / (1 + one) for one, bad in zip(odds, bads, strict=True)
        )
    return total


@settings(max_examples=40, deadline=None)
@given(CHANCES, CHANCES, st.floats(0, 0.6), st.floats(1.1, 3))
def test_without_a_change_the_mean_over_all_outcomes_is_one_at_every_look(
    first: list[float], second: list[float], shock: float, odds: float
) -> None:
    declared = Declared(odds=odds, shock=shock)
    means = [0.0, 0.0]
    for ones in product((False, True), repeat=len(first)):
        for others in product((False, True), repeat=len(second)):
            cohorts = [
                list(zip(first, ones, strict=True)),
                list(zip(second, others, strict=True)),
            ]
            weight = probability(first, ones, shock) * probability(second, others, shock)
            for k, value in enumerate(monitored(cohorts, declared)):
                means[k] += weight * value
    assert means == pytest.approx([1, 1], abs=1e-9)


def test_one_loan_without_shock_has_the_likelihood_ratio_of_the_textbook() -> None:
    changes = [Change(math.log(2))]
    assert list(e_process([[(0.2, True)]], changes, 0)) == pytest.approx([(1 / 3) / 0.2])
    assert list(e_process([[(0.2, False)]], changes, 0)) == pytest.approx([(2 / 3) / 0.8])


def test_an_empty_cohort_is_a_look_that_changes_nothing() -> None:
    values = monitored([[(0.2, True)], []], Declared())
    assert values[0] == values[1]


def test_very_many_bad_loans_do_not_overflow() -> None:
    values = monitored([[(0.01, True)] * 5000], Declared())
    assert math.isfinite(values[0])
    assert first_alarm(values, 0.05) == 1


def test_an_alarm_is_the_first_look_that_reaches_the_bound() -> None:
    assert first_alarm([1, 20, 0.1], 0.05) == 2
    assert first_alarm([1, 19.99], 0.05) is None
    assert together([1, 3]) == 2


@pytest.mark.parametrize("wrong", [{"odds": 1.0}, {"shock": -0.1}, {"alarm": 0.0}, {"alarm": 1.0}])
def test_what_cannot_be_declared_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="odds above 1"):
        Declared(**wrong)


def test_a_probability_of_nought_or_one_and_nothing_to_look_for_are_refused() -> None:
    with pytest.raises(ValueError, match="strictly between"):
        monitored([[(1.0, True)]], Declared())
    with pytest.raises(ValueError, match="at least one change"):
        list(e_process([], [], 0))
    with pytest.raises(ValueError, match="no statistic"):
        together([])


def test_the_benchmark_finds_a_planted_shift_and_mostly_nothing_where_nothing_is() -> None:
    quiet = looked_at(20, shift=0, shock=0.1, of=100)
    shifted = looked_at(20, shift=math.log(1.5), shock=0.1, of=100)
    assert quiet.alarms <= 4
    assert shifted.alarms >= 16
