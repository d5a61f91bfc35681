"""Which letter a case calls for, whose reasons it states, and by when it is due."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overrides.letter_calls import Called, Ground, LetterKind, called_for
from overrides.letters import (
    Hold,
    Principal,
    Scored,
    Sealed,
    Source,
    Stated,
    addressee,
    due_at,
    principal,
)
from overrides.rule_packs import ELSEWHERE, PACKS, Block, GreyBand, pack_for, pack_named
from overrides.values import Decision, OverrideSide, Recommendation

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
EU, US = pack_for("DE", AT.date()), pack_for("US", AT.date())
NAMED = st.lists(st.sampled_from(["R21", "R22", "R23", "R24", "R25"]), unique=True, max_size=4)
SCORED = st.lists(
    st.builds(Scored, st.sampled_from(["M1", "M2", "M3", "M4", "M5"]), st.booleans()),
    max_size=4,
    unique_by=lambda reason: reason.concept,
)


@dataclass(frozen=True)
class Act:
    """An act as the ledger has it."""

    type: str
    data: dict[str, Any] = field(default_factory=dict)
    event_id: str = "e"
    at: datetime = AT


def decided(decision: str = "decline", *, by: str = "person", side: str = "", **more: Any) -> Act:
    """The end of a case."""
    data = {"decision": decision, "by": by, "side": side, "terms": "as_applied"}
    return Act("case_decided", {**data, "rests_on": ["d", "act"], **more}, "end")


def said(kind: str, *concepts: str) -> Act:
    """An act of a person who named reasons."""
    return Act(kind, {"concepts": list(concepts)}, "act")


BEFORE = {"recommendation": "decline", "decision_event": "d"}
TERMS = {"fields": ["term"], "days": 30, "before": BEFORE}
OFFER = Act("counter_offered", {"needs": "", **TERMS}, "offer")
PROPOSED = Act("counter_offered", {"needs": "approver", **TERMS}, "offer")
REFUSED = Act("case_withdrawn", {"reason": "offer_refused"}, "over")
LAPSED = Act("case_expired", {"reason": "offer_lapsed"}, "over")
WITHDRAWN = Act("case_withdrawn", {"reason": "applicant_withdrew"}, "over")
ASKED = Act("information_requested", {"fields": ["income"], "until": "2026-11-30T00:00:00.000000Z"})
SILENT = Act("case_expired", {"reason": "no_answer"}, "over")
BACK = Act("case_reopened", {"reason": "undone", "before": {"status": "countered"}}, "undo")


def letter(kind: str, *moved: str, letter_id: str = "l", **told: Any) -> list[Act]:
    """A letter that was drafted, and how far it came."""
    draft = Act("letter_drafted", {"kind": kind, "concepts": [], **told}, letter_id)
    moves = [Act("letter_moved", {"of": letter_id, "to": to}, f"{letter_id}-{to}") for to in moved]
    return [draft, *moves]


TOLD = letter("counteroffer", "issued", "sent", concepts=["M1"])
BARE = letter("counteroffer", "issued", "sent")
UNSENT = letter("counteroffer", "issued", concepts=["M1"])
CAME_BACK = letter("counteroffer", "sent", "returned", concepts=["M1"])
NOTICE = letter("incompleteness", "issued", "sent", until="2026-11-30T00:00:00.000000Z")
UNDATED = letter("incompleteness", "issued", "sent")


def called(named: list[str], side: OverrideSide | None = None) -> Called:
    """A letter about a refusal."""
    return Called(
        kind=LetterKind.ADVERSE_ACTION,
        event_id="end",
        since=AT,
        decision=Decision.DECLINE,
        by_person=True,
        side=side,
        named=tuple(named),
    )


@settings(max_examples=1000, deadline=None)
@given(NAMED, SCORED, st.sampled_from(Recommendation), st.booleans(), st.sampled_from(PACKS))
def test_a_letter_after_a_high_side_override_states_no_reason_of_the_model(
    named: list[str],
    scored: list[Scored],
    advice: Recommendation,
    ruled: bool,  # noqa: FBT001 - generated
    pack: Any,
) -> None:
    sealed = Sealed(recommendation=advice, scored=tuple(scored), knockouts=("K1",) if ruled else ())
    found = principal(called(named, OverrideSide.DECLINED_AGAINST_MODEL), sealed, pack)
    assert [reason.name for reason in found.reasons] == named
    assert all(reason.of is Source.PERSON for reason in found.reasons)
    assert (Hold.NO_REASONS in found.holds) == (not named)


@settings(max_examples=300, deadline=None)
@given(NAMED, SCORED, st.sampled_from(Recommendation), st.booleans(), st.sampled_from(PACKS))
def test_reasons_are_those_of_the_table(
    named: list[str],
    scored: list[Scored],
    advice: Recommendation,
    ruled: bool,  # noqa: FBT001 - generated
    pack: Any,
) -> None:
    """The table row by row, written down plainly."""
    rules = ("K1", "K2") if ruled else ()
    sealed = Sealed(recommendation=advice, scored=tuple(scored), knockouts=rules)
    found = principal(called(named), sealed, pack)
    model = [reason.concept for reason in scored]
    if advice is Recommendation.REFER:
        wanted = list(named)
        if named and pack.grey_band is GreyBand.BOTH:
            wanted += model
    elif ruled:
        wanted = [*rules, *named]
    else:
        wanted = [*model, *named]
    assert [reason.name for reason in found.reasons] == wanted[:4]
    assert (Hold.NO_REASONS in found.holds) == (not wanted)
    odd = {reason.concept for reason in scored if reason.counter_intuitive}
    assert (Hold.UNEXPECTED in found.holds) == bool(
        {reason.name for reason in found.reasons if reason.of is Source.MODEL} & odd
    )


def test_a_confirmed_refusal_states_the_scored_factors_in_their_recorded_order() -> None:
    sealed = Sealed(recommendation=Recommendation.DECLINE, scored=(Scored("M2"), Scored("M1")))
    stated = (Stated("M2", Source.MODEL), Stated("M1", Source.MODEL))
    assert principal(called([]), sealed, EU) == Principal(Source.MODEL, stated)


def test_an_unexpected_factor_is_stated_and_the_letter_is_held() -> None:
    sealed = Sealed(recommendation=Recommendation.DECLINE, scored=(Scored("M1", True),))
    found = principal(called([]), sealed, EU)
    assert [reason.name for reason in found.reasons] == ["M1"]
    assert found.holds == (Hold.UNEXPECTED,)


def test_a_refusal_in_the_grey_band_states_both_where_the_rules_of_the_place_ask_for_it() -> None:
    sealed = Sealed(
        recommendation=Recommendation.REFER, scored=(Scored("M1"), Scored("R21"), Scored("M2"))
    )
    named = called(["R21", "R22", "R23"])
    assert [r.name for r in principal(named, sealed, US).reasons] == ["R21", "R22", "R23", "M1"]
    assert [r.name for r in principal(named, sealed, EU).reasons] == ["R21", "R22", "R23"]


def test_a_person_s_further_reason_that_finds_no_room_holds_the_letter() -> None:
    scored = tuple(Scored(f"M{n}") for n in range(1, 5))
    sealed = Sealed(recommendation=Recommendation.DECLINE, scored=scored)
    assert Hold.LEFT_OUT in principal(called(["R21"]), sealed, EU).holds


ADVERSE = LetterKind.ADVERSE_ACTION


@pytest.mark.parametrize(
    ("acts", "kind"),
    [
        ([Act("decision_made")], None),
        ([Act("decision_made"), decided(by="policy")], LetterKind.ADVERSE_ACTION),
        ([said("review_recorded", "R21"), decided()], LetterKind.ADVERSE_ACTION),
        ([decided("approve")], None),
        ([decided("approve", terms="changed")], None),
        ([OFFER], LetterKind.COUNTEROFFER),
        ([OFFER, decided("approve", terms="changed")], None),
        ([OFFER, WITHDRAWN], None),
        ([OFFER, REFUSED], LetterKind.ADVERSE_ACTION),
        ([OFFER, LAPSED], LetterKind.ADVERSE_ACTION),
        ([OFFER, *TOLD, LAPSED], None),
        ([OFFER, *BARE, LAPSED], LetterKind.ADVERSE_ACTION),
        ([OFFER, *UNSENT, LAPSED], LetterKind.ADVERSE_ACTION),
        ([OFFER, *CAME_BACK, REFUSED], LetterKind.ADVERSE_ACTION),
        ([OFFER, LAPSED, Act("case_reopened", {"reason": "x"})], None),
        ([OFFER, decided("approve", terms="changed"), BACK], LetterKind.COUNTEROFFER),
        ([OFFER, decided("approve", terms="changed"), BACK, REFUSED], LetterKind.ADVERSE_ACTION),
        ([PROPOSED, WITHDRAWN], None),
        ([PROPOSED, Act("approval_recorded", {"verdict": "uphold"}), LAPSED], ADVERSE),
        ([ASKED, SILENT], LetterKind.ADVERSE_ACTION),
        ([ASKED, *NOTICE, SILENT], None),
        ([ASKED, *UNDATED, SILENT], LetterKind.ADVERSE_ACTION),
        ([ASKED, WITHDRAWN], None),
        ([ASKED, Act("information_received"), SILENT], None),
        ([PROPOSED], None),
        ([PROPOSED, Act("approval_recorded", {"verdict": "uphold"})], LetterKind.COUNTEROFFER),
        ([PROPOSED, Act("approval_recorded", {"verdict": "reject"})], None),
        ([decided(), Act("case_reopened")], None),
        ([decided(), Act("case_reopened"), decided("approve")], None),
        ([Act("information_requested", {"reason": "x"})], LetterKind.INCOMPLETENESS),
        ([Act("information_requested"), Act("information_received")], None),
    ],
)
def test_the_latest_act_says_which_letter_is_called_for(
    acts: list[Act], kind: LetterKind | None
) -> None:
    found = called_for(acts, "US")
    assert (found.kind if found else None) == kind


def test_reasons_of_a_person_are_those_of_the_act_that_the_decision_rests_on() -> None:
    before = Act("override_recorded", {"concepts": ["R24"]}, "rejected")
    acts = [before, said("override_recorded", "R21", "R22"), decided()]
    found = called_for(acts, "US")
    assert found is not None
    assert found.named == ("R21", "R22")


def test_what_the_applicant_was_asked_for_stands_in_the_call() -> None:
    data = {"reason": "x", "fields": ["income"], "documents": ["payslip"]}
    found = called_for([Act("information_requested", data)], "US")
    assert found is not None
    assert found.asked == ("income", "payslip")


def test_days_are_counted_from_what_the_rules_say() -> None:
    done = AT - timedelta(days=4)
    sealed = Sealed(recommendation=Recommendation.REFER, scored=(), completed_at=done)
    assert due_at(called([]), sealed, US) == done + timedelta(days=30)
    assert due_at(called([]), sealed, EU) == AT + timedelta(days=3)
    asked = Called(kind=LetterKind.INCOMPLETENESS, event_id="e", since=AT, ground=Ground.ASKED)
    assert due_at(asked, sealed, US) == AT + timedelta(days=30)


def test_who_did_not_accept_other_terms_is_told_within_the_days_of_the_place() -> None:
    over = replace(LAPSED, at=AT + timedelta(days=30))
    done = AT - timedelta(days=50)
    sealed = Sealed(recommendation=Recommendation.DECLINE, scored=(Scored("M1"),))
    for place, pack, due in (
        ("US", US, AT + timedelta(days=90)),
        ("DE", EU, over.at + timedelta(days=3)),
    ):
        found = called_for([OFFER, over], place)
        assert found is not None
        assert (found.ground, found.about) == (Ground.NOT_ACCEPTED, "d")
        assert due_at(found, replace(sealed, completed_at=done), pack) == due
        assert [reason.name for reason in principal(found, sealed, pack).reasons] == ["M1"]


def test_other_terms_than_the_model_would_have_given_state_no_reason_of_the_model() -> None:
    against = {**TERMS, "before": {**BEFORE, "recommendation": "approve"}, "needs": ""}
    sealed = Sealed(recommendation=Recommendation.APPROVE, scored=(Scored("M1"),))
    found = called_for([Act("counter_offered", against), REFUSED], "US")
    assert found is not None
    assert principal(found, sealed, US) == Principal(Source.PERSON, (), (Hold.NO_REASONS,))
    said = {**against, "concepts": ["P1"]}
    for acts in ([Act("counter_offered", said)], [Act("counter_offered", said), REFUSED]):
        called = called_for(acts, "US")
        assert called is not None
        stated = Principal(Source.PERSON, (Stated("P1", Source.PERSON),))
        assert principal(called, sealed, US) == stated
    offered = called_for([Act("counter_offered", against)], "US")
    assert offered is not None
    assert principal(offered, sealed, US) == Principal(Source.NOBODY)


def test_a_notice_of_what_is_missing_closes_only_where_the_rules_say_so() -> None:
    for place, kind in (("US", None), ("DE", ADVERSE), ("IN", ADVERSE), ("TW", ADVERSE)):
        found = called_for([ASKED, *NOTICE, SILENT], place)
        assert (found.kind if found else None) == kind


def test_who_sent_nothing_is_told_what_was_missing_and_no_reason_of_the_model() -> None:
    found = called_for([ASKED, SILENT], "US")
    assert found is not None
    assert found.asked == ("income",)
    sealed = Sealed(recommendation=Recommendation.DECLINE, scored=(Scored("M1"),))
    assert principal(found, sealed, US) == Principal(Source.MISSING)
    assert due_at(found, replace(sealed, completed_at=AT - timedelta(days=40)), US) == (
        AT + timedelta(days=30)
    )


@pytest.mark.parametrize(
    ("place", "day", "name"),
    [
        ("US", date(2026, 7, 20), "us-2011"),
        ("US-CA", date(2026, 7, 21), "us-2026-07"),
        ("DE", date(2026, 11, 19), "eu-2010"),
        ("DE", date(2026, 11, 20), "eu-ccd2-2026"),
        ("GB", date(2026, 2, 4), "uk-2018"),
        ("GB", date(2026, 2, 5), "uk-duaa-2026"),
        ("IN-AS", date(2026, 1, 1), "in-rbi-2007"),
        ("TW", date(2026, 1, 1), "elsewhere"),
        ("US", date(2001, 1, 1), "elsewhere"),
    ],
)
def test_the_pack_of_a_letter_is_the_one_in_force_on_the_day(
    place: str, day: date, name: str
) -> None:
    assert pack_for(place, day).name == name


def test_every_pack_has_a_name_of_its_own_and_says_where_it_comes_from() -> None:
    every = (*PACKS, ELSEWHERE)
    assert len({pack.name for pack in every}) == len(every)
    assert all(pack.source and pack.days > 0 for pack in every)
    assert all(pack_named(pack.name) is pack for pack in every)
    assert all(Block.EQUAL_CREDIT in pack.blocks for pack in PACKS if "US" in pack.places)


def test_the_letter_goes_to_the_first_applicant_and_never_to_a_guarantor_before_one() -> None:
    parties = [("party.0", "guarantor"), ("party.1", "applicant"), ("party.2", "co_applicant")]
    assert addressee(parties) == "party.1"
    assert addressee([("party.0", "co_applicant")]) == "party.0"
    assert addressee([]) == ""
