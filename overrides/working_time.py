"""Working time of the branches: when people are at their desks, in hours, days and holidays.

A service target is counted in it. A branch that nothing is said of works as everywhere else does;
where no calendar was given, every hour is a working hour.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from overrides.canonical import parse_strict
from overrides.errors import CalendarInvalid, NotCanonical

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERYWHERE = "everywhere"
BRANCHES = "branches"
FILE_BYTES_MAX = 1 << 20
BRANCHES_MAX = 10_000
HOLIDAYS_MAX = 2_000
WEEK_MINUTES_MIN = 5 * 60
DAY_MINUTES = 24 * 60
NONE = timedelta(0)
_MEMBERS = frozenset({"zone", "hours", "holidays"})
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Spans = tuple[tuple[int, int], ...]  # of one day, in minutes after midnight by the local clock


@dataclass(frozen=True, slots=True)
class WorkingWeek:
    """When one branch works. ``days`` has the spans of Monday to Sunday; empty: every hour."""

    zone: str = "UTC"
    days: tuple[Spans, ...] = ()
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a week in which a target might never be reached."""
        if not self.days:
            return
        if len(self.days) != len(DAYS):
            msg = "a week has seven days"
            raise ValueError(msg)
        for spans in self.days:
            edges = [edge for span in spans for edge in span]
            if edges != sorted(set(edges)) or any(not 0 <= edge <= DAY_MINUTES for edge in edges):
                msg = "the spans of a day follow each other and do not touch"
                raise ValueError(msg)
        if sum(end - start for spans in self.days for start, end in spans) < WEEK_MINUTES_MIN:
            msg = "a week has at least five working hours"
            raise ValueError(msg)
        if len(self.holidays) > HOLIDAYS_MAX:
            msg = f"there are more than {HOLIDAYS_MAX} holidays"
            raise ValueError(msg)

    def after(self, start: datetime, amount: timedelta) -> datetime:
        """When so much working time has passed since ``start``; nothing passes at once."""
        if not self.days or amount <= NONE:
            return start + max(amount, NONE)
        left = amount
        for opens, closes in self._open(start):
            worked = closes - max(opens, start)
            if worked >= left:
                return closes - (worked - left)
            left -= worked
        msg = "a week without working time"  # which __post_init__ refuses
        raise AssertionError(msg)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from ``start`` to ``end``; none where ``end`` is not later."""
        if not self.days:
            return max(end - start, NONE)
        passed = NONE
        for opens, closes in self._open(start):
            if opens >= end:
                return passed
            passed += min(closes, end) - max(opens, start)
        return passed

    def _open(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Spans of working time in order, the first one that ends after ``start`` first."""
        zone = ZoneInfo(self.zone)
        day = start.astimezone(zone).date()
        while day < date.max - timedelta(days=1):
            if day not in self.holidays:
                for opens, closes in self.days[day.weekday()]:
                    begun, ended = (_instant(day, minute, zone) for minute in (opens, closes))
                    if ended > max(begun, start):  # a span that the clocks jumped over is none
                        yield begun, ended
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working weeks of an installation's branches."""

    everywhere: WorkingWeek = field(default_factory=WorkingWeek)
    branches: Mapping[str, WorkingWeek] = field(default_factory=dict)

    def of(self, branch: str) -> WorkingWeek:
        """When a branch works."""
        return self.branches.get(branch, self.everywhere)


ALWAYS = Calendar()
"""Every hour of every day counts, in every branch."""


def resumed(target: datetime, asked: datetime, heard: datetime, week: WorkingWeek) -> datetime:
    """A service target after the clock stood still from ``asked`` to ``heard``.

    What working time was left when the applicant was asked is left again; a target that had passed
    by then stays where it was.
    """
    left = week.between(asked, target)
    return week.after(heard, left) if left > NONE else target


def read_calendar(content: bytes) -> Calendar:
    """The calendar in a file; raises ``CalendarInvalid`` naming what is wrong with it."""
    try:
        found = parse_strict(content, max_bytes=FILE_BYTES_MAX)
    except NotCanonical as unreadable:
        raise CalendarInvalid(problem=unreadable.problem) from None
    if (
        not isinstance(found, dict)
        or EVERYWHERE not in found
        or found.keys()
        > {
            EVERYWHERE,
            BRANCHES,
        }
    ):
        raise CalendarInvalid(problem='it says "everywhere" and, where wanted, "branches"')
    branches = found.get(BRANCHES, {})
    if not isinstance(branches, dict) or len(branches) > BRANCHES_MAX:
        raise CalendarInvalid(problem='"branches" names branches, a calendar for each')
    common = found[EVERYWHERE]
    return Calendar(
        _week(EVERYWHERE, common, {"zone": "UTC", "holidays": []}),
        {name: _week(f"{BRANCHES}.{name}", members, common) for name, members in branches.items()},
    )


def _week(place: str, members: Any, otherwise: Mapping[str, Any]) -> WorkingWeek:
    """One working week; what it does not say is as ``otherwise`` says."""
    if not isinstance(members, dict) or members.keys() - _MEMBERS:
        raise CalendarInvalid(problem=f'{place}: say only "zone", "hours" and "holidays"')
    said = {**otherwise, **members}
    if "hours" not in said:
        raise CalendarInvalid(problem=f'{place}: "hours" is missing, as {{"mon": ["09:00-17:00"]}}')
    try:
        return WorkingWeek(
            _zone(place, said.get("zone", "UTC")),
            _days(place, said["hours"]),
            _holidays(place, said.get("holidays", [])),
        )
    except ValueError as wrong:
        raise CalendarInvalid(problem=f"{place}: {wrong}") from None


def _zone(place: str, name: Any) -> str:
    """A time zone that this machine knows."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
        problem = f'{place}.zone: no time zone that is known here; write one as "Europe/Berlin"'
        raise CalendarInvalid(problem) from None


def _days(place: str, hours: Any) -> tuple[Spans, ...]:
    """The spans of each day of the week; a day that is not named is free."""
    if not isinstance(hours, dict) or hours.keys() - set(DAYS):
        raise CalendarInvalid(problem=f"{place}.hours: name days as {', '.join(DAYS)}")
    return tuple(_spans(f"{place}.hours.{day}", hours.get(day, [])) for day in DAYS)


def _spans(place: str, spans: Any) -> Spans:
    """The spans of one day."""
    texts = spans if isinstance(spans, list) else [None]
    found = [_SPAN.fullmatch(text) if isinstance(text, str) else None for text in texts]
    if not all(found):
        raise CalendarInvalid(problem=f'{place}: write spans as ["09:00-12:30", "13:30-17:00"]')
    numbers = [tuple(map(int, match.groups())) for match in found if match]
    return tuple((h0 * 60 + m0, h1 * 60 + m1) for h0, m0, h1, m1 in numbers)


def _holidays(place: str, days: Any) -> frozenset[date]:
    """Days on which nobody works."""
    try:
        return frozenset(map(_holiday, days))
    except (TypeError, ValueError):
        problem = f'{place}.holidays: write days as ["2026-12-25"]'
        raise CalendarInvalid(problem=problem) from None


def _holiday(text: Any) -> date:
    """One day from its one spelling."""
    if not (isinstance(text, str) and _DAY.fullmatch(text)):
        raise TypeError
    return date.fromisoformat(text)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant at which the local clock shows this minute of this day."""
    day += timedelta(days=minute // DAY_MINUTES)
    at = time(minute % DAY_MINUTES // 60, minute % 60)
    return datetime.combine(day, at, zone).astimezone(UTC)
