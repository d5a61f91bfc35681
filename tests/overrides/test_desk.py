"""Every act at the desk is decided by what the case is, and refused in one known order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from overrides.cases import STATES, TRANSITIONS, Act, Case
from overrides.desk import (
    check_rescore,
    decide_approval,
    decide_claim,
    decide_override,
    decide_release,
    decide_review,
    decide_shown,
    decide_withdrawal,
)
from overrides.errors import (
    AboveLimit,
    AdverseReasonsMissing,
    CaseClosed,
    ClaimHeld,
    ExcludedFromCase,
    ModelSuspended,
    NoAuthority,
    NotAllowedNow,
    NothingToApprove,
    SamePerson,
    StaleCase,
    UnknownConcept,
    UseOverride,
)
from overrides.events import check_draft
from overrides.forms import (
    ApprovalForm,
    OverrideForm,
    ReviewForm,
    Shown,
    WithdrawalForm,
    WithdrawalReason,
)
from overrides.instants import instant_text
from overrides.journal import Decided
from overrides.values import (
    DECIDING_ROLES,
    Actor,
    CaseStatus,
    Claim,
    Decision,
    Evidence,
    Money,
    Recommendation,
    Role,
    Verdict,
)
from tests.overrides.samples import (
    ADMIN,
    AUDITOR,
    LATER,
    MANAGER,
    NOON,
    NOTE,
    OFFICER,
    OTHER,
    PROOF,
    RULES,
    SENIOR,
    SERVICE,
    approve_case,
    case,
    decline_case,
    ids,
    waiting_case,
)

SHOWN = Shown(decision_id="d-1", codebook="3", locale="en", count=4, content={"reasons": []})
CLOSED = [status for status, rule in STATES.items() if rule.closed]


def review(case: Case, actor: Actor = OFFICER, **form: object) -> Decided:
    defaults: dict[str, object] = {"decision": Decision.APPROVE, "seen_version": case.version}
    made = ReviewForm(**(defaults | form))  # type: ignore[arg-type]
    return decide_review(case, actor, made, RULES, NOON, ids(), str.title)


def override(case: Case, actor: Actor = OFFICER) -> Decided:
    form = OverrideForm(
        decision=Decision.APPROVE,
        code="M01",
        seen_version=case.version,
        note=NOTE,
        evidence=PROOF,
    )
    return decide_override(case, actor, form, RULES, NOON, ids())


def approval(case: Case, actor: Actor = SENIOR) -> Decided:
    form = ApprovalForm(verdict=Verdict.UPHOLD, seen_version=case.version)
    return decide_approval(case, actor, form, RULES, NOON, ids())


def claim(case: Case, actor: Actor = OFFICER) -> Decided:
    return decide_claim(case, actor, RULES, NOON, ids(), str.title)


def release(case: Case, actor: Actor = OFFICER) -> Decided:
    return decide_release(case, actor, NOON, ids())


def show(case: Case, actor: Actor = OFFICER) -> Decided:
    return decide_shown(case, actor, SHOWN, ids(), shown_before=False)


def withdraw(case: Case, actor: Actor = OFFICER) -> Decided:
    form = WithdrawalForm(seen_version=case.version, note=NOTE)
    return decide_withdrawal(case, actor, form, NOON, ids())


# In which states each act can be done at all.
ALLOWED: dict[Callable[..., Decided], set[CaseStatus]] = {
    review: {CaseStatus.IN_REVIEW},
    override: {CaseStatus.IN_REVIEW},
    approval: {CaseStatus.WAITING_APPROVAL},
    claim: {
        CaseStatus.IN_REVIEW,
        CaseStatus.WAITING_APPLICANT,
        CaseStatus.WAITING_APPROVAL,
        CaseStatus.CONFLICT,
    },
    release: set(CaseStatus) - set(CLOSED),
    show: set(CaseStatus),
    withdraw: set(CaseStatus) - set(CLOSED),
}


def standing(act: Callable[..., Decided], status: CaseStatus) -> Case:
    """A case on which only its state could refuse this act by this actor."""
    if status is CaseStatus.WAITING_APPROVAL and act in {approval, release, show, withdraw}:
        return waiting_case()
    recommendation = Recommendation.DECLINE if act is override else Recommendation.APPROVE
    return case(recommendation, probability="0.36", status=status)


@pytest.mark.parametrize(("act", "status"), list(product(ALLOWED, CaseStatus)))
def test_every_act_in_every_state_is_done_or_refused_by_name(
    act: Callable[..., Decided], status: CaseStatus
) -> None:
    target = standing(act, status)
    if status in ALLOWED[act]:
        for draft in act(target).drafts:
            check_draft(draft)
            assert draft.case == target.case_ref
        return
    refusal: type[Exception] = CaseClosed if status in CLOSED else NotAllowedNow
    if act is approval and status not in CLOSED:
        refusal = NothingToApprove
    with pytest.raises(refusal):
        act(target)


def test_refusals_come_in_one_order_role_state_exclusion_claim_page_act() -> None:
    faults: dict[str, object] = {
        "excluded": (OFFICER.ref,),
        "claim": Claim(OTHER.ref, LATER),
        "stopped": True,
        "recommendation": Recommendation.DECLINE,
    }
    everything = case(status=CaseStatus.DECIDED, **faults)  # type: ignore[arg-type]
    with pytest.raises(NoAuthority):
        review(everything, AUDITOR, seen_version=1)
    with pytest.raises(CaseClosed):
        review(everything, seen_version=1)
    with pytest.raises(ExcludedFromCase):
        review(case(**faults), seen_version=1)  # type: ignore[arg-type]
    del faults["excluded"]
    with pytest.raises(ClaimHeld):
        review(case(**faults), seen_version=1)  # type: ignore[arg-type]
    del faults["claim"]
    with pytest.raises(StaleCase):
        review(case(**faults), seen_version=1)  # type: ignore[arg-type]
    with pytest.raises(ModelSuspended):
        review(case(**faults))  # type: ignore[arg-type]
    del faults["stopped"]
    with pytest.raises(UseOverride):
        review(case(**faults))  # type: ignore[arg-type]


def test_on_a_suspended_score_nothing_is_decided_and_the_rest_goes_on() -> None:
    stopped = case(Recommendation.APPROVE, stopped=True)
    for act, target in ((review, stopped), (override, decline_case(stopped=True))):
        with pytest.raises(ModelSuspended):
            act(target)
    for verdict in Verdict:
        form = ApprovalForm(verdict=verdict, seen_version=3, note="why?")
        with pytest.raises(ModelSuspended):
            decide_approval(waiting_case(stopped=True), SENIOR, form, RULES, NOON, ids())
    for other in (claim, release, show, withdraw):
        other(stopped)


@pytest.mark.parametrize("status", list(CaseStatus))
def test_re_scoring_is_for_open_cases_on_which_no_two_decisions_fight(status: CaseStatus) -> None:
    target = case(status=status, stopped=True)
    if (status, Act.RESCORE) in TRANSITIONS:
        check_rescore(target, OFFICER, None, NOON)
        return
    with pytest.raises(CaseClosed if status in CLOSED else NotAllowedNow):
        check_rescore(target, OFFICER, None, NOON)


def test_re_scoring_is_refused_as_other_acts_are() -> None:
    refusals: list[tuple[type[Exception], Case, Actor, int | None]] = [
        (NoAuthority, case(), AUDITOR, None),
        (ExcludedFromCase, case(excluded=(OFFICER.ref,)), OFFICER, None),
        (ClaimHeld, case(claim=Claim(OTHER.ref, LATER)), OFFICER, None),
        (StaleCase, case(), OFFICER, 2),
    ]
    for error, target, actor, seen in refusals:
        with pytest.raises(error):
            check_rescore(target, actor, seen, NOON)
    check_rescore(case(claim=Claim(OFFICER.ref, LATER)), OFFICER, 3, NOON)


@pytest.mark.parametrize("role", list(Role))
def test_only_deciding_roles_decide(role: Role) -> None:
    actor = Actor("p-x", "X", role, limit_minor=90_000_000)
    acts = [(claim, case()), (review, case()), (override, decline_case())]
    for act, target in acts:
        if role in DECIDING_ROLES:
            act(target, actor)
        else:
            with pytest.raises(NoAuthority):
                act(target, actor)


def test_a_claim_is_a_lease_with_an_end() -> None:
    (draft,) = claim(case()).drafts
    assert draft.type == "case_claimed"
    until = instant_text(NOON + timedelta(minutes=RULES.lease_minutes))
    assert draft.data == {"person": OFFICER.ref, "until": until}


def test_a_running_lease_of_another_names_its_holder() -> None:
    held = case(claim=Claim("p-bela", LATER))
    for act in (claim, review):
        with pytest.raises(ClaimHeld) as refused:
            act(held)
        assert refused.value.holder == "p-bela"
        assert str(refused.value).startswith(
            "P-Bela is working on this case until 2026-03-02T12:20"
        )


def test_ones_own_lease_and_a_lease_that_ran_out_hinder_nobody() -> None:
    for held in (Claim(OFFICER.ref, LATER), Claim(OTHER.ref, NOON)):
        assert claim(case(claim=held)).drafts
        assert review(case(claim=held)).drafts


def test_the_proposer_cannot_hold_the_case_back_from_approval() -> None:
    with pytest.raises(SamePerson):
        claim(waiting_case())
    assert claim(waiting_case(), SENIOR).drafts


def test_a_lease_is_given_back_by_its_holder_or_for_a_leaver_by_an_administrator() -> None:
    held = case(claim=Claim(OFFICER.ref, LATER))
    with pytest.raises(ClaimHeld):
        release(held, OTHER)
    for actor in (OFFICER, ADMIN):
        (draft,) = release(held, actor).drafts
        assert draft.data == {"person": OFFICER.ref, "why": "given_back"}
    assert release(case()).drafts == ()


def test_reasons_are_recorded_as_shown_once_and_only_in_a_slot() -> None:
    (draft,) = show(case()).drafts
    assert draft.slots[0].name == "shown"
    assert draft.slots[0].party == "subject-1"
    assert "reasons" not in draft.data
    assert decide_shown(case(), OFFICER, SHOWN, ids(), shown_before=True).drafts == ()


@pytest.mark.parametrize(
    ("recommendation", "decision", "agrees", "manual"),
    [
        (Recommendation.APPROVE, Decision.APPROVE, True, False),
        (Recommendation.DECLINE, Decision.DECLINE, True, False),
        (Recommendation.REFER, Decision.APPROVE, False, True),
        (Recommendation.REFER, Decision.DECLINE, False, True),
    ],
)
def test_a_review_decides_at_once(
    recommendation: Recommendation, decision: Decision, *, agrees: bool, manual: bool
) -> None:
    target = case(recommendation)
    decided = review(target, decision=decision, adverse_reasons=("R02", "R01", "R02"))
    recorded, final = decided.drafts
    assert recorded.type == "review_recorded"
    assert (recorded.data["agrees"], recorded.data["manual"]) == (agrees, manual)
    assert recorded.data["concepts"] == ["R02", "R01"]
    assert recorded.cause == (target.decision_event,)
    assert final.type == "case_decided"
    assert final.data["rests_on"] == [target.decision_event, recorded.event_id]
    assert final.data["decision"] == decision
    assert (final.data["by"], final.data["side"], final.data["code"]) == ("person", "", "")
    assert decided.answer == {
        "case_id": "c-1",
        "status": "decided",
        "decision": decision,
        "version": target.version + 2,
        "event_id": recorded.event_id,
    }


@pytest.mark.parametrize(
    ("recommendation", "decision"),
    [
        (Recommendation.APPROVE, Decision.DECLINE),
        (Recommendation.DECLINE, Decision.APPROVE),
    ],
)
def test_contradicting_the_recommendation_is_an_override(
    recommendation: Recommendation, decision: Decision
) -> None:
    with pytest.raises(UseOverride):
        review(case(recommendation), decision=decision, adverse_reasons=("R01",))


def test_whoever_declines_a_referred_case_says_why_and_who_confirms_the_model_need_not() -> None:
    with pytest.raises(AdverseReasonsMissing):
        review(case(), decision=Decision.DECLINE)
    five = ("R01", "R02", "R03", "R04", "R05")
    with pytest.raises(AdverseReasonsMissing):
        review(case(), decision=Decision.DECLINE, adverse_reasons=five)
    with pytest.raises(UnknownConcept, match="R99"):
        review(case(), decision=Decision.DECLINE, adverse_reasons=("R01", "R99"))
    assert review(decline_case(), decision=Decision.DECLINE).drafts
    with pytest.raises(UnknownConcept):
        review(decline_case(), decision=Decision.DECLINE, adverse_reasons=("R99",))


def test_whoever_confirms_a_decline_without_reliable_reasons_names_them() -> None:
    unsure = replace(decline_case(), reliable=False)
    with pytest.raises(AdverseReasonsMissing):
        review(unsure, decision=Decision.DECLINE)
    drafts = review(unsure, decision=Decision.DECLINE, adverse_reasons=("R01",)).drafts
    assert drafts[0].data["concepts"] == ["R01"]
    assert review(replace(case(Recommendation.APPROVE), reliable=False)).drafts


def test_approving_is_within_ones_limit_and_declining_needs_none() -> None:
    for recommendation in (Recommendation.APPROVE, Recommendation.REFER):
        edge = case(recommendation, amount=Money(OFFICER.limit_minor, "DEM"))
        assert review(edge).drafts
        above = case(recommendation, amount=Money(OFFICER.limit_minor + 1, "DEM"))
        with pytest.raises(AboveLimit):
            review(above)
        assert review(above, MANAGER).drafts
    large = case(amount=Money(90_000_000, "DEM"))
    assert review(large, decision=Decision.DECLINE, adverse_reasons=("R01",)).drafts


def test_what_a_person_wrote_is_only_in_slots_under_the_applicants_key() -> None:
    evidence = (Evidence("PAYSLIP", "archive 9", "ab" * 32), Evidence(" ", "nothing"))
    decided = review(case(), note=" He said:\r\nlater. ", evidence=evidence, dwell_ms=4100)
    recorded = decided.drafts[0]
    note, proof = recorded.slots
    assert (note.name, note.party, note.payload) == (
        "note",
        "subject-1",
        {"text": "He said:\nlater."},
    )
    item = {"type": "PAYSLIP", "reference": "archive 9", "sha256": "ab" * 32}
    assert proof.payload == {"items": [item]}
    assert "He said" not in str([draft.data for draft in decided.drafts]) + str(decided.answer)
    assert recorded.data["dwell_ms"] == 4100
    assert recorded.data["grant"] == OFFICER.grant


@pytest.mark.parametrize("reason", list(WithdrawalReason))
def test_a_withdrawal_says_why_and_ends_the_case(reason: WithdrawalReason) -> None:
    form = WithdrawalForm(reason=reason)
    decided = decide_withdrawal(case(), OFFICER, form, NOON, ids())
    assert decided.drafts[0].data == {"reason": reason.value}
    assert decided.answer["status"] == "withdrawn"


def test_whoever_may_not_decide_a_case_does_not_end_it_by_a_withdrawal() -> None:
    shut = case(excluded=(OFFICER.ref,))
    with pytest.raises(ExcludedFromCase):
        withdraw(shut, OFFICER)
    assert withdraw(shut, OTHER).drafts
    assert withdraw(shut, SERVICE).drafts


def test_what_the_applicant_wants_waits_for_no_lease_but_an_officer_does() -> None:
    held = case(claim=Claim(OTHER.ref, LATER))
    assert withdraw(held, SERVICE).drafts
    with pytest.raises(ClaimHeld):
        withdraw(held, OFFICER)
    with pytest.raises(NoAuthority):
        withdraw(case(), AUDITOR)
    form = WithdrawalForm(seen_version=2)
    with pytest.raises(StaleCase):
        decide_withdrawal(case(), OFFICER, form, NOON, ids())


def test_an_approve_recommendation_is_agreed_to_with_one_act() -> None:
    assert [draft.type for draft in review(approve_case()).drafts] == [
        "review_recorded",
        "case_decided",
    ]


def test_only_who_may_approve_holds_a_case_that_waits_for_approval() -> None:
    with pytest.raises(NoAuthority):
        decide_claim(waiting_case(), OTHER, RULES, NOON, ids())
    assert decide_claim(waiting_case(), SENIOR, RULES, NOON, ids()).drafts
