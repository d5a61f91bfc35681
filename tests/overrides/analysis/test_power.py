"""How many overrides a verdict takes, and when they will be there."""

from datetime import UTC, datetime, timedelta

import pytest

from overrides.analysis.power import cases_per_group, cases_to_see, enough_by

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    ("expected", "times", "needed"),
    [
        *((0.05, 1.25, 2023), (0.05, 1.5, 539), (0.05, 2, 150)),
        *((0.10, 1.25, 954), (0.10, 1.5, 253), (0.10, 2, 69)),
        *((0.20, 1.25, 419), (0.20, 1.5, 109), (0.20, 2, 29)),
    ],
)
def test_the_golden_numbers_of_overrides_needed(expected: float, times: float, needed: int) -> None:
    assert cases_to_see(expected, times) == needed


@pytest.mark.parametrize(
    ("one", "other", "needed"),
    [(0.5, 0.4, 388), (0.08, 0.04, 553), (0.08, 0.064, 4096), (0.02, 0.04, 1141)],
)
def test_the_golden_numbers_of_two_groups(one: float, other: float, needed: int) -> None:
    assert cases_per_group(one, other) == needed


def test_a_rate_that_cannot_be_so_much_worse_needs_nothing() -> None:
    assert cases_to_see(0.0) is None
    assert cases_to_see(0.8) is None
    assert cases_per_group(0.3, 0.3) is None


def test_enough_is_there_on_the_day_on_which_the_last_one_needed_matures() -> None:
    coming = [AS_OF + MONTH * k for k in (3, 1, 2, 4)]
    found = enough_by(0.2, 106, coming, AS_OF)
    assert (found.needed, found.there, found.promised) == (109, False, True)
    assert found.by == AS_OF + MONTH * 3


def test_behind_the_loans_that_exist_the_pace_is_continued_and_said_so() -> None:
    coming = [AS_OF + MONTH * k for k in (1, 2, 3)]
    found = enough_by(0.2, 100, coming, AS_OF)
    assert found.by == AS_OF + MONTH * 9
    assert not found.promised


def test_without_a_pace_no_date_is_made_up() -> None:
    for coming in ([], [AS_OF + MONTH], [AS_OF - MONTH, AS_OF - MONTH * 2]):
        found = enough_by(0.2, 3, coming, AS_OF)
        assert (found.by, found.there) == (None, False)
    assert enough_by(None, 3, [], AS_OF).needed is None
    far = enough_by(0.0001, 3, [AS_OF + MONTH, AS_OF + MONTH * 99], AS_OF)
    assert far.by is None


def test_with_enough_matured_there_is_nothing_to_wait_for() -> None:
    found = enough_by(0.2, 109, [], AS_OF)
    assert found.there
    assert found.by is None
