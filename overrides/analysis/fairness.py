"""Whether groups are overridden alike at equal scores, in both directions.

Each group is held against the largest one, which does not depend on who fared how. Nothing here
knows what a group is: its name comes with the case.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overrides.analysis.disparity import (
    CASES_MIN,
    FourFold,
    ImpactRatio,
    Stratified,
    fisher,
    impact_ratio,
    mantel_haenszel,
)
from overrides.analysis.regression import CLUSTERS_MIN, Coefficient, NoFit, logistic
from overrides.analysis.shrinkage import discoveries
from overrides.reading import BoardFact
from overrides.statistics import logit, quantile
from overrides.values import OverrideSide, Recommendation

_GROUPS_MIN = 2
BANDS = 5
"""Score bands within which cases count as alike: fifths of the cases of that side."""
EVENTS_PER_COLUMN = 10
_LOW, _HIGH = OverrideSide.APPROVED_AGAINST_MODEL, OverrideSide.DECLINED_AGAINST_MODEL
_ADVICE = {_LOW: Recommendation.DECLINE, _HIGH: Recommendation.APPROVE}


@dataclass(frozen=True, slots=True)
class Treated:
    """A decided case with advice and a score, and the group its applicant belongs to."""

    group: str
    fact: BoardFact


@dataclass(frozen=True, slots=True)
class Disparity:
    """One group against the reference on one side.

    Where ``table`` has too few cases nothing else is worked out: insufficient data is never a pass.
    ``adjusted`` is on the log-odds scale, by score and amount, its error clustered by reviewer.
    ``stands``: the stratified test holds up among all tests of the attribute.
    """

    side: OverrideSide
    group: str
    reference: str
    table: FourFold
    ratio: ImpactRatio | None = None
    p: float | None = None
    stratified: Stratified | None = None
    adjusted: Coefficient | None = None
    stands: bool = False

    @property
    def sufficient(self) -> bool:
        """Whether there are enough cases to say anything."""
        return self.table.sufficient


def disparities(cases: Iterable[Treated]) -> tuple[Disparity, ...]:
    """Every group of an attribute against its largest group, favourable side first."""
    every = [case for case in cases if case.fact.probability is not None]
    sizes = Counter(case.group for case in every)
    if len(sizes) < _GROUPS_MIN:
        return ()
    reference = min(sizes, key=lambda group: (-sizes[group], group))
    found = [
        _disparity(every, side, group, reference)
        for side in (_LOW, _HIGH)
        for group in sorted(sizes)
        if group != reference
    ]
    tested = [each.stratified.p if each.stratified else None for each in found]
    return tuple(
        Disparity(
            side=each.side,
            group=each.group,
            reference=reference,
            table=each.table,
            ratio=each.ratio,
            p=each.p,
            stratified=each.stratified,
            adjusted=each.adjusted,
            stands=stands,
        )
        for each, stands in zip(found, discoveries(tested), strict=True)
    )


def poor_fit(found: Sequence[Disparity]) -> tuple[str, ...]:
    """Groups that are overridden more often in both directions.

    That points to scores that fit the group badly, and not to favour: it would go one way.
    """
    up: Counter[str] = Counter()
    for each in found:
        up[each.group] += each.stands and each.stratified is not None and _above(each.stratified)
    return tuple(sorted(group for group, sides in up.items() if sides == len(_ADVICE)))


def _above(found: Stratified) -> bool:
    """Whether the whole interval lies above even odds."""
    return found.interval[0] > 1


def _disparity(
    every: Sequence[Treated], side: OverrideSide, group: str, reference: str
) -> Disparity:
    """One group on one side."""
    looked = [
        case
        for case in every
        if case.fact.recommendation is _ADVICE[side] and case.group in (group, reference)
    ]
    table = _table(looked, side, group)
    if not table.sufficient:
        return Disparity(side, group, reference, table)
    bands = _bands(looked)
    return Disparity(
        side=side,
        group=group,
        reference=reference,
        table=table,
        ratio=impact_ratio(table),
        p=fisher(table),
        stratified=mantel_haenszel([_table(band, side, group) for band in bands]),
        adjusted=_adjusted(looked, side, group),
    )


def _table(cases: Sequence[Treated], side: OverrideSide, group: str) -> FourFold:
    """How many of the group and of the others were overridden, and how many not."""
    counts = Counter((case.group == group, case.fact.side is side) for case in cases)
    cells = ((True, True), (True, False), (False, True), (False, False))
    return FourFold(*(counts[cell] for cell in cells))


def _bands(cases: Sequence[Treated]) -> list[list[Treated]]:
    """The same cases in bands of equal size by score."""
    scores = [case.fact.probability or 0.0 for case in cases]
    ends = [quantile(scores, k / BANDS) or 0.0 for k in range(1, BANDS)]
    bands: list[list[Treated]] = [[] for _ in range(BANDS)]
    for case, score in zip(cases, scores, strict=True):
        bands[sum(score > end for end in ends)].append(case)
    return bands


def _adjusted(cases: Sequence[Treated], side: OverrideSide, group: str) -> Coefficient | None:
    """Log odds ratio of the group by score and amount; None where too few people or overrides."""
    names: tuple[str, ...] = ("constant", "score", "amount", "group")
    events = sum(case.fact.side is side for case in cases)
    reviewers = [case.fact.reviewer for case in cases]
    enough = min(events, len(cases) - events) >= EVENTS_PER_COLUMN * (len(names) - 1)
    if not enough or len(set(reviewers)) < CLUSTERS_MIN or len(cases) < CASES_MIN:
        return None
    rows = [
        [
            1.0,
            logit(case.fact.probability or 0.0),
            math.log1p(case.fact.amount.minor),
            float(case.group == group),
        ]
        for case in cases
    ]
    # With one amount throughout, the column follows from the constant: it is left out.
    if len({row[2] for row in rows}) == 1:
        names, rows = ("constant", "score", "group"), [[r[0], r[1], r[3]] for r in rows]
    try:
        fit = logistic(names, rows, [case.fact.side is side for case in cases], reviewers)
    except NoFit:
        return None
    return fit.of_column("group")
