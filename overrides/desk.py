"""What may be done to a case, decided purely: each function looks and returns what to write down.

Every act is refused in the same order: the actor's role, the case's state, an exclusion, another
person's lease, a stale page, a score whose model is suspended, and then what the act itself lacks.
A free case may be decided without a claim.
"""

from datetime import datetime, timedelta

from overrides.acts import (
    NameOf,
    act_draft,
    answered,
    case_of,
    check_claim,
    check_exclusion,
    check_referral,
    check_score,
    check_turn,
    check_version,
    decided_draft,
    unnamed,
)
from overrides.authority import WITHDRAWING_ROLES, check_limit, check_role
from overrides.cases import Act, Case
from overrides.errors import SamePerson, UseOverride
from overrides.forms import (
    ReviewForm,
    Shown,
    WithdrawalForm,
    check_concepts,
    evidence_slots,
    note_slots,
)
from overrides.instants import instant_text
from overrides.journal import Decided, Slot
from overrides.overriding import Consequence, decide_approval, decide_override, preview_override
from overrides.values import (
    APPROVING_ROLES,
    DECIDING_ROLES,
    Actor,
    CaseStatus,
    Decision,
    NewId,
    Recommendation,
    Role,
    Rules,
)

__all__ = [
    "Consequence",
    "NameOf",
    "case_of",
    "check_rescore",
    "decide_approval",
    "decide_claim",
    "decide_override",
    "decide_release",
    "decide_review",
    "decide_shown",
    "decide_withdrawal",
    "preview_override",
    "unnamed",
]


def decide_claim(
    case: Case,
    actor: Actor,
    rules: Rules,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Take the lease, or renew one's own; only who may approve holds a case that waits for it."""
    check_role(actor, DECIDING_ROLES)
    case.after(Act.CLAIM)
    check_exclusion(case, actor)
    if case.proposal is not None:
        if case.proposal.person == actor.ref:
            raise SamePerson
        check_role(actor, APPROVING_ROLES)
    check_claim(case, actor, now, name_of)
    check_referral(case, actor)
    until = instant_text(now + timedelta(minutes=rules.lease_minutes))
    data = {"person": actor.ref, "until": until}
    draft = act_draft(case, actor, new_id(), "case_claimed", data)
    return Decided((draft,), {"case_id": case.case_ref, "until": until})


def decide_release(
    case: Case,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
    why: str = "given_back",
) -> Decided:
    """Give one's lease back; an administrator releases a leaver's. A free case stays as it is."""
    case.after(Act.RELEASE)
    if case.claim is None or not case.claim.holds(now):
        return Decided((), {"case_id": case.case_ref})
    if actor.role is not Role.ADMIN:
        check_claim(case, actor, now, name_of)
    data = {"person": case.claim.person, "why": why}
    draft = act_draft(case, actor, new_id(), "case_released", data)
    return Decided((draft,), {"case_id": case.case_ref})


def decide_shown(
    case: Case, actor: Actor, shown: Shown, new_id: NewId, *, shown_before: bool
) -> Decided:
    """Record what a person was shown of a decision's reasons, once per person and decision."""
    case.after(Act.SHOW)
    if shown_before:
        return Decided(())
    data = {
        "person": actor.ref,
        "decision_id": shown.decision_id,
        "codebook": shown.codebook,
        "locale": shown.locale,
        "count": shown.count,
        **({"concepts": list(shown.concepts)} if shown.concepts else {}),
    }
    slots = (Slot("shown", case.subject, shown.content),)
    return Decided((act_draft(case, actor, new_id(), "reasons_shown", data, slots),))


def decide_review(
    case: Case,
    actor: Actor,
    form: ReviewForm,
    rules: Rules,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Agree with the recommendation, or decide a referred case: final at once.

    Raises ``UseOverride``, ``AboveLimit``, ``UnknownConcept`` and ``AdverseReasonsMissing`` (a
    person who declines a referred case names the reasons, and one who confirms the model's decline
    where its own are not reliable: no letter could state any), and what every act raises.
    """
    check_turn(case, actor, Act.REVIEW, now, name_of)
    check_version(case, form.seen_version)
    check_score(case)
    manual = case.recommendation is Recommendation.REFER
    agrees = case.recommendation == form.decision.value
    if not manual and not agrees:
        raise UseOverride(case.recommendation, form.decision)
    declines = form.decision is Decision.DECLINE
    concepts = check_concepts(
        form.adverse_reasons, rules, required=declines and (manual or not case.reliable)
    )
    if not declines:
        check_limit(actor, case.amount, rules.limits)
    data = {
        "decision_id": case.decision_id,
        "decision": form.decision.value,
        "agrees": agrees,
        "manual": manual,
        "concepts": list(concepts),
        "seen_version": form.seen_version,
        "dwell_ms": form.dwell_ms,
        "grant": actor.grant,
    }
    slots = note_slots(case.subject, form.note) + evidence_slots(case.subject, form.evidence)
    review = act_draft(case, actor, new_id(), "review_recorded", data, slots)
    decided = decided_draft(case, actor, new_id(), form.decision, (review.event_id,))
    return answered(case, CaseStatus.DECIDED, (review, decided), form.decision)


def check_rescore(
    case: Case, actor: Actor, seen: int | None, now: datetime, name_of: NameOf = unnamed
) -> None:
    """Refuse a person who may not have the case scored again; a waiting proposal falls with it.

    ``seen`` is the version of the case that the person looked at; None where no page was.
    """
    check_turn(case, actor, Act.RESCORE, now, name_of)
    if seen is not None:
        check_version(case, seen)


def decide_withdrawal(
    case: Case,
    actor: Actor,
    form: WithdrawalForm,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """The application goes no further; a waiting proposal falls with it.

    Whoever may not decide the case may not end it either: an appeal would end with it.
    """
    check_role(actor, WITHDRAWING_ROLES)
    after = case.after(Act.WITHDRAW)
    if actor.role in DECIDING_ROLES:  # a lender's own system waits for nobody's lease
        check_exclusion(case, actor)
        check_claim(case, actor, now, name_of)
    if form.seen_version is not None:
        check_version(case, form.seen_version)
    slots = note_slots(case.subject, form.note)
    data = {"reason": form.reason.value}
    draft = act_draft(case, actor, new_id(), "case_withdrawn", data, slots)
    return answered(case, after, (draft,), None)
