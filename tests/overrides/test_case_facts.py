"""Facts for the numbers: every case as it stood at a cut, and a cut never changes afterwards."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from overrides.journal import Decided, Draft, State
from overrides.reading import BoardFact
from overrides.values import CaseStatus, Decision, Money, OutcomeKind, OverrideSide
from tests.overrides.case_house import House, house_at
from tests.overrides.samples import NOON, OFFICER, SENIOR


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres_url")
    with house_at(url) as made:
        yield made


def facts(house: House) -> dict[str, BoardFact]:
    return {fact.case_ref: fact for fact in house.book.board_facts(house.now)}


def test_a_fact_names_who_decided_who_approved_and_which_way(house: House) -> None:
    ref = house.apply_for("decline", amount_minor=900_000)
    house.override(ref, "approve")
    house.judge(ref, "uphold")
    fact = facts(house)[ref]
    assert fact.ending.status is CaseStatus.DECIDED
    assert fact.ending.decision is Decision.APPROVE
    assert fact.ending.at == house.now
    assert (fact.side, fact.code) == (OverrideSide.APPROVED_AGAINST_MODEL, "M01")
    assert (fact.reviewer, fact.approver, fact.by_person) == (OFFICER.ref, SENIOR.ref, True)
    assert fact.probability == 0.36
    assert fact.amount == Money(900_000, "DEM")
    assert fact.completed_at is not None
    assert fact.received_at is not None
    assert fact.opened_at - fact.completed_at == timedelta(hours=1, minutes=1)


def test_a_cut_before_a_decision_finds_the_case_open(house: House) -> None:
    ref = house.apply_for("approve")
    opened = house.now
    house.show(ref)
    house.review(ref, "approve")
    decided = house.now
    house.show(ref, SENIOR)
    (before,) = house.book.board_facts(opened)
    assert before.ending.status is CaseStatus.IN_REVIEW
    assert before.ending.decision is None
    assert list(house.book.feedback_facts(opened)) == []
    (after,) = house.book.feedback_facts(decided)
    (later,) = house.book.feedback_facts(house.now)
    assert after == later
    assert house.book.acts(ref)[-2].seq == after.decided_seq
    assert list(house.book.board_facts(NOON)) == []


def test_a_cut_between_two_scores_has_the_first(house: House) -> None:
    ref = house.apply_for("decline")
    first = house.now
    house.write(house.decision("approve", case_ref=ref, application_id="A-1", attempt=2))
    (then,) = house.book.board_facts(first)
    (now,) = house.book.board_facts(house.now)
    assert (then.recommendation, now.recommendation) == ("decline", "approve")


def test_reasons_shown_of_an_earlier_score_do_not_bring_it_back(house: House) -> None:
    ref = house.apply_for("decline")
    (first,) = house.book.decisions(ref)
    house.write(house.decision("approve", case_ref=ref, application_id="A-1", attempt=2))
    data = {
        "person": OFFICER.ref,
        "decision_id": first.decision_id,
        "codebook": "1",
        "locale": "en",
        "count": 3,
    }
    house.write(
        Draft(
            event_id=house.new_id(),
            type="reasons_shown",
            actor=OFFICER.ref,
            role="officer",
            data=data,
            case=ref,
        )
    )
    assert facts(house)[ref].recommendation == "approve"
    seen: list[bool] = []

    def look(state: State) -> Decided:
        seen.append(state.shown_before(ref, OFFICER.ref, first.decision_id))
        seen.append(state.shown_before(ref, SENIOR.ref, first.decision_id))
        return Decided(())

    house.do(look)
    assert seen == [True, False]


def test_outcomes_count_from_when_they_were_recorded(house: House) -> None:
    ref = house.apply_for("approve")
    house.review(ref, "approve")
    unseen = house.now
    house.observe(ref, "31", at=NOON, months=0)
    house.observe(ref, "", kind="paid_off", at=NOON)
    (before,) = house.book.board_facts(unseen)
    assert before.observations == ()
    first, second = facts(house)[ref].observations
    assert (first.kind, first.value, first.months_on_book) == (
        OutcomeKind.MAX_DAYS_PAST_DUE,
        "31",
        0,
    )
    assert second.kind is OutcomeKind.PAID_OFF
    assert first.seq < second.seq


def test_facts_can_be_narrowed_to_a_bundle_and_a_time(house: House) -> None:
    old = house.apply_for("refer")
    middle = house.now
    new = house.apply_for("refer", bundle="other")
    assert {fact.case_ref for fact in house.book.board_facts(house.now)} == {old, new}
    (only,) = house.book.board_facts(house.now, bundle="other")
    assert only.case_ref == new
    (since,) = house.book.board_facts(house.now, since=middle + timedelta(seconds=1))
    assert since.case_ref == new


def test_closed_cases_come_in_the_order_of_closing_each_with_its_decision(house: House) -> None:
    refs = [house.apply_for("refer") for _ in range(3)]
    house.review(refs[2], "approve")
    house.withdraw(refs[0])
    house.review(refs[1], "decline")
    closed = list(house.book.feedback_facts(house.now))
    assert [fact.fact.case_ref for fact in closed] == [refs[2], refs[0], refs[1]]
    assert [fact.fact.ending.status.value for fact in closed] == [
        "decided",
        "withdrawn",
        "decided",
    ]
    for fact in closed:
        assert fact.decision.case_ref == fact.fact.case_ref
        assert fact.decision.model is not None
    assert list(house.book.feedback_facts(house.now, bundle="other")) == []
