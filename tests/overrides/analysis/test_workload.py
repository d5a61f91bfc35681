"""Extra cases and hours a day, against numbers worked out by hand."""

from statistics import mean, stdev

import pytest

from overrides.analysis.workload import RoutedCase, handling, workload

NEAR, BAND = frozenset({"near_cutoff"}), frozenset({"refer_band"})
NONE: frozenset[str] = frozenset()


def test_chance_counts_by_how_likely_it_was_and_certainty_as_one() -> None:
    cases = [
        *[RoutedCase(0.1, 0.1, NONE, NONE)] * 20,
        *[RoutedCase(0.1, 1.0, NONE, NEAR)] * 12,
        *[RoutedCase(1.0, 0.1, BAND, NONE)] * 2,
        *[RoutedCase(1.0, 1.0, BAND, BAND)] * 3,
    ]
    found = workload(cases, ("refer_band", "near_cutoff"), [600_000] * 15 + [1_200_000] * 15, 10.0)
    assert found.before == pytest.approx(32 * 0.1 + 5)
    assert found.after == pytest.approx(22 * 0.1 + 15)
    assert (found.gained, found.lost) == (12, 2)
    assert found.codes == (("refer_band", 5, 3), ("near_cutoff", 0, 12))
    assert found.cases_a_day == pytest.approx(0.9)
    assert found.hours_a_day is not None
    assert found.hours_a_day[0] == pytest.approx(0.9 * 15 / 60)


def test_hours_have_the_interval_of_the_reading_time_also_where_there_are_fewer() -> None:
    times = [60_000 * minute for minute in range(1, 41)]
    fewer = workload([RoutedCase(1.0, 0.0, BAND, NONE)] * 30, (), times, 1.0)
    hours = [one / 3_600_000 for one in times]
    half = 1.959963984540054 * stdev(hours) / 40**0.5
    assert fewer.hours_a_day is not None
    told, (low, high) = fewer.hours_a_day
    assert told == pytest.approx(-30 * mean(hours))
    assert low == pytest.approx(-30 * (mean(hours) + half))
    assert high == pytest.approx(-30 * (mean(hours) - half))


@pytest.mark.parametrize(("cases", "times"), [(29, 40), (40, 29), (0, 0)])
def test_of_too_few_no_hours_are_given(cases: int, times: int) -> None:
    found = workload([RoutedCase(0.0, 1.0, NONE, NEAR)] * cases, (), [1000] * times, 90.0)
    assert found.hours_a_day is None
    assert (found.cases_a_day is None) == (cases < 30)
    assert handling([1000] * times).of == times
