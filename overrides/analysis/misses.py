"""What the model misses: what marks the overrides that went better than equal scores do.

A clue is anything known of an override when it was made: its justification code, a kind of
evidence, a concept the officer named, a value on the application. Overrides with a clue are held
against the overrides without it, at equal score. So an error that all scores below the cut-off
share, or a bad year, is in both and falls out; what is left is what the clue knows and the score
does not. Many clues are looked at, so a finding stands only after Benjamini and Hochberg (1995).

A clue is where to look, not why: officers who use a code may differ from others in more than it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from overrides.analysis.shrinkage import discoveries
from overrides.analysis.verdicts import Compared, Loan, compared, expected_of, shift_to
from overrides.statistics import Interval, Z, chance_of, logit

PER = 100  # loans that a gain is told for


class Remedy(StrEnum):
    """What can be done about something the model misses."""

    FEATURE = "feature"  # it is on the application and the model does not have it
    COLLECT = "collect"  # an officer learns it; nobody asks for it on the application
    RULE = "rule"  # the policy could ask for it


@dataclass(frozen=True, slots=True)
class Clue:
    """Something known of an override, and what could be done if the model misses it."""

    name: str
    remedy: Remedy = Remedy.COLLECT


@dataclass(frozen=True, slots=True)
class Marked:
    """A matured override with the names of its clues."""

    loan: Loan
    clues: frozenset[str]


@dataclass(frozen=True, slots=True)
class Miss:
    """What one clue tells that the score does not.

    ``gain`` is by how many of 100 such loans fewer went bad than of others at equal score, with a
    95 % interval; None where too few say so. ``stands``: at most one of twenty such findings
    falsely.
    """

    clue: Clue
    of: int
    without: int
    against: Compared | None
    gain: float | None
    interval: Interval | None
    stands: bool

    @property
    def worth(self) -> float:
        """Bad loans fewer among all that had the clue, at the cautious end of the interval."""
        return -math.inf if self.interval is None else self.interval[0] * self.of / PER


def misses(marked: Sequence[Marked], clues: Sequence[Clue]) -> tuple[Miss, ...]:
    """What each clue tells, by what it is worth for certain; those of too few loans last.

    A clue that tells of worse loans is found as well, with a gain below 0: people lean on it, and
    it misleads.
    """
    split = [_split(marked, clue.name) for clue in clues]
    found = [compared(with_it, without) for with_it, without in split]
    stand = discoveries([None if each is None else _p_of(each) for each in found])
    told = [
        _miss(clue, parts, against, stands)
        for clue, parts, against, stands in zip(clues, split, found, stand, strict=True)
    ]
    return tuple(sorted(told, key=lambda miss: (-miss.worth, miss.clue.name)))


_Parts = tuple[list[Loan], list[Loan]]


def _split(marked: Sequence[Marked], name: str) -> _Parts:
    """Loans with a clue, and without it."""
    parts: _Parts = ([], [])
    for each in marked:
        parts[name not in each.clues].append(each.loan)
    return parts


def _p_of(against: Compared) -> float:
    """Two-sided p of an odds ratio, read off its interval on the logarithmic scale."""
    low, high = (math.log(end) for end in against.interval)
    at = math.log(against.odds_ratio)
    half = at - low if at > 0 else high - at  # the side that looks towards no difference
    return math.erfc(abs(at) * Z / half / math.sqrt(2)) if half > 0 else 1.0


def _miss(clue: Clue, parts: _Parts, against: Compared | None, stands: bool) -> Miss:  # noqa: FBT001 - a column of a table
    """One clue with its gain."""
    with_it, without = parts
    if against is None:
        return Miss(clue, len(with_it), len(without), None, None, None, stands=False)
    logits = [logit(loan.chance) for loan in without]
    others = shift_to(logits, expected_of(without).observed)
    alike = [logit(loan.chance) + others for loan in with_it]

    def fewer(odds_ratio: float) -> float:
        """Bad loans of 100 fewer, if the odds were so many times those of the others."""
        by = math.log(odds_ratio)
        gaps = (chance_of(at) - chance_of(at + by) for at in alike)
        return PER * math.fsum(gaps) / len(alike)

    low, high = against.interval
    return Miss(
        clue=clue,
        of=len(with_it),
        without=len(without),
        against=against,
        gain=fewer(against.odds_ratio),
        interval=(fewer(high), fewer(low)),
        stands=stands,
    )


def clues_named(counts: Mapping[str, int], remedy: Remedy, least: int) -> tuple[Clue, ...]:
    """A clue for every name that at least ``least`` overrides have, in the order of names."""
    return tuple(Clue(name, remedy) for name, count in sorted(counts.items()) if count >= least)
