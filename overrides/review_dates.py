"""On which day an override is looked at again, and what was found then.

A justification code may ask for a day (``Justification.review_days``), and whoever overrides may
name one with any code. It holds while the decision that stands rests on the override, until
somebody writes down what they found. An entry about it changes nothing of the case.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from overrides.acts import act_draft
from overrides.authority import check_role
from overrides.cases import Case
from overrides.event_kinds import REVIEW_DATE_KINDS
from overrides.forms import check_note, note_slots
from overrides.journal import Decided, Draft, Event
from overrides.passing_on import LEADING_ROLES
from overrides.review_date_errors import NoReviewDate, ReviewDay
from overrides.values import DECIDING_ROLES, Actor, Justification, NewId

DAYS_MAX = 366  # ahead, where a code names no number of days
NOTE_CHARS_MIN = 10
SET, CLOSED = REVIEW_DATE_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDate:
    """The day on which an override is looked at again; ``closed_by`` is "" until somebody did."""

    case_ref: str
    of: str  # entry of the override
    code: str
    on: date
    by: str
    closed_by: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReviewDates:
    """Every review date, by the entry of its override."""

    known: Mapping[str, ReviewDate] = field(default_factory=dict)

    def after(self, events: Iterable[Event]) -> "ReviewDates":
        """The same with later entries taken in; entries of other kinds change nothing."""
        found = dict(self.known)
        for event in events:
            of = event.data.get("of", "")
            if event.type == SET:
                found[of] = ReviewDate(
                    case_ref=str(event.case),
                    of=of,
                    code=event.data["code"],
                    on=date.fromisoformat(event.data["on"]),
                    by=event.actor,
                )
            elif event.type == CLOSED and of in found:
                at = event.recorded_at
                found[of] = replace(found[of], closed_by=event.actor, closed_at=at)
        return ReviewDates(found)

    def of_case(self, case_ref: str, rests_on: Iterable[str]) -> ReviewDate | None:
        """The date of the override that a decision rests on; None where it has none."""
        dates = (self.known.get(of) for of in rests_on)
        return next((one for one in dates if one and one.case_ref == case_ref), None)

    def due(self, last: date) -> tuple[ReviewDate, ...]:
        """Those that nobody closed and whose day comes by ``last``, the earliest first."""
        waiting = (one for one in self.known.values() if not one.closed_by and one.on <= last)
        return tuple(sorted(waiting, key=lambda one: (one.on, one.case_ref)))


def check_review_day(code: Justification, on: date | None, today: date) -> None:
    """Raise ``ReviewDay`` where the code asks for a day and has none, or for a day out of range."""
    if on is None and not code.review_days:
        return
    last = today + timedelta(days=code.review_days or DAYS_MAX)
    if on is None or not today < on <= last:
        first = today + timedelta(days=1)
        raise ReviewDay(code.code, first.isoformat(), last.isoformat())


def review_date_drafts(
    case: Case, actor: Actor, of: Draft, code: str, on: date | None, new_id: NewId
) -> tuple[Draft, ...]:
    """The entry that an override is to be looked at again; none without a day."""
    if on is None:
        return ()
    data = {"of": of.event_id, "code": code, "on": on.isoformat()}
    return (act_draft(case, actor, new_id(), "review_date_set", data, cause=(of.event_id,)),)


def decide_closing(
    case: Case, actor: Actor, found: ReviewDate | None, note: str, new_id: NewId
) -> Decided:
    """Write down what was found when the override was looked at again, on its day or before.

    ``found`` is the date that holds. Raises ``NoReviewDate`` where there is none, or somebody
    closed it already; ``NoAuthority`` and ``NoteTooShort``.
    """
    check_role(actor, DECIDING_ROLES | LEADING_ROLES)
    if found is None or found.closed_by:
        raise NoReviewDate(case.case_ref)
    check_note(note, NOTE_CHARS_MIN)
    slots = note_slots(case.subject, note)
    data = {"of": found.of}
    draft = act_draft(case, actor, new_id(), "review_date_closed", data, slots, cause=(found.of,))
    return Decided((draft,), {"case_id": case.case_ref, "event_id": draft.event_id})
