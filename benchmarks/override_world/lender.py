"""What is planted: how likely each application really goes bad, and what the score knows of it.

Applications are drawn from the 1,000 real ones of the South German credit data (ATTRIBUTION.md of
the sample models). ``TRUE`` are log-odds of a logistic curve fitted to their real outcomes and
rounded; ``SCORED`` those of the same fit without the checking account, which is what the model
misses. So the missing field is a real one, as strong as it is in the real data.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REAL = Path(__file__).parents[2] / "sample_models" / "german.csv"
MISSING = "checking_account"

_Weights = Mapping[str, Mapping[str, float]]

TRUE: _Weights = {
    "checking_account": {"from_200": -0.88, "none": 0.73, "overdrawn": 0.36, "under_200": -0.21},
    "credit_history": {
        "all_repaid_here": -0.7,
        "critical_elsewhere": 0.43,
        "no_loans_or_all_repaid": -0.1,
        "past_delay": 0.49,
        "repaid_so_far": -0.13,
    },
    "savings": {
        "from_100": -0.04,
        "from_1000": -0.33,
        "from_500": -0.43,
        "none_or_unknown": 0.5,
        "under_100": 0.3,
    },
    "employment": {
        "from_1_year": 0.12,
        "from_4_years": -0.48,
        "from_7_years": -0.14,
        "none": 0.14,
        "under_1_year": 0.35,
    },
    "other_plans": {"bank": 0.19, "none": -0.27, "stores": 0.08},
    "housing": {"owned": -0.28, "rent_free": 0.38, "rented": -0.1},
}
SCORED: _Weights = {
    "credit_history": {
        "all_repaid_here": -0.85,
        "critical_elsewhere": 0.61,
        "no_loans_or_all_repaid": -0.09,
        "past_delay": 0.58,
        "repaid_so_far": -0.25,
    },
    "savings": {
        "from_100": -0.25,
        "from_1000": -0.4,
        "from_500": -0.39,
        "none_or_unknown": 0.71,
        "under_100": 0.34,
    },
    "employment": {
        "from_1_year": 0.08,
        "from_4_years": -0.49,
        "from_7_years": -0.19,
        "none": 0.27,
        "under_1_year": 0.34,
    },
    "other_plans": {"bank": 0.18, "none": -0.25, "stores": 0.07},
    "housing": {"owned": -0.26, "rent_free": 0.43, "rented": -0.17},
}
TRUE_BASE, SCORED_BASE = -1.65, -1.7
TRUE_PER_YEAR, SCORED_PER_YEAR = 0.45, 0.5  # log-odds per year of duration, from 6 to 48 months

CUTOFF = 0.35  # the policy declines above it
YOUNG = 25  # years below which biased officers hold an applicant's age against them


@dataclass(frozen=True, slots=True)
class Applicant:
    """One real application with its planted log-odds: true, and as scored."""

    name: str
    fields: Mapping[str, str]
    true: float
    scored: float

    @property
    def amount(self) -> int:
        """What was asked for, in whole units."""
        return int(self.fields["credit_amount"])

    @property
    def young(self) -> bool:
        """Whether biased officers hold the age against the applicant."""
        return int(self.fields["age_years"]) < YOUNG


def _sum(base: float, per_year: float, weights: _Weights, fields: Mapping[str, str]) -> float:
    """Log-odds of one application."""
    years = min(max(int(fields["duration_months"]), 6), 48) / 12
    return math.fsum(
        (base, per_year * years, *(each[fields[name]] for name, each in weights.items()))
    )


@cache
def applicants() -> tuple[Applicant, ...]:
    """The real applications."""
    with REAL.open(encoding="utf-8", newline="") as file:
        return tuple(
            Applicant(
                name=row["application_id"],
                fields=row,
                true=_sum(TRUE_BASE, TRUE_PER_YEAR, TRUE, row),
                scored=_sum(SCORED_BASE, SCORED_PER_YEAR, SCORED, row),
            )
            for row in csv.DictReader(file)
        )
