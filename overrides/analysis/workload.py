"""What another routing would ask of the desk: cases that come to people, and hours of reading.

Past cases are counted as they were routed and as another policy would have routed them. Where
chance alone sends a case to a person, the case counts by how likely that was. Hours rest on
recorded reading times (``dwell_ms``) alone: where few are recorded no hours are given.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from overrides.metrics import RELIABLE_CASES_MIN
from overrides.statistics import Interval

Z = 1.959963984540054
MS_IN_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class RoutedCase:
    """One past case: how likely it was to come to a person, and how likely it would be; and why.

    Chances are from 0 to 1. The codes say why it came, and would come, to a person for certain.
    """

    before: float
    after: float
    codes_before: frozenset[str]
    codes_after: frozenset[str]


@dataclass(frozen=True, slots=True)
class Handling:
    """Hours that people read one case, on average over ``of`` cases, with a 95 % interval."""

    hours: float | None
    interval: Interval | None
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Cases for people before and after, over so many days; ``gained`` come now, ``lost`` do not.

    Both count what is certain alone; what is drawn by chance is in ``before`` and ``after``.
    """

    cases: int
    days: float
    before: float
    after: float
    gained: int
    lost: int
    codes: tuple[tuple[str, int, int], ...]
    handling: Handling

    @property
    def cases_a_day(self) -> float | None:
        """Extra cases for people each day, below 0 for fewer; None where nothing is known."""
        if self.cases < RELIABLE_CASES_MIN or self.days <= 0:
            return None
        return (self.after - self.before) / self.days

    @property
    def hours_a_day(self) -> tuple[float, Interval] | None:
        """Extra hours each day with the interval of the reading time; None where not known."""
        cases, each = self.cases_a_day, self.handling
        if cases is None or each.hours is None or each.interval is None:
            return None
        low, high = sorted(cases * end for end in each.interval)
        return cases * each.hours, (low, high)


def handling(dwell_ms: Sequence[int]) -> Handling:
    """The mean of reading times (milliseconds, one for each case), by the normal interval."""
    of = len(dwell_ms)
    if of < RELIABLE_CASES_MIN:
        return Handling(None, None, of)
    mean = math.fsum(dwell_ms) / of
    spread = math.fsum((one - mean) ** 2 for one in dwell_ms) / (of - 1)
    half = Z * math.sqrt(spread / of)
    low, high = max(0.0, mean - half), mean + half
    return Handling(mean / MS_IN_HOUR, (low / MS_IN_HOUR, high / MS_IN_HOUR), of)


def workload(
    cases: Sequence[RoutedCase], codes: Sequence[str], dwell_ms: Sequence[int], days: float
) -> Workload:
    """Both routings of the same cases; ``codes`` are the reasons that are counted, in order."""
    return Workload(
        cases=len(cases),
        days=days,
        before=math.fsum(case.before for case in cases),
        after=math.fsum(case.after for case in cases),
        gained=sum(case.before < 1 <= case.after for case in cases),
        lost=sum(case.after < 1 <= case.before for case in cases),
        codes=tuple(
            (
                code,
                sum(code in case.codes_before for case in cases),
                sum(code in case.codes_after for case in cases),
            )
            for code in codes
        ),
        handling=handling(dwell_ms),
    )
