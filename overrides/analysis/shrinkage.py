"""Many small groups at once: ratios pulled towards the whole, and who differs from it for certain.

The gamma-Poisson model of empirical Bayes (Clayton and Kaldor 1987): a group's bad loans are
Poisson with mean ``ratio * expected``, the ratios gamma distributed around the pooled one. How
strongly a group is pulled is worked out from how much the groups differ. A Poisson count varies
more than a sum of unequal chances does, so that intervals are rather too wide than too narrow.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from overrides.statistics import LEVEL, Interval

GROUPS_MIN = 5
"""With fewer groups nobody can say how much groups differ: the prior below is taken."""
PRIOR = 4.0
"""Expected bad loans that a group is pulled with where the groups cannot tell."""
PRIOR_MAX = 1000.0

_STEPS = 1200
_SERIES_MAX = 10_000
_EXACT = 1e-12


@dataclass(frozen=True, slots=True)
class Shrunk:
    """One group's ratio, pulled towards the pooled one, with its 95 % interval."""

    observed: int
    expected: float
    ratio: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Prior:
    """A gamma distribution of ratios: ``shape`` over ``rate`` is its mean."""

    shape: float
    rate: float

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        if not (self.shape > 0 and self.rate > 0):
            msg = f"no gamma distribution: {self.shape}, {self.rate}"
            raise ValueError(msg)


def shrunk(observed: int, expected: float, prior: Prior) -> Shrunk:
    """One group's ratio under a prior, with the interval that holds 95 % of what is left."""
    shape, rate = prior.shape + observed, prior.rate + expected
    tail = (1 - LEVEL) / 2
    ends = (gamma_quantile(shape, tail) / rate, gamma_quantile(shape, 1 - tail) / rate)
    return Shrunk(observed, expected, shape / rate, ends)


def prior_of(groups: Sequence[tuple[int, float]]) -> Prior:
    """The prior of these groups' (observed, expected): around the pooled ratio, by likelihood.

    With fewer than ``GROUPS_MIN`` groups, or where no bad loan was seen, ``PRIOR`` expected bad
    loans around 1.
    """
    counted = [(o, e) for o, e in groups if e > 0]
    seen, expected = sum(o for o, _ in counted), math.fsum(e for _, e in counted)
    if len(counted) < GROUPS_MIN or not seen:
        return Prior(PRIOR, PRIOR)
    pooled = seen / expected

    def likelihood(log_shape: float) -> float:
        shape = math.exp(log_shape)
        rate = shape / pooled
        return math.fsum(
            math.lgamma(shape + o)
            - math.lgamma(shape)
            + shape * math.log(rate / (rate + e))
            + o * math.log(e / (rate + e))
            for o, e in counted
        )

    # The likelihood has one top between the ends, or rises to the last of them.
    ends = math.log(0.1), math.log(PRIOR_MAX)
    shape = math.exp(_top(likelihood, *ends))
    return Prior(shape, shape / pooled)


def _top(height: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one top is highest, by golden section."""
    golden = (math.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = height(left), height(right)
    for _ in range(60):
        if at_left < at_right:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = height(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = height(left)
    return (low + high) / 2


def gamma_cdf(shape: float, x: float) -> float:
    """Regularised lower incomplete gamma function: P(X <= x) at rate 1.

    Series below the mean, continued fraction above it (Abramowitz and Stegun 6.5.29, 6.5.31).
    """
    if x <= 0:
        return 0.0
    factor = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        for k in range(1, _SERIES_MAX):
            term *= x / (shape + k)
            total += term
            if term < total * _EXACT:
                break
        return min(1.0, total * factor)
    tiny = 1e-300
    b = x + 1 - shape
    c, d = 1 / tiny, 1 / b
    fraction = d
    for k in range(1, _SERIES_MAX):
        a = -k * (k - shape)
        b += 2
        d = 1 / ((a * d + b) or tiny)
        c = (b + a / c) or tiny
        fraction *= d * c
        if abs(d * c - 1) < _EXACT:
            break
    return max(0.0, 1 - factor * fraction)


def gamma_quantile(shape: float, share: float) -> float:
    """The value below which ``share`` of a gamma distribution of rate 1 lies, by halving."""
    low, high = 0.0, shape + 10 * math.sqrt(shape) + 10
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if gamma_cdf(shape, middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def poisson_interval(observed: int) -> Interval:
    """Garwood's exact 95 % interval of a Poisson mean."""
    tail = (1 - LEVEL) / 2
    low = gamma_quantile(observed, tail) if observed else 0.0
    return low, gamma_quantile(observed + 1, 1 - tail)


def discoveries(p_values: Sequence[float | None], rate: float = 0.05) -> tuple[bool, ...]:
    """Which of several tests stand (Benjamini and Hochberg 1995): at most ``rate`` of them falsely.

    None is a test that could not be made; it never stands and does not count.
    """
    tested = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    last = 0
    for rank, (p, _) in enumerate(tested, 1):
        if p <= rate * rank / len(tested):
            last = rank
    found = {index for _, index in tested[:last]}
    return tuple(index in found for index in range(len(p_values)))
