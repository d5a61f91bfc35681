"""Thirty fields of a synthetic credit application, and seeded rows of them.

The rows are made up. They have the shapes that matter for speed and for trees: skewed amounts,
counts, shares, missing values, and a bad rate of about one in five that the fields can explain.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEED = 20260
SHARE_SPAN_MAX = 4.0
"""Fields of a smaller span are shares and keep three decimals; all others are whole numbers."""


class CreditField(NamedTuple):
    """One field: where its values lie, how often it is missing, and its pull on the risk."""

    name: str
    label: str
    low: float
    high: float
    missing_share: float
    pull: float


AMOUNT = "amount_requested"

FIELDS = tuple(
    CreditField(*row)
    for row in (
        (AMOUNT, "Amount requested", 500, 50000, 0, 0.5),
        ("term_months", "Term of the loan", 6, 84, 0, 0.4),
        ("income_monthly", "Monthly income", 800, 15000, 0, -0.7),
        ("outgoings_monthly", "Monthly outgoings", 200, 9000, 0.05, 0.4),
        ("instalments_share", "Share of income owed each month", 0, 1, 0, 0.9),
        ("card_use_share", "Share of card limits in use", 0, 1, 0.1, 1.1),
        ("balance_total", "Total owed elsewhere", 0, 90000, 0.05, 0.3),
        ("balance_change_share", "Change of debts in a year", -1, 3, 0.15, 0.5),
        ("late_12_months", "Late payments in twelve months", 0, 12, 0, 1.2),
        ("late_24_months", "Late payments in two years", 0, 24, 0, 0.6),
        ("late_days_worst", "Worst lateness in days", 0, 180, 0.1, 0.8),
        ("months_since_late", "Months since a payment was late", 0, 120, 0.45, -0.5),
        ("accounts_open", "Open accounts", 0, 25, 0, 0.1),
        ("accounts_problem", "Accounts with a problem", 0, 6, 0, 0.9),
        ("accounts_new", "Accounts opened in six months", 0, 8, 0, 0.4),
        ("history_months", "Age of the oldest account", 0, 420, 0.08, -0.6),
        ("inquiries_6_months", "Lenders who asked in six months", 0, 15, 0, 0.5),
        ("job_months", "Months in the present job", 0, 480, 0.05, -0.5),
        ("address_months", "Months at the address", 0, 480, 0.05, -0.2),
        ("savings", "Savings", 0, 60000, 0.2, -0.6),
        ("balance_lowest", "Lowest balance in three months", -3000, 20000, 0.15, -0.5),
        ("returned_payments", "Payments returned in six months", 0, 9, 0.1, 0.8),
        ("household_size", "People in the household", 1, 9, 0, 0.1),
        ("dependants", "People who depend on the income", 0, 6, 0, 0.2),
        ("rent_monthly", "Monthly rent", 0, 3500, 0.3, 0.2),
        ("own_share", "Own share of the price", 0, 1, 0.25, -0.4),
        ("security_value", "Value of the security", 0, 120000, 0.4, -0.3),
        ("bank_months", "Months as a customer", 0, 480, 0, -0.4),
        ("products_held", "Products held with the bank", 0, 8, 0, -0.2),
        ("loans_repaid", "Loans repaid here before", 0, 9, 0, -0.5),
    )
)
"""In the order the model sees them. ``pull`` above zero raises the risk."""


def make_rows(count: int) -> "tuple[NDArray[np.float64], NDArray[np.int64]]":
    """``count`` rows of all fields, missing values as NaN, with 1 where the loan went bad."""
    import numpy as np

    chance = np.random.default_rng(SEED)
    shape = chance.beta(1.3, 2.6, size=(count, len(FIELDS)))
    pulls = np.array([field.pull for field in FIELDS])
    risk = 2.2 * (shape - shape.mean(axis=0)) @ pulls
    bad = chance.random(count) < 1 / (1 + np.exp(1.6 - risk))
    spans = np.array([field.high - field.low for field in FIELDS])
    exact = np.array([field.low for field in FIELDS]) + shape * spans
    rows = np.where(spans < SHARE_SPAN_MAX, exact.round(3), exact.round())
    holes = chance.random(rows.shape) < np.array([field.missing_share for field in FIELDS])
    rows[holes] = np.nan
    return rows, bad.astype(np.int64)


def as_fields(row: Sequence[float]) -> dict[str, float | None]:
    """One row as the JSON object an application carries; missing values as null."""
    named = zip(FIELDS, row, strict=True)
    return {field.name: None if value != value else float(value) for field, value in named}  # noqa: PLR0124
