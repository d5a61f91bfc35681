"""Were the overrides right: bad loans seen against those that were expected, and what that shows.

The primary number holds what was seen against the scores as they were recorded. A score below the
cut-off was hardly ever tested there, so that number alone cannot tell good judgement from a score
that is wrong in that place. Two more can: loans that chance let in with scores like these, and the
loans that were approved as recommended, from which the scores' common error is worked out.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import mul

from overrides.analysis.disparity import EVENTS_MIN
from overrides.analysis.power import Enough, enough_by
from overrides.metrics import RELIABLE_CASES_MIN
from overrides.statistics import (
    Interval,
    ObservedExpected,
    Scores,
    Z,
    chance_of,
    logit,
    seen_beside,
)

_SHIFT_MAX = 60.0
_SHIFT_EXACT = 1e-10


@dataclass(frozen=True, slots=True)
class Loan:
    """A matured approval: the probability of bad as recorded, and whether it went bad."""

    chance: float
    bad: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """Matured approvals summed up: how many went bad, and the probabilities that were recorded."""

    observed: int
    scores: Scores

    @classmethod
    def of(cls, loans: "Loans") -> "Pool":
        """Sum up single loans; what is summed up already stays as it is."""
        if isinstance(loans, Pool):
            return loans
        scores = Scores.of([loan.chance for loan in loans])
        return cls(sum(loan.bad for loan in loans), scores)

    def __len__(self) -> int:
        """How many loans."""
        return len(self.scores.chances)


Loans = Sequence[Loan] | Pool


class Conclusion(StrEnum):
    """What a verdict says."""

    NOT_YET = "no conclusion yet"
    BETTER = "better than the scores expected"
    WORSE = "worse than the scores expected"
    ALIKE = "not told apart from what the scores expected"


@dataclass(frozen=True, slots=True)
class Compared:
    """The odds of going bad at equal score, over those of other loans, with a 95 % interval.

    ``other`` is how many other loans there were.
    """

    odds_ratio: float
    interval: Interval
    other: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a kind of override was right, as far as can be seen."""

    outcome: ObservedExpected
    enough: Enough
    conclusion: Conclusion
    against_agreed: Compared | None  # the scores' common error taken out
    against_chance: Compared | None  # loans that chance let in

    @property
    def separable(self) -> bool:
        """Whether judgement can be told from the scores' own error at these scores."""
        return self.against_chance is not None


def verdict(
    loans: Loans,
    agreed: Loans,
    by_chance: Loans,
    maturing: Iterable[datetime],
    as_of: datetime,
) -> Verdict:
    """The verdict on matured overrides; ``maturing`` is when the others will have matured.

    A conclusion is given only once there are as many as the agreed power takes: whoever looks each
    month and stops at the first interval that leaves 1 out would find one too often.
    """
    loans = Pool.of(loans)
    outcome = expected_of(loans)
    expected = outcome.expected / outcome.of if outcome.of else None
    enough = enough_by(expected, outcome.of, maturing, as_of, least=RELIABLE_CASES_MIN)
    return Verdict(
        outcome=outcome,
        enough=enough,
        conclusion=conclude(outcome, enough),
        against_agreed=compared(loans, agreed),
        against_chance=compared(loans, by_chance),
    )


def expected_of(loans: Loans) -> ObservedExpected:
    """Observed over expected bads of some loans."""
    pool = Pool.of(loans)
    return seen_beside(pool.observed, pool.scores)


def conclude(outcome: ObservedExpected, enough: Enough) -> Conclusion:
    """What an interval says once there are enough cases."""
    if not enough.there or outcome.of < RELIABLE_CASES_MIN or outcome.interval is None:
        return Conclusion.NOT_YET
    low, high = outcome.interval
    if high < 1:
        return Conclusion.BETTER
    return Conclusion.WORSE if low > 1 else Conclusion.ALIKE


def compared(loans: Loans, others: Loans) -> Compared | None:
    """Odds of going bad at equal score, over those of ``others``; None where too few say so.

    Each side's scores are shifted on the log-odds scale until they expect what was seen; the
    difference of the two shifts is free of an error that both share, a bad year among them. Its
    interval joins the two exact ones (Zou and Donner 2008). Both sides need ``EVENTS_MIN`` bad and
    good loans, and ``RELIABLE_CASES_MIN`` in all.
    """
    own, other = _shift(loans), _shift(others)
    if own is None or other is None:
        return None
    (at, low, high), (other_at, other_low, other_high) = own, other
    gap = at - other_at
    down = math.hypot(at - low, other_high - other_at)
    up = math.hypot(high - at, other_at - other_low)
    interval = (math.exp(gap - down), math.exp(gap + up))
    return Compared(math.exp(gap), interval, len(others))


def _shift(loans: Loans) -> tuple[float, float, float] | None:
    """How far scores must move on the log-odds scale to expect what was seen, with its ends."""
    pool = Pool.of(loans)
    outcome = expected_of(pool)
    good = outcome.of - outcome.observed
    few = outcome.of < RELIABLE_CASES_MIN or min(outcome.observed, good) < EVENTS_MIN
    if few or outcome.interval is None:
        return None
    logits, weights = pool.scores.logits, pool.scores.weights
    low, high = (shift_to(logits, end * outcome.expected, weights) for end in outcome.interval)
    return shift_to(logits, outcome.observed, weights), low, high


def shift_to(
    logits: Sequence[float], expected: float, weights: Sequence[int] | None = None
) -> float:
    """The shift of all log-odds at which so many bad loans are expected.

    ``weights`` say how many loans have each, one where there are none. Newton's steps, and where
    one leaves the bracket, its middle.
    """
    of = [1] * len(logits) if weights is None else weights
    low, high, by = -_SHIFT_MAX, _SHIFT_MAX, 0.0
    while high - low > _SHIFT_EXACT:
        chances = [chance_of(at + by) for at in logits]
        gap = expected - math.fsum(map(mul, of, chances))
        low, high = (by, high) if gap > 0 else (low, by)
        slope = math.fsum(n * c * (1 - c) for n, c in zip(of, chances, strict=True))
        step = gap / slope if slope > 0 else math.inf
        if abs(step) < _SHIFT_EXACT:
            return by
        by = by + step if low < by + step < high else (low + high) / 2
    return by


@dataclass(frozen=True, slots=True)
class Terms:
    """What a loan brings and costs, as shares of its amount, as the bundle declares them."""

    margin: float
    loss_given_default: float


@dataclass(frozen=True, slots=True)
class Value:
    """What loans brought in one currency, in minor units, with an approximate 95 % interval."""

    currency: str
    minor: float
    interval: Interval | None
    of: int


def value_of(loans: Sequence[tuple[bool, int, str]], terms: Terms) -> tuple[Value, ...]:
    """Margin earned on good loans less what bad ones lost: (bad, amount, currency) of each loan.

    Currencies are never summed. The interval is a normal one from how much loans differ; None
    below ``RELIABLE_CASES_MIN`` loans.
    """
    brought: dict[str, list[float]] = {}
    for bad, amount, currency in loans:
        share = -terms.loss_given_default if bad else terms.margin
        brought.setdefault(currency, []).append(share * amount)
    return tuple(value_in(currency, each) for currency, each in sorted(brought.items()))


def value_in(currency: str, each: Sequence[float]) -> Value:
    """The sum of what each loan of one currency brought, as ``value_of`` says."""
    of, total = len(each), math.fsum(each)
    if of < RELIABLE_CASES_MIN:
        return Value(currency, total, None, of)
    mean = total / of
    spread = math.fsum((x - mean) ** 2 for x in each) / (of - 1)
    half = Z * math.sqrt(of * spread)
    return Value(currency, total, (total - half, total + half), of)


def natural_error_rate(bad: Sequence[float], good: Sequence[float], rate: float) -> float:
    """How often the best use of a score alone is wrong (Tasche 2012, arXiv 1203.2287).

    ``bad`` and ``good`` are each kind's shares over the same score bands, ``rate`` the bad rate.
    People who override far more often than this ignore the score.
    """
    pairs = list(zip(bad, good, strict=True))
    missed = math.fsum(b for b, g in pairs if b <= g)
    accused = math.fsum(g for b, g in pairs if b > g)
    return rate * missed + (1 - rate) * accused


def concentration(counts: Iterable[int]) -> float | None:
    """Herfindahl and Hirschman's index: sum of squared shares, 1 where one person has them all."""
    each = [count for count in counts if count]
    total = sum(each)
    return sum((count / total) ** 2 for count in each) if total else None


@dataclass(frozen=True, slots=True)
class EffectiveCutoff:
    """The score at which people approve half of the applications, with a 95 % interval."""

    probability: float
    interval: Interval
    of: int


def effective_cutoff(
    decisions: Iterable[tuple[float, bool]], *, cell: float = 0.05
) -> EffectiveCutoff | None:
    """From (probability of bad, approved): where a logistic curve through them crosses one half.

    Scores are rounded to ``cell`` on the log-odds scale, so that any number of decisions costs the
    same; the interval is the delta method's. None for fewer than ``RELIABLE_CASES_MIN`` decisions,
    where the curve does not fall, or where the score separates approvals from declines entirely.
    """
    cells: dict[int, tuple[int, int]] = {}
    for chance, approved in decisions:
        place = round(logit(chance) / cell)
        of, yes = cells.get(place, (0, 0))
        cells[place] = (of + 1, yes + approved)
    points = [(place * cell, of, yes) for place, (of, yes) in sorted(cells.items())]
    total, approvals = sum(of for _, of, _ in points), sum(yes for _, _, yes in points)
    if total < RELIABLE_CASES_MIN or min(approvals, total - approvals) < EVENTS_MIN:
        return None
    fitted = _curve(points)
    if fitted is None or fitted[1] >= 0:
        return None
    constant, slope, (v00, v01, v11) = fitted
    at = -constant / slope
    variance = (v00 + 2 * at * v01 + at * at * v11) / (slope * slope)
    half = Z * math.sqrt(max(0.0, variance))
    return EffectiveCutoff(chance_of(at), (chance_of(at - half), chance_of(at + half)), total)


_Curve = tuple[float, float, tuple[float, float, float]]


def _curve(points: Sequence[tuple[float, int, int]]) -> _Curve | None:
    """Constant, slope and their covariance of a logistic curve; None where there is no best one."""
    constant = slope = 0.0
    for _ in range(60):
        a00 = a01 = a11 = b0 = b1 = 0.0
        for x, of, yes in points:
            chance = chance_of(constant + slope * x)
            weight, gap = of * chance * (1 - chance), yes - of * chance
            a00, a01, a11 = a00 + weight, a01 + weight * x, a11 + weight * x * x
            b0, b1 = b0 + gap, b1 + gap * x
        determinant = a00 * a11 - a01 * a01
        if determinant <= 1e-9 * max(1.0, a00 * a11):
            return None
        step = (a11 * b0 - a01 * b1) / determinant, (a00 * b1 - a01 * b0) / determinant
        longest = max(abs(part) for part in step)
        shorter = min(1.0, 3.0 / longest) if longest else 1.0
        constant, slope = constant + step[0] * shorter, slope + step[1] * shorter
        if longest < _SHIFT_EXACT:
            return constant, slope, (a11 / determinant, -a01 / determinant, a00 / determinant)
    return None
