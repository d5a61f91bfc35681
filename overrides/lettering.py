"""What may be done with a letter, decided purely: drafted, checked, issued, sent, returned.

A letter that went out is never changed. Another one is drafted, which says what it replaces and
why. What the letter says is worked out before; here it is a text that lies in an encrypted part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from overrides.acts import act_draft, case_of
from overrides.authority import check_role
from overrides.errors import SamePerson
from overrides.forms import note_slots
from overrides.instants import instant_text
from overrides.journal import Decided, Json, Slot, State
from overrides.letter_errors import (
    LetterMoved,
    LetterNotIssued,
    NoLetterDue,
    NothingToState,
    ReissueUnexplained,
)
from overrides.letter_rows import BEFORE_ISSUE, LetterRow, LetterState
from overrides.letters import Hold
from overrides.taking_back import undo_until
from overrides.values import APPROVING_ROLES, DECIDING_ROLES, Actor, NewId, Role

WRITERS = DECIDING_ROLES | {Role.TEAM_LEAD}
CHECKERS = APPROVING_ROLES | {Role.TEAM_LEAD}
REPLACED = "another one"
UNDO_FIRST = "the decision can still be undone for a minute, so wait until then"
CHECK_FIRST = "a person has to check it first:"
CHANNELS = ("post", "email", "portal", "by_hand")
RETURN_REASONS = ("address_unknown", "refused", "undelivered", "other")
REISSUE_REASONS = ("returned", "wrong_language", "wrong_text", "asked_again", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A letter that was worked out, before it is recorded."""

    called_by: str
    kind: str
    locale: str
    template: str
    pack: str
    source: str
    concepts: tuple[str, ...]
    holds: tuple[str, ...]
    due_at: datetime
    content: Mapping[str, Json] = field(default_factory=dict)
    reason: str = ""  # why another letter is drafted after one went out
    until: datetime | None = None  # how long it says that the applicant has to answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step of a letter, with what it asks for."""

    letter_id: str
    to: LetterState
    note: str = ""
    channel: str = ""  # how it was sent
    on: str = ""  # the day it went out or came back, as 2026-11-23
    reason: str = ""  # why it came back


FROM: Mapping[LetterState, frozenset[LetterState]] = {
    LetterState.CHECKED: frozenset({LetterState.DRAFTED}),
    LetterState.ISSUED: frozenset({LetterState.DRAFTED, LetterState.CHECKED}),
    LetterState.SENT: frozenset({LetterState.ISSUED}),
    LetterState.RETURNED: frozenset({LetterState.SENT}),
}
"""From which states a letter comes into a state."""


def letter_of_case(state: State, case_ref: str) -> LetterRow:
    """The letter of a case; raises ``UnknownCase`` or ``NoLetterDue``."""
    case_of(state, case_ref)
    row = state.letter(case_ref)
    if row is None:
        raise NoLetterDue(case_ref)
    return row


def decide_draft(
    state: State, case_ref: str, actor: Actor, drafted: Drafted, new_id: NewId
) -> Decided:
    """Record a letter that was worked out from the acts up to ``called_by``.

    Raises ``NoLetterDue``, ``LetterMoved`` when another act calls for a letter by now,
    ``NothingToState`` and ``ReissueUnexplained``.
    """
    check_role(actor, WRITERS)
    row, case = letter_of_case(state, case_ref), case_of(state, case_ref)
    if row.called_by != drafted.called_by:
        raise LetterMoved(REPLACED)
    if Hold.NO_REASONS in drafted.holds:
        raise NothingToState(case_ref)
    gone_out = row.letter_id if row.state not in BEFORE_ISSUE else row.replaces
    if gone_out and drafted.reason not in REISSUE_REASONS:
        raise ReissueUnexplained
    data = {
        "kind": drafted.kind,
        "locale": drafted.locale,
        "template": drafted.template,
        "pack": drafted.pack,
        "source": drafted.source,
        "concepts": list(drafted.concepts),
        "holds": list(drafted.holds),
        "due_at": instant_text(drafted.due_at),
        **({"until": instant_text(drafted.until)} if drafted.until else {}),
        **({"replaces": gone_out, "reason": drafted.reason} if gone_out else {}),
    }
    slots = (Slot("shown", case.subject, drafted.content),)
    cause = (drafted.called_by,)
    draft = act_draft(case, actor, new_id(), "letter_drafted", data, slots, cause=cause)
    return Decided((draft,), {"letter_id": draft.event_id, "holds": list(drafted.holds)})


def decide_move(
    state: State,
    case_ref: str,
    actor: Actor,
    move: Move,
    new_id: NewId,
    *,
    second_person: bool = False,
) -> Decided:
    """Take a letter one step on. ``second_person``: every letter is checked by another person.

    Raises ``LetterMoved``, ``SamePerson`` and ``LetterNotIssued``. That an issued letter says
    what the record says is looked at by whoever calls this, before.
    """
    check_role(actor, CHECKERS if move.to is LetterState.CHECKED else WRITERS)
    row, case = letter_of_case(state, case_ref), case_of(state, case_ref)
    if row.letter_id != move.letter_id or row.state not in FROM[move.to]:
        raise LetterMoved(row.state.value)
    needs_check = second_person or bool(row.holds)
    if move.to is LetterState.CHECKED and needs_check and row.drafter == actor.ref:
        raise SamePerson
    if move.to is LetterState.ISSUED and row.state is LetterState.DRAFTED and needs_check:
        why = f"{CHECK_FIRST} {held_words(row.holds)}"
        raise LetterNotIssued(why)
    until = undo_until(case) if move.to is LetterState.ISSUED else None
    if until is not None and state.now < until:
        raise LetterNotIssued(UNDO_FIRST)
    told = {name: getattr(move, name) for name in ("channel", "on", "reason")}
    data = {
        "of": row.letter_id,
        "to": move.to.value,
        **{name: value for name, value in told.items() if value},
    }
    slots = note_slots(case.subject, move.note)
    cause = (row.letter_id,)
    draft = act_draft(case, actor, new_id(), "letter_moved", data, slots, cause=cause)
    return Decided((draft,), {"letter_id": row.letter_id, "state": move.to.value})


HELD_WORDS: Mapping[str, str] = {
    Hold.NO_REASONS: "there is no reason that may be stated",
    Hold.UNEXPECTED: "it states a scored factor that runs against what is usual",
    Hold.LEFT_OUT: "further reasons were named than a letter states",
    Hold.LANGUAGE: "no native speaker has reviewed this language",
    Hold.UNTRANSLATED: "its reasons are in English, because there are none in its language",
    Hold.LENDER: "the lender's own details are missing",
    Hold.HARD: "it is harder to read than letters should be",
}


def held_words(holds: Sequence[str]) -> str:
    """Why a letter is held, in one sentence; that the rules ask for it where nothing else does."""
    found = [HELD_WORDS.get(hold, hold) for hold in holds]
    return "; ".join(found) if found else "another person checks every letter here"
