"""The numbers that all four owners look at, from plain facts about cases, each with what it counts.

Bad loans are counted only among approvals whose whole performance window has closed: an early
default beside loans that had no time yet to default would make every young cohort look worse.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from overrides.appeals import AppealResult
from overrides.labels import Label, LabelStatus, OutcomeDefinition, label
from overrides.reading import BoardFact
from overrides.statistics import ObservedExpected, Share, observed_expected, quantile
from overrides.values import CaseStatus, Decision, OverrideSide, Recommendation

Definitions = Callable[[str], OutcomeDefinition]  # a bundle's name: its outcome definition

RELIABLE_CASES_MIN = 30  # fewer are told as too few to judge


@dataclass(frozen=True, slots=True)
class OverrideRates:
    """How often people decided against the model, each rate over its own denominator.

    ``drift`` is final approvals minus recommended ones over recommended ones; referred cases
    count in none of these.
    """

    high_side: Share  # declined, of those the model passed
    low_side: Share  # approved, of those the model failed
    gross: Share  # either, of those with a recommendation either way
    low_side_of_book: Share  # of all approvals with such a recommendation
    drift: float | None
    referred: int

    @classmethod
    def of(cls, passed: tuple[int, int], failed: tuple[int, int], referred: int) -> "OverrideRates":
        """From (decided, overridden) among those the model passed and those it failed."""
        pass_all, turned_away = passed
        fail_all, let_in = failed
        approved = pass_all - turned_away + let_in
        return cls(
            high_side=Share(turned_away, pass_all),
            low_side=Share(let_in, fail_all),
            gross=Share(turned_away + let_in, pass_all + fail_all),
            low_side_of_book=Share(let_in, approved),
            drift=(approved - pass_all) / pass_all if pass_all else None,
            referred=referred,
        )


@dataclass(frozen=True, slots=True)
class Turnaround:
    """Time from the complete application to the decision, of cases that people decided."""

    cases: int
    median: timedelta | None
    p90: timedelta | None
    late: Share  # decided after they were due
    overdue_now: int  # open and due already


@dataclass(frozen=True, slots=True)
class Quality:
    """How the matured approvals of one group turned out, beside what their scores expected."""

    name: str
    outcome: ObservedExpected
    bad: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The shared numbers at one cut."""

    as_of: datetime
    cases: int
    by_status: Mapping[CaseStatus, int]
    labels: Mapping[LabelStatus, int]  # of closed cases
    approvals: Share  # final approvals, of decided applications
    expected_risk: float | None  # mean score of the approvals
    quality: Quality  # all matured approvals
    qualities: tuple[Quality, ...]  # agreed, overridden, manual
    overrides: OverrideRates
    codes: Mapping[str, int]  # how often each justification was used
    second_person: Share  # overrides that a second person approved
    turnaround: Turnaround
    reasons: Share  # decisions whose reasons add up, of those that were scored
    scored: Share  # cases with a score, of all cases
    simulated: Share
    by_person: Mapping[str, int] = field(default_factory=dict)  # decisions by reviewer
    other_terms: Share = field(default=Share(0, 0))  # approvals on other terms, no override
    corrected: Share = field(default=Share(0, 0))  # cases with a corrected value, of all cases
    contested: Share = field(default=Share(0, 0))  # by their applicants, of all decided once
    changed_on_appeal: Share = field(default=Share(0, 0))  # of appeals that were decided


def board(facts: Iterable[BoardFact], definitions: Definitions, as_of: datetime) -> Board:
    """The shared numbers of these cases as they stood at ``as_of``."""
    every = tuple(facts)
    decided = tuple(fact for fact in every if fact.ending.decision is not None)
    approved = tuple(fact for fact in decided if fact.ending.decision is Decision.APPROVE)
    scored = tuple(fact for fact in every if fact.probability is not None)
    matured = matured_approvals(approved, definitions, as_of)
    against = tuple(fact for fact in decided if fact.side is not None)
    chances = [fact.probability for fact in approved if fact.probability is not None]
    contested, changed_on_appeal = appeal_rates(every)
    return Board(
        as_of=as_of,
        cases=len(every),
        by_status=Counter(fact.ending.status for fact in every),
        labels=Counter(
            label(definitions(fact.bundle), fact.ending, fact.observations, as_of).status
            for fact in every
            if fact.ending.at is not None
        ),
        approvals=Share(len(approved), len(decided)),
        expected_risk=math.fsum(chances) / len(chances) if chances else None,
        quality=_quality("all matured approvals", matured, lambda _: True),
        qualities=(
            _quality("agreed with the model", matured, _agreed),
            _quality("approved against the model", matured, lambda fact: fact.side is not None),
            _quality("decided by a person without advice", matured, _manual),
        ),
        overrides=override_rates(decided),
        codes=Counter(fact.code for fact in against),
        second_person=Share(sum(bool(fact.approver) for fact in against), len(against)),
        turnaround=turnaround(every, as_of),
        reasons=Share(sum(fact.reliable for fact in scored), len(scored)),
        scored=Share(len(scored), len(every)),
        simulated=Share(sum(fact.simulated for fact in every), len(every)),
        by_person=Counter(fact.reviewer for fact in decided if fact.reviewer),
        other_terms=Share(
            sum(fact.countered and fact.side is None for fact in approved), len(approved)
        ),
        corrected=Share(sum(fact.corrected for fact in every), len(every)),
        contested=contested,
        changed_on_appeal=changed_on_appeal,
    )


def appeal_rates(facts: Iterable[BoardFact]) -> tuple[Share, Share]:
    """Contested cases of those decided at least once, and appeals changed of those decided.

    Of a case that was contested several times the latest appeal counts. Those that are open, and
    those that ended without a decision, are in the first alone.
    """
    results = Counter(f.appeal for f in facts if f.appeal or f.ending.decision is not None)
    changed, of = results[AppealResult.CHANGED], results.total()
    return Share(of - results[""], of), Share(changed, results[AppealResult.UPHELD] + changed)


def override_rates(decided: Iterable[BoardFact]) -> OverrideRates:
    """Override rates of decided cases; a refer recommendation can be followed either way."""
    counts = Counter((fact.recommendation, fact.side) for fact in decided)
    passed, failed = Recommendation.APPROVE, Recommendation.DECLINE
    turned_away = counts[passed, OverrideSide.DECLINED_AGAINST_MODEL]
    let_in = counts[failed, OverrideSide.APPROVED_AGAINST_MODEL]
    return OverrideRates.of(
        (counts[passed, None] + turned_away, turned_away),
        (counts[failed, None] + let_in, let_in),
        counts[Recommendation.REFER, None],
    )


def turnaround(facts: Iterable[BoardFact], as_of: datetime) -> Turnaround:
    """How long decisions took, and what is late.

    The clock starts when the application was complete, else when it came in, else when the case
    was opened; decisions by policy alone take no one's time and are left out, and so are offers
    that lie or lay with an applicant, whose time is not the lender's.
    """
    seconds: list[float] = []
    late = decided = overdue = 0
    for fact in facts:
        at = fact.ending.at
        if at is None:
            waits = fact.ending.status is CaseStatus.COUNTERED
            overdue += not waits and fact.due_at is not None and fact.due_at < as_of
        elif fact.ending.decision is not None and fact.by_person and not fact.countered:
            start = fact.completed_at or fact.received_at or fact.opened_at
            seconds.append((at - start).total_seconds())
            decided += 1
            late += fact.due_at is not None and fact.due_at < at
    median, p90 = quantile(seconds, 0.5), quantile(seconds, 0.9)
    return Turnaround(
        cases=decided,
        median=None if median is None else timedelta(seconds=median),
        p90=None if p90 is None else timedelta(seconds=p90),
        late=Share(late, decided),
        overdue_now=overdue,
    )


Matured = tuple[tuple[BoardFact, Label], ...]


def matured_approvals(
    approved: Iterable[BoardFact], definitions: Definitions, as_of: datetime
) -> Matured:
    """Scored approvals whose window has closed and that ended good or bad."""
    seen = {LabelStatus.OBSERVED_GOOD, LabelStatus.OBSERVED_BAD}
    labelled = (
        (fact, label(definitions(fact.bundle), fact.ending, fact.observations, as_of))
        for fact in approved
        if fact.probability is not None
    )
    return tuple(
        (fact, found) for fact, found in labelled if found.status in seen and found.closed(as_of)
    )


def _quality(name: str, matured: Matured, keep: Callable[[BoardFact], bool]) -> Quality:
    """Observed over expected bads of the approvals that are kept."""
    kept = [(fact, found) for fact, found in matured if keep(fact)]
    bad = [found.status is LabelStatus.OBSERVED_BAD for _, found in kept]
    chances = [fact.probability or 0.0 for fact, _ in kept]
    return Quality(name, observed_expected(bad, chances), Share(sum(bad), len(bad)))


def _agreed(fact: BoardFact) -> bool:
    """Whether the decision is the model's."""
    return fact.side is None and fact.recommendation is not Recommendation.REFER


def _manual(fact: BoardFact) -> bool:
    """Whether the model gave no advice either way."""
    return fact.recommendation is Recommendation.REFER
