"""Input overrides: a wrong value corrected with evidence, by a named person, and scored again.

EBA/GL/2017/16 (section 8.2, paragraph 201) tells the change of an input from the change of an
output. The corrected application is scored, both scores stay, and the case goes on in review.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from overrides.acts import (
    NameOf,
    act_draft,
    answered,
    check_score,
    check_turn,
    check_version,
    unnamed,
)
from overrides.cases import Act, Case
from overrides.change_errors import CorrectionUnproven, KnockOutLifted, OwnValues
from overrides.countering import evidence_types
from overrides.forms import check_note, evidence_slots, note_slots
from overrides.journal import Decided, Json
from overrides.reading import ActRow
from overrides.values import Actor, CaseStatus, Decision, Evidence, NewId, Recommendation, Verdict

WHY_CHARS_MIN = 20
"""Characters that say why a value was wrong, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionForm:
    """Which values were wrong, what shows it, and why."""

    fields: tuple[str, ...]  # names of those that differ from the application
    seen_version: int
    note: str
    evidence: tuple[Evidence, ...]


def check_correction(
    case: Case, actor: Actor, form: CorrectionForm, now: datetime, name_of: NameOf = unnamed
) -> None:
    """Refuse whoever may not correct this case's application, or without evidence and a reason.

    Raises ``CorrectionUnproven``, ``NoteTooShort``, and what every act raises.
    """
    check_turn(case, actor, Act.COUNTER, now, name_of)  # only a case in review is corrected
    check_version(case, form.seen_version)
    check_score(case)
    if not any(item.type.strip() and item.reference.strip() for item in form.evidence):
        raise CorrectionUnproven
    check_note(form.note, WHY_CHARS_MIN)


def check_knockouts(before: Iterable[str], after: Iterable[str]) -> None:
    """Refuse a correction that lifts a rule of policy: that takes two people.

    ``before`` and ``after`` are ids of the rules that held and that hold. Raises
    ``KnockOutLifted``.
    """
    lifted = sorted(set(before) - set(after))
    if lifted:
        raise KnockOutLifted(lifted[0])


def check_own_values(
    acts: Sequence[ActRow], case: Case, actor: Actor, says: Decision | Verdict
) -> Case:
    """The case, unless a person approves who changed values while a decline was recommended.

    By correction or by an answer written down for the applicant; what the values lift takes another
    person. Raises ``OwnValues``.
    """
    declined = False
    if says not in (Decision.APPROVE, Verdict.UPHOLD):
        return case
    for act in acts:
        if act.type == "decision_made":
            declined = act.data["recommendation"] == Recommendation.DECLINE
        corrects = act.type == "input_corrected" and act.data["from"] == Recommendation.DECLINE
        tells = act.type == "information_received" and declined and bool(act.data["fields"])
        lifted = case.recommendation is not Recommendation.DECLINE or case.proposal is not None
        if lifted and (corrects or tells) and act.actor == actor.ref:
            raise OwnValues
    return case


def decide_correction(
    before: Case, scored: Case, actor: Actor, form: CorrectionForm, new_id: NewId
) -> Decided:
    """Write down who corrected what by what evidence; the case stays in review."""
    data: dict[str, Json] = {
        "decision_id": scored.decision_id,
        "of": before.decision_id,
        "fields": list(form.fields),
        "from": before.recommendation.value,
        "to": scored.recommendation.value,
        "evidence_types": evidence_types(form.evidence),
        "seen_version": form.seen_version,
        "grant": actor.grant,
    }
    slots = note_slots(scored.subject, form.note) + evidence_slots(scored.subject, form.evidence)
    draft = act_draft(scored, actor, new_id(), "input_corrected", data, slots)
    more: dict[str, Json] = {
        "decision_id": scored.decision_id,
        "recommendation": scored.recommendation.value,
    }
    return answered(scored, CaseStatus.IN_REVIEW, (draft,), None, more)
