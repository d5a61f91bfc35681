"""A score is told as a count only in bands of scores in which known loans bore it out."""

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.bundle import card, describe
from explain.declared.calibrated import (
    BAND_ROWS,
    NO_SAMPLE,
    NOT_BORNE_OUT,
    OUTSIDE,
    TOO_FEW,
    band_at,
    bands_of,
    why_not,
    wilson,
)
from explain.declared.calibration import Matured
from tests.sample_models.trained import sample_bundles


def loans(count: int, low: float, high: float, *, factor: float = 1.0) -> list[Matured]:
    """Loans of which ``factor`` times as many go bad as their probabilities say."""
    chance = Random(17)
    made = []
    for place in range(count):
        probability = low + (high - low) * place / count
        made.append(Matured(probability, chance.random() < factor * probability))
    return made


def test_bands_are_of_a_hundred_loans_or_more_and_hold_where_loans_bore_them_out() -> None:
    bands = bands_of(loans(1050, 0.05, 0.6))
    assert [band.loans for band in bands] == [105] * 10
    assert sum(band.holds for band in bands) >= 8
    assert why_not(bands, 0.3) == ""
    assert why_not(bands, 0.04) == OUTSIDE
    assert why_not(bands, 0.61) == OUTSIDE
    assert why_not((), 0.3) == NO_SAMPLE


def test_a_model_that_is_wrong_is_not_told_as_a_count() -> None:
    bands = bands_of(loans(1000, 0.2, 0.5, factor=0.4))
    assert {why_not(bands, band.expected) for band in bands} == {NOT_BORNE_OUT}


def test_too_few_loans_say_nothing_although_any_share_fits_them() -> None:
    (band,) = bands_of([Matured(0.5, bool(place % 2)) for place in range(60)])
    assert band.interval[0] <= band.expected <= band.interval[1]
    assert why_not((band,), 0.5) == TOO_FEW


def test_the_interval_is_the_one_of_the_textbooks() -> None:
    low, high = wilson(10, 100)
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)
    assert wilson(0, 100)[0] == 0.0
    assert wilson(100, 100)[1] == 1.0


@given(
    st.lists(
        st.tuples(st.integers(0, 40).map(lambda n: n / 40), st.booleans()), min_size=1, max_size=400
    )
)
def test_every_loan_is_in_the_one_band_of_its_score(rows: list[tuple[float, bool]]) -> None:
    sample = [Matured(*row) for row in rows]
    bands = bands_of(sample)
    assert sum(band.loans for band in bands) == len(sample)
    assert all(before.high < after.low for before, after in pairwise(bands))
    for band in bands:
        mine = [row for row in sample if band_at(bands, row.probability) == band]
        assert len(mine) == band.loans
        assert band.observed == sum(row.bad for row in mine) / len(mine)
        assert math.isclose(band.expected, sum(row.probability for row in mine) / len(mine))
    assert len(bands) == 1 or min(band.loans for band in bands) >= BAND_ROWS / 2


def test_the_card_shows_each_band_with_what_was_expected_and_seen() -> None:
    bundle = describe(sample_bundles() / "german-credit")
    told = card(bundle)
    for band in bundle.calibrated:
        row = next(line for line in told.splitlines() if f"| {band.loans} | " in line)
        assert row.endswith(("| yes |", "| no |"))
    assert told.count("| yes |") == sum(band.holds for band in bundle.calibrated)
    assert "500 loans whose outcome is known: the development loans" in told


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_an_end_of_the_scale_is_looked_up_like_any_score(probability: float) -> None:
    bands = bands_of([Matured(probability, bad=bool(probability))] * 120)
    assert why_not(bands, probability) == ""
