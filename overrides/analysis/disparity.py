"""Whether two groups were treated alike: rates, odds and means with their uncertainty.

A table is (with, without) of the group looked at, then (with, without) of the group it is compared
to. A difference is a reason to look at files, and no proof of discrimination.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from overrides.statistics import Interval, Z

CASES_MIN, EVENTS_MIN = 30, 5
"""A cell with fewer says nothing, which is never a pass."""

_SLACK = 1 + 1e-7  # tables as likely as the one seen, in spite of rounding


@dataclass(frozen=True, slots=True)
class FourFold:
    """How many had it and how many did not, in two groups."""

    with_it: int
    without: int
    other_with: int
    other_without: int

    def __post_init__(self) -> None:
        """Refuse a negative count."""
        if min(self.with_it, self.without, self.other_with, self.other_without) < 0:
            msg = "a count below zero"
            raise ValueError(msg)

    @property
    def of(self) -> int:
        """Cases of the group looked at."""
        return self.with_it + self.without

    @property
    def other_of(self) -> int:
        """Cases of the group it is compared to."""
        return self.other_with + self.other_without

    @property
    def total(self) -> int:
        """All cases."""
        return self.of + self.other_of

    @property
    def sufficient(self) -> bool:
        """Whether both groups have enough cases, and enough of them with it and without."""
        cells = (self.with_it, self.without, self.other_with, self.other_without)
        return min(self.of, self.other_of) >= CASES_MIN and min(cells) >= EVENTS_MIN


def odds_ratio(table: FourFold) -> tuple[float, Interval] | None:
    """Odds ratio with Woolf's interval; None where a cell is empty."""
    cells = (table.with_it, table.without, table.other_with, table.other_without)
    if not all(cells):
        return None
    found = (table.with_it * table.other_without) / (table.without * table.other_with)
    factor = math.exp(Z * math.sqrt(sum(1 / cell for cell in cells)))
    return found, (found / factor, found * factor)


def fisher(table: FourFold) -> float:
    """Fisher's exact p, two-sided: every table with these margins that is no more likely."""
    have, total = table.with_it + table.other_with, table.total

    def log_mass(with_it: int) -> float:
        return _log_choose(table.of, with_it) + _log_choose(table.other_of, have - with_it)

    low, high = max(0, have - table.other_of), min(have, table.of)
    whole = _log_choose(total, have)
    seen = math.exp(log_mass(table.with_it) - whole) * _SLACK
    masses = (math.exp(log_mass(x) - whole) for x in range(low, high + 1))
    return min(1.0, math.fsum(mass for mass in masses if mass <= seen))


def _log_choose(of: int, some: int) -> float:
    """Logarithm of the number of ways to choose."""
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


@dataclass(frozen=True, slots=True)
class Stratified:
    """A common odds ratio over strata with its interval and two-sided p."""

    odds_ratio: float
    interval: Interval
    p: float
    strata: int  # that say something
    of: int


def mantel_haenszel(tables: Sequence[FourFold]) -> Stratified | None:
    """Common odds ratio over strata, of a group against the other (Mantel and Haenszel 1959).

    The interval is Robins, Breslow and Greenland's (1986), the p Cochran, Mantel and Haenszel's
    chi-squared on one degree of freedom without continuity correction. Strata in which all or none
    had it, or of one group alone, say nothing. None where no common ratio exists.
    """
    telling = [t for t in tables if _tells(t)]
    above = below = mixed = first = last = gap = variance = 0.0
    for t in telling:
        n = t.total
        r, s = t.with_it * t.other_without / n, t.without * t.other_with / n
        p, q = (t.with_it + t.other_without) / n, (t.without + t.other_with) / n
        above, below = above + r, below + s
        first, mixed, last = first + p * r, mixed + p * s + q * r, last + q * s
        have, have_not = t.with_it + t.other_with, t.without + t.other_without
        gap += t.with_it - t.of * have / n
        variance += t.of * t.other_of * have * have_not / (n * n * (n - 1))
    if above <= 0 or below <= 0 or variance <= 0:
        return None
    spread = first / (2 * above * above) + mixed / (2 * above * below) + last / (2 * below * below)
    found, factor = above / below, math.exp(Z * math.sqrt(spread))
    return Stratified(
        odds_ratio=found,
        interval=(found / factor, found * factor),
        p=_two_sided(gap / math.sqrt(variance)),
        strata=len(telling),
        of=sum(t.total for t in telling),
    )


def _tells(table: FourFold) -> bool:
    """Whether a stratum has both groups, and both kinds of case."""
    have = table.with_it + table.other_with
    return bool(table.of and table.other_of and 0 < have < table.total)


def _two_sided(z: float) -> float:
    """Two-sided p of a standard normal value."""
    return math.erfc(abs(z) / math.sqrt(2))


@dataclass(frozen=True, slots=True)
class ImpactRatio:
    """A group's rate over the other's. ``flagged``: below four fifths for certain.

    Four fifths is an employment convention (29 CFR 1607.4 D), borrowed as a threshold for a look.
    """

    ratio: float
    interval: Interval
    z: float  # of the difference of the two rates, pooled
    flagged: bool


FOUR_FIFTHS = 0.80


def impact_ratio(table: FourFold) -> ImpactRatio | None:
    """Adverse impact ratio with its log interval; None where a group has no case with it."""
    if not (table.with_it and table.other_with):
        return None
    rate, other = table.with_it / table.of, table.other_with / table.other_of
    spread = math.sqrt((1 - rate) / table.with_it + (1 - other) / table.other_with)
    ratio, factor = rate / other, math.exp(Z * spread)
    pooled = (table.with_it + table.other_with) / table.total
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / table.of + 1 / table.other_of))
    z = (rate - other) / deviation if deviation else 0.0
    return ImpactRatio(
        ratio=ratio,
        interval=(ratio / factor, ratio * factor),
        z=z,
        flagged=ratio < FOUR_FIFTHS and ratio * factor < 1,
    )


def standardised_difference(
    one: tuple[float, float, int], other: tuple[float, float, int]
) -> float | None:
    """Difference of two means over the pooled deviation; each is (mean, deviation, n)."""
    (mean, deviation, n), (mean_other, deviation_other, n_other) = one, other
    freedom = n + n_other - 2
    if freedom <= 0:
        return None
    squares = (n - 1) * deviation**2 + (n_other - 1) * deviation_other**2
    pooled = math.sqrt(squares / freedom)
    return (mean - mean_other) / pooled if pooled else None
