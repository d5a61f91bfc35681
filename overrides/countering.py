"""Other terms than those applied for: offered, answered, or left to run out.

The changed application was scored again in the same transaction; ``before`` is the case as it stood
on the terms applied for, ``scored`` the case on the changed ones. Passing there is a change of
terms, and failing is an override like any other. A case that does not come to terms goes back to
the decision on what was applied for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from overrides.acts import (
    CHANGED,
    NameOf,
    act_draft,
    answered,
    check_claim,
    check_exclusion,
    check_referral,
    check_score,
    check_turn,
    check_version,
    decided_draft,
    unnamed,
)
from overrides.authority import (
    WITHDRAWING_ROLES,
    Needs,
    Why,
    check_limit,
    check_role,
    required_approval,
)
from overrides.cases import Act, Case
from overrides.change_errors import NotScored, OfferLapsed
from overrides.errors import CodeNotAllowed
from overrides.forms import (
    check_concepts,
    check_evidence,
    check_note,
    evidence_slots,
    note_slots,
)
from overrides.instants import instant_text
from overrides.journal import Decided, Draft, Json
from overrides.review_dates import check_review_day, review_date_drafts
from overrides.values import (
    DECIDING_ROLES,
    Actor,
    CaseStatus,
    Decision,
    Evidence,
    Money,
    NewId,
    OverrideSide,
    Recommendation,
    Rules,
)

REFUSED, LAPSED = "offer_refused", "offer_lapsed"  # why a countered case went no further


class OfferAnswer(StrEnum):
    """What the applicant says of other terms."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferForm:
    """Other terms. Code, note and evidence are for terms on which the score still fails.

    ``adverse_reasons`` are the concepts for which what was applied for is refused: see
    ``owes_reasons``.
    """

    fields: tuple[str, ...]  # names of those that differ from the application
    days: int  # that the offer stands
    seen_version: int
    code: str = ""
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    adverse_reasons: tuple[str, ...] = ()
    review_on: date | None = None  # on which day terms on which the score fails are looked at again
    dwell_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """What the applicant says. ``seen_version`` None: whatever the case has become."""

    answer: OfferAnswer
    seen_version: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What an offer would be. ``side`` is None where the score passes: a change of terms."""

    side: OverrideSide | None
    code: str
    needs: Needs
    why: tuple[Why, ...]
    concepts: tuple[str, ...] = ()  # of the reasons that were named
    review_on: date | None = None


def owes_reasons(before: Case) -> bool:
    """Whether whoever offers other terms names why what was applied for is refused.

    Only a decline by the model whose reasons are reliable gives a letter its reasons; wherever the
    model said anything else, it is the person who refuses (12 CFR 1002.9(a)(1)(iv)).
    """
    return before.recommendation is not Recommendation.DECLINE or not before.reliable


def rescored(case: Case, made: Draft) -> Case:
    """The case as the new score of it leaves it. Raises ``NotScored`` where there is none."""
    data = made.data
    if made.type != "decision_made":
        raise NotScored(case.case_ref)
    return replace(
        case,
        status=CaseStatus(data["status"]),
        version=case.version + 1,
        attempt=data["attempt"],
        decision_id=data["decision_id"],
        decision_event=made.event_id,
        recommendation=Recommendation(data["recommendation"]),
        probability=Decimal(data["probability"]),
        reliable=data["reliable"],
        amount=Money(data["amount_minor"], data["currency"]),
        subject=data["subject"],
        proposal=None,
        offer=None,
    )


def check_offer(
    case: Case, actor: Actor, seen: int, now: datetime, name_of: NameOf = unnamed
) -> None:
    """Refuse whoever may not change the terms of this case, before anything is scored."""
    check_turn(case, actor, Act.COUNTER, now, name_of)
    check_version(case, seen)
    check_score(case)


def preview_offer(
    before: Case, scored: Case, actor: Actor, form: OfferForm, rules: Rules, today: date
) -> Offered:
    """What offering these terms would be, checked whole.

    Raises ``AdverseReasonsMissing`` and ``UnknownConcept`` of the reasons; ``AboveLimit`` or
    ``LimitInOtherCurrency`` where the score passes and the amount is not the actor's to approve;
    where it fails ``CodeNotAllowed``, ``EvidenceMissing``, ``NoteTooShort`` and ``ReviewDay``.
    """
    concepts = check_concepts(form.adverse_reasons, rules, required=owes_reasons(before))
    if scored.recommendation is not Recommendation.DECLINE:
        check_limit(actor, scored.amount, rules.limits)
        return Offered(side=None, code="", needs=Needs.NOBODY, why=(), concepts=concepts)
    side = OverrideSide.APPROVED_AGAINST_MODEL
    code = rules.justification(form.code)
    if code is None or not code.direction.allows(side):
        raise CodeNotAllowed(form.code, "offering terms against the model")
    check_evidence(form.evidence, code)
    check_note(form.note, code.note_min_chars)
    check_review_day(code, form.review_on, today)
    needs, why = required_approval(scored, side, code, actor, rules)
    return Offered(
        side=side,
        code=code.code,
        needs=needs,
        why=why,
        concepts=concepts,
        review_on=form.review_on,
    )


def decide_offer(
    before: Case,
    scored: Case,
    actor: Actor,
    form: OfferForm,
    rules: Rules,
    now: datetime,
    new_id: NewId,
) -> Decided:
    """Offer the terms, or propose to where a second person is needed; see ``preview_offer``."""
    found = preview_offer(before, scored, actor, form, rules, now.date())
    drafts = () if found.side is None else (_override(scored, actor, form, found, new_id()),)
    data: dict[str, Json] = {
        "decision_id": scored.decision_id,
        "before": _standing(before),
        "fields": list(form.fields),
        "days": form.days,
        "side": found.side.value if found.side else "",
        "code": found.code,
        "needs": found.needs.value,
        "seen_version": form.seen_version,
        "dwell_ms": form.dwell_ms,
        "grant": actor.grant,
        **({"concepts": list(found.concepts)} if found.concepts else {}),
    }
    slots = () if found.side else note_slots(scored.subject, form.note)
    offer = act_draft(scored, actor, new_id(), "counter_offered", data, slots)
    after = scored.after(Act.PROPOSE if found.needs else Act.COUNTER)
    more: dict[str, Json] = {
        "decision_id": scored.decision_id,
        "recommendation": scored.recommendation.value,
        "side": found.side.value if found.side else None,
        "needs": found.needs.value,
        "needs_why": [reason.value for reason in found.why],
    }
    # An acceptance rests on the offer, so that is what a review date is of.
    review = review_date_drafts(scored, actor, offer, found.code, found.review_on, new_id)
    return answered(scored, after, (*drafts, offer), None, more, review)


def decide_answer(
    case: Case,
    actor: Actor,
    form: AnswerForm,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Write down what the applicant says: accepted the case is decided, refused it is withdrawn.

    Raises ``OfferLapsed`` for an acceptance that comes too late, and of a person who decides what
    every act of theirs raises.
    """
    check_role(actor, WITHDRAWING_ROLES)
    accepts = form.answer is OfferAnswer.ACCEPTED
    after = case.after(Act.ACCEPT if accepts else Act.REFUSE)
    if actor.role in DECIDING_ROLES:
        check_exclusion(case, actor)
        check_claim(case, actor, now, name_of)
        check_referral(case, actor)
    if form.seen_version is not None:
        check_version(case, form.seen_version)
    offer = case.offer
    assert offer is not None, "a countered case has its offer"
    if not accepts:
        slots = note_slots(case.subject, form.note)
        data: dict[str, Json] = {"reason": REFUSED}
        cause = (offer.event_id,)
        draft = act_draft(case, actor, new_id(), "case_withdrawn", data, slots, cause)
        return answered(case, after, (draft,), None)
    if offer.until <= now:
        raise OfferLapsed(case.case_ref, instant_text(offer.until))
    rests_on, approve = (offer.event_id,), Decision.APPROVE
    draft = decided_draft(case, actor, new_id(), approve, rests_on, offer.side, offer.code, CHANGED)
    return answered(case, after, (draft,), approve)


def decide_lapse(case: Case, actor: Actor, now: datetime, new_id: NewId) -> Decided:
    """Let a case expire whose offer ran out unanswered; nothing for any other."""
    if case.offer is None or now < case.offer.until:
        return Decided(())
    after = case.after(Act.EXPIRE)
    data: dict[str, Json] = {"reason": LAPSED}
    cause = (case.offer.event_id,)
    draft = act_draft(case, actor, new_id(), "case_expired", data, cause=cause)
    return answered(case, after, (draft,), None)


def _override(scored: Case, actor: Actor, form: OfferForm, found: Offered, event_id: str) -> Draft:
    """The override that an offer is where the score fails on its terms."""
    assert found.side is not None, "it fails"
    data: dict[str, Json] = {
        "decision_id": scored.decision_id,
        "side": found.side.value,
        "from": scored.recommendation.value,
        "to": Decision.APPROVE.value,
        "code": found.code,
        "evidence_types": evidence_types(form.evidence),
        "concepts": [],
        "needs": found.needs.value,
        "needs_why": [reason.value for reason in found.why],
        "seen_version": form.seen_version,
        "dwell_ms": form.dwell_ms,
        "grant": actor.grant,
    }
    slots = note_slots(scored.subject, form.note) + evidence_slots(scored.subject, form.evidence)
    return act_draft(scored, actor, event_id, "override_recorded", data, slots)


def evidence_types(evidence: tuple[Evidence, ...]) -> list[Json]:
    """Kinds of the evidence that was named, each once."""
    return sorted({item.type.strip() for item in evidence if item.type.strip()})


def _standing(case: Case) -> Mapping[str, Json]:
    """What a case that comes to no terms goes back to, as the tables of the cases name it."""
    return {
        "decision_id": case.decision_id,
        "decision_event": case.decision_event,
        "recommendation": case.recommendation.value,
        "probability": None if case.probability is None else str(case.probability),
        "reliable": case.reliable,
        "amount_minor": case.amount.minor,
        "currency": case.amount.currency,
    }
