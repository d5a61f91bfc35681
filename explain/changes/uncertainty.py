"""Between which bounds a probability lies by what became of loans scored like it.

Venn-Abers prediction (V. Vovk and I. Petej, Venn-Abers predictors, UAI 2014; inductive form): the
applicant is put among the calibration loans once as good and once as bad, each time the isotonic
regression of outcomes on scores is fitted, and its value at the applicant's score is read off. Of
the two, one is a probability that is calibrated whatever the model is, as long as the calibration
loans come from the same population as the applicant and had no part in fitting the model. How far
they lie apart says how much one loan more or less would change. It is no interval of confidence.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from ..declared.calibration import Matured

SUPPORT_MIN = 20
"""With fewer loans as risky or riskier, the data do not reach a score: lending leaves these out."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Bounds of the probability of bad, from ``of`` calibration loans.

    ``at_most`` and ``at_least`` are how many of them were scored as high or lower, and as high or
    higher. With fewer than ``SUPPORT_MIN`` of the latter the score is not supported by data.
    """

    low: float
    high: float
    of: int
    at_most: int
    at_least: int

    @property
    def supported(self) -> bool:
        """Whether outcomes reach as far as this score."""
        return self.at_least >= SUPPORT_MIN


class VennAbers:
    """The calibration loans in the order of their scores, equals taken together."""

    def __init__(self, loans: Sequence[Matured]) -> None:
        groups: dict[float, tuple[int, int]] = {}
        for loan in loans:
            count, bad = groups.get(loan.probability, (0, 0))
            groups[loan.probability] = (count + 1, bad + loan.bad)
        self._scores = sorted(groups)
        self._groups = [groups[score] for score in self._scores]
        self._of = len(loans)

    def of(self, probability: float) -> Uncertainty:
        """The bounds at this score."""
        place = bisect_left(self._scores, probability)
        met = place < len(self._scores) and self._scores[place] == probability
        here = self._groups[place] if met else (0, 0)
        below = sum(count for count, _ in self._groups[:place])
        low, high = (
            self._fitted(place, met=met, group=(here[0] + 1, here[1] + outcome))
            for outcome in (0, 1)
        )
        return Uncertainty(low, high, self._of, below + here[0], self._of - below)

    def _fitted(self, place: int, *, met: bool, group: tuple[int, int]) -> float:
        """The isotonic regression's value at one score, with this group in its place."""
        groups = [*self._groups[:place], group, *self._groups[place + met :]]
        return isotonic(groups)[place]


def isotonic(groups: Sequence[tuple[int, int]]) -> list[float]:
    """Rising shares nearest to those of the groups (count, bad), by pooling adjacent violators."""
    pools: list[tuple[int, int, int]] = []  # count, bad, how many groups
    for count, bad in groups:
        pool = (count, bad, 1)
        while pools and pools[-1][1] * pool[0] >= pool[1] * pools[-1][0]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    return [bad / count for count, bad, size in pools for _ in range(size)]
