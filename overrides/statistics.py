"""Numbers with their uncertainty, from the standard library alone.

Every function is exact or says what it approximates. Intervals are two-sided; ``LEVEL`` is 95 %.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import mul
from statistics import NormalDist
from typing import Protocol

LEVEL = 0.95
Z = 1.959964  # the standard normal's 97.5 % point, to the digits that golden numbers use

EXACT_WORK_MAX = 60_000  # steps of one convolution; above it the tail is approximated
CELLS_FROM = 5_000  # scores; from so many on those that lie close together are moved as one
CELL = 0.01  # log-odds
_LOGIT_MAX = 40.0
_SECANTS_MAX = 60
_BISECTIONS = 60
_SHIFT_EXACT = 1e-9
_NEAR = 0.02  # log-odds that the normal end of an interval is seldom further from the exact one
_TINY = 1e-15
_NORMAL = NormalDist()

Interval = tuple[float, float]


class InOrder(Protocol):
    """Numbers in order: a sequence or an array."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, place: int, /) -> float:
        """The number at a place."""


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``of``, never without its denominator; no value where nothing was counted."""

    count: int
    of: int

    def __post_init__(self) -> None:
        """Refuse a part that is larger than the whole."""
        if not 0 <= self.count <= self.of:
            msg = f"{self.count} of {self.of}"
            raise ValueError(msg)

    @property
    def value(self) -> float | None:
        """The share, from 0 to 1."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval."""
        return wilson(self.count, self.of) if self.of else None


def wilson(count: int, of: int, z: float = Z) -> Interval:
    """Wilson's score interval of a share."""
    share = count / of
    spread = z * z / of
    middle = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return (0.0 if count == 0 else low, 1.0 if count == of else high)


def clopper_pearson(count: int, of: int, level: float = LEVEL) -> Interval:
    """Clopper and Pearson's exact interval of a share (Biometrika 26, 1934), by bisection.

    Each end is where the binomial tail beyond ``count`` has half of what the level leaves out.
    """
    rest = (1 - level) / 2
    low = 0.0 if count == 0 else _bisected(lambda p: 1 - _binomial_cdf(count - 1, of, p), rest)
    high = 1.0 if count == of else 1 - _bisected(lambda p: _binomial_cdf(count, of, 1 - p), rest)
    return low, high


def _bisected(rising: Callable[[float], float], wanted: float) -> float:
    """Where a function that rises from 0 to 1 takes a value."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def _binomial_cdf(count: int, of: int, p: float) -> float:
    """Probability of at most ``count`` of ``of``, summed from the largest term in logarithms."""
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 or count >= of else 0.0
    if count > of / 2:  # the shorter side
        return 1 - _binomial_cdf(of - count - 1, of, 1 - p) if count < of else 1.0
    whole, yes, no = math.lgamma(of + 1), math.log(p), math.log1p(-p)
    return min(
        1.0,
        math.fsum(
            math.exp(whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * yes + (of - k) * no)
            for k in range(count + 1)
        ),
    )


def distribution(chances: Sequence[float]) -> list[float]:
    """Probability of 0, 1, 2… events among independent ones (Poisson-binomial), by convolution."""
    return _distribution_to(chances, len(chances))


def _distribution_to(chances: Sequence[float], most: int) -> list[float]:
    """The same, up to ``most`` events."""
    mass = [1.0]
    for chance in chances:
        rest = 1 - chance
        moved = [x * rest for x in mass]
        if len(mass) <= most:
            moved.append(0.0)
        for index in range(1, len(moved)):
            moved[index] += mass[index - 1] * chance
        mass = moved
    return mass


def tail_of(chances: Sequence[float], count: int) -> float:
    """Probability of at least ``count`` events among independent ones, exactly."""
    if count <= 0:
        return 1.0
    if count > len(chances):
        return 0.0
    if 2 * count > len(chances):  # the shorter side of the distribution
        misses = [1 - chance for chance in chances]
        return min(1.0, math.fsum(_distribution_to(misses, len(chances) - count)))
    return max(0.0, 1 - math.fsum(_distribution_to(chances, count - 1)))


@dataclass(frozen=True, slots=True)
class ObservedExpected:
    """How many bad loans there were, beside how many the recorded scores expected."""

    observed: int
    expected: float
    of: int
    interval: Interval | None  # of the ratio
    z: float | None

    @property
    def ratio(self) -> float | None:
        """Observed over expected; None where nothing was expected."""
        return self.observed / self.expected if self.expected > 0 else None


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities of events, summed up as far as intervals need them.

    ``logits`` and ``weights`` are those of ``logit_cells``, ``variance`` of the number of events.
    """

    chances: Sequence[float]
    expected: float
    variance: float
    logits: Sequence[float]
    weights: Sequence[int]

    @classmethod
    def of(cls, chances: Sequence[float]) -> "Scores":
        """Sum up some probabilities; ``ValueError`` for a number that is none."""
        if not all(0 <= chance <= 1 for chance in chances):
            msg = "a score that is no probability"
            raise ValueError(msg)
        variance = math.fsum(chance * (1 - chance) for chance in chances)
        return cls(chances, math.fsum(chances), variance, *logit_cells(chances))


def observed_expected(bad: Sequence[bool], chances: Sequence[float]) -> ObservedExpected:
    """``seen_beside`` of single outcomes."""
    if len(bad) != len(chances):
        msg = f"{len(bad)} outcomes and {len(chances)} scores"
        raise ValueError(msg)
    return seen_beside(sum(bad), Scores.of(chances))


def seen_beside(observed: int, scores: Scores) -> ObservedExpected:
    """Observed over expected bads, its z, and an interval of the ratio.

    The interval is exact in the Poisson-binomial sense: all scores are moved together on the
    log-odds scale until what was seen, or more, or less, has the tail's probability. With equal
    scores it is Clopper and Pearson's. Beyond ``EXACT_WORK_MAX`` the tail is a normal one with
    continuity and skewness corrections, of ``logit_cells``.
    """
    deviation = math.sqrt(scores.variance)
    z = (observed - scores.expected) / deviation if deviation > 0 else None
    interval = _ratio_interval(observed, scores) if scores.expected > 0 else None
    return ObservedExpected(observed, scores.expected, len(scores.chances), interval, z)


def _ratio_interval(observed: int, scores: Scores) -> Interval:
    """Interval of observed over expected."""
    tail = (1 - LEVEL) / 2
    of = len(scores.chances)

    def moved(by: float) -> list[float]:
        return [chance_of(logit + by) for logit in scores.logits]

    def end(count: int, level: float) -> float:
        """The ratio at which so many, or more, have this probability."""
        by = _crossing(lambda shift: _normal_tail(moved(shift), count, scores.weights), level)
        if _is_quick(of, count):
            own = [logit(chance) for chance in scores.chances]
            by = _crossing(
                lambda shift: tail_of([chance_of(one + shift) for one in own], count),
                *(level, by, _NEAR),
            )
        return math.fsum(map(mul, scores.weights, moved(by))) / scores.expected

    low = end(observed, tail) if observed else 0.0
    all_bad = observed == of
    return low, of / scores.expected if all_bad else end(observed + 1, 1 - tail)


def logit_cells(chances: Sequence[float]) -> tuple[list[float], list[int]]:
    """Log-odds of scores and how many scores have each.

    From ``CELLS_FROM`` scores on, those of one ``CELL`` stand together at their mean, so that any
    number of them costs the same: a sum of chances changes by less than a part in 100,000.
    """
    logits = [logit(chance) for chance in chances]
    if len(logits) < CELLS_FROM:
        return logits, [1] * len(logits)
    cells: dict[int, list[float]] = {}
    for one in logits:
        cells.setdefault(round(one / CELL), []).append(one)
    held = [cells[place] for place in sorted(cells)]
    return [math.fsum(of) / len(of) for of in held], [len(of) for of in held]


def _is_quick(of: int, count: int) -> bool:
    """Whether the exact tail of so many events is worth its steps."""
    return of * min(count, of - count + 1) <= EXACT_WORK_MAX


def upper_tail(chances: list[float], count: int) -> float:
    """Probability of at least ``count`` events: exactly where that is quick."""
    if _is_quick(len(chances), count):
        return tail_of(chances, count)
    return _normal_tail(chances, count, [1] * len(chances))


def _normal_tail(chances: list[float], count: int, weights: Sequence[int]) -> float:
    """The same from a normal distribution, corrected for continuity and skewness.

    ``weights`` say how many events have each chance.
    """
    mean = math.fsum(map(mul, weights, chances))
    each = [of * c * (1 - c) for of, c in zip(weights, chances, strict=True)]
    variance = math.fsum(each)
    if variance <= 0:
        return 1.0 if mean >= count else 0.0
    deviation = math.sqrt(variance)
    third = math.fsum(v * (1 - 2 * c) for v, c in zip(each, chances, strict=True))
    x = (count - 0.5 - mean) / deviation
    refined = _NORMAL.cdf(-x) + third / (variance * deviation) * (x * x - 1) / 6 * _NORMAL.pdf(x)
    return min(1.0, max(0.0, refined))


def logit(chance: float) -> float:
    """Log-odds, kept finite so that a certain score can still be moved."""
    if chance <= 0:
        return -_LOGIT_MAX
    if chance >= 1:
        return _LOGIT_MAX
    return math.log(chance / (1 - chance))


def chance_of(logit: float) -> float:
    """Probability of log-odds, without overflow."""
    if logit < 0:
        power = math.exp(logit)
        return power / (1 + power)
    return 1 / (1 + math.exp(-logit))


def _crossing(
    rising: Callable[[float], float], level: float, near: float = 0.0, step: float = 1.0
) -> float:
    """The shift at which a probability that rises with it reaches ``level``, sought from ``near``.

    On the normal scale such a tail is nearly straight, so a few secants inside a bracket do.
    """
    goal = _NORMAL.inv_cdf(level)

    def above(shift: float) -> float:
        chance = min(max(rising(shift), _TINY), 1 - _TINY)
        return _NORMAL.inv_cdf(chance) - goal

    low, high = near - step, near + step
    while (at_low := above(low)) > 0 and low > -_LOGIT_MAX:
        low, step = low - step, 2 * step
    while (at_high := above(high)) < 0 and high < _LOGIT_MAX:
        high, step = high + step, 2 * step
    for _ in range(_SECANTS_MAX):
        if high - low < _SHIFT_EXACT or at_high <= at_low:
            break
        shift = low - at_low * (high - low) / (at_high - at_low)
        found = above(shift)
        if abs(found) < _SHIFT_EXACT:
            return shift
        if found < 0:
            low, at_low, at_high = shift, found, at_high / 2
        else:
            high, at_high, at_low = shift, found, at_low / 2
    return (low + high) / 2


def shrunk_ratio(observed: int, expected: float, prior: float = 4.0) -> float:
    """Observed over expected pulled towards 1 by ``prior`` expected events (gamma prior)."""
    return (prior + observed) / (prior + expected)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value that ``share`` of the values do not exceed, by linear interpolation."""
    return quantile_of_sorted(sorted(values), share)


def quantile_of_sorted(ordered: InOrder, share: float) -> float | None:
    """The same of values in order."""
    if not len(ordered):
        return None
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def stability_index(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Population stability index of two sets of shares over the same bands, none of them zero."""
    return math.fsum((a - e) * math.log(a / e) for e, a in zip(expected, actual, strict=True))
