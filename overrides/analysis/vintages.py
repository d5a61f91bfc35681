"""Bad rates by month on book, of loans whose books were closed for that month, and of no others."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from overrides.labels import LabelStatus, Observation, OutcomeDefinition, label
from overrides.reading import BoardFact
from overrides.statistics import Share

MONTHS = (3, 6, 9, 12)


@dataclass(frozen=True, slots=True)
class MonthOnBook:
    """Loans that were bad by a month on book, of those that were seen for all of it."""

    month: int
    bad: Share
    mean_chance: float | None  # mean recorded probability of bad of the same loans


def vintage_curve(
    approved: Iterable[BoardFact],
    definition: OutcomeDefinition,
    as_of: datetime,
    months: Iterable[int] = MONTHS,
) -> tuple[MonthOnBook, ...]:
    """Bad rate by month on book. Months beyond the definition's window are left out.

    Each month counts the loans that were reported for all of it, so the denominators fall and
    two months are not of the same loans.
    """
    every = tuple(fact for fact in approved if fact.probability is not None)
    wanted = [month for month in months if month <= definition.window_months]
    return tuple(_month(every, definition, as_of, month) for month in wanted)


def _month(
    approved: tuple[BoardFact, ...], definition: OutcomeDefinition, as_of: datetime, month: int
) -> MonthOnBook:
    """One point of the curve."""
    until = replace(definition, window_months=month)
    bad, chances = 0, []
    for fact in approved:
        found = label(until, fact.ending, seen_by(month, fact.observations), as_of)
        good = found.status is LabelStatus.OBSERVED_GOOD
        if found.closed(as_of) and (good or found.status is LabelStatus.OBSERVED_BAD):
            bad += not good
            chances.append(fact.probability or 0.0)
    of = len(chances)
    return MonthOnBook(month, Share(bad, of), math.fsum(chances) / of if of else None)


def seen_by(month: int, observations: Iterable[Observation]) -> list[Observation]:
    """Observations up to a month on book.

    A later one would be taken for the worst since the start, and move a default forward.
    """
    return [
        one for one in observations if one.months_on_book is None or one.months_on_book <= month
    ]
