"""Other terms: passing they are a change of terms, failing an override, and both are answered."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.authority import Needs, within_limit
from overrides.cases import Case, Offer
from overrides.change_errors import (
    CorrectionUnproven,
    KnockOutLifted,
    NotScored,
    OfferLapsed,
    OwnValues,
)
from overrides.correcting import (
    WHY_CHARS_MIN,
    CorrectionForm,
    check_correction,
    check_knockouts,
    check_own_values,
    decide_correction,
)
from overrides.countering import (
    AnswerForm,
    OfferAnswer,
    Offered,
    OfferForm,
    check_offer,
    decide_answer,
    decide_lapse,
    decide_offer,
    preview_offer,
    rescored,
)
from overrides.errors import (
    AboveLimit,
    ActError,
    AdverseReasonsMissing,
    CaseClosed,
    ClaimHeld,
    CodeNotAllowed,
    EvidenceMissing,
    ExcludedFromCase,
    ModelSuspended,
    NoAuthority,
    NotAllowedNow,
    NoteTooShort,
    OverridesError,
    StaleCase,
    UnknownConcept,
)
from overrides.events import check_draft
from overrides.information import InformationAnswer
from overrides.information import decide_answer as decide_heard
from overrides.journal import Json
from overrides.labels import OutcomeDefinition
from overrides.metrics import board
from overrides.queue_errors import ReferredUpwards
from overrides.reading import ActRow, CaseFile
from overrides.values import (
    CaseStatus,
    Claim,
    Decision,
    Evidence,
    Money,
    OverrideSide,
    Recommendation,
    Verdict,
)
from tests.overrides.case_house import House, house_at
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
    case,
    decline_case,
    ids,
)


def form(**more: object) -> OfferForm:
    told = {"fields": ("amount",), "days": 90, "seen_version": 3, "code": "M01", "note": NOTE}
    return OfferForm(**{**told, "evidence": PROOF, **more})  # type: ignore[arg-type]


def scored_at(probability: str, minor: int = 300_000) -> Case:
    """The case as terms of this score leave it."""
    chance = Decimal(probability)
    return replace(
        decline_case(),
        version=4,
        decision_id="d-2",
        decision_event="e-second",
        probability=chance,
        recommendation=RULES.cutoffs.recommend(chance),
        amount=Money(minor, "DEM"),
    )


def countered() -> Case:
    """A case whose offer stands until an hour from now."""
    until = NOON + timedelta(hours=1)
    offer = Offer(
        event_id="e-offer", person=OFFICER.ref, approver="", until=until, side=None, code=""
    )
    return replace(scored_at("0.19"), status=CaseStatus.COUNTERED, offer=offer)


def preview(scored: Case, asked: OfferForm) -> Offered:
    """What an officer's offer on a declined case would be."""
    return preview_offer(decline_case(), scored, OFFICER, asked, RULES, NOON.date())


@given(st.decimals(0, 1, places=3), st.sampled_from([OFFICER, SENIOR, MANAGER]), st.integers(1, 9))
def test_an_offer_is_an_override_exactly_where_its_score_asks_for_a_decline(
    probability: Decimal, actor: object, hundred_thousands: int
) -> None:
    scored = scored_at(str(probability), hundred_thousands * 300_000)
    fails = probability > RULES.cutoffs.decline_above
    try:
        decided = decide_offer(decline_case(), scored, actor, form(), RULES, NOON, ids())  # type: ignore[arg-type]
    except AboveLimit:
        assert not fails
        assert not within_limit(actor, scored.amount, RULES.limits)  # type: ignore[arg-type]
        return
    kinds = [draft.type for draft in decided.drafts]
    assert kinds == ["override_recorded"] * fails + ["counter_offered"]
    assert decided.answer["side"] == ("approved_against_model" if fails else None)
    waits = decided.answer["needs"] != ""
    assert decided.answer["status"] == ("waiting_approval" if waits else "countered")
    if not fails:
        assert not waits
        assert within_limit(actor, scored.amount, RULES.limits)  # type: ignore[arg-type]
    for draft in decided.drafts:
        check_draft(draft)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"code": ""}, CodeNotAllowed),
        ({"code": "M04"}, CodeNotAllowed),
        ({"evidence": ()}, EvidenceMissing),
        ({"note": "short"}, NoteTooShort),
    ],
)
def test_failing_terms_need_code_evidence_and_note(
    more: dict[str, object], error: type[ActError]
) -> None:
    with pytest.raises(error):
        preview(scored_at("0.36"), form(**more))
    assert preview(scored_at("0.35"), form(**more)).side is None


@pytest.mark.parametrize("word", list(Recommendation))
@pytest.mark.parametrize("reliable", [True, False])
def test_whoever_offers_other_terms_says_why_unless_the_model_declined_for_reliable_reasons(
    word: Recommendation, *, reliable: bool
) -> None:
    before = replace(case(word), reliable=reliable)
    scored, owes = scored_at("0.19"), not (word is Recommendation.DECLINE and reliable)
    if owes:
        with pytest.raises(AdverseReasonsMissing):
            decide_offer(before, scored, OFFICER, form(), RULES, NOON, ids())
    else:
        (plain,) = decide_offer(before, scored, OFFICER, form(), RULES, NOON, ids()).drafts
        assert "concepts" not in plain.data
    with pytest.raises(UnknownConcept):
        decide_offer(before, scored, OFFICER, form(adverse_reasons=("R99",)), RULES, NOON, ids())
    named = form(adverse_reasons=("R01",))
    (offered,) = decide_offer(before, scored, OFFICER, named, RULES, NOON, ids()).drafts
    assert offered.data["concepts"] == ["R01"]
    check_draft(offered)


def test_failing_terms_need_the_second_person_that_an_override_needs() -> None:
    assert preview(scored_at("0.36"), form()).needs is Needs.NOBODY
    assert preview(scored_at("0.5"), form()).needs is Needs.APPROVER
    assert preview(scored_at("0.71"), form()).needs is Needs.CREDIT_MANAGER
    knocked = replace(scored_at("0.1"), recommendation=Recommendation.DECLINE)
    assert preview(knocked, form()).needs is Needs.APPROVER


@pytest.mark.parametrize(
    ("standing", "actor", "seen", "error"),
    [
        (decline_case(), AUDITOR, 3, NoAuthority),
        (decline_case(), SERVICE, 3, NoAuthority),
        (decline_case(status=CaseStatus.DECIDED), OFFICER, 3, CaseClosed),
        (countered(), OFFICER, 4, NotAllowedNow),
        (decline_case(excluded=(OFFICER.ref,)), OFFICER, 3, ExcludedFromCase),
        (decline_case(claim=Claim(OTHER.ref, LATER)), OFFICER, 3, ClaimHeld),
        (decline_case(), OFFICER, 2, StaleCase),
        (decline_case(stopped=True), OFFICER, 3, ModelSuspended),
    ],
)
def test_terms_are_changed_by_whoever_may_decide_the_case_as_it_stands(
    standing: Case, actor: object, seen: int, error: type[OverridesError]
) -> None:
    with pytest.raises(error):
        check_offer(standing, actor, seen, NOON)  # type: ignore[arg-type]
    asked = CorrectionForm(fields=("a",), seen_version=seen, note=NOTE, evidence=PROOF)
    with pytest.raises(error):
        check_correction(standing, actor, asked, NOON)  # type: ignore[arg-type]


def test_terms_without_a_score_are_not_offered(house: House) -> None:
    failed = house.decision(case_ref="c-1", cause="model_error")
    with pytest.raises(NotScored):
        rescored(decline_case(), failed)


def test_an_offer_is_accepted_until_it_runs_out_and_refused_at_any_time() -> None:
    accept, refuse = (AnswerForm(answer=answer) for answer in OfferAnswer)
    done = decide_answer(countered(), SERVICE, accept, NOON, ids())
    (draft,) = done.drafts
    assert (draft.type, draft.data["decision"], draft.data["terms"]) == (
        "case_decided",
        "approve",
        "changed",
    )
    assert "e-offer" in draft.data["rests_on"]
    late = NOON + timedelta(hours=1)
    with pytest.raises(OfferLapsed):
        decide_answer(countered(), SERVICE, accept, late, ids())
    assert decide_answer(countered(), OFFICER, refuse, late, ids()).answer["status"] == "withdrawn"
    with pytest.raises(NoAuthority):
        decide_answer(countered(), AUDITOR, refuse, NOON, ids())
    with pytest.raises(NotAllowedNow):
        decide_answer(case(), OFFICER, accept, NOON, ids())
    with pytest.raises(StaleCase):
        decide_answer(countered(), OFFICER, replace(accept, seen_version=3), NOON, ids())


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"excluded": (OFFICER.ref,)}, ExcludedFromCase),
        ({"claim": Claim(OTHER.ref, NOON + timedelta(hours=1))}, ClaimHeld),
        ({"referred": True}, ReferredUpwards),
    ],
)
def test_an_answer_is_written_down_by_no_person_who_may_not_act_on_the_case(
    changed: dict[str, Any], error: type[Exception]
) -> None:
    accept = AnswerForm(answer=OfferAnswer.ACCEPTED)
    with pytest.raises(error):
        decide_answer(replace(countered(), **changed), OFFICER, accept, NOON, ids())
    waits = replace(case(), status=CaseStatus.WAITING_APPLICANT, **changed)
    with pytest.raises(error):
        decide_heard(waits, OFFICER, InformationAnswer(), None, NOON, ids())
    assert decide_heard(waits, SERVICE, InformationAnswer(), None, NOON, ids()).drafts


def test_only_an_offer_whose_time_is_up_lapses() -> None:
    assert decide_lapse(countered(), ADMIN, NOON, ids()).drafts == ()
    assert decide_lapse(case(), ADMIN, NOON, ids()).drafts == ()
    lapsed = decide_lapse(countered(), ADMIN, NOON + timedelta(hours=1), ids())
    assert [draft.type for draft in lapsed.drafts] == ["case_expired"]
    assert lapsed.answer["status"] == "expired"


def test_a_correction_names_its_document_and_why() -> None:
    asked = CorrectionForm(fields=("a",), seen_version=3, note=NOTE, evidence=PROOF)
    check_correction(decline_case(), OFFICER, asked, NOON)
    for evidence in ((), (Evidence("PAYSLIP", " "),)):
        with pytest.raises(CorrectionUnproven):
            check_correction(decline_case(), OFFICER, replace(asked, evidence=evidence), NOON)
    short = replace(asked, note="x" * (WHY_CHARS_MIN - 1))
    with pytest.raises(NoteTooShort):
        check_correction(decline_case(), OFFICER, short, NOON)
    made = decide_correction(decline_case(), scored_at("0.19"), OFFICER, asked, ids())
    (draft,) = made.drafts
    check_draft(draft)
    assert (draft.data["of"], draft.data["decision_id"]) == ("d-1", "d-2")
    assert (draft.data["from"], draft.data["to"]) == ("decline", "approve")
    assert {slot.name for slot in draft.slots} == {"note", "evidence"}


def acted(kind: str, actor: str, **data: Json) -> ActRow:
    """An act on the case, as its history has it."""
    return ActRow(
        seq=0,
        event_id="e",
        case_ref="c",
        type=kind,
        at=NOON,
        actor=actor,
        role="officer",
        data=data,
        slots=(),
        status=CaseStatus.IN_REVIEW,
        version=1,
        simulated=False,
    )


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "corrected"])
@pytest.mark.parametrize("says", [Decision.APPROVE, Verdict.UPHOLD])
def test_whoever_changed_values_of_a_decline_neither_approves_nor_upholds(
    says: Decision | Verdict, *, heard: bool
) -> None:
    changed = (
        acted("information_received", OFFICER.ref, fields=["a"])
        if heard
        else acted("input_corrected", OFFICER.ref, **{"from": "decline"})
    )
    acts = [acted("decision_made", SERVICE.ref, recommendation="decline"), changed]
    lifted = case()
    assert lifted.recommendation is not Recommendation.DECLINE
    with pytest.raises(OwnValues):
        check_own_values(acts, lifted, OFFICER, says)
    assert check_own_values(acts, lifted, OTHER, says) is lifted
    assert check_own_values(acts, lifted, OFFICER, Decision.DECLINE) is lifted
    still = replace(decline_case(), proposal=None)
    assert check_own_values(acts, still, OFFICER, Decision.APPROVE) is still, "that is an override"
    if heard:
        assert check_own_values(acts[1:], lifted, OFFICER, says) is lifted, "nothing was declined"


def test_a_correction_never_lifts_a_knock_out() -> None:
    check_knockouts((), ("P01-TERM",))
    check_knockouts(("P01-TERM",), ("P01-TERM",))
    with pytest.raises(KnockOutLifted, match="P01-AMOUNT"):
        check_knockouts(("P01-TERM", "P01-AMOUNT"), ("P01-TERM",))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    url = f"sqlite:///{tmp_path / 'h.sqlite3'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    with house_at(url) as house:
        yield house


def told(house: House, ref: str) -> CaseFile:
    file = house.book.case(ref)
    assert file is not None
    return file


def test_an_accepted_offer_is_decided_by_whoever_made_it_and_whoever_upheld_it(
    house: House,
) -> None:
    ref = house.apply_for("decline")
    house.offer(ref, "approve", OTHER)
    house.hear(ref, "accepted", SERVICE)
    row = told(house, ref).row
    assert (row.status, row.final, row.side) == (CaseStatus.DECIDED, Decision.APPROVE, None)
    assert (row.reviewer, row.approver, row.amount.minor) == (OTHER.ref, "", 300_000)

    far = house.apply_for("decline", amount_minor=400_000)
    house.offer(far, "decline", OTHER)
    assert told(house, far).case.status is CaseStatus.COUNTERED  # near the cut-off: one person
    house.hear(far, "accepted", OFFICER)
    assert told(house, far).row.side is OverrideSide.APPROVED_AGAINST_MODEL


def test_while_an_offer_stands_only_its_own_clock_runs(house: House) -> None:
    ref = house.apply_for("decline")
    house.offer(ref, "approve")
    row = told(house, ref).row
    assert row.clocks.target is None
    assert row.clocks.limit == row.due_at == house.now + timedelta(days=90)
    offer = told(house, ref).case.offer
    assert offer is not None
    assert offer.until == row.due_at


@pytest.mark.parametrize("answer", ["refused", "accepted"])
def test_when_an_offer_ended_the_clocks_are_those_of_the_application(
    house: House, answer: str
) -> None:
    ref = house.apply_for("decline")
    before = told(house, ref).row
    house.offer(ref, "approve")
    house.hear(ref, answer)
    after = told(house, ref).row
    scored_again = house.now - before.opened_at
    assert before.due_at is not None
    assert after.due_at is not None
    assert after.due_at - before.due_at <= scored_again, "not the end of the offer"
    assert after.clocks.target == after.due_at


def test_changes_of_terms_and_corrections_are_counted_apart_from_overrides(house: House) -> None:
    passing, failing, refused = (house.apply_for("decline") for _ in range(3))
    for ref, word, said in (
        (passing, "approve", "accepted"),
        (failing, "decline", "accepted"),
        (refused, "approve", "refused"),
    ):
        house.offer(ref, word)
        house.hear(ref, said)
    waiting = house.apply_for("decline")
    house.offer(waiting, "approve")
    facts = {fact.case_ref: fact for fact in house.book.board_facts(house.now)}
    told_of = {ref: facts[ref].countered for ref in (passing, failing, refused, waiting)}
    assert told_of == {passing: True, failing: True, refused: False, waiting: True}
    definition = OutcomeDefinition(id="test")
    late = house.now + timedelta(days=200)
    found = board(facts.values(), lambda _: definition, late)
    assert (found.other_terms.count, found.other_terms.of) == (1, 2)
    assert found.overrides.low_side.count == 1
    assert found.turnaround.cases == found.turnaround.overdue_now == 0
    corrected = [replace(fact, corrected=ref == passing) for ref, fact in facts.items()]
    assert board(corrected, lambda _: definition, late).corrected.count == 1
