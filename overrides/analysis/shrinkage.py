"""Many small groups at once: ratios pulled towards the whole, and who differs from it for certain.

The gamma-Poisson model of empirical Bayes (Clayton and Kaldor 1987): a group's bad loans are
Poisson with mean ``ratio * expected``, the ratios gamma distributed around the pooled one. How
strongly a group is pulled is worked out from how much the groups differ. A Poisson count varies
more than a sum of unequal chances does, so that intervals are rather too wide than too narrow.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from overrides.statistics import LEVEL, Interval

GROUPS_MIN = 5
"""With fewer groups nobody can say how much groups differ: the prior below is taken."""
PRIOR = 4.0
"""Expected bad loans that a group is pulled with where the groups cannot tell."""

_PULLS = tuple((k + 0.5) / 60 for k in range(60))
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


def shrunk_groups(groups: Sequence[tuple[int, float]]) -> tuple[Shrunk, ...]:
    """Each group's (observed, expected) pulled towards all of them, with honest intervals.

    How strongly groups are pulled is not known, so the answer is averaged over every strength, by
    how likely it makes the counts and with every share of pull equally likely beforehand (Daniels
    1999). That the pooled ratio and the differences are estimates widens the intervals as well,
    the latter by Morris' (1983) factor of the number of groups. An interval from the
    single best strength would hold the truth far too seldom. The average is told by a gamma
    distribution of the same mean and variance. With fewer than ``GROUPS_MIN`` groups, or where no
    bad loan was seen, ``PRIOR`` expected bad loans around 1.
    """
    counted = [(o, e) for o, e in groups if e > 0]
    seen, expected = sum(o for o, _ in counted), math.fsum(e for _, e in counted)
    if len(counted) < GROUPS_MIN or not seen:
        return tuple(shrunk(o, e, Prior(PRIOR, PRIOR)) for o, e in groups)
    pooled = seen / expected
    strengths = _strengths(counted, pooled)
    wider = (len(counted) - 1) / (len(counted) - 3)
    return tuple(_averaged(o, e, pooled, strengths, wider) for o, e in groups)


_Strength = tuple[float, float, float]  # shape, its weight, variance of the pooled ratio under it


def _strengths(counted: Sequence[tuple[int, float]], pooled: float) -> tuple[_Strength, ...]:
    """Shapes of the prior at equal steps of the pull on a middling group, with their weights."""
    middle = math.fsum(e for _, e in counted) * pooled / len(counted)
    shapes = [middle * pull / (1 - pull) for pull in _PULLS]
    heights = [_likelihood(shape, counted, pooled) for shape in shapes]
    top = max(heights)
    weights = [math.exp(height - top) for height in heights]
    total, expected = math.fsum(weights), math.fsum(e for _, e in counted)
    return tuple(
        (
            shape,
            weight / total,
            math.fsum(e * pooled + (e * pooled) ** 2 / shape for _, e in counted) / expected**2,
        )
        for shape, weight in zip(shapes, weights, strict=True)
    )


def _likelihood(shape: float, counted: Sequence[tuple[int, float]], pooled: float) -> float:
    """Logarithm of the negative binomial likelihood of the counts, but for a constant."""
    rate = shape / pooled
    return math.fsum(
        math.lgamma(shape + o)
        - math.lgamma(shape)
        + shape * math.log(rate / (rate + e))
        + o * math.log(e / (rate + e))
        for o, e in counted
    )


def _averaged(
    observed: int,
    expected: float,
    pooled: float,
    strengths: Sequence[_Strength],
    wider: float,
) -> Shrunk:
    """One group averaged over the strengths, its variance so many times wider."""
    means, within = [], []
    for shape, _, uncertain in strengths:
        rate = shape / pooled + expected
        mean = (shape + observed) / rate
        slope = (shape + observed) * shape / (pooled * rate) ** 2  # of the mean in the pooled ratio
        means.append(mean)
        within.append(mean / rate + slope * slope * uncertain)
    weights = [weight for _, weight, _ in strengths]
    centre = math.fsum(w * m for w, m in zip(weights, means, strict=True))
    spread = wider * math.fsum(
        w * (v + (m - centre) ** 2) for w, v, m in zip(weights, within, means, strict=True)
    )
    like = Prior(centre * centre / spread, centre / spread)
    ends = shrunk(0, 0.0, like).interval
    return Shrunk(observed, expected, centre, ends)


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
