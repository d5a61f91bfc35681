"""What an override report is made from: the cases, and the matured ones by how they came about."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from decision_service.board import NOT_ENOUGH, interval_words
from decision_service.wording import percent
from explain.declared.bundle_schema import Kpi
from overrides.analysis.verdicts import (
    Loan,
    Terms,
)
from overrides.labels import LabelStatus, OutcomeDefinition, label
from overrides.metrics import RELIABLE_CASES_MIN, matured_approvals
from overrides.reading import BoardFact
from overrides.statistics import Share
from overrides.values import Decision, OverrideSide, Recommendation

TERMS_CODES = frozenset({"G03"})
"""Justifications that change the loan itself, so that its outcome is no test of the score."""
LOW, HIGH = OverrideSide.APPROVED_AGAINST_MODEL, OverrideSide.DECLINED_AGAINST_MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a report is made from. ``since`` narrows what was decided, not what matured."""

    every: tuple[BoardFact, ...]
    definition: OutcomeDefinition
    as_of: datetime
    since: datetime | None
    cutoffs: tuple[float, float]  # approve up to, decline above, as the policy in force says
    kpis: Mapping[str, Kpi]
    code_labels: Mapping[str, str]
    names: Callable[[Iterable[str]], Mapping[str, str]]
    terms: Terms | None = None

    def decided(self) -> tuple[BoardFact, ...]:
        """Cases that were decided in the span."""
        return tuple(
            fact
            for fact in self.every
            if fact.ending.decision is not None
            and fact.ending.at is not None
            and (self.since is None or fact.ending.at >= self.since)
        )


@dataclass(frozen=True, slots=True)
class Books:
    """Matured approvals by how they came about."""

    low: tuple[tuple[BoardFact, bool], ...]  # approved against the model, terms unchanged
    changed: tuple[tuple[BoardFact, bool], ...]  # the same with other terms than asked for
    agreed: tuple[tuple[BoardFact, bool], ...]
    chance: tuple[tuple[BoardFact, bool], ...]
    coming: tuple[datetime, ...]  # when the other low-side overrides will have matured


def books_of(ground: Ground) -> Books:
    """Sort the matured approvals. A random accept is nobody's override."""
    approved = [f for f in ground.every if f.ending.decision is Decision.APPROVE]
    matured = matured_approvals(approved, lambda _: ground.definition, ground.as_of)
    seen = [(fact, found.status is LabelStatus.OBSERVED_BAD) for fact, found in matured]
    own = [(fact, bad) for fact, bad in seen if not fact.ending.random_accept]
    low = [(fact, bad) for fact, bad in own if fact.side is LOW]
    return Books(
        low=tuple((fact, bad) for fact, bad in low if fact.code not in TERMS_CODES),
        changed=tuple((fact, bad) for fact, bad in low if fact.code in TERMS_CODES),
        agreed=tuple(
            (fact, bad)
            for fact, bad in own
            if fact.side is None and fact.recommendation is Recommendation.APPROVE
        ),
        chance=tuple((fact, bad) for fact, bad in seen if fact.ending.random_accept),
        coming=tuple(_coming(ground, approved)),
    )


def _coming(ground: Ground, approved: Iterable[BoardFact]) -> Iterable[datetime]:
    """When each low-side override with an open window will have matured."""
    for fact in approved:
        if fact.side is LOW and fact.probability is not None and fact.code not in TERMS_CODES:
            found = label(ground.definition, fact.ending, fact.observations, ground.as_of)
            if found.matures_at is not None and found.matures_at > ground.as_of:
                yield found.matures_at


def loans_of(rows: Iterable[tuple[BoardFact, bool]]) -> list[Loan]:
    """The same as plain loans."""
    return [Loan(fact.probability or 0.0, bad) for fact, bad in rows]


def rate_words(share: Share) -> tuple[str, str]:
    """A rate and its interval; of few cases, that they are too few."""
    if share.value is None or share.of < RELIABLE_CASES_MIN:
        return NOT_ENOUGH.lower(), ""
    return percent(share.value), interval_words(share.interval, "{:.1%}")
