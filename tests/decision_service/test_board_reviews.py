"""The board says how far the review is, which actions are late, and what was entered as costs."""

from datetime import UTC, date, datetime

from decision_service.board_reviews import reviews_section
from overrides.board_reviews import Action, Cost, CostKind, MonthReview, Reviews, Signature
from overrides.values import Role

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BUNDLE = "german-credit"


def cost(month: str, minor: int, kind: CostKind = CostKind.MAINTENANCE) -> Cost:
    return Cost(
        event_id="e",
        seq=1,
        month=month,
        kind=kind,
        amount_minor=minor,
        currency="EUR",
        by="kofi",
        at=NOW,
        corrected=False,
    )


def told(known: Reviews) -> dict[str, str]:
    return {row[0]: row[1] for row in reviews_section(known, BUNDLE, NOW).table[1:]}


def test_where_nothing_was_done_it_says_so() -> None:
    assert told(Reviews()) == {
        "Review of 2026-10": "Not begun",
        "Actions open": "0 of 0 given; 0 past their day",
        "Infrastructure": "Not entered",
        "Maintenance": "Not entered",
        "Retraining": "Not entered",
        "One hour of an officer": "Not entered",
    }


def test_costs_of_the_last_twelve_months_are_summed_and_an_hour_has_its_newest_price() -> None:
    months = ("2025-11", "2025-12", "2026-11")
    costs = {(BUNDLE, month, CostKind.MAINTENANCE): cost(month, 100_000) for month in months}
    hour = CostKind.OFFICER_HOUR
    costs |= {
        (BUNDLE, "2026-10", hour): cost("2026-10", 4_000, hour),
        (BUNDLE, "2026-11", hour): cost("2026-11", 4_500, hour),
        ("other", "2026-11", CostKind.RETRAINING): cost("2026-11", 1, CostKind.RETRAINING),
    }
    said = told(Reviews(costs=costs))
    assert said["Maintenance"].endswith("2,000, 2 of 12 months entered")
    assert said["One hour of an officer"].endswith("45")
    assert said["Retraining"] == "Not entered"


def test_signatures_and_late_actions_are_counted() -> None:
    signature = Signature(owner=Role.RISK, by="lena", at=NOW, seq=3)
    review = MonthReview(
        event_id="r",
        seq=2,
        month="2026-10",
        by="lena",
        at=NOW,
        figures=21,
        signatures=(signature,),
    )
    action = Action(
        event_id="a",
        seq=4,
        bundle=BUNDLE,
        month="2026-10",
        owner=Role.RISK,
        due=date(2026, 11, 22),
        by="lena",
        at=NOW,
    )
    said = told(Reviews(months={(BUNDLE, "2026-10"): review}, actions={"a": action}))
    assert said["Review of 2026-10"] == "Signed by 1 of 4"
    assert said["Actions open"] == "1 of 1 given; 1 past their day"
