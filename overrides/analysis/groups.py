"""Officers, branches or codes beside each other: pulled towards all of them, and who differs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from overrides.analysis.disparity import EVENTS_MIN
from overrides.analysis.shrinkage import Shrunk, discoveries, shrunk_groups
from overrides.analysis.verdicts import Loan, expected_of, shift_to
from overrides.statistics import chance_of, logit, upper_tail

_HALF_NODES = (
    (1.1544053947399682, 0.24012317860501271),
    (2.3667594107345413, 0.03075712396758651),
    (3.7504397177257422, 0.00054826885597221),
)
_NODES = (
    (0.0, 0.45714285714285714),
    *((sign * at, w) for sign in (-1, 1) for at, w in _HALF_NODES),
)
"""Seven points and weights that average over a standard normal (Gauss and Hermite)."""


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """One officer's, branch's or code's overrides, pulled towards all of them.

    ``differs``: told apart from the others, at most one of twenty such findings falsely.
    """

    name: str
    of: int
    shrunk: Shrunk
    differs: bool


def group_verdicts(groups: Mapping[str, Sequence[Loan]]) -> tuple[GroupVerdict, ...]:
    """Verdicts on groups, by name and never by size of the ratio.

    Each group's count is tested exactly against the scores shifted to what all *other* groups
    saw, two-sided, averaged over how uncertain that shift is; a group held against a whole that it
    is part of would hide in it. The findings are those of Benjamini and Hochberg at 5 %.
    """
    named = sorted(groups.items())
    outcomes = [expected_of(loans) for _, loans in named]
    pulled = shrunk_groups([(found.observed, found.expected) for found in outcomes])
    stand = discoveries(_against_others([loans for _, loans in named]))
    return tuple(
        GroupVerdict(name, found.of, ratio, differs)
        for (name, _), found, ratio, differs in zip(named, outcomes, pulled, stand, strict=True)
    )


def _against_others(groups: Sequence[Sequence[Loan]]) -> list[float | None]:
    """Each group's p against all others; None where it has no loan, or they say too little.

    The others' shift is one Newton step from that of all, with its standard error.
    """
    bad = [sum(loan.bad for loan in loans) for loans in groups]
    seen, of = sum(bad), sum(len(loans) for loans in groups)
    if not 0 < seen < of:
        return [None] * len(groups)
    by = shift_to([logit(loan.chance) for loans in groups for loan in loans], seen)
    moved = [[chance_of(logit(loan.chance) + by) for loan in loans] for loans in groups]
    weights = [math.fsum(c * (1 - c) for c in chances) for chances in moved]
    whole = math.fsum(weights)
    found: list[float | None] = []
    for loans, own, chances, weight in zip(groups, bad, moved, weights, strict=True):
        others, rest = seen - own, whole - weight
        few = min(others, of - len(loans) - others) < EVENTS_MIN
        if not loans or few:
            found.append(None)
            continue
        shift = by - (own - math.fsum(chances)) / rest
        found.append(_two_sided(loans, shift, 1 / math.sqrt(rest)))
    return found


def _two_sided(loans: Sequence[Loan], by: float, error: float) -> float:
    """Exact p of as many bad loans as were seen, or further out, over an uncertain shift."""
    bad, up, down = sum(loan.bad for loan in loans), 0.0, 0.0
    for at, weight in _NODES:
        chances = [chance_of(logit(loan.chance) + by + error * at) for loan in loans]
        up += weight * upper_tail(chances, bad)
        down += weight * (1 - upper_tail(chances, bad + 1) if bad < len(loans) else 1.0)
    return min(1.0, 2 * min(up, down))
