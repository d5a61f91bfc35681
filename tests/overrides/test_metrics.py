"""Every number of the board counts exactly the cases it names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from overrides.labels import Ending, LabelStatus, Observation, OutcomeDefinition, add_months
from overrides.metrics import appeal_rates, board
from overrides.reading import BoardFact
from overrides.statistics import Share
from overrides.values import (
    CaseStatus,
    Decision,
    Money,
    OutcomeKind,
    OverrideSide,
    Recommendation,
)

OPENED = datetime(2025, 1, 6, 9, tzinfo=UTC)
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
DEFINITION = OutcomeDefinition(id="x", window_months=12)
IN, OUT = OverrideSide.APPROVED_AGAINST_MODEL, OverrideSide.DECLINED_AGAINST_MODEL


def fact(
    recommendation: str,
    decision: str | None = None,
    *,
    worst: int | None = None,
    hours: float = 2,
    opened: datetime = OPENED,
    **more: Any,
) -> BoardFact:
    """One case; with ``worst`` its books report that many days past due at month twelve."""
    sides = {("decline", "approve"): IN, ("approve", "decline"): OUT}
    side = sides.get((recommendation, decision or ""))
    at = opened + timedelta(hours=hours)
    ending = Ending(status=CaseStatus.IN_REVIEW)
    if decision is not None:
        ending = Ending(status=CaseStatus.DECIDED, decision=Decision(decision), at=at)
    seen: tuple[Observation, ...] = ()
    if worst is not None:
        seen = (
            Observation(
                kind=OutcomeKind.MAX_DAYS_PAST_DUE,
                value=str(worst),
                observed_at=add_months(at, 12),
                months_on_book=12,
                seq=1,
            ),
        )
    facts: dict[str, Any] = {
        "case_ref": "c",
        "bundle": "b",
        "branch": "north",
        "amount": Money(1, "DEM"),
        "recommendation": Recommendation(recommendation),
        "probability": {"approve": 0.1, "refer": 0.3, "decline": 0.4}[recommendation],
        "reliable": True,
        "opened_at": opened,
        "received_at": opened - timedelta(hours=3),
        "completed_at": opened,
        "due_at": opened + timedelta(days=30),
        "ending": ending,
        "by_person": decision is not None,
        "side": side,
        "code": "M01" if side is IN else "M04" if side is OUT else "",
        "reviewer": "p-1" if decision else "",
        "approver": "",
        "observations": seen,
        "simulated": False,
    }
    return BoardFact(**(facts | more))


def numbers(*facts: BoardFact) -> Any:
    return board(facts, lambda _: DEFINITION, AS_OF)


def test_an_empty_board_has_no_numbers_and_no_errors() -> None:
    found = numbers()
    assert found.cases == 0
    assert found.approvals.value is None
    assert found.quality.outcome.ratio is None
    assert found.turnaround.median is None
    assert found.overrides.drift is None


def test_override_rates_count_decided_cases_by_what_the_model_said() -> None:
    found = numbers(
        *[fact("approve", "approve")] * 7,
        *[fact("approve", "decline")] * 1,
        *[fact("decline", "decline")] * 3,
        *[fact("decline", "approve", approver="p-2")] * 2,
        *[fact("refer", "approve")] * 4,
        fact("approve"),
        fact("decline"),
    ).overrides
    assert (found.high_side.count, found.high_side.of) == (1, 8)
    assert (found.low_side.count, found.low_side.of) == (2, 5)
    assert (found.gross.count, found.gross.of) == (3, 13)
    assert (found.low_side_of_book.count, found.low_side_of_book.of) == (2, 9)
    assert found.drift == pytest.approx(1 / 8)
    assert found.referred == 4


def test_codes_second_persons_and_reviewers_are_counted() -> None:
    found = numbers(
        fact("decline", "approve", approver="p-2"),
        fact("decline", "approve", reviewer="p-3"),
        fact("approve", "decline"),
        fact("approve", "approve", by_person=False, reviewer=""),
    )
    assert found.codes == {"M01": 2, "M04": 1}
    assert (found.second_person.count, found.second_person.of) == (1, 3)
    assert found.by_person == {"p-1": 2, "p-3": 1}


def test_quality_counts_matured_scored_approvals_by_who_was_followed() -> None:
    young = AS_OF - timedelta(days=90)
    found = numbers(
        fact("approve", "approve", worst=0),
        fact("approve", "approve", worst=120),
        fact("decline", "approve", worst=95),
        fact("refer", "approve", worst=0),
        fact("approve", "approve", worst=45),
        fact("approve", "approve"),
        fact("approve", "approve", worst=0, probability=None),
        fact("approve", "decline", worst=120),
        fact("approve", "approve", worst=120, opened=young),
    )
    assert (found.quality.outcome.observed, found.quality.outcome.of) == (2, 4)
    assert found.quality.outcome.expected == pytest.approx(0.1 + 0.1 + 0.4 + 0.3)
    assert (found.quality.bad.count, found.quality.bad.of) == (2, 4)
    assert [(q.outcome.observed, q.outcome.of) for q in found.qualities] == [(1, 2), (1, 1), (0, 1)]


def test_an_early_default_is_a_label_at_once_but_counts_only_with_its_cohort() -> None:
    young = AS_OF - timedelta(days=200)
    early = Observation(
        kind=OutcomeKind.MAX_DAYS_PAST_DUE,
        value="120",
        observed_at=young + timedelta(days=150),
        months_on_book=5,
        seq=1,
    )
    found = numbers(fact("approve", "approve", opened=young, observations=(early,)))
    assert found.labels == {LabelStatus.OBSERVED_BAD: 1}
    assert found.quality.outcome.of == 0


def test_approval_rate_stands_beside_its_risk() -> None:
    found = numbers(
        fact("approve", "approve"), fact("decline", "approve"), fact("refer", "decline")
    )
    assert (found.approvals.count, found.approvals.of) == (2, 3)
    assert found.expected_risk == pytest.approx(0.25)


def test_turnaround_runs_from_the_complete_application_to_a_persons_decision() -> None:
    found = numbers(
        fact("approve", "approve", hours=1),
        fact("approve", "approve", hours=2),
        fact("approve", "approve", hours=40, completed_at=None),
        fact("approve", "approve", hours=24 * 31),
        fact("approve", "approve", hours=0, by_person=False),
        fact("refer"),
        fact("refer", due_at=AS_OF),
        fact("refer", due_at=None),
    ).turnaround
    assert found.cases == 4
    assert found.median == timedelta(hours=(2 + 43) / 2)
    assert found.p90 == timedelta(hours=43 + (24 * 31 - 43) * 0.7)
    assert (found.late.count, found.late.of) == (1, 4)
    assert found.overdue_now == 1


def test_reasons_scores_states_and_simulation_are_shares_of_what_they_say() -> None:
    found = numbers(
        fact("approve", "approve", simulated=True),
        fact("approve", reliable=False),
        fact("refer", probability=None, reliable=False),
    )
    assert (found.reasons.count, found.reasons.of) == (1, 2)
    assert (found.scored.count, found.scored.of) == (2, 3)
    assert (found.simulated.count, found.simulated.of) == (1, 3)
    assert found.by_status == {CaseStatus.DECIDED: 1, CaseStatus.IN_REVIEW: 2}
    assert found.labels == {LabelStatus.IMMATURE: 1}


def test_appeals_are_counted_over_what_was_decided_and_changes_over_what_was_decided_again() -> (
    None
):
    facts = [
        *[fact("decline", "decline")] * 5,
        *[fact("decline", "decline", appeal="upheld")] * 2,
        fact("decline", "approve", appeal="changed"),
        fact("decline", appeal="open"),
        fact("decline", appeal="ended"),
        fact("decline"),
    ]
    assert appeal_rates(facts) == (Share(5, 10), Share(1, 3))
    counted = numbers(*facts)
    assert (counted.contested, counted.changed_on_appeal) == appeal_rates(facts)
