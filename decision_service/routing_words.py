"""What another routing would have meant for the desk, in words and as JSON."""

from collections.abc import Mapping
from typing import Any

from decision_service.board import NOT_ENOUGH, interval_words
from decision_service.policy import ROUTING_TEXTS
from decision_service.routing_preview import DAYS, Preview
from overrides.analysis.workload import Workload
from overrides.metrics import RELIABLE_CASES_MIN

HEADING = ("Why a case comes to a person", "As it was", "With this version")
MINUTES = 60
CAVEATS = (
    "A case may come for several reasons. What only chance sends to people counts by that chance.",
    "Hours are for how long officers had the case's page open before they sent it, as recorded.",
    "A second person's time, letters and telephone calls are not in them.",
)


def lines_of(found: Preview) -> tuple[str, ...]:
    """What stands above the table; of too few cases nothing that could tell of one of them."""
    work = found.work
    if work.cases < RELIABLE_CASES_MIN:
        least = f"{RELIABLE_CASES_MIN} cases in {DAYS} days are needed"
        return (f"{NOT_ENOUGH}: {least}, {work.cases:,} could be scored again.",)
    days = f"{work.days:,.0f} days" if work.days >= 1 else "less than a day"
    counted = (
        f"Of {work.cases:,} cases of {found.of} in {days}, {work.before:,.1f} were to come to"
        f" people and {work.after:,.1f} would have been with {found.name} {found.version}."
    )
    left = (
        f"Not looked at: {found.erased:,} erased, {found.lacking:,} it cannot score,"
        f" {found.unscored:,} that had no score."
    )
    latest = () if found.whole else ("Only the latest cases of the past 90 days were looked at.",)
    return (counted, _moved(work), *_a_day(work), left, *latest, *CAVEATS)


def table_of(found: Preview) -> tuple[tuple[str, ...], ...]:
    """A row for each reason that sends a case to a person, before and after."""
    rows = (
        (ROUTING_TEXTS[code], f"{was:,}", f"{would:,}")
        for code, was, would in found.work.codes
        if (was or would) and found.work.cases >= RELIABLE_CASES_MIN
    )
    return (HEADING, *rows)


def json_of(found: Preview) -> Mapping[str, Any]:
    """The same as JSON."""
    work, hours = found.work, found.work.hours_a_day
    return {
        "name": found.name,
        "version": found.version,
        "sha256": found.sha256,
        "of": found.of,
        "days": work.days,
        "cases": work.cases,
        "to_people_before": work.before,
        "to_people_after": work.after,
        "come_newly": work.gained,
        "come_no_more": work.lost,
        "extra_cases_a_day": work.cases_a_day,
        "extra_hours_a_day": hours and hours[0],
        "extra_hours_a_day_95": hours and hours[1],
        "reading_times": work.handling.of,
        "not_looked_at": {
            "erased": found.erased,
            "lacking": found.lacking,
            "unscored": found.unscored,
        },
        "all_cases": found.whole,
        "codes": [{"code": code, "before": was, "after": would} for code, was, would in work.codes],
    }


def _moved(work: Workload) -> str:
    """How many cases would change sides."""
    if not work.gained and not work.lost:
        return "The same cases would have come to a person for certain."
    return (
        f"{work.gained:,} that policy could decide would always have come to a person, and"
        f" {work.lost:,} that always did would not."
    )


def _a_day(work: Workload) -> tuple[str, ...]:
    """Cases and hours a day, each as far as it is known."""
    cases, hours, each = work.cases_a_day, work.hours_a_day, work.handling
    if cases is None:
        return ()
    said = f"That is {_signed(cases)} cases a day."
    if hours is None:
        return (said, f"Officer-hours a day: {NOT_ENOUGH.lower()}, {each.of:,} reading times.")
    ends = interval_words(hours[1], "{:+.2f}")
    mean = (each.hours or 0.0) * MINUTES
    spent = f"At {mean:,.1f} minutes a case, the mean of {each.of:,} reading times,"
    return (said, f"{spent} that is {_signed(hours[0], 2)} officer-hours a day (95 %: {ends}).")


def _signed(number: float, digits: int = 1) -> str:
    """More or fewer."""
    size = f"{abs(number):,.{digits}f}"
    if not float(size.replace(",", "")):
        return f"no more and no fewer ({size})"
    return f"{size} {'more' if number > 0 else 'fewer'}"
