"""How long records are kept: the first rule that fits, calendar months, files that are wrong."""

import json
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.erasure_errors import ScheduleInvalid
from overrides.event_kinds import KINDS
from overrides.record_classes import APPLICANT_CLASSES, RecordClass, class_of
from overrides.retention import (
    DEFAULT_SCHEDULE,
    Ending,
    after_months,
    ending_of,
    read_schedule,
)

DAY = timedelta(days=1)
EVERY = {
    "class": "*",
    "jurisdiction": "*",
    "ending": "*",
    "keep_months": 0,
    "erase_after_months": 84,
    "law": "our policy",
}


def schedule_of(*rules: dict[str, Any]) -> bytes:
    return json.dumps({"rules": [*rules, EVERY]}).encode()


def test_the_default_is_seven_years_and_the_periods_that_are_law() -> None:
    us = DEFAULT_SCHEDULE.rule("application", "US-CA", Ending.DECLINED)
    assert (us.keep_months, us.erase_after_months) == (25, 84)
    assert us.law.startswith("12 CFR 1002.12(b)")
    assert DEFAULT_SCHEDULE.rule("notes", "IN", Ending.APPROVED).keep_months == 12
    other = DEFAULT_SCHEDULE.rule("notes", "DE", Ending.APPROVED)
    assert (other.keep_months, other.erase_after_months) == (0, 84)
    assert read_schedule(DEFAULT_SCHEDULE.text) == DEFAULT_SCHEDULE


def test_the_first_rule_that_fits_applies() -> None:
    narrow = {**EVERY, "class": "notes", "jurisdiction": "US-CA", "ending": "declined"}
    wide = {**EVERY, "jurisdiction": "US", "keep_months": 25}
    schedule = read_schedule(schedule_of({**narrow, "erase_after_months": 12}, wide))
    assert schedule.rule("notes", "US-CA", "declined").erase_after_months == 12
    assert schedule.rule("notes", "US-CA", "approved").keep_months == 25
    assert schedule.rule("application", "US-NY", "declined").keep_months == 25
    assert schedule.rule("notes", "DE", "declined").keep_months == 0
    assert schedule.shortest == 12


@pytest.mark.parametrize("place", ["us", "USA", "us-ca", "U.S.", "US ", "*", ""])
def test_a_place_that_no_rule_could_name_is_kept_as_long_as_anywhere(place: str) -> None:
    rule = DEFAULT_SCHEDULE.rule("notes", place, "declined")
    assert (rule.keep_months, rule.erase_after_months) == (25, 84)
    assert rule.law.startswith("the longest period, as the place is none of a schedule: 12 CFR")
    never = {**EVERY, "jurisdiction": "AT", "erase_after_months": None}
    fast = {**EVERY, "jurisdiction": "US", "keep_months": 25, "erase_after_months": 30}
    mixed = read_schedule(schedule_of(never, fast)).rule("notes", place, "declined")
    assert (mixed.keep_months, mixed.erase_after_months) == (25, None), "each the longest"
    same = read_schedule(schedule_of()).rule("notes", place, "declined")
    assert same.law == "our policy", "where one rule holds everywhere, it holds there"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "JSON"),
        (b"[]", "rules"),
        (b'{"rules": []}', "rules"),
        (json.dumps({"rules": [EVERY], "more": 1}).encode(), "rules"),
        (json.dumps({"rules": [{**EVERY, "ending": "declined"}]}).encode(), "the last rule"),
        (schedule_of({**EVERY, "keep_months": -1}), "keep_months"),
        (schedule_of({**EVERY, "keep_months": 1.5}), "whole months"),
        (schedule_of({**EVERY, "keep_months": True}), "whole months"),
        (schedule_of({**EVERY, "keep_months": 85}), "erase_after_months"),
        (schedule_of({**EVERY, "class": "staff"}), "class"),
        (schedule_of({**EVERY, "ending": "lost"}), "ending"),
        (schedule_of({**EVERY, "jurisdiction": "usa"}), "jurisdiction"),
        (schedule_of({**EVERY, "law": ""}), "law"),
        (schedule_of({**EVERY, "law": None}), "text"),
        (schedule_of({"class": "*"}), "members"),
    ],
)
def test_a_schedule_that_cannot_be_used_says_why(text: bytes, said: str) -> None:
    with pytest.raises(ScheduleInvalid, match="cannot be used") as refused:
        read_schedule(text)
    assert said in str(refused.value)


def slow_after(at: datetime, months: int) -> datetime:
    """The same by going from month to month."""
    day, year, month = at.day, at.year, at.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    return at.replace(year=year, month=month, day=min(day, monthrange(year, month)[1]))


@given(
    st.integers(0, 100 * 366).map(lambda days: datetime(1990, 1, 1, tzinfo=UTC) + days * DAY),
    st.integers(-600, 600),
)
def test_months_are_those_of_the_calendar(at: datetime, months: int) -> None:
    assert after_months(at, months) == slow_after(at, months)
    if months >= 0:
        back = after_months(after_months(at, months), -months)
        assert timedelta() <= at - back <= timedelta(days=3)


def test_every_end_of_a_case_has_its_name_and_an_open_case_none() -> None:
    assert ending_of("decided", "approve") is Ending.APPROVED
    assert ending_of("decided", "decline") is Ending.DECLINED
    assert ending_of("withdrawn", None) is Ending.WITHDRAWN
    assert ending_of("in_review", None) is None


def test_every_part_of_every_entry_has_its_class() -> None:
    slots = {slot for kind in KINDS.values() for slot in kind.slots}
    assert {slot: class_of(slot) for slot in slots} == {
        "inputs": RecordClass.APPLICATION,
        "explanation": RecordClass.APPLICATION,
        "party": RecordClass.APPLICATION,
        "shown": RecordClass.APPLICATION,
        "terms": RecordClass.APPLICATION,
        "account": RecordClass.APPLICATION,
        "loan": RecordClass.APPLICATION,
        "monitor": RecordClass.MONITORING,
        "note": RecordClass.NOTES,
        "evidence": RecordClass.NOTES,
        "record": RecordClass.NOTES,
        "name": RecordClass.STAFF,
    }
    assert class_of("party.7") is RecordClass.APPLICATION
    assert RecordClass.STAFF not in APPLICANT_CLASSES
