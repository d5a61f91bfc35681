"""A person's own view of a case, recorded before they see what the model makes of it.

It decides nothing. What the same person decides afterwards is an act of its own, so the record
keeps both, and how far somebody moved can be told.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from overrides.acts import NameOf, act_draft, check_turn, unnamed
from overrides.cases import OPEN_STATES, Act, Case
from overrides.errors import CaseClosed
from overrides.forms import note_slots
from overrides.journal import Decided
from overrides.oversight_errors import FirstViewNotAsked
from overrides.values import Actor, NewId, Recommendation

FIRST_VIEW = "first_view_recorded"
SEEN = frozenset({FIRST_VIEW, "reasons_shown"})  # whoever did one of these on a case is not blind
CONFIDENCE_MAX = 5


class View(StrEnum):
    """What somebody would do."""

    APPROVE = "approve"
    DECLINE = "decline"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstView:
    """``confidence`` is from 1, a guess, to 5, certain; the note is kept encrypted."""

    view: View
    confidence: int
    note: str = ""

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for a confidence out of range."""
        if not 1 <= self.confidence <= CONFIDENCE_MAX:
            msg = f"confidence is from 1 to {CONFIDENCE_MAX}, not {self.confidence}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedView:
    """A first view as it was recorded; ``advice`` is what was hidden from the person then."""

    case_ref: str
    person: str
    view: View
    advice: Recommendation


def decide_first_view(
    case: Case,
    actor: Actor,
    form: FirstView,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
    *,
    asked: bool,
) -> Decided:
    """Record it. ``asked`` says whether the case was drawn and this person has not seen its score.

    Raises ``FirstViewNotAsked``, and what every act by a deciding person raises.
    """
    if case.status not in OPEN_STATES:
        raise CaseClosed(case.case_ref, case.status_words)
    check_turn(case, actor, Act.SHOW, now, name_of)
    if not asked:
        raise FirstViewNotAsked(case.case_ref)
    data = {
        "decision_id": case.decision_id,
        "view": form.view.value,
        "confidence": form.confidence,
    }
    slots = note_slots(case.subject, form.note)
    draft = act_draft(case, actor, new_id(), "first_view_recorded", data, slots)
    return Decided((draft,), {"case_id": case.case_ref, "event_id": draft.event_id})
