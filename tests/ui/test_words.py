"""Dates, counts and shares are written the way people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from overrides.values import CaseStatus, Role
from ui.words import (
    ENTRY_WORDS,
    ROLE_WORDS,
    STATUS_WORDS,
    count_words,
    day_words,
    due_words,
    instant_words,
    of_hundred,
    push_words,
    score_words,
    span_words,
    tie_lines,
    tight,
)

NOON = datetime(2026, 3, 4, 12, 5, 59, tzinfo=UTC)


def test_instants_and_days() -> None:
    assert instant_words(NOON) == "4 Mar 2026, 12:05"
    assert day_words(NOON) == "4 Mar 2026"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=-5), "5 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=40, hours=3), "40 days"),
    ],
)
def test_spans_are_told_in_their_largest_unit(span: timedelta, words: str) -> None:
    assert span_words(span) == words


def test_what_is_due_and_what_is_overdue() -> None:
    assert due_words(NOON + timedelta(hours=2), NOON) == "due in 2 hours"
    assert due_words(NOON - timedelta(days=1), NOON) == "overdue by 1 day"


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0, "0 of 100"),
        (0.004, "0.4 of 100"),
        (0.0634, "6.3 of 100"),
        (0.06, "6 of 100"),
        (0.0999, "10 of 100"),
        (0.4246, "42 of 100"),
        (1.0, "100 of 100"),
    ],
)
def test_shares_of_a_hundred(probability: float, words: str) -> None:
    assert of_hundred(probability) == words


@pytest.mark.parametrize(
    ("probability", "beside", "words"),
    [
        (0.291, (0.29, 0.5), "29.1 of 100"),
        (0.29, (0.291,), "29.0 of 100"),
        (0.2904, (0.29, None), "29.04 of 100"),
        (0.29, (0.29, 0.5), "29 of 100"),
        (0.0997, (0.1002,), "9.97 of 100"),
        (0.18, (0.29, 0.5), "18 of 100"),
    ],
)
def test_a_share_is_told_from_the_shares_it_is_read_beside(
    probability: float, beside: tuple[float | None, ...], words: str
) -> None:
    assert of_hundred(probability, *beside) == words


def test_counts_and_pushes() -> None:
    assert count_words(20853) == "20,853"
    assert push_words(0.414) == "+0.41"
    assert push_words(-0.414) == "\N{MINUS SIGN}0.41"
    assert push_words(-0.0049) == push_words(0.0) == "0.00"
    assert tight("at most 5 % of 100 %") == "at most 5\N{NO-BREAK SPACE}% of 100\N{NO-BREAK SPACE}%"


def test_every_state_role_and_kind_has_words() -> None:
    assert set(STATUS_WORDS) == {status.value for status in CaseStatus}
    assert set(ROLE_WORDS) == set(Role)
    assert len(dict(ENTRY_WORDS)) == len(ENTRY_WORDS)


def test_ties_are_told_run_by_run_and_only_where_there_are_any() -> None:
    assert tie_lines([("Term", False), ("Amount", False)]) == []
    assert tie_lines([]) == []
    told = tie_lines([("A", False), ("B", True), ("C", True), ("D", False), ("E", True)])
    assert told == [
        "“A”, “B” and “C”: which weighs more could not be told, so their order means nothing.",
        "“D” and “E”: which weighs more could not be told, so their order means nothing.",
    ]


def test_a_score_is_no_count() -> None:
    assert score_words(0.18) == "18\N{NO-BREAK SPACE}%"
    assert score_words(0.291, 0.29, 0.5) == "29.1\N{NO-BREAK SPACE}%"
