"""Reviewing the shared numbers of a bundle: deciders of entries.

The numbers of a month are laid before the owners once, when it is over, as they stood at its end.
Each of the four signs once, by a person of their own, the numbers they have read. Whoever is given
an action closes it. A word on a promise can be changed until all four agree.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from overrides.authority import check_role
from overrides.board_reviews import CostKind, Reviews, Word, is_month, month_end
from overrides.forms import check_note
from overrides.instants import instant_text
from overrides.journal import Draft, Json, Slot
from overrides.review_errors import (
    ActionNotYours,
    ActionUnknown,
    CostNotPossible,
    DayNotPossible,
    MonthNotOver,
    MonthOpenAlready,
    MonthSigned,
    OtherReview,
    PromiseNotDue,
    PromiseSettled,
)
from overrides.signing_off import NOTE_PARTY, TITLES, note_slots
from overrides.values import Actor, NewId, Role
from overrides.version_record import OWNERS

NOTE_CHARS_MIN = 10
ACTION_DAYS_MAX = 366
EXTENDED_DAYS_MAX = 366
AMOUNT_MINOR_MAX = 10**15
OWNING = frozenset(OWNERS)
OWN_NAME = "Your own name"
NO_MONTH = "name the month as 2026-11"
MONTH_AHEAD = "that month has not begun"
NO_AMOUNT = "the amount is negative or too large"
NO_CURRENCY = "the currency is three capital letters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who acts on which bundle, when, and on what was recorded of it before."""

    actor: Actor
    bundle: str
    sha256: str  # of the version in force
    known: Reviews
    now: datetime
    new_id: NewId


def decide_month(by: Reviewer, month: str, numbers: Json, figures: int) -> Draft:
    """Lay the numbers of a month before the owners: ``figures`` is how many there are.

    Raises ``NoAuthority``, ``MonthNotOver`` and ``MonthOpenAlready``.
    """
    check_role(by.actor, OWNING)
    if not is_month(month) or by.now < month_end(month):
        raise MonthNotOver(month)
    if by.known.month(by.bundle, month) is not None:
        raise MonthOpenAlready(month)
    data: dict[str, Json] = {
        "month": month,
        "sha256": by.sha256,
        "as_of": instant_text(month_end(month)),
        "figures": figures,
    }
    return _draft("month_reviewed", by, data, Slot("record", NOTE_PARTY, numbers))


def decide_signature(by: Reviewer, month: str, seen: str, note: str = "") -> Draft:
    """Sign the numbers ``seen`` for one's own office.

    Raises ``NoAuthority``, ``OtherReview`` and ``MonthSigned``.
    """
    check_role(by.actor, OWNING)
    review = by.known.month(by.bundle, month)
    if review is None or review.event_id != seen:
        raise OtherReview(month)
    for one in review.signatures:
        if one.by == by.actor.ref:
            raise MonthSigned(month, OWN_NAME)
        if one.owner is by.actor.role:
            raise MonthSigned(month, f"Somebody for {TITLES[one.owner]}")
    data: dict[str, Json] = {"month": month, "owner": by.actor.role.value, "of": seen}
    return _draft("month_signed", by, data, *note_slots(note))


def decide_action(by: Reviewer, month: str, owner: Role, due: date, text: str) -> Draft:
    """Give an owner something to do until a day.

    Raises ``NoAuthority``, ``OtherReview`` where the month was never reviewed, ``DayNotPossible``
    and ``NoteTooShort``.
    """
    check_role(by.actor, OWNING)
    review = by.known.month(by.bundle, month)
    if review is None or owner not in OWNING:
        raise OtherReview(month)
    _check_day(due, by.now.date(), ACTION_DAYS_MAX)
    check_note(text, NOTE_CHARS_MIN)
    data: dict[str, Json] = {
        "month": month,
        "owner": owner.value,
        "of": review.event_id,
        "due": due.isoformat(),
    }
    return _draft("action_opened", by, data, *note_slots(text))


def decide_closing(by: Reviewer, action: str, note: str, *, done: bool) -> Draft:
    """Close an action as done, or as dropped, and say what was done or why not.

    Raises ``NoAuthority``, ``ActionUnknown``, ``ActionNotYours`` and ``NoteTooShort``.
    """
    check_role(by.actor, OWNING)
    found = by.known.actions.get(action)
    if found is None or found.bundle != by.bundle or found.closed is not None:
        raise ActionUnknown
    if found.owner is not by.actor.role:
        raise ActionNotYours(TITLES[found.owner])
    check_note(note, NOTE_CHARS_MIN)
    data: dict[str, Json] = {"of": action, "owner": by.actor.role.value, "done": done}
    return _draft("action_closed", by, data, *note_slots(note))


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A number that the version in force promised, the day it did so for, and how it stands."""

    kpi: str
    day: date
    standing: str  # as the board words it: met, not met, not yet


def decide_judgement(
    by: Reviewer, of: Promised, says: Word, until: date | None, note: str = ""
) -> Draft:
    """Say what is to become of it; ``until`` goes with extending, and with nothing else.

    Raises ``NoAuthority``, ``PromiseNotDue``, ``PromiseSettled`` and ``DayNotPossible``.
    """
    check_role(by.actor, OWNING)
    promise = by.known.promise(by.bundle, by.sha256, of.kpi)
    due, today = promise.round_due(of.day), by.now.date()
    agreed = promise.agreed(due)
    if agreed is not None:
        raise PromiseSettled(of.kpi, agreed.says.value)
    if today < due:
        raise PromiseNotDue(of.kpi, due.isoformat())
    if says is Word.EXTEND:
        _check_day(until, today + timedelta(days=1), EXTENDED_DAYS_MAX)
    data: dict[str, Json] = {
        "sha256": by.sha256,
        "kpi": of.kpi,
        "owner": by.actor.role.value,
        "due": due.isoformat(),
        "standing": of.standing,
        "says": says.value,
        "until": until.isoformat() if until and says is Word.EXTEND else "",
    }
    return _draft("promise_judged", by, data, *note_slots(note))


def decide_cost(
    by: Reviewer, month: str, kind: CostKind, amount_minor: int, currency: str, note: str = ""
) -> Draft:
    """Enter what a month cost, in the currency's smallest unit; a later entry takes its place.

    Raises ``NoAuthority`` and ``CostNotPossible``.
    """
    check_role(by.actor, OWNING)
    if not is_month(month):
        raise CostNotPossible(NO_MONTH)
    if month > f"{by.now:%Y-%m}":
        raise CostNotPossible(MONTH_AHEAD)
    if not 0 <= amount_minor <= AMOUNT_MINOR_MAX:
        raise CostNotPossible(NO_AMOUNT)
    if not (len(currency) == len("EUR") and currency.isascii() and currency.isupper()):
        raise CostNotPossible(NO_CURRENCY)
    data: dict[str, Json] = {
        "month": month,
        "cost": kind.value,
        "amount_minor": amount_minor,
        "currency": currency,
    }
    return _draft("cost_entered", by, data, *note_slots(note))


def _check_day(day: date | None, first: date, days_max: int) -> None:
    """Refuse a day that is missing, past, or too far ahead."""
    last = first + timedelta(days=days_max)
    if day is None or not first <= day <= last:
        raise DayNotPossible(first.isoformat(), last.isoformat())


def _draft(kind: str, by: Reviewer, data: dict[str, Json], *slots: Slot) -> Draft:
    """An entry on the bundle."""
    return Draft(
        event_id=by.new_id(),
        type=kind,
        actor=by.actor.ref,
        role=by.actor.role.value,
        data={"name": by.bundle, **data},
        slots=slots,
    )
