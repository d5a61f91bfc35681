"""Appropriate reliance is told on the cases it can be seen on, and on no others."""

import pytest

from overrides.analysis.reliance import Judged, reliance

SEEDED = ("1011", "1010", "1011", "0010", "0011", "1111", "0100", "0110")


def judged(word: str) -> Judged:
    return Judged(*(letter == "1" for letter in word))


def test_the_golden_numbers_of_eight_seeded_cases() -> None:
    found = reliance(map(judged, SEEDED))
    assert (found.rair.value, found.rair.of) == (0.75, 4)
    assert (found.rsr.value, found.rsr.of) == (0.5, 2)
    assert (found.first_right.value, found.final_right.value) == (0.375, 0.75)
    assert found.over_reliance == pytest.approx(0.5)
    assert found.under_reliance == pytest.approx(0.25)


def test_no_seeded_case_gives_no_number() -> None:
    found = reliance([])
    assert found.rair.value is None
    assert found.rair.interval is None
    assert found.over_reliance is None
    assert found.under_reliance is None
