"""Cases are passed on by whoever may, to whoever can, and never past the law's limit."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.assigning import Assigned, drawn, eligible
from overrides.authority import within_limit
from overrides.cases import Case
from overrides.desk import decide_claim, decide_review
from overrides.errors import CaseClosed, ClaimHeld, ExcludedFromCase, NoAuthority, SamePerson
from overrides.forms import ReviewForm
from overrides.instants import instant_text, parse_instant
from overrides.passing_on import (
    Passing,
    decide_aside,
    decide_hand_over,
    decide_referral,
    decide_taking_back,
    latest_until,
)
from overrides.queue_errors import (
    HandedToOneself,
    NothingHeld,
    ReferredUpwards,
    UnknownColleague,
    UntilNotPossible,
)
from overrides.values import (
    DECIDING_ROLES,
    Actor,
    CaseStatus,
    Claim,
    Decision,
    Money,
    Role,
)
from tests.overrides.samples import (
    LATER,
    MANAGER,
    NOON,
    OFFICER,
    OTHER,
    RULES,
    SENIOR,
    case,
    ids,
    proposal,
    waiting_case,
)

LEAD = Actor("p-lead", "Tara", Role.TEAM_LEAD, "north")
SOON = NOON + timedelta(hours=5)
HELD = Claim(OTHER.ref, LATER)


def test_a_case_referred_upwards_is_free_and_closed_to_officers_until_it_is_handed_out() -> None:
    found = decide_referral(
        case(), OFFICER, Passing(reason="above_limit", note="Please."), NOON, ids()
    )
    (draft,) = found.drafts
    assert (draft.type, draft.data) == (
        "case_escalated",
        {"person": OFFICER.ref, "reason": "above_limit"},
    )
    assert [slot.name for slot in draft.slots] == ["note"]
    waiting = replace(case(), referred="above_limit")
    with pytest.raises(ReferredUpwards):
        decide_claim(waiting, OTHER, RULES, NOON, ids())
    form = ReviewForm(decision=Decision.APPROVE, seen_version=waiting.version)
    with pytest.raises(ReferredUpwards):
        decide_review(waiting, OTHER, form, RULES, NOON, ids())
    decide_claim(waiting, SENIOR, RULES, NOON, ids())


def test_a_case_is_handed_to_a_colleague_until_a_time() -> None:
    form = Passing(reason="workload", until=SOON)
    (draft,) = decide_hand_over(case(), OFFICER, OTHER, form, RULES, NOON, ids()).drafts
    assert draft.data == {
        "person": OFFICER.ref,
        "reason": "workload",
        "to": OTHER.ref,
        "until": instant_text(SOON),
    }


@pytest.mark.parametrize(
    ("to", "wrong"),
    [
        (OFFICER, HandedToOneself),
        (LEAD, UnknownColleague),
        (replace(OTHER, ref="p-out"), UnknownColleague),
    ],
)
def test_a_case_is_not_handed_to_somebody_who_could_do_nothing_with_it(
    to: Actor, wrong: type[Exception]
) -> None:
    form = Passing(reason="workload", until=SOON)
    with pytest.raises(wrong):
        decide_hand_over(case(excluded=("p-out",)), OFFICER, to, form, RULES, NOON, ids())


def test_only_whoever_leads_the_team_minds_nobodys_lease() -> None:
    held, form = case(claim=HELD), Passing(reason="workload", until=SOON)
    for decide in (decide_referral, decide_aside):
        asked = replace(form, reason="other")
        with pytest.raises(ClaimHeld):
            decide(held, OFFICER, asked, NOON, ids())
    with pytest.raises(ClaimHeld):
        decide_hand_over(held, OFFICER, SENIOR, form, RULES, NOON, ids())
    decide_hand_over(held, LEAD, SENIOR, form, RULES, NOON, ids())
    decide_referral(held, LEAD, replace(form, reason="other"), NOON, ids())
    (draft,) = decide_taking_back(held, LEAD, NOON, ids()).drafts
    assert draft.data == {"person": OTHER.ref, "why": "taken_back"}
    with pytest.raises(NothingHeld):
        decide_taking_back(held, LEAD, LATER, ids())
    for actor in (OFFICER, SENIOR):
        with pytest.raises(NoAuthority):
            decide_taking_back(held, actor, NOON, ids())
    with pytest.raises(NoAuthority):
        decide_aside(case(), LEAD, replace(form, reason="call_back"), NOON, ids())


def pass_in_every_way(one: Case, actor: Actor, wrong: type[Exception]) -> None:
    """Refer, hand over and set aside; all of it has to be refused as ``wrong``."""
    with pytest.raises(wrong):
        decide_referral(one, actor, Passing(reason="other"), NOON, ids())
    form = Passing(reason="other", until=SOON)
    with pytest.raises(wrong):
        decide_hand_over(one, actor, OTHER, form, RULES, NOON, ids())
    if actor.role in DECIDING_ROLES:
        with pytest.raises(wrong):
            decide_aside(one, actor, form, NOON, ids())


def test_no_officer_passes_on_a_case_that_was_referred_upwards() -> None:
    waiting = replace(case(), referred="above_limit")
    pass_in_every_way(waiting, OFFICER, ReferredUpwards)
    form = Passing(reason="workload", until=SOON)
    for actor in (LEAD, SENIOR, MANAGER):
        decide_hand_over(waiting, actor, OTHER, form, RULES, NOON, ids())


@pytest.mark.parametrize("actor", [OFFICER, SENIOR, MANAGER])
def test_whoever_may_not_decide_a_case_does_not_choose_who_does(actor: Actor) -> None:
    pass_in_every_way(case(excluded=(actor.ref,)), actor, ExcludedFromCase)


@pytest.mark.parametrize("actor", [OFFICER, SENIOR, MANAGER])
def test_whoever_proposed_has_no_hand_in_who_approves(actor: Actor) -> None:
    one = replace(waiting_case(), proposal=proposal(person=actor.ref))
    pass_in_every_way(one, actor, SamePerson)


def test_a_manager_who_proposed_does_not_take_the_case_from_its_approver() -> None:
    held = replace(
        waiting_case(), proposal=proposal(person=MANAGER.ref), claim=Claim(SENIOR.ref, LATER)
    )
    with pytest.raises(SamePerson):
        decide_taking_back(held, MANAGER, NOON, ids())
    decide_taking_back(held, LEAD, NOON, ids())


def test_whoever_may_not_decide_a_case_does_not_choose_when_its_holder_lets_go() -> None:
    held = case(claim=HELD, excluded=(MANAGER.ref,))
    with pytest.raises(ExcludedFromCase):
        decide_taking_back(held, MANAGER, NOON, ids())
    decide_taking_back(held, LEAD, NOON, ids())


@pytest.mark.parametrize(
    ("needs", "to", "fits"),
    [
        ("approver", SENIOR, True),
        ("approver", MANAGER, True),
        ("approver", replace(SENIOR, limit_minor=1), False),
        ("approver", OTHER, False),
        ("credit_manager", SENIOR, False),
        ("credit_manager", MANAGER, True),
        ("approver", replace(SENIOR, ref=OFFICER.ref), False),
    ],
)
def test_a_case_that_waits_for_approval_goes_only_to_who_may_approve_it(
    needs: str, to: Actor, *, fits: bool
) -> None:
    one, form = waiting_case(needs), Passing(reason="workload", until=SOON)
    if fits:
        decide_hand_over(one, LEAD, to, form, RULES, NOON, ids())
        return
    with pytest.raises(UnknownColleague):
        decide_hand_over(one, LEAD, to, form, RULES, NOON, ids())


def test_nothing_is_passed_on_that_is_closed() -> None:
    done = case(status=CaseStatus.DECIDED)
    with pytest.raises(CaseClosed):
        decide_referral(done, OFFICER, Passing(reason="other"), NOON, ids())


@given(st.one_of(st.none(), st.integers(-10, 60 * 24)), st.integers(-5, 60 * 24))
def test_a_case_set_aside_is_back_a_day_before_the_limit(limit: int | None, hours: int) -> None:
    """``limit`` and ``hours`` are hours from noon."""
    limit_at = None if limit is None else NOON + timedelta(hours=limit)
    until = NOON + timedelta(hours=hours)
    one, form = replace(case(), limit_at=limit_at), Passing(reason="call_back", until=until)
    allowed = 0 < hours <= 30 * 24 and (limit is None or hours <= limit - 24)
    if allowed:
        (draft,) = decide_aside(one, OFFICER, form, NOON, ids()).drafts
        assert parse_instant(str(draft.data["until"])) == until
        return
    with pytest.raises(UntilNotPossible) as refused:
        decide_aside(one, OFFICER, form, NOON, ids())
    latest, why = latest_until(one, NOON)
    assert instant_text(latest) in str(refused.value)
    assert why in str(refused.value)


def slowly(number: Fraction, share: Fraction, among: list[str]) -> str | None:
    """Lay the officers side by side on the share, and see on whom the number falls."""
    for place, officer in enumerate(among):
        if share * place / len(among) <= number < share * (place + 1) / len(among):
            return officer
    return None


@given(st.integers(0, 999), st.integers(1, 1000), st.integers(0, 7))
def test_a_draw_gives_every_officer_the_same_stretch_of_the_share(
    number: int, share: int, officers: int
) -> None:
    among = [f"p-{place}" for place in range(officers)]
    got = drawn(Decimal(number) / 1000, Decimal(share) / 1000, among)
    exact = slowly(Fraction(number, 1000), Fraction(share, 1000), among)
    assert got == exact


def test_who_is_drawn_for_may_decide_the_case_alone() -> None:
    people = [OFFICER, SENIOR, LEAD, replace(OTHER, branch="south"), replace(OTHER, limit_minor=1)]
    amount = Money(400_000, "DEM")
    among = eligible(people, "north", amount, RULES.limits)
    expected = [
        person.ref
        for person in people
        if person.role in DECIDING_ROLES
        and person.branch in ("", "north")
        and within_limit(person, amount, RULES.limits)
    ]
    assert among == tuple(sorted(expected))
    assert among


def test_the_chance_of_an_officer_is_the_share_among_all_of_them() -> None:
    among = ("a", "b", "c", "d")
    made = Assigned(to="b", until=SOON, share=Decimal("0.2"), number="0.07", among=among)
    assert made.chance == "0.05"
    assert made.members()["assigned"] == {
        "to": "b",
        "until": instant_text(SOON),
        "share": "0.2",
        "among": list(among),
    }
