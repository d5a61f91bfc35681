"""How long records are kept: at least as long as a law demands, at most as long as the schedule.

A schedule has rules by class of records, jurisdiction and how the case ended; the first rule that
fits applies. Before ``keep_months`` are over nobody may erase, and ``law`` says why; after
``erase_after_months`` the record is due. Both are counted from the end of the case, or from the
last outcome that was observed of it if that is later.
"""

import calendar
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from overrides.canonical import canonical, parse_strict
from overrides.erasure_errors import ScheduleInvalid
from overrides.errors import NotCanonical
from overrides.record_classes import APPLICANT_CLASSES

ANY = "*"
MONTHS_MAX = 1_200
RULES_MAX = 500
FILE_BYTES_MAX = 1 << 20
TEXT_CHARS_MAX = 200
_MEMBERS = {"class", "jurisdiction", "ending", "keep_months", "erase_after_months", "law"}
PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
"""A country, or a part of one, as ISO 3166 spells it."""
UNPLACED = "the longest period, as the place is none of a schedule: "


class Ending(StrEnum):
    """How a case ended, as far as it matters for keeping its records."""

    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    INCOMPLETE = "incomplete"
    EXPIRED = "expired"
    SCORED = "scored"  # no case at all: rows that were scored without being decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How long one sort of record is kept. ``erase_after_months`` is None for records never due."""

    record_class: str
    jurisdiction: str
    ending: str
    keep_months: int
    erase_after_months: int | None
    law: str

    def __post_init__(self) -> None:
        """Refuse a rule that no record could follow."""
        keep, limit = self.keep_months, self.erase_after_months
        whole = {
            f"keep_months is 0 to {MONTHS_MAX}": 0 <= keep <= MONTHS_MAX,
            f"erase_after_months is keep_months to {MONTHS_MAX}, or null": limit is None
            or keep <= limit <= MONTHS_MAX,
            f"class is {', '.join(APPLICANT_CLASSES)} or *": self.record_class
            in (ANY, *APPLICANT_CLASSES),
            f"ending is {', '.join(Ending)} or *": self.ending in (ANY, *Ending),
            "jurisdiction is like US, US-CA or *": self.jurisdiction == ANY
            or PLACE.fullmatch(self.jurisdiction) is not None,
            f"law has 1 to {TEXT_CHARS_MAX} characters": 0 < len(self.law) <= TEXT_CHARS_MAX,
        }
        if broken := [what for what, kept in whole.items() if not kept]:
            raise ValueError("; ".join(broken))

    def fits(self, record_class: str, jurisdiction: str, ending: str) -> bool:
        """Whether the rule is for such a record; a country's rule is for its parts too."""
        places = (ANY, jurisdiction, jurisdiction.partition("-")[0])
        return (
            self.record_class in (ANY, record_class)
            and self.ending in (ANY, ending)
            and self.jurisdiction in places
        )

    @property
    def members(self) -> dict[str, str | int | None]:
        """The rule as it stands in a file."""
        return {
            "class": self.record_class,
            "jurisdiction": self.jurisdiction,
            "ending": self.ending,
            "keep_months": self.keep_months,
            "erase_after_months": self.erase_after_months,
            "law": self.law,
        }


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rules in the order in which they are tried; the last one fits everything."""

    rules: tuple[Rule, ...]

    def rule(self, record_class: str, jurisdiction: str, ending: str) -> Rule:
        """The rule for such a record.

        One whose place no rule could name ("usa", or none at all) is kept as long as at the place
        that keeps longest: a period is not over because somebody spelled a country otherwise.
        """
        if PLACE.fullmatch(jurisdiction) is None:
            return _longest(self, record_class, ending)
        return next(rule for rule in self.rules if rule.fits(record_class, jurisdiction, ending))

    @property
    def text(self) -> bytes:
        """The schedule in its one spelling."""
        return canonical({"rules": [rule.members for rule in self.rules]})

    @property
    def sha256(self) -> str:
        """Names exactly this schedule."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def shortest(self) -> int | None:
        """Months after which the first record of any sort is due; None when none ever is."""
        limits = [r.erase_after_months for r in self.rules if r.erase_after_months is not None]
        return min(limits, default=None)


@lru_cache(maxsize=64)
def _longest(schedule: Schedule, record_class: str, ending: str) -> Rule:
    """The longest periods that any place has for such a record, and the law of the least one."""
    places = sorted({rule.jurisdiction for rule in schedule.rules})
    found = [
        next(rule for rule in schedule.rules if rule.fits(record_class, place, ending))
        for place in places
    ]
    longest = max(found, key=lambda rule: rule.keep_months)
    if len(places) == 1:
        return longest
    limits = [rule.erase_after_months for rule in found if rule.erase_after_months is not None]
    latest = max(limits) if len(limits) == len(found) else None
    law = f"{UNPLACED}{longest.law}"[:TEXT_CHARS_MAX]
    return replace(longest, erase_after_months=latest, law=law)


def read_schedule(text: bytes) -> Schedule:
    """A schedule from the bytes of a file. Raises ``ScheduleInvalid``."""
    try:
        found = parse_strict(text, max_bytes=FILE_BYTES_MAX)
    except NotCanonical as unreadable:
        raise ScheduleInvalid(problem=unreadable.problem) from None
    rules = found.get("rules") if isinstance(found, dict) else None
    if not isinstance(rules, list) or not 0 < len(rules) <= RULES_MAX or len(found) != 1:
        raise ScheduleInvalid(problem='it is an object with 1 to 500 "rules" and nothing else')
    schedule = Schedule(tuple(_rule(number, rule) for number, rule in enumerate(rules, 1)))
    last = schedule.rules[-1]
    if (last.record_class, last.jurisdiction, last.ending) != (ANY, ANY, ANY):
        raise ScheduleInvalid(problem="the last rule is for every record: *, * and *")
    return schedule


def _rule(number: int, members: Any) -> Rule:
    """One rule from its members."""
    if not isinstance(members, dict) or members.keys() != _MEMBERS:
        raise ScheduleInvalid(
            problem=f"rule {number} has the members {', '.join(sorted(_MEMBERS))}"
        )
    counts = (members["keep_months"], members["erase_after_months"])
    texts = (members["class"], members["jurisdiction"], members["ending"], members["law"])
    if type(counts[0]) is not int or not (counts[1] is None or type(counts[1]) is int):
        raise ScheduleInvalid(problem=f"rule {number} counts in whole months")
    if not all(isinstance(text, str) for text in texts):
        raise ScheduleInvalid(problem=f"rule {number} has a text that is none")
    try:
        return Rule(
            record_class=members["class"],
            jurisdiction=members["jurisdiction"],
            ending=members["ending"],
            keep_months=counts[0],
            erase_after_months=counts[1],
            law=members["law"],
        )
    except ValueError as wrong:
        raise ScheduleInvalid(problem=f"rule {number}: {wrong}") from None


def after_months(at: datetime, months: int) -> datetime:
    """The same day so many months later, or that month's last day where it has no such day."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    day = min(at.day, calendar.monthrange(year, month)[1])
    return at.replace(year=year, month=month, day=day)


def _every_class(
    jurisdiction: str, keep: int, erase_after: int, law: str, ending: str = ANY
) -> Rule:
    """A rule for all classes of records."""
    return Rule(
        record_class=ANY,
        jurisdiction=jurisdiction,
        ending=ending,
        keep_months=keep,
        erase_after_months=erase_after,
        law=law,
    )


# What holds until a lender writes its own. Seven years is this product's judgement, not a law.
DEFAULT_SCHEDULE = Schedule(
    (
        _every_class("US", 25, 84, "12 CFR 1002.12(b): 25 months after notice of the action taken"),
        _every_class("IN", 12, 84, "DPDP Rules 2025, rule 8(3): one year"),
        _every_class(ANY, 0, 84, "no statutory period is on file for this jurisdiction"),
    )
)


_ENDINGS: Mapping[str, Ending] = {
    "withdrawn": Ending.WITHDRAWN,
    "closed_incomplete": Ending.INCOMPLETE,
    "expired": Ending.EXPIRED,
}


def ending_of(status: str, final: str | None) -> Ending | None:
    """How a case of this state ended; None while it is open."""
    if status == "decided":
        return Ending.APPROVED if final == "approve" else Ending.DECLINED
    return _ENDINGS.get(status)
