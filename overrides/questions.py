"""Asking about a score without deciding anything: a reason that surprises, other values tried.

Both are entries of the case, so that it can be counted which reasons surprise people, and read what
somebody tried before they decided. Neither changes the case or makes a page stale.
"""

from collections.abc import Collection, Mapping

from overrides.acts import act_draft
from overrides.authority import check_role
from overrides.cases import OPEN_STATES, Act, Case
from overrides.errors import CaseClosed, UnknownConcept
from overrides.forms import note_slots
from overrides.journal import Decided, Slot
from overrides.values import DECIDING_ROLES, Actor, NewId


def decide_question(
    case: Case, actor: Actor, concept: str, note: str, named: Collection[str], new_id: NewId
) -> Decided:
    """Record that a reason of the decision that stands surprises somebody who decides cases.

    ``named`` are the concepts of the reasons that decision gives. Raises ``UnknownConcept`` for
    any other, ``NoAuthority`` for another role, ``CaseClosed`` once the case is over.
    """
    _check(case, actor)
    if concept not in named:
        raise UnknownConcept(concept)
    data = {"person": actor.ref, "decision_id": case.decision_id, "concept": concept}
    slots = note_slots(case.subject, note)
    draft = act_draft(case, actor, new_id(), "reason_questioned", data, slots)
    return Decided((draft,), {**data, "case_id": case.case_ref, "event_id": draft.event_id})


def decide_try(case: Case, actor: Actor, shown: Mapping[str, object], new_id: NewId) -> Decided:
    """Record which other values somebody had scored, and what they were shown of it.

    ``shown`` is personal and is kept encrypted. Raises as ``decide_question`` does.
    """
    _check(case, actor)
    data = {"person": actor.ref, "decision_id": case.decision_id}
    slots = (Slot("shown", case.subject, dict(shown)),)
    draft = act_draft(case, actor, new_id(), "what_if_tried", data, slots)
    return Decided((draft,), {**data, "case_id": case.case_ref, "event_id": draft.event_id})


def _check(case: Case, actor: Actor) -> None:
    """Who may ask, and until when; no lease is asked for, because nothing is done to the case."""
    check_role(actor, DECIDING_ROLES)
    case.after(Act.SHOW)
    if case.status not in OPEN_STATES:
        raise CaseClosed(case.case_ref, case.status_words)
