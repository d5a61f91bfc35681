"""Working time is what a minute hand would count that stops when the branch is closed."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overrides.errors import CalendarInvalid
from overrides.working_time import ALWAYS, Calendar, WorkingWeek, read_calendar, resumed

MINUTE = timedelta(minutes=1)
OFFICE = ((9 * 60, 12 * 60 + 30), (13 * 60 + 30, 17 * 60))
SATURDAY = ((10 * 60, 13 * 60),)
WEEK = WorkingWeek("Europe/Berlin", (OFFICE,) * 5 + (SATURDAY, ()), frozenset({date(2026, 12, 25)}))
NIGHT = WorkingWeek("America/New_York", (((0, 6 * 60), (20 * 60, 24 * 60)),) * 7)
WEEKS = (WEEK, NIGHT, WorkingWeek())


def works(week: WorkingWeek, at: datetime) -> bool:
    """Whether the minute that begins here is worked, told from the local clock alone."""
    local = at.astimezone(ZoneInfo(week.zone))
    if not week.days:
        return True
    minute = local.hour * 60 + local.minute
    spans = week.days[local.weekday()]
    return local.date() not in week.holidays and any(a <= minute < b for a, b in spans)


def slowly_after(week: WorkingWeek, start: datetime, minutes: int) -> datetime:
    """Walk minute by minute."""
    at = start
    while minutes:
        minutes -= works(week, at)
        at += MINUTE
    return at


def slowly_between(week: WorkingWeek, start: datetime, end: datetime) -> int:
    """Count minute by minute."""
    found, at = 0, start
    while at < end:
        found += works(week, at)
        at += MINUTE
    return found


# Around both changes of the clock, a holiday and the turn of a year.
STARTS = st.sampled_from(
    [(2026, 3, 27), (2026, 10, 23), (2026, 12, 23), (2026, 3, 7), (2026, 7, 4)]
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WEEKS), STARTS, st.integers(0, 4 * 1440), st.integers(0, 1_500))
def test_a_target_is_where_the_minute_hand_stops(
    week: WorkingWeek, day: tuple[int, int, int], offset: int, minutes: int
) -> None:
    start = datetime(*day, tzinfo=UTC) + offset * MINUTE
    assert week.after(start, minutes * MINUTE) == slowly_after(week, start, minutes)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WEEKS), STARTS, st.integers(0, 4 * 1440), st.integers(0, 4 * 1440))
def test_working_time_between_two_instants_is_what_the_minute_hand_counts(
    week: WorkingWeek, day: tuple[int, int, int], offset: int, span: int
) -> None:
    start = datetime(*day, tzinfo=UTC) + offset * MINUTE
    end = start + span * MINUTE
    assert week.between(start, end) == slowly_between(week, start, end) * MINUTE


@settings(max_examples=60, deadline=None)
@given(STARTS, st.integers(0, 2_000), st.integers(1, 900), st.integers(0, 5_000))
def test_waiting_for_the_applicant_gives_back_what_was_left(
    day: tuple[int, int, int], asked_after: int, promised: int, waited: int
) -> None:
    received = datetime(*day, tzinfo=UTC)
    target = WEEK.after(received, promised * MINUTE)
    asked = received + asked_after * MINUTE
    heard = asked + waited * MINUTE
    moved = resumed(target, asked, heard, WEEK)
    left = slowly_between(WEEK, asked, target)
    assert moved == (slowly_after(WEEK, heard, left) if left else target)
    assert moved >= target


def test_without_a_calendar_every_hour_counts() -> None:
    noon = datetime(2026, 12, 25, 12, tzinfo=UTC)
    assert ALWAYS.of("north").after(noon, timedelta(hours=48)) == noon + timedelta(hours=48)


FILE = {
    "everywhere": {
        "zone": "Asia/Kolkata",
        "hours": {"mon": ["10:00-17:30"], "tue": ["10:00-17:30"]},
        "holidays": ["2027-01-26"],
    },
    "branches": {"north": {"hours": {"sat": ["09:00-14:00"]}}, "south": {"zone": "UTC"}},
}


def test_a_branch_says_only_what_is_different() -> None:
    found = read_calendar(json.dumps(FILE).encode())
    assert isinstance(found, Calendar)
    assert found.of("nowhere") is found.everywhere
    assert found.of("north").zone == "Asia/Kolkata"
    assert found.of("north").days[5] == ((540, 840),)
    assert found.of("north").days[0] == ()
    assert found.of("south").zone == "UTC"
    assert found.of("south").days == found.everywhere.days
    assert found.of("south").holidays == {date(2027, 1, 26)}


@pytest.mark.parametrize(
    ("spoilt", "named"),
    [
        ({"everywhere": {}}, 'everywhere: "hours" is missing'),
        ({"branches": {}}, '"everywhere"'),
        ({**FILE, "more": {}}, '"everywhere"'),
        ({**FILE, "branches": []}, '"branches"'),
        ({**FILE, "branches": {"n": {"houres": {}}}}, "branches.n: say only"),
        ({"everywhere": {"hours": {"monday": []}}}, "everywhere.hours: name days"),
        ({"everywhere": {"hours": {"mon": ["9-17"]}}}, "everywhere.hours.mon: write spans"),
        ({"everywhere": {"hours": {"mon": "09:00-17:00"}}}, "everywhere.hours.mon"),
        ({"everywhere": {"hours": {"mon": ["09:00-12:00", "11:00-17:00"]}}}, "follow each other"),
        ({"everywhere": {"hours": {"mon": ["17:00-09:00"]}}}, "follow each other"),
        ({"everywhere": {"hours": {"mon": ["23:00-24:30"]}}}, "follow each other"),
        ({"everywhere": {"hours": {"mon": ["09:00-10:00"]}}}, "at least five working hours"),
        ({"everywhere": {"zone": "Mars/Base", "hours": {}}}, "everywhere.zone"),
        ({"everywhere": {"zone": 7, "hours": {}}}, "everywhere.zone"),
        ({"everywhere": {"hours": {}, "holidays": ["25.12.2026"]}}, "everywhere.holidays"),
        ({"everywhere": {"hours": {}, "holidays": ["2026-02-30"]}}, "everywhere.holidays"),
    ],
)
def test_a_calendar_that_cannot_be_used_is_refused_and_the_place_named(
    spoilt: dict[str, object], named: str
) -> None:
    with pytest.raises(CalendarInvalid) as refused:
        read_calendar(json.dumps(spoilt).encode())
    assert named in str(refused.value)


def test_what_is_no_json_is_no_calendar() -> None:
    for content in (b"", b"{", b'{"everywhere": {}, "everywhere": {}}', b"\xff"):
        with pytest.raises(CalendarInvalid):
            read_calendar(content)
