"""An appeal opens a case for somebody else, by a dated limit; its result is worked out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.appeal_rules import APPEAL_RULES, PROPOSED_RULES, appeal_rules_for
from overrides.appeals import (
    AppealForm,
    AppealResult,
    Before,
    appeals_in,
    decide_appeal,
    keeps_from,
    took_part,
)
from overrides.cases import Appeal, Case
from overrides.errors import NoAuthority, NotAllowedNow, NoteTooShort, StaleCase
from overrides.instants import instant_text, parse_instant
from overrides.reading import ActRow
from overrides.taking_back import ReopeningForm, ReopeningReason, decide_reopening
from overrides.values import Actor, CaseStatus, Decision, Evidence, Role
from overrides.waiting_errors import AppealToRecord, ReceivedNotPossible
from tests.overrides.samples import OFFICER, case, ids

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CLOSED = NOW - timedelta(days=10)
SAID = AppealForm(view="My income is higher than the payslip says.")


def actor(role: Role = Role.OFFICER) -> Actor:
    """Somebody of a role."""
    return replace(OFFICER, role=role)


def decided(**members: Any) -> Case:
    """A declined case."""
    known = {
        "status": CaseStatus.DECIDED,
        "final": Decision.DECLINE,
        "closed_at": CLOSED,
        **members,
    }
    return replace(case(), **known)


def before(of: Case, **members: Any) -> Before:
    """How it was read."""
    known: dict[str, Any] = {
        "version": of.version,
        "jurisdiction": "DE",
        "event_id": "the-decision",
        "terms": "as_applied",
        "took_part": ("p-first", "p-second"),
        **members,
    }
    return Before(**known)


def act(seq: int, kind: str, by: str = "p-first", **members: Any) -> ActRow:
    """One act, with what it says."""
    known: dict[str, Any] = {
        "seq": seq,
        "event_id": f"event-{seq}",
        "case_ref": "case",
        "type": kind,
        "at": NOW + timedelta(seconds=seq),
        "actor": by,
        "role": Role.OFFICER.value,
        "data": {},
        "slots": (),
        "status": CaseStatus.IN_REVIEW,
        "version": seq,
        "simulated": False,
        **members,
    }
    return ActRow(**known)


def appealed(seq: int, decision: str = "decline", terms: str = "as_applied") -> ActRow:
    """An appeal."""
    return act(seq, "case_reopened", data={"appeal": {"decision": decision, "terms": terms}})


def ended(seq: int, decision: str, terms: str = "as_applied") -> ActRow:
    """A decision."""
    return act(seq, "case_decided", "p-third", data={"decision": decision, "terms": terms})


def test_an_appeal_opens_the_case_and_shuts_out_all_who_had_a_part_in_it_and_its_writer() -> None:
    of, writer = decided(), actor()
    form = replace(SAID, evidence=(Evidence("PAYSLIP", "archive/7"),))
    (draft,) = decide_appeal(of, writer, form, before(of), NOW, ids()).drafts
    told: Any = draft.data["appeal"]
    assert (draft.type, draft.data["reason"]) == ("case_reopened", "applicant_contests")
    assert told["excludes"] == sorted({"p-first", "p-second", writer.ref})
    assert told["answer_by"] == instant_text(NOW + timedelta(days=28))
    assert [slot.name for slot in draft.slots] == ["note", "evidence"]
    assert SAID.view not in str(draft.data)


def test_a_contested_decision_is_an_appeal_and_no_plain_reopening() -> None:
    form = ReopeningForm(reason=ReopeningReason.APPLICANT_CONTESTS, note="She wrote.")
    with pytest.raises(AppealToRecord):
        decide_reopening(decided(), actor(Role.CREDIT_MANAGER), form, ids())
    ended_so = decided(status=CaseStatus.WITHDRAWN, final=None)
    assert decide_reopening(ended_so, actor(Role.CREDIT_MANAGER), form, ids()).drafts


@pytest.mark.parametrize("role", [Role.TEAM_LEAD, Role.SERVICE])
def test_whoever_decides_nothing_is_not_among_those_shut_out(role: Role) -> None:
    of = decided()
    answered = decide_appeal(of, actor(role), SAID, before(of), NOW, ids())
    told: Any = answered.drafts[0].data["appeal"]
    assert told["excludes"] == ["p-first", "p-second"]


@pytest.mark.parametrize("status", sorted(set(CaseStatus) - {CaseStatus.DECIDED}))
def test_only_a_decision_can_be_contested(status: CaseStatus) -> None:
    of = decided(status=status)
    with pytest.raises(NotAllowedNow):
        decide_appeal(of, actor(), SAID, before(of), NOW, ids())


def test_what_cannot_be_is_refused() -> None:
    of = decided()
    refused: tuple[tuple[type[Exception], Any], ...] = (
        (NoteTooShort, replace(SAID, view="  ")),
        (ReceivedNotPossible, replace(SAID, received_at=NOW + timedelta(seconds=1))),
        (ReceivedNotPossible, replace(SAID, received_at=CLOSED - timedelta(seconds=1))),
        (StaleCase, replace(SAID, seen_version=of.version + 1)),
    )
    for error, form in refused:
        with pytest.raises(error):
            decide_appeal(of, actor(), form, before(of), NOW, ids())
    with pytest.raises(StaleCase):
        decide_appeal(of, actor(), SAID, before(of, version=of.version - 1), NOW, ids())
    with pytest.raises(NoAuthority):
        decide_appeal(of, actor(Role.COMPLIANCE), SAID, before(of), NOW, ids())


def test_the_clock_runs_from_when_it_came() -> None:
    of, came = decided(), NOW - timedelta(days=9)
    form = replace(SAID, received_at=came)
    told: Any = decide_appeal(of, actor(), form, before(of), NOW, ids()).drafts[0].data["appeal"]
    assert parse_instant(told["answer_by"]) == came + timedelta(days=28)
    assert told["received_at"] == instant_text(came)


@pytest.mark.parametrize(
    ("place", "day", "wanted"),
    [
        ("DE", date(2026, 11, 19), ("eu-gdpr-2018", 28, True)),
        ("DE", date(2026, 11, 20), ("eu-ccd2-2026", 28, True)),
        ("DE", date(2018, 5, 24), ("proposed", 30, False)),
        ("GB", date(2026, 2, 4), ("uk-2018", 28, True)),
        ("GB", date(2026, 2, 5), ("uk-duaa-2026", 28, True)),
        ("IN-AS", date(2026, 11, 23), ("in-rbi-2021", 30, True)),
        ("US", date(2026, 11, 23), ("proposed", 30, False)),
        ("US-CO", date(2026, 12, 31), ("proposed", 30, False)),
        ("US-CO", date(2027, 1, 1), ("us-co-2027", 30, False)),
        ("", date(2026, 11, 23), ("proposed", 30, False)),
    ],
)
def test_the_rules_of_the_place_and_day_hold(
    place: str, day: date, wanted: tuple[str, int, bool]
) -> None:
    rules = appeal_rules_for(place, day)
    assert (rules.name, rules.days, rules.by_law) == wanted


@given(st.datetimes(min_value=datetime(2018, 6, 1), max_value=datetime(2099, 1, 1)))  # noqa: DTZ001 - given its zone below
def test_twenty_eight_days_are_never_more_than_a_month(received: datetime) -> None:
    month = {12: (received.year + 1, 1)}.get(received.month, (received.year, received.month + 1))
    by_month = date(*month, min(received.day, 28))
    answer = appeal_rules_for("FR", received.date()).answer_by(received.replace(tzinfo=UTC))
    assert answer.date() <= by_month


def test_every_rule_has_its_own_name_and_source() -> None:
    every = (*APPEAL_RULES, PROPOSED_RULES)
    assert len({rules.name for rules in every}) == len(every)
    assert all(rules.source and rules.days > 0 for rules in every)


def test_whoever_only_held_or_read_the_case_had_no_part_and_a_service_is_nobody() -> None:
    acts = (
        act(1, "decision_made", "p-core", role="service"),
        act(2, "case_claimed", "p-reader"),
        act(3, "reasons_shown", "p-reader"),
        act(4, "input_corrected", "p-values"),
        act(5, "information_received", "p-heard"),
        act(6, "override_recorded", "p-first"),
        act(7, "approval_recorded", "p-second"),
        act(8, "case_decided", "p-second"),
        act(9, "case_decided", "p-core", role="service"),
    )
    assert took_part(acts) == ("p-values", "p-heard", "p-first", "p-second")


@pytest.mark.parametrize(
    ("acts", "result"),
    [
        ([], AppealResult.OPEN),
        ([ended(3, "decline")], AppealResult.UPHELD),
        ([ended(3, "approve")], AppealResult.CHANGED),
        ([ended(3, "decline", "changed")], AppealResult.CHANGED),
        ([act(3, "case_withdrawn")], AppealResult.ENDED),
        ([act(3, "case_expired")], AppealResult.ENDED),
        ([ended(3, "approve"), act(4, "case_reopened", data={"of": "event-3"})], AppealResult.OPEN),
        (
            [
                ended(3, "approve"),
                act(4, "case_reopened", data={"of": "event-3"}),
                ended(5, "decline"),
            ],
            AppealResult.UPHELD,
        ),
        (
            [ended(3, "decline"), act(4, "case_reopened", data={"reason": "error_found"})],
            AppealResult.UPHELD,
        ),
    ],
)
def test_the_result_is_worked_out_of_both_decisions(
    acts: list[ActRow], result: AppealResult
) -> None:
    (found,) = appeals_in([ended(1, "decline"), appealed(2), *acts])
    assert found.result is result


def test_a_second_appeal_is_about_the_second_decision() -> None:
    acts = [appealed(2), ended(3, "approve"), appealed(4, "approve"), ended(5, "approve")]
    assert [found.result for found in appeals_in(acts)] == ["changed", "upheld"]


def test_the_same_decision_on_other_terms_before_is_another_decision() -> None:
    (found,) = appeals_in([appealed(2, "approve", "changed"), ended(3, "approve")])
    assert found.result is AppealResult.CHANGED


def test_a_view_from_before_the_appeal_opens_nothing_and_whoever_is_shut_out_is_not_blind() -> None:
    of = Appeal(event_id="e", seq=5, answer_by=NOW, by_law=True, excludes=("p-first",))
    early, late = act(4, "first_view_recorded", "p-new"), act(6, "first_view_recorded", "p-new")
    seen = act(7, "reasons_shown", "p-other")
    assert keeps_from(of, "p-new", [early])
    assert not keeps_from(of, "p-new", [early, late])
    assert keeps_from(of, "p-other", [early, late, seen])
    assert not keeps_from(of, "p-first", [])
