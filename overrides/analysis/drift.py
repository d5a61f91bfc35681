"""How far two groups of cases lie apart in their make-up, and how far chance alone would put them.

The population stability index is the sum of (a - e) ln(a / e) over bands; without any change it is
about (1/n + 1/m) times a chi-squared number with one degree of freedom less than there are bands
(Yurdakul and Naranjo, Journal of Risk Model Validation 14, 2020). A fixed limit such as 0.1 is
passed by small groups that did not change, so what chance reaches is told beside the index.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

BANDS = 10
_RIGHT = 1.6448536269514722  # the standard normal's 95 % point
_EMPTY = 0.5  # cases put into every band where one band of either group has none


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the later group lies from the earlier one."""

    psi: float
    by_chance: float  # what nineteen of twenty unchanged pairs of these sizes stay below
    before: int  # cases
    after: int

    @property
    def stands(self) -> bool:
        """Whether it is more than chance does."""
        return self.psi > self.by_chance


def psi(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Population stability index of two lists of shares over the same bands, none of them zero."""
    if len(expected) != len(actual) or min(*expected, *actual) <= 0:
        msg = "both groups need a share above zero in every band"
        raise ValueError(msg)
    pairs = zip(expected, actual, strict=True)
    return math.fsum((a - e) * math.log(a / e) for e, a in pairs)


def shift(before: Sequence[int], after: Sequence[int]) -> Shift | None:
    """The index of two lists of counts; None for an empty group or fewer than two bands in use.

    Bands that are empty in both are left out. Where one is empty in either, half a case is put
    into every band of both.
    """
    used = [(e, a) for e, a in zip(before, after, strict=True) if e or a]
    of = sum(e for e, _ in used), sum(a for _, a in used)
    if len(used) < 2 or not all(of):  # noqa: PLR2004 (one band cannot differ)
        return None
    more = _EMPTY if any(not (e and a) for e, a in used) else 0.0
    whole = [count + more * len(used) for count in of]
    found = psi([(e + more) / whole[0] for e, _ in used], [(a + more) / whole[1] for _, a in used])
    bound = (1 / of[0] + 1 / of[1]) * _chi_squared(len(used) - 1)
    return Shift(found, bound, *of)


def score_shift(before: Sequence[float], after: Sequence[float]) -> Shift | None:
    """The index over tenths of the earlier group's scores."""
    ordered = sorted(before)
    cuts = sorted({ordered[len(ordered) * k // BANDS] for k in range(1, BANDS)} if ordered else ())
    counts = ([0] * (len(cuts) + 1), [0] * (len(cuts) + 1))
    for count, scores in zip(counts, (before, after), strict=True):
        for score in scores:
            count[bisect_left(cuts, score)] += 1
    return shift(*counts)


def _chi_squared(degrees: int) -> float:
    """The 95 % point of chi-squared (Wilson and Hilferty 1931): within 3 % from one degree on."""
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + _RIGHT * math.sqrt(spread)) ** 3)
