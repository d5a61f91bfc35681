"""A score that is a sum over fields: an intercept, and a rule for what each field's value adds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .values import Row, Scalar


class Rule(Protocol):
    """What the values of one field count."""

    def amount(self, value: Scalar) -> float:
        """What this value adds to the log-odds."""


@dataclass(frozen=True, slots=True)
class LinearCard:
    """Log-odds of bad as an intercept plus one amount per field."""

    intercept: float
    rules: Mapping[str, Rule]

    def amounts(self, row: Row) -> list[float]:
        """What each field adds, in contract order."""
        return [rule.amount(row[name]) for name, rule in self.rules.items()]

    def score(self, row: Row) -> float:
        """Log-odds of bad."""
        return math.fsum([self.intercept, *self.amounts(row)])

    def means(self, rows: Sequence[Row]) -> list[float]:
        """The mean amount of each field over the background rows."""
        columns = zip(*(self.amounts(row) for row in rows), strict=True)
        return [math.fsum(column) / len(rows) for column in columns]
