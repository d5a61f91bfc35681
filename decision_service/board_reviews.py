"""What the owners did about the numbers, as the board has it: review, actions, costs."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from decision_service.wording import amount
from overrides.board_reviews import CostKind, Reviews
from overrides.version_record import OWNERS
from ui.views import BoardSection

COST_WORDS = {
    CostKind.INFRASTRUCTURE: "Infrastructure",
    CostKind.MAINTENANCE: "Maintenance",
    CostKind.RETRAINING: "Retraining",
    CostKind.OFFICER_HOUR: "One hour of an officer",
}
HEADING = ("What", "How it stands")
LEAD = (
    "Each month the four owners sign the numbers as they stood at its end and give one another "
    "actions. Costs are what was entered for the last twelve months; nothing is estimated."
)


def reviews_section(known: Reviews, bundle: str, now: datetime) -> BoardSection:
    """The newest review, the actions, and what the last twelve months cost."""
    return BoardSection(
        title="Review and costs",
        lead=LEAD,
        figures=(),
        table=(HEADING, *_review(known, bundle, now), *_costs(known, bundle, now)),
        table_caption="What the owners did about the numbers",
    )


def _review(known: Reviews, bundle: str, now: datetime) -> Iterator[tuple[str, str]]:
    """The review of the last whole month, and the actions of all."""
    month = f"{now.replace(day=1) - timedelta(days=1):%Y-%m}"
    review = known.month(bundle, month)
    signed = f"signed by {len(review.signatures)} of {len(OWNERS)}" if review else "not begun"
    yield f"Review of {month}", signed.capitalize()
    actions = known.actions_of(bundle)
    unclosed = [one for one in actions if one.closed is None]
    late = sum(one.overdue(now.date()) for one in unclosed)
    yield "Actions open", f"{len(unclosed)} of {len(actions)} given; {late} past their day"


def _costs(known: Reviews, bundle: str, now: datetime) -> Iterator[tuple[str, str]]:
    """What was entered for each purpose, by currency; the price of an hour is the newest one."""
    first = f"{now.year - 1}-{now:%m}"
    costs = [cost for cost in known.costs_of(bundle) if cost.month > first]
    for kind, words in COST_WORDS.items():
        entered = [cost for cost in costs if cost.kind is kind]
        if kind is CostKind.OFFICER_HOUR:
            entered = entered[:1]
        sums: dict[str, int] = {}
        for cost in entered:
            sums[cost.currency] = sums.get(cost.currency, 0) + cost.amount_minor
        said = " and ".join(amount(minor, currency) for currency, minor in sums.items())
        months = "" if kind is CostKind.OFFICER_HOUR else f", {len(entered)} of 12 months entered"
        yield words, f"{said}{months}" if entered else "Not entered"
