"""Promises, quarters and drift on the board claim what was counted, and no more."""

from datetime import date, timedelta
from typing import Any

import pytest

from decision_service.board import Measure
from decision_service.board_drift import drift_section
from decision_service.board_promises import MET, NOT_MET, NOT_YET, promise, promises_section
from decision_service.board_vintages import vintages_section
from decision_service.case_columns import CaseColumns
from explain.declared.bundle_schema import Kpi
from overrides.analysis.verdicts import Terms
from overrides.metrics import board
from overrides.reading import BoardFact
from overrides.values import Money
from tests.overrides.test_metrics import AS_OF, DEFINITION, fact
from ui.views import BoardSection

BEFORE_DUE, DUE = date(2026, 6, 30), date(2026, 7, 1)


def columns(facts: list[BoardFact]) -> CaseColumns:
    return CaseColumns.of(facts, DEFINITION, AS_OF)


def kpi(**more: Any) -> Kpi:
    told: dict[str, Any] = {
        "id": "approval_rate",
        "title": "Approval rate",
        "measure": "m",
        "unit": "share",
        "better": "higher",
        "baseline": "0.50",
        "target": "0.60",
        "minimum_improvement": "0.05",
        "date": DUE.isoformat(),
        "owner": "risk",
    }
    return Kpi(**told | more)


def measured(value: float, low: float, high: float) -> Measure:
    return Measure(value, (low, high), 100, f"{value:.2f}")


@pytest.mark.parametrize(
    ("value", "ends", "day", "found"),
    [
        (0.60, (0.56, 0.64), BEFORE_DUE, MET),
        (0.60, (0.54, 0.66), BEFORE_DUE, NOT_YET),
        (0.60, (0.54, 0.66), DUE, NOT_YET),
        (0.50, (0.46, 0.54), BEFORE_DUE, NOT_YET),
        (0.50, (0.46, 0.54), DUE, NOT_MET),
        (0.55, (0.55, 0.60), DUE, MET),
    ],
)
def test_a_promise_is_judged_by_the_whole_interval_and_broken_only_on_its_day(
    value: float, ends: tuple[float, float], day: date, found: str
) -> None:
    assert promise(measured(value, *ends), kpi(), day) == found


def test_less_is_better_where_the_bundle_says_so() -> None:
    lower = kpi(better="lower", baseline="1.30", minimum_improvement="0.10", unit="ratio")
    assert promise(Measure(1.2, (1.1, 1.2), 90, "1.20"), lower, DUE) == MET
    assert promise(Measure(1.3, (1.25, 1.4), 90, "1.30"), lower, DUE) == NOT_MET


def test_a_rate_to_be_kept_within_its_target_gets_worse_on_either_side() -> None:
    within = kpi(better="within", baseline="0.09", target="0.03", minimum_improvement="0.02")
    assert promise(measured(0.04, 0.02, 0.05), within, DUE) == MET
    assert promise(measured(0.001, 0.0, 0.002), within, DUE) == MET
    assert promise(measured(0.10, 0.08, 0.12), within, DUE) == NOT_MET
    assert promise(measured(0.05, 0.0, 0.10), within, DUE) == NOT_YET


def rows(section: BoardSection) -> dict[str, tuple[str, ...]]:
    return {row[0]: row for row in section.table[1:]}


def test_every_declared_number_has_its_row_measured_or_not() -> None:
    facts = [fact("approve", "approve") for _ in range(40)]
    few = kpi(id="low_side_override_rate", title="Low-side rate")
    other = kpi(id="adoption", title="Adoption")
    told = {each.id: each for each in (kpi(), few, other)}
    found = rows(promises_section(board(facts, lambda _: DEFINITION, AS_OF), told))
    assert found["Approval rate"][5] == "100.0 % of 40 cases"
    assert found["Low-side rate"][5:] == ("Not enough data yet: 0 cases", "", NOT_YET)
    assert found["Adoption"][5:] == ("Not counted on this board", "", NOT_YET)


def test_a_quarter_is_counted_by_currency_and_says_what_each_hundred_brought() -> None:
    facts = [
        fact("approve", "approve", worst=120 if k < 4 else 0, amount=Money(100_000, currency))
        for currency in ("DEM", "EUR")
        for k in range(40)
    ]
    section = vintages_section(columns(facts), Terms(0.10, 0.50))
    assert [row[1] for row in section.table[1:]] == ["DEM", "EUR"]
    for row in section.table[1:]:
        assert row[2:7] == ("40", "40", "4", "4.0", "1.00")
        assert row[9].startswith("4.00 (95 %: ")
    plain = vintages_section(columns(facts), None)
    assert len(plain.table[0]) == 8
    assert "no money is worked out" in plain.lead


def test_a_quarter_of_few_matured_loans_has_no_ratio_and_no_money() -> None:
    facts = [fact("approve", "approve", worst=0) for _ in range(29)]
    (row,) = vintages_section(columns(facts), Terms(0.1, 0.5)).table[1:]
    assert row[6:] == ("not enough data yet", "", "", "")


def test_drift_is_told_of_enough_applications_on_both_sides() -> None:
    late, before = AS_OF - timedelta(days=10), AS_OF - timedelta(days=200)
    old = [fact("approve" if k % 2 else "decline", opened=before) for k in range(100)]
    new = [fact("decline", opened=late) for _ in range(100)]
    found = rows(drift_section(columns([*old, *new])))
    assert found["Recommendation"][1:3] == ("100", "100")
    assert found["Recommendation"][-1] == "Changed"
    assert found["Branch"][3:] == ("0.0000", "", "All of one kind")
    few = rows(drift_section(columns([*old, *new[:29]])))
    assert {row[3] for row in few.values()} == {"not enough data yet"}
    assert drift_section(columns([])).table == ()
