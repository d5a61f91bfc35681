"""The owners review a month once it is over; each signs once; a promise is judged by all four."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from overrides.board_reviews import CostKind, Reviews, Word, is_month, month_end
from overrides.errors import NoAuthority, NoteTooShort
from overrides.journal import Draft, Event
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
from overrides.reviewing import (
    Promised,
    Reviewer,
    decide_action,
    decide_closing,
    decide_cost,
    decide_judgement,
    decide_month,
    decide_signature,
)
from overrides.values import Actor, Role
from overrides.version_record import OWNERS

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = NOON.date()
NAME, SHA, OCTOBER = "german-credit", "5" * 64, "2026-10"
PEOPLE = {role: Actor(role.value, role.value, role) for role in OWNERS}
RISK, KOFI = PEOPLE[Role.RISK], PEOPLE[Role.COMPLIANCE]
MINA = Actor("mina", "Mina", Role.DATA_SCIENTIST)
DUE = Promised(kpi="turnaround", day=TODAY, standing="Not met")


class Room:
    """Decides on what was decided before, as the ledger would have it."""

    def __init__(self) -> None:
        self.known = Reviews()
        self.ids = count()
        self.now = NOON

    def by(self, actor: Actor) -> Reviewer:
        """Somebody who acts now."""
        return Reviewer(
            actor=actor,
            bundle=NAME,
            sha256=SHA,
            known=self.known,
            now=self.now,
            new_id=lambda: f"e{next(self.ids)}",
        )

    def take(self, draft: Draft) -> str:
        """Record a draft; its id."""
        event = Event(
            log="l",
            seq=next(self.ids),
            event_id=draft.event_id,
            recorded_at=self.now,
            type=draft.type,
            actor=draft.actor,
            role=draft.role,
            data=dict(draft.data),
        )
        self.known = self.known.after([event])
        return draft.event_id

    def opened(self) -> str:
        """October, before the owners."""
        return self.take(decide_month(self.by(RISK), OCTOBER, {"rows": []}, 21))

    def says(self, actor: Actor, word: Word, until: date | None = None) -> None:
        """One owner's word."""
        self.take(decide_judgement(self.by(actor), DUE, word, until))


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_month_is_reviewed_once_and_when_it_is_over(room: Room) -> None:
    with pytest.raises(MonthNotOver):
        decide_month(room.by(RISK), "2026-11", {}, 1)
    with pytest.raises(MonthNotOver):
        decide_month(room.by(RISK), "2026-13", {}, 1)
    with pytest.raises(NoAuthority):
        decide_month(room.by(MINA), OCTOBER, {}, 1)
    room.now = month_end("2026-11")
    decide_month(room.by(RISK), "2026-11", {}, 1)
    room.opened()
    with pytest.raises(MonthOpenAlready):
        decide_month(room.by(KOFI), OCTOBER, {}, 1)


def test_each_owner_signs_once_by_a_person_of_their_own(room: Room) -> None:
    with pytest.raises(OtherReview):
        decide_signature(room.by(RISK), OCTOBER, "e0")
    seen = room.opened()
    with pytest.raises(OtherReview):
        decide_signature(room.by(RISK), OCTOBER, "another")
    room.take(decide_signature(room.by(RISK), OCTOBER, seen))
    with pytest.raises(MonthSigned, match="Your own name"):
        decide_signature(room.by(RISK), OCTOBER, seen)
    with pytest.raises(MonthSigned, match="Somebody for risk"):
        decide_signature(room.by(Actor("petra", "Petra", Role.RISK)), OCTOBER, seen)
    with pytest.raises(NoAuthority):
        decide_signature(room.by(MINA), OCTOBER, seen)
    for role in OWNERS:
        review = room.known.month(NAME, OCTOBER)
        assert review is not None
        assert not review.complete
        if role is not Role.RISK:
            room.take(decide_signature(room.by(PEOPLE[role]), OCTOBER, seen))
    review = room.known.month(NAME, OCTOBER)
    assert review is not None
    assert review.complete


def test_an_action_is_closed_by_whom_it_was_given_to_and_counts_as_late_till_then(
    room: Room,
) -> None:
    due = TODAY + timedelta(days=7)
    with pytest.raises(OtherReview):
        decide_action(room.by(RISK), OCTOBER, Role.COMPLIANCE, due, "Shorten the list of codes.")
    room.opened()
    with pytest.raises(DayNotPossible):
        decide_action(room.by(RISK), OCTOBER, Role.COMPLIANCE, TODAY - timedelta(days=1), "x" * 20)
    with pytest.raises(NoteTooShort):
        decide_action(room.by(RISK), OCTOBER, Role.COMPLIANCE, due, "short")
    given = room.take(
        decide_action(room.by(RISK), OCTOBER, Role.COMPLIANCE, due, "Shorten the list of codes.")
    )
    (action,) = room.known.actions_of(NAME)
    assert (action.overdue(due), action.overdue(due + timedelta(days=1))) == (False, True)
    with pytest.raises(ActionNotYours, match="compliance"):
        decide_closing(room.by(RISK), given, "The list has nine codes.", done=True)
    with pytest.raises(NoteTooShort):
        decide_closing(room.by(KOFI), given, "", done=True)
    room.take(decide_closing(room.by(KOFI), given, "The list has nine codes.", done=True))
    (action,) = room.known.actions_of(NAME)
    assert (action.done, action.overdue(date.max)) == (True, False)
    with pytest.raises(ActionUnknown):
        decide_closing(room.by(KOFI), given, "The list has nine codes.", done=True)


def test_a_promise_is_judged_from_its_day_on_and_agreed_by_all_four(room: Room) -> None:
    ahead = Promised(kpi="turnaround", day=TODAY + timedelta(days=1), standing="Not yet")
    with pytest.raises(PromiseNotDue):
        decide_judgement(room.by(RISK), ahead, Word.SCALE, None)
    for role in OWNERS:
        room.says(PEOPLE[role], Word.SCALE)
    with pytest.raises(PromiseSettled, match="scale"):
        room.says(RISK, Word.STOP)
    promise = room.known.promise(NAME, SHA, "turnaround")
    assert promise.round_due(TODAY) == TODAY
    assert room.known.promise(NAME, "6" * 64, "turnaround").agreed(TODAY) is None


def test_words_that_differ_agree_on_nothing_until_they_are_changed(room: Room) -> None:
    later = TODAY + timedelta(days=90)
    for role in OWNERS[:3]:
        room.says(PEOPLE[role], Word.EXTEND, later)
    room.says(PEOPLE[OWNERS[3]], Word.EXTEND, later + timedelta(days=1))
    promise = room.known.promise(NAME, SHA, "turnaround")
    assert promise.agreed(TODAY) is None
    room.says(PEOPLE[OWNERS[3]], Word.EXTEND, later)
    promise = room.known.promise(NAME, SHA, "turnaround")
    agreed = promise.agreed(TODAY)
    assert agreed is not None
    assert (agreed.says, agreed.until, promise.round_due(TODAY)) == (Word.EXTEND, later, later)
    with pytest.raises(PromiseNotDue):
        room.says(RISK, Word.STOP)
    room.now = NOON + timedelta(days=90)
    room.says(RISK, Word.STOP)


@pytest.mark.parametrize("until", [None, TODAY, TODAY + timedelta(days=400)])
def test_an_extension_names_a_day_ahead(room: Room, until: date | None) -> None:
    with pytest.raises(DayNotPossible):
        room.says(RISK, Word.EXTEND, until)


def test_a_later_cost_takes_the_place_of_an_earlier_one_and_says_so(room: Room) -> None:
    room.take(decide_cost(room.by(RISK), OCTOBER, CostKind.RETRAINING, 120_000, "EUR"))
    room.take(decide_cost(room.by(KOFI), OCTOBER, CostKind.RETRAINING, 110_000, "EUR"))
    room.take(decide_cost(room.by(KOFI), "2026-11", CostKind.MAINTENANCE, 0, "EUR"))
    newest, cost = room.known.costs_of(NAME)
    assert (newest.month, newest.corrected) == ("2026-11", False)
    assert (cost.amount_minor, cost.by, cost.corrected) == (110_000, KOFI.ref, True)


@pytest.mark.parametrize(
    ("month", "minor", "currency"),
    [("2026-12", 1, "EUR"), ("October", 1, "EUR"), (OCTOBER, -1, "EUR"), (OCTOBER, 1, "eur")],
)
def test_a_cost_that_cannot_be_is_refused(
    room: Room, month: str, minor: int, currency: str
) -> None:
    with pytest.raises(CostNotPossible):
        decide_cost(room.by(RISK), month, CostKind.MAINTENANCE, minor, currency)


def test_months_are_told_from_other_texts() -> None:
    assert [is_month(text) for text in ("2026-10", "2026-00", "2026-1", "2026-10 ")] == [
        True,
        False,
        False,
        False,
    ]
    assert month_end("2026-12") == datetime(2027, 1, 1, tzinfo=UTC)
