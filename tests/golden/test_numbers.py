"""The numbers agree with values worked out independently, by other libraries."""

import pytest

from overrides.analysis.agreement import agreement
from overrides.metrics import OverrideRates
from overrides.statistics import (
    Share,
    distribution,
    observed_expected,
    shrunk_ratio,
    stability_index,
    tail_of,
    wilson,
)

SCORES = [0.20, 0.25, 0.30, 0.22, 0.18, 0.35, 0.28, 0.24, 0.26, 0.21]
BAD = [bool(int(digit)) for digit in "0010010010"]


def yes_no(text: str) -> list[bool]:
    return [digit == "1" for digit in text]


def test_override_rates_are_those_of_the_worked_example() -> None:
    rates = OverrideRates.of((800, 24), (200, 12), referred=60)
    assert rates.high_side.value == 0.03
    assert rates.low_side.value == 0.06
    assert rates.gross.value == 0.036
    assert rates.low_side_of_book.value == pytest.approx(0.015228, abs=5e-7)
    assert rates.drift == pytest.approx(-0.015)
    assert rates.referred == 60


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(12, 200, 0.0347, 0.1019), (24, 800, 0.0202, 0.0443)]
)
def test_wilsons_interval_is_the_published_one(
    count: int, of: int, low: float, high: float
) -> None:
    assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)
    assert Share(count, of).interval == wilson(count, of)


def test_observed_over_expected_and_its_z_are_as_worked_out() -> None:
    found = observed_expected(BAD, SCORES)
    assert (found.observed, found.of) == (3, 10)
    assert found.expected == pytest.approx(2.49)
    assert found.ratio == pytest.approx(1.2048, abs=5e-5)
    assert found.z == pytest.approx(0.3753, abs=5e-5)


def test_both_tails_of_the_poisson_binomial_are_exact() -> None:
    assert tail_of(SCORES, 3) == pytest.approx(0.4719, abs=5e-5)
    assert sum(distribution(SCORES)[:4]) == pytest.approx(0.7795, abs=5e-5)


def test_reviewers_ratios_are_pulled_towards_one() -> None:
    observed, expected = (2, 5, 1, 9, 4), (4, 4.5, 3, 5, 4.2)
    found = [shrunk_ratio(o, e) for o, e in zip(observed, expected, strict=True)]
    assert found == pytest.approx([0.75, 1.0588, 0.7143, 1.4444, 0.9756], abs=5e-5)


def test_two_raters_agree_as_three_measures_say() -> None:
    found = agreement(yes_no("1101001101"), yes_no("1001011101"))
    assert found is not None
    assert found.of == 10
    assert found.kappa == pytest.approx(0.5833, abs=5e-5)
    assert found.ac1 == pytest.approx(0.6154, abs=5e-5)
    assert found.pabak == pytest.approx(0.60)


def test_the_stability_index_is_the_textbook_sum() -> None:
    expected, actual = [0.1, 0.2, 0.4, 0.2, 0.1], [0.08, 0.17, 0.35, 0.25, 0.15]
    assert stability_index(expected, actual) == pytest.approx(0.0474, abs=5e-5)
