"""Deciding against the recommendation, and the second person who says whether it stands."""

from dataclasses import dataclass
from datetime import date, datetime

from overrides.acts import (
    NameOf,
    act_draft,
    answered,
    check_claim,
    check_exclusion,
    check_score,
    check_turn,
    check_version,
    decided_draft,
    unnamed,
)
from overrides.authority import Needs, Why, check_approver, required_approval
from overrides.cases import STATES, Act, Case, Proposal
from overrides.errors import CaseClosed, CodeNotAllowed, NothingToApprove, NothingToOverride
from overrides.forms import (
    ApprovalForm,
    OverrideForm,
    check_concepts,
    check_evidence,
    check_note,
    evidence_slots,
    note_slots,
)
from overrides.journal import Decided
from overrides.review_dates import check_review_day, review_date_drafts
from overrides.values import (
    Actor,
    CaseStatus,
    Decision,
    Justification,
    NewId,
    OverrideSide,
    Recommendation,
    Rules,
    Verdict,
)

_GOING = {
    OverrideSide.APPROVED_AGAINST_MODEL: "approving against the model",
    OverrideSide.DECLINED_AGAINST_MODEL: "declining against the model",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What an override would do, worked out without doing it."""

    side: OverrideSide
    code: Justification
    concepts: tuple[str, ...]
    needs: Needs
    why: tuple[Why, ...]
    review_on: date | None = None  # on which day it is looked at again


def preview_override(
    case: Case,
    actor: Actor,
    form: OverrideForm,
    rules: Rules,
    now: datetime,
    name_of: NameOf = unnamed,
) -> Consequence:
    """Check an override whole, as if it were recorded, and say what it would need.

    Raises ``NothingToOverride``, ``CodeNotAllowed``, ``EvidenceMissing``, ``NoteTooShort``,
    ``ReviewDay``, ``UnknownConcept``, ``AdverseReasonsMissing``, and what every act raises.
    """
    check_turn(case, actor, Act.OVERRIDE, now, name_of)
    check_version(case, form.seen_version)
    check_score(case)
    side = _side(case.recommendation, form.decision)
    code = rules.justification(form.code)
    if code is None or not code.direction.allows(side):
        raise CodeNotAllowed(form.code, _GOING[side])
    check_evidence(form.evidence, code)
    check_note(form.note, code.note_min_chars)
    check_review_day(code, form.review_on, now.date())
    declines = form.decision is Decision.DECLINE
    concepts = check_concepts(form.adverse_reasons, rules, required=declines)
    needs, why = required_approval(case, side, code, actor, rules)
    return Consequence(
        side=side, code=code, concepts=concepts, needs=needs, why=why, review_on=form.review_on
    )


def decide_override(
    case: Case,
    actor: Actor,
    form: OverrideForm,
    rules: Rules,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Decide against the recommendation: final at once, or a proposal for a second person."""
    found = preview_override(case, actor, form, rules, now, name_of)
    data = {
        "decision_id": case.decision_id,
        "side": found.side.value,
        "from": case.recommendation.value,
        "to": form.decision.value,
        "code": found.code.code,
        "evidence_types": sorted({e.type.strip() for e in form.evidence if e.type.strip()}),
        "concepts": list(found.concepts),
        "needs": found.needs.value,
        "needs_why": [reason.value for reason in found.why],
        "seen_version": form.seen_version,
        "dwell_ms": form.dwell_ms,
        "grant": actor.grant,
    }
    slots = note_slots(case.subject, form.note) + evidence_slots(case.subject, form.evidence)
    override = act_draft(case, actor, new_id(), "override_recorded", data, slots)
    review = review_date_drafts(case, actor, override, found.code.code, form.review_on, new_id)
    needs = {"needs": found.needs.value, "needs_why": [reason.value for reason in found.why]}
    if found.needs is not Needs.NOBODY:
        return answered(case, case.after(Act.PROPOSE), (override,), None, needs, review)
    decided = decided_draft(
        case, actor, new_id(), form.decision, (override.event_id,), found.side, found.code.code
    )
    ended = (override, decided)
    return answered(case, CaseStatus.DECIDED, ended, form.decision, needs, review)


def decide_approval(
    case: Case,
    actor: Actor,
    form: ApprovalForm,
    rules: Rules,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Uphold, return or reject a proposed override, as another person with the authority.

    Upheld it is the decision, or the counter-offer it proposes. Returned, the case is open again
    and the note is a question to the proposer. Rejected, the recommendation stands and the proposer
    is excluded from the case.
    """
    if case.status is not CaseStatus.WAITING_APPROVAL or case.proposal is None:
        if STATES[case.status].closed:
            raise CaseClosed(case.case_ref, case.status_words)
        raise NothingToApprove(case.case_ref)
    check_exclusion(case, actor)
    check_approver(case, case.proposal, actor, rules)
    check_claim(case, actor, now, name_of)
    check_version(case, form.seen_version)
    check_score(case)
    check_note(form.note, 0 if form.verdict is Verdict.UPHOLD else 1)
    return _approval(case, case.proposal, actor, form, new_id)


def _approval(
    case: Case, proposal: Proposal, actor: Actor, form: ApprovalForm, new_id: NewId
) -> Decided:
    """What a verdict that may be given writes down."""
    data = {"of": proposal.event_id, "verdict": form.verdict.value, "grant": actor.grant}
    slots = note_slots(case.subject, form.note)
    approval = act_draft(
        case, actor, new_id(), "approval_recorded", data, slots, cause=(proposal.event_id,)
    )
    if form.verdict is not Verdict.UPHOLD:
        return answered(case, CaseStatus.IN_REVIEW, (approval,), None)
    if proposal.offer:
        return answered(case, case.after(Act.UPHOLD_OFFER), (approval,), None)
    rests_on = (proposal.event_id, approval.event_id)
    decided = decided_draft(
        case, actor, new_id(), proposal.decision, rests_on, proposal.side, proposal.code
    )
    return answered(case, CaseStatus.DECIDED, (approval, decided), proposal.decision)


def _side(recommendation: Recommendation, decision: Decision) -> OverrideSide:
    """Which way this decision goes against the recommendation; ``NothingToOverride`` if none."""
    if recommendation is Recommendation.DECLINE and decision is Decision.APPROVE:
        return OverrideSide.APPROVED_AGAINST_MODEL
    if recommendation is Recommendation.APPROVE and decision is Decision.DECLINE:
        return OverrideSide.DECLINED_AGAINST_MODEL
    raise NothingToOverride(recommendation, decision)
