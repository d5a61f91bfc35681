"""Whether matured outcomes have left a model's probabilities, looked at every month.

The statistic is an e-process: the likelihood of all cohorts under a declared change over their
likelihood without it, averaged over the declared changes (a mixture of likelihood ratios). Without
a change its mean is 1 at each look, so that by Ville's inequality it ever reaches 1 / alarm with a
chance of at most ``alarm``, however often somebody looks (Ramdas, Gruenwald, Vovk and Shafer,
Game-theoretic statistics and safe anytime-valid inference, Statistical Science 2023, section 3).

Loans of a cohort share what happened to them: both likelihoods are averaged over a shock of the
log-odds that is declared as well. The promise holds for shocks of that size, drawn anew for each
cohort, and not for larger ones or for shocks that last, which are a change.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from overrides.statistics import logit

SHOCKS = ((-math.sqrt(3), 1 / 6), (0.0, 2 / 3), (math.sqrt(3), 1 / 6))
"""Shocks in standard deviations with their weights: Gauss and Hermite's rule of three points."""

Outcome = tuple[float, bool]
"""The probability recorded at the decision, strictly between 0 and 1, and what happened."""


@dataclass(frozen=True, slots=True)
class Change:
    """Log-odds other than recorded: ``slope`` times their distance to the cohort's mean, shifted.

    ``shift`` is in log-odds. A slope below 1 is a score that separates less than it says.
    """

    shift: float = 0.0
    slope: float = 1.0


@dataclass(frozen=True, slots=True)
class Declared:
    """What is said before the first look: ``odds``, the ratio of odds that shall be seen, above 1.

    ``shock``: standard deviation of a cohort's log-odds without any change, 0 or more; ``alarm``:
    the chance, between 0 and 1, that something is ever reported although nothing changed.

    Raises ValueError for figures outside of these.
    """

    odds: float = 1.5
    shock: float = 0.1
    alarm: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what cannot be declared."""
        if not (1 < self.odds < math.inf and 0 <= self.shock < math.inf and 0 < self.alarm < 1):
            message = f"odds above 1, shock from 0, alarm between 0 and 1; got {self}"
            raise ValueError(message)

    @property
    def calibration(self) -> tuple[Change, ...]:
        """The declared shift and half of it, to both sides."""
        whole = math.log(self.odds)
        return tuple(Change(shift) for shift in (-whole, -whole / 2, whole / 2, whole))

    @property
    def discrimination(self) -> tuple[Change, ...]:
        """A score that separates half, or a quarter less, than it says."""
        return Change(slope=0.5), Change(slope=0.75)


def e_process(
    cohorts: Iterable[Sequence[Outcome]], changes: Sequence[Change], shock: float
) -> Iterator[float]:
    """The e-value after each cohort, in order; a cohort enters once, when all of it has matured.

    An empty cohort changes nothing. Raises ValueError without a change to look for, and for a
    probability that is not strictly between 0 and 1.
    """
    if not changes:
        message = "an e-process looks for at least one change"
        raise ValueError(message)
    ratios: Sequence[float] = [0.0] * len(changes)
    for cohort in cohorts:
        ratios = with_cohort(ratios, cohort, changes, shock)
        yield e_value(ratios)


def with_cohort(
    ratios: Sequence[float], cohort: Sequence[Outcome], changes: Sequence[Change], shock: float
) -> tuple[float, ...]:
    """Logarithms of the likelihood ratios of all changes, in order, with one more cohort."""
    if not cohort:
        return tuple(ratios)
    unchanged = _log_likelihood(cohort, Change(), shock)
    return tuple(
        before + _log_likelihood(cohort, change, shock) - unchanged
        for before, change in zip(ratios, changes, strict=True)
    )


def e_value(ratios: Sequence[float]) -> float:
    """The mean of likelihood ratios given as logarithms, kept below what a float can hold."""
    return math.exp(min(_log_mean(ratios), 700.0))


def together(values: Sequence[float]) -> float:
    """The e-value of several statistics of one bundle: their mean, however they hang together.

    Raises ValueError when there is none.
    """
    if not values:
        message = "no statistic, no e-value"
        raise ValueError(message)
    return math.fsum(values) / len(values)


def first_alarm(values: Iterable[float], alarm: float) -> int | None:
    """The look, counted from 1, at which 1 / alarm is reached; None when it never is."""
    looks = enumerate(values, start=1)
    return next((look for look, value in looks if value >= 1 / alarm), None)


def monitored(cohorts: Sequence[Sequence[Outcome]], declared: Declared) -> tuple[float, ...]:
    """The e-value of calibration and discrimination together after each cohort."""
    statistics = (
        e_process(cohorts, changes, declared.shock)
        for changes in (declared.calibration, declared.discrimination)
    )
    return tuple(together(values) for values in zip(*statistics, strict=True))


def _log_likelihood(cohort: Sequence[Outcome], change: Change, shock: float) -> float:
    """Of one cohort's outcomes, averaged over the shock that its loans share."""
    for chance, _ in cohort:
        if not 0 < chance < 1:
            message = f"a recorded probability lies strictly between 0 and 1; got {chance}"
            raise ValueError(message)
    logits = [logit(chance) for chance, _ in cohort]
    middle = math.fsum(logits) / len(logits)
    moved = [middle + change.slope * (one - middle) + change.shift for one in logits]
    terms = []
    for size, weight in SHOCKS:
        each = (
            -_softplus(-(one + shock * size) if bad else one + shock * size)
            for one, (_, bad) in zip(moved, cohort, strict=True)
        )
        terms.append(math.log(weight) + math.fsum(each))
    return _log_sum(terms)


def _softplus(value: float) -> float:
    """log(1 + e^value) without overflow."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def _log_sum(logs: Sequence[float]) -> float:
    """The logarithm of a sum of exponentials."""
    most = max(logs)
    return most + math.log(math.fsum(math.exp(one - most) for one in logs))


def _log_mean(logs: Sequence[float]) -> float:
    """The logarithm of a mean of exponentials."""
    return _log_sum(logs) - math.log(len(logs))
