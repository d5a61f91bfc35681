"""An override names its side, its code, its proof, and finds the second person it needs."""

from dataclasses import replace

import pytest

from overrides.authority import Needs, Why
from overrides.cases import Case
from overrides.desk import (
    Consequence,
    case_of,
    decide_approval,
    decide_claim,
    decide_override,
    decide_review,
    preview_override,
)
from overrides.errors import (
    AboveLimit,
    ActError,
    AdverseReasonsMissing,
    CaseClosed,
    CaseError,
    ClaimHeld,
    CodeNotAllowed,
    EvidenceMissing,
    ExcludedFromCase,
    LimitInOtherCurrency,
    ModelSuspended,
    NoAuthority,
    NotAllowedNow,
    NoteTooShort,
    NothingToApprove,
    NothingToOverride,
    OverridesError,
    SamePerson,
    StaleCase,
    UnknownCase,
    UnknownConcept,
    UseOverride,
)
from overrides.events import check_draft
from overrides.forms import ApprovalForm, OverrideForm, ReviewForm
from overrides.journal import Decided
from overrides.values import (
    Actor,
    CaseStatus,
    Claim,
    Decision,
    Direction,
    Evidence,
    Money,
    OverrideSide,
    Recommendation,
    Role,
    Verdict,
)
from tests.overrides.samples import (
    LATER,
    MANAGER,
    NOON,
    NOTE,
    OFFICER,
    OTHER,
    PROOF,
    RULES,
    SENIOR,
    approve_case,
    case,
    decline_case,
    ids,
    waiting_case,
)

APPROVE, DECLINE = Decision.APPROVE, Decision.DECLINE
IN, OUT = OverrideSide.APPROVED_AGAINST_MODEL, OverrideSide.DECLINED_AGAINST_MODEL


def form(decision: Decision = APPROVE, code: str = "M01", **more: object) -> OverrideForm:
    defaults: dict[str, object] = {
        "seen_version": 3,
        "note": NOTE,
        "evidence": PROOF,
        "adverse_reasons": ("R01",) if decision is DECLINE else (),
    }
    return OverrideForm(decision=decision, code=code, **(defaults | more))  # type: ignore[arg-type]


def override(target: Case, made: OverrideForm, actor: Actor = OFFICER) -> Decided:
    return decide_override(target, actor, made, RULES, NOON, ids(), str.title)


def judge(
    target: Case, verdict: Verdict, actor: Actor = SENIOR, note: str = "why?", seen: int = 3
) -> Decided:
    made = ApprovalForm(verdict=verdict, note=note, seen_version=seen)
    return decide_approval(target, actor, made, RULES, NOON, ids(), str.title)


@pytest.mark.parametrize(
    ("target", "decision", "code", "side"),
    [(decline_case(), APPROVE, "M01", IN), (approve_case(), DECLINE, "M04", OUT)],
)
def test_a_small_override_near_the_cutoff_is_final_at_once(
    target: Case, decision: Decision, code: str, side: OverrideSide
) -> None:
    decided = override(target, form(decision, code, dwell_ms=90))
    recorded, final = decided.drafts
    for draft in decided.drafts:
        check_draft(draft)
    assert recorded.data == {
        "decision_id": "d-1",
        "side": side,
        "from": target.recommendation,
        "to": decision,
        "code": code,
        "evidence_types": ["BANK_STMT"],
        "concepts": ["R01"] if decision is DECLINE else [],
        "needs": "",
        "needs_why": [],
        "seen_version": 3,
        "dwell_ms": 90,
        "grant": OFFICER.grant,
    }
    assert [slot.name for slot in recorded.slots] == ["note", "evidence"]
    assert final.data["side"] == side
    assert final.data["code"] == code
    assert final.data["rests_on"] == ["e-decision", recorded.event_id]
    assert decided.answer["status"] == "decided"
    assert decided.answer["version"] == 5


def test_a_larger_override_waits_for_a_second_person_and_says_why() -> None:
    decided = override(decline_case("0.5", minor=700_000), form())
    (recorded,) = decided.drafts
    assert recorded.data["needs"] == "approver"
    assert recorded.data["needs_why"] == ["far_from_cutoff", "tier_2_amount"]
    assert decided.answer["status"] == "waiting_approval"
    assert decided.answer["decision"] is None
    assert decided.answer["needs"] == "approver"


def test_the_preview_says_exactly_what_the_override_then_does() -> None:
    target = decline_case("0.8")
    found = preview_override(target, OFFICER, form(), RULES, NOON)
    assert found == Consequence(
        side=IN,
        code=RULES.justifications[0],
        concepts=(),
        needs=Needs.CREDIT_MANAGER,
        why=(Why.VERY_FAR_FROM_CUTOFF,),
    )
    assert override(target, form()).drafts[0].data["needs"] == found.needs
    for wrong in (form(code="M04"), form(evidence=()), form(seen_version=2)):
        with pytest.raises(OverridesError) as of_preview:
            preview_override(target, OFFICER, wrong, RULES, NOON)
        with pytest.raises(OverridesError) as of_act:
            override(target, wrong)
        assert str(of_preview.value) == str(of_act.value)


@pytest.mark.parametrize(
    ("target", "decision"),
    [(case(), APPROVE), (case(), DECLINE), (approve_case(), APPROVE), (decline_case(), DECLINE)],
)
def test_what_does_not_contradict_the_recommendation_is_no_override(
    target: Case, decision: Decision
) -> None:
    with pytest.raises(NothingToOverride):
        override(target, form(decision))


@pytest.mark.parametrize("code", [*RULES.justifications, None])
@pytest.mark.parametrize("side", [IN, OUT])
def test_a_code_is_used_only_in_its_own_direction(code: object, side: OverrideSide) -> None:
    target, decision = (decline_case(), APPROVE) if side is IN else (approve_case(), DECLINE)
    entry = RULES.justification(getattr(code, "code", "Z99"))
    made = form(decision, entry.code if entry else "Z99", note=NOTE * 5)
    fits = {Direction.LOW: IN, Direction.HIGH: OUT}
    if entry is not None and fits.get(entry.direction, side) is side:
        assert override(target, made).drafts
    else:
        with pytest.raises(CodeNotAllowed, match=f"{decision[:-1]}ing against the model"):
            override(target, made)


def test_proof_is_demanded_where_the_code_demands_it() -> None:
    for evidence in ((), (Evidence("", "archive 1"),), (Evidence("PAYSLIP", "  "),)):
        with pytest.raises(EvidenceMissing, match="a dated document"):
            override(decline_case(), form(evidence=evidence))
    narrative = form(code="X03", note=NOTE * 5, evidence=())
    assert override(decline_case(), narrative).drafts[0].data["evidence_types"] == []


def test_a_note_is_as_long_as_its_code_demands_blanks_not_counted() -> None:
    assert override(decline_case(), form(note=" ten chars. \r\n")).drafts[0].slots
    with pytest.raises(NoteTooShort) as refused:
        override(decline_case(), form(note=" nine char \n"))
    assert (refused.value.minimum, refused.value.length) == (10, 9)
    with pytest.raises(NoteTooShort):
        override(decline_case(), form(code="X03", note="x" * 199))


def test_turning_an_applicant_away_names_one_to_four_known_reasons() -> None:
    for wrong in ((), ("R01", "R02", "R03", "R04", "R05")):
        with pytest.raises(AdverseReasonsMissing):
            override(approve_case(), form(DECLINE, "M04", adverse_reasons=wrong))
    with pytest.raises(UnknownConcept):
        override(approve_case(), form(DECLINE, "M04", adverse_reasons=("R77",)))
    assert override(decline_case(), form()).drafts[0].data["concepts"] == []


def test_upheld_the_proposal_is_the_decision_and_names_both_persons_acts() -> None:
    decided = judge(waiting_case(), Verdict.UPHOLD, note="")
    approval, final = decided.drafts
    for draft in decided.drafts:
        check_draft(draft)
    assert approval.data == {"of": "e-override", "verdict": "uphold", "grant": SENIOR.grant}
    assert approval.slots == ()
    assert final.data["decision"] == "approve"
    assert final.data["side"] == IN
    assert final.data["code"] == "M01"
    assert final.data["rests_on"] == ["e-decision", "e-override", approval.event_id]


@pytest.mark.parametrize("verdict", [Verdict.RETURN, Verdict.REJECT])
def test_returned_or_rejected_the_case_is_open_again_with_the_reason(verdict: Verdict) -> None:
    decided = judge(waiting_case(), verdict)
    (approval,) = decided.drafts
    assert approval.slots[0].payload == {"text": "why?"}
    assert decided.answer["status"] == "in_review"
    with pytest.raises(NoteTooShort):
        judge(waiting_case(), verdict, note=" \n")


def test_the_proposer_under_another_key_role_or_name_is_still_the_proposer() -> None:
    promoted = Actor(OFFICER.ref, "Asha (key 2)", Role.CREDIT_MANAGER, "head", 99_000_000, "g9")
    for actor in (OFFICER, promoted):
        for verdict in Verdict:
            with pytest.raises(SamePerson):
                judge(waiting_case(), verdict, actor)
    assert judge(waiting_case("credit_manager"), Verdict.UPHOLD, MANAGER).drafts


def test_whoever_was_excluded_neither_decides_nor_approves_nor_claims() -> None:
    out = (SENIOR.ref,)
    with pytest.raises(ExcludedFromCase):
        judge(waiting_case(excluded=out), Verdict.UPHOLD)
    with pytest.raises(ExcludedFromCase):
        override(decline_case(excluded=out), form(), SENIOR)
    assert override(decline_case(excluded=out), form(), OTHER).drafts


def test_an_approval_too_is_refused_for_a_lease_or_a_stale_page() -> None:
    with pytest.raises(ClaimHeld):
        judge(waiting_case(claim=Claim(MANAGER.ref, LATER)), Verdict.UPHOLD)
    with pytest.raises(StaleCase):
        judge(waiting_case(), Verdict.UPHOLD, seen=2)
    with pytest.raises(NothingToApprove):
        judge(case(), Verdict.UPHOLD)


class EmptyState:
    """A state in which there is no case."""

    def case(self, _: str) -> None:
        """There is none."""


def every_refusal() -> dict[type[OverridesError], object]:
    """One way to each error that an act on a case can meet."""
    held = Claim(OTHER.ref, LATER)
    confirm = ReviewForm(decision=DECLINE, seen_version=3)

    def review(target: Case, made: ReviewForm, actor: Actor = OFFICER) -> Decided:
        return decide_review(target, actor, made, RULES, NOON, ids())

    return {
        UnknownCase: lambda: case_of(EmptyState(), "c-9"),  # type: ignore[arg-type]
        StaleCase: lambda: override(decline_case(), form(seen_version=2)),
        CaseClosed: lambda: override(decline_case(status=CaseStatus.EXPIRED), form()),
        NotAllowedNow: lambda: override(waiting_case(), form()),
        ClaimHeld: lambda: override(decline_case(claim=held), form()),
        ExcludedFromCase: lambda: override(decline_case(excluded=(OFFICER.ref,)), form()),
        ModelSuspended: lambda: override(decline_case(stopped=True), form()),
        UseOverride: lambda: review(approve_case(), confirm),
        NothingToOverride: lambda: override(case(), form()),
        CodeNotAllowed: lambda: override(decline_case(), form(code="M04")),
        EvidenceMissing: lambda: override(decline_case(), form(evidence=())),
        NoteTooShort: lambda: override(decline_case(), form(note="")),
        AdverseReasonsMissing: lambda: review(case(), confirm),
        UnknownConcept: lambda: override(decline_case(), form(adverse_reasons=("Z",))),
        AboveLimit: lambda: judge(waiting_case(minor=3_000_000), Verdict.UPHOLD),
        LimitInOtherCurrency: lambda: judge(
            replace(waiting_case(), amount=Money(1, "EUR")), Verdict.UPHOLD
        ),
        SamePerson: lambda: decide_claim(waiting_case(), OFFICER, RULES, NOON, ids()),
        NoAuthority: lambda: judge(waiting_case("credit_manager"), Verdict.UPHOLD),
        NothingToApprove: lambda: judge(decline_case(), Verdict.REJECT),
    }


@pytest.mark.parametrize(
    ("error", "act"),
    [pytest.param(error, act, id=error.__name__) for error, act in every_refusal().items()],
)
def test_each_error_is_met_and_says_a_whole_sentence(
    error: type[OverridesError], act: object
) -> None:
    with pytest.raises(error) as refused:
        act()  # type: ignore[operator]
    sentence = str(refused.value)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "{" not in sentence


def test_no_error_of_cases_and_acts_is_left_out() -> None:
    known = {*CaseError.__subclasses__(), *ActError.__subclasses__()}
    known = {kind for kind in known if kind.__module__ == CaseError.__module__}
    assert set(every_refusal()) == known


def test_an_answer_for_a_repeated_request_has_no_personal_data() -> None:
    decided = override(decline_case(), form(note="Mr Example earns more."))
    assert "Example" not in str(decided.answer)
    assert "archive" not in str(decided.answer)


def test_recommendations_are_told_by_their_own_words() -> None:
    with pytest.raises(NothingToOverride, match=Recommendation.REFER):
        override(case(), form())
