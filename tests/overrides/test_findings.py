"""Findings are opened once, owned, and closed by somebody whom they are not about."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.errors import CaseError, NoAuthority, NoteTooShort
from overrides.finding_errors import (
    FindingClosed,
    FindingDay,
    FindingElsewhere,
    FindingOwn,
    FindingOwnerNotPossible,
    FindingReason,
    FindingsTooMany,
    FindingUnknown,
    FindingUnowned,
)
from overrides.finding_register import MODEL_MISS, FindingRegister
from overrides.findings import (
    RUN_FINDINGS_MAX,
    Opening,
    decide_assignment,
    decide_closing,
    decide_proposal,
    decide_run,
    may_own,
    may_work_on,
)
from overrides.journal import Decided, Draft, Event
from overrides.values import Actor, Role

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = NOW.date()
KOFI = Actor("p-kofi", "Kofi", Role.COMPLIANCE)
HANNA = Actor("p-hanna", "Hanna", Role.CREDIT_MANAGER, "north")
GRETA = Actor("p-greta", "Greta", Role.TEAM_LEAD, "north")
RIVER = Actor("p-river", "Rita", Role.TEAM_LEAD, "river")
ASHA = Actor("p-asha", "Asha", Role.OFFICER, "north")
MINA = Actor("p-mina", "Mina", Role.DATA_SCIENTIST)
NOTE = "Looked at the file and spoke to the branch."
TOLD: dict[str, Any] = {"scope": {"branches": []}, "loans": 3}
IDS = count()


def new_id() -> str:
    return f"f-{next(IDS)}"


def opening(key: str = "k1", **told: Any) -> Opening:
    """A loan of the north that Hanna decided on other terms."""
    facts = {"kind": "terms_differ", "branch": "north", "about": (HANNA.ref,), "case_ref": "c1"}
    return Opening(**{"key": key, "subject": "s1", "told": {"detail": "more"}, **facts, **told})


def event_of(draft: Draft, seq: int = 0, at: datetime = NOW) -> Event:
    """The entry that a draft becomes."""
    return Event(
        event_id=draft.event_id,
        type=draft.type,
        actor=draft.actor,
        role=draft.role,
        case=draft.case,
        cause=draft.cause,
        data=draft.data,
        model=None,
        policy=None,
        codebook=None,
        log="test.example",
        seq=seq,
        recorded_at=at,
        clock="ok",
        req=None,
        commit={},
    )


def after(register: FindingRegister, decided: Decided, at: datetime = NOW) -> FindingRegister:
    return register.after(event_of(draft, at=at) for draft in decided.drafts)


def ran(*found: Opening, actor: Actor = KOFI) -> FindingRegister:
    register = FindingRegister()
    return after(register, decide_run(register, actor, TOLD, [], found, new_id))


def assigned(register: FindingRegister, owner: Actor = GRETA) -> FindingRegister:
    (finding_id,) = register.findings
    to = (owner, TODAY + timedelta(days=7), NOTE)
    return after(register, decide_assignment(register, KOFI, finding_id, to, TODAY, new_id))


def test_a_finding_goes_from_its_run_to_its_owner_to_its_end() -> None:
    register = ran(opening())
    (found,) = register.findings.values()
    assert (found.open, found.owner, found.case_ref, found.age(TODAY)) == (True, "", "c1", 0)
    register = assigned(register)
    found = register.finding(found.finding_id)
    assert (found.owner, found.late(TODAY), found.late(TODAY + timedelta(days=8))) == (
        GRETA.ref,
        False,
        True,
    )
    closing = decide_closing(register, GRETA, found.finding_id, "breach", NOTE, new_id)
    later = NOW + timedelta(days=9)
    found = after(register, closing, later).finding(found.finding_id)
    assert (found.open, found.closed_by, found.reason) == (False, GRETA.ref, "breach")
    assert (found.age(date(2027, 1, 1)), found.late(date(2027, 1, 1))) == (9, False)
    assert len(found.entries) == 3


def test_what_is_found_again_is_not_opened_again_even_after_it_was_closed() -> None:
    register = assigned(ran(opening()))
    (finding_id,) = register.findings
    closing = decide_closing(register, GRETA, finding_id, "no_breach", NOTE, new_id)
    register = after(register, closing)
    again = decide_run(register, KOFI, TOLD, [], [opening(), opening("k2")], new_id)
    assert [draft.type for draft in again.drafts] == ["reconciliation_run", "finding_opened"]
    assert (again.answer["opened"], again.answer["known"]) == (1, 1)


@pytest.mark.parametrize(
    ("owner", "wanted"),
    [
        (HANNA, FindingOwn),
        (RIVER, FindingOwnerNotPossible),
        (ASHA, FindingOwnerNotPossible),
        (MINA, FindingOwnerNotPossible),
        (None, FindingOwnerNotPossible),
    ],
)
def test_an_owner_answers_for_the_branch_and_did_not_decide_the_case(
    owner: Actor | None, wanted: type[CaseError]
) -> None:
    register = ran(opening())
    (finding_id,) = register.findings
    with pytest.raises(wanted):
        decide_assignment(register, KOFI, finding_id, (owner, TODAY, NOTE), TODAY, new_id)


@pytest.mark.parametrize("days", [-1, 367, None])
def test_a_finding_is_due_within_a_year(days: int | None) -> None:
    register = ran(opening())
    (finding_id,) = register.findings
    due = None if days is None else TODAY + timedelta(days=days)
    with pytest.raises(FindingDay):
        decide_assignment(register, KOFI, finding_id, (GRETA, due, NOTE), TODAY, new_id)


@pytest.mark.parametrize(
    ("actor", "reason", "note", "wanted"),
    [
        (HANNA, "breach", NOTE, FindingOwn),
        (RIVER, "breach", NOTE, FindingUnknown),
        (ASHA, "breach", NOTE, FindingUnknown),
        (Actor("p-other", "Olga", Role.CREDIT_MANAGER), "breach", NOTE, NoAuthority),
        (GRETA, "feature_added", NOTE, FindingReason),
        (GRETA, "", NOTE, FindingReason),
        (GRETA, "breach", "ok", NoteTooShort),
    ],
)
def test_a_finding_is_closed_by_its_owner_or_compliance_with_a_reason_and_a_note(
    actor: Actor, reason: str, note: str, wanted: type[CaseError]
) -> None:
    register = assigned(ran(opening()))
    (finding_id,) = register.findings
    with pytest.raises(wanted):
        decide_closing(register, actor, finding_id, reason, note, new_id)
    closed = after(register, decide_closing(register, KOFI, finding_id, "breach", NOTE, new_id))
    with pytest.raises(FindingClosed):
        decide_closing(closed, KOFI, finding_id, "breach", NOTE, new_id)


def test_nobody_closes_what_nobody_owns() -> None:
    register = ran(opening())
    (finding_id,) = register.findings
    with pytest.raises(FindingUnowned):
        decide_closing(register, KOFI, finding_id, "breach", NOTE, new_id)


def test_whoever_is_of_a_branch_reconciles_that_branch_alone() -> None:
    register = FindingRegister()
    with pytest.raises(FindingElsewhere):
        decide_run(register, GRETA, TOLD, [], [], new_id)
    own = {**TOLD, "scope": {"branches": ["north"]}}
    assert decide_run(register, GRETA, own, [], [], new_id).drafts
    with pytest.raises(NoAuthority):
        decide_run(register, ASHA, own, [], [], new_id)


def test_a_run_opens_no_more_than_somebody_can_read() -> None:
    many = [opening(f"k{number}") for number in range(RUN_FINDINGS_MAX + 1)]
    with pytest.raises(FindingsTooMany):
        decide_run(FindingRegister(), KOFI, TOLD, [], many, new_id)


def test_what_the_model_misses_is_a_finding_of_who_answers_for_the_model() -> None:
    register = FindingRegister()
    miss = opening(kind=MODEL_MISS, case_ref="", about=(), branch="", bundle="german-credit")
    with pytest.raises(NoAuthority):
        decide_proposal(register, HANNA, miss, new_id)
    register = after(register, decide_proposal(register, KOFI, miss, new_id))
    (found,) = register.findings.values()
    assert (may_own(MINA, found), may_own(HANNA, found)) == (True, False)
    with pytest.raises(FindingClosed):
        decide_proposal(register, KOFI, miss, new_id)
    register = assigned(register, MINA)
    assert decide_closing(register, MINA, found.finding_id, "feature_added", NOTE, new_id).drafts
    with pytest.raises(FindingReason):
        decide_closing(register, MINA, found.finding_id, "breach", NOTE, new_id)


def test_findings_of_a_branch_are_seen_there_and_by_those_of_no_branch() -> None:
    (found,) = ran(opening()).findings.values()
    seen = [may_work_on(actor, found) for actor in (KOFI, HANNA, GRETA, RIVER, ASHA, MINA)]
    assert seen == [True, True, True, False, False, False]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=8))
def test_a_key_is_one_finding_however_runs_are_cut(runs: list[tuple[str, str]]) -> None:
    register = FindingRegister()
    for keys in runs:
        found = [opening(key) for key in keys]
        register = after(register, decide_run(register, KOFI, TOLD, [], found, new_id))
    wanted = {key for keys in runs for key in keys}
    assert {one.key for one in register.findings.values()} == wanted
    assert (len(register.findings), len(register.runs)) == (len(wanted), len(runs))
