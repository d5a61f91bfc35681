"""What an override report is made from: the cases, and the matured ones by how they came about."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from decision_service.case_columns import NEVER, Array, CaseColumns, instant, microseconds
from explain.declared.bundle_schema import Kpi
from overrides.analysis.verdicts import Terms
from overrides.first_views import StatedView
from overrides.values import OverrideSide, Recommendation

TERMS_CODES = frozenset({"G03"})
"""Justifications that change the loan itself, so that its outcome is no test of the score."""
LOW, HIGH = OverrideSide.APPROVED_AGAINST_MODEL, OverrideSide.DECLINED_AGAINST_MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a report is made from. ``since`` narrows what was decided, not what matured."""

    every: CaseColumns
    since: datetime | None
    cutoffs: tuple[float, float]  # approve up to, decline above, as the policy in force says
    kpis: Mapping[str, Kpi]
    code_labels: Mapping[str, str]
    names: Callable[[Iterable[str]], Mapping[str, str]]
    terms: Terms | None = None
    views: Sequence[StatedView] = ()  # the latest first views, the newest first

    @property
    def as_of(self) -> datetime:
        """The instant of the report."""
        return self.every.as_of

    def decided(self) -> Array:
        """Which cases were decided in the span."""
        decided = self.every["decision"] > 0
        return decided if self.since is None else decided & decided_from(self.every, self.since)

    def latest_overrides(self, most: int) -> list[str]:
        """Cases of the latest overrides in the span, the earliest of them first."""
        (against,) = np.nonzero(self.decided() & (self.every["side"] > 0))
        closed = self.every["closed"][against].tolist()
        latest = sorted((at, self.every.refs[row]) for at, row in zip(closed, against, strict=True))
        return [case_ref for _, case_ref in latest[-most:]]


@dataclass(frozen=True, slots=True)
class Books:
    """Places of matured approvals by how they came about."""

    columns: CaseColumns
    coming: tuple[datetime, ...]  # when the other low-side overrides will have matured
    low: Array  # approved against the model, terms unchanged
    changed: Array  # the same with other terms than asked for
    agreed: Array
    chance: Array


def decided_from(columns: CaseColumns, start: datetime) -> Array:
    """Which cases were closed at an instant or later."""
    found: Array = columns["closed"] >= microseconds(start)
    return found


def books_of(columns: CaseColumns) -> Books:
    """Sort the matured approvals. A random accept is nobody's override."""
    matured, by_chance = columns.matured(), columns["random_accept"]
    low, agreed = columns.against(LOW), columns.against(None)
    changed = np.zeros(len(columns), dtype=bool)
    for code in sorted(TERMS_CODES):
        changed |= columns.is_named("code", code)
    as_advised = agreed & columns.advised(Recommendation.APPROVE)
    coming = columns.approved() & low & columns.scored() & ~changed
    coming &= columns["matures"] > microseconds(columns.as_of)
    coming &= columns["matures"] != NEVER
    own = matured & ~by_chance
    kinds = (own & low & ~changed, own & low & changed, own & as_advised, matured & by_chance)
    return Books(
        columns,
        tuple(map(instant, columns["matures"][coming].tolist())),
        *(np.nonzero(kind)[0] for kind in kinds),
    )
