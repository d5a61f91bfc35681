"""Methods of override analysis: what they are asked, ours, and the plain one that reports show.

A method sees a world without its truth. Ours calls what the product's pages call and adds nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from math import sqrt
from statistics import NormalDist
from typing import Protocol

from benchmarks.override_world.lender import CUTOFF, MISSING
from benchmarks.override_world.world import Booked, Case, branch_of
from overrides.analysis.groups import group_verdicts
from overrides.analysis.misses import Clue, Marked, Remedy, clues_named, misses
from overrides.analysis.verdicts import Loan, compared, expected_of
from overrides.booked_loans import BookedLoan
from overrides.reconciling import ProductScope, RecordedCase, Standing, reconcile
from overrides.statistics import Interval
from overrides.values import CaseStatus, Decision, Money

ALARM, CLUES_MIN = 0.05, 30
JUST_ABOVE = 0.10  # approved loans with scores so close below the cut-off are the plain comparison
CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a method says of a world.

    ``ratio`` is of bad loans among the low-side overrides over those the scores expected, and
    ``odds`` their odds at equal score over those of loans approved as recommended; ``officers``
    each officer's ratio. None: nothing is said.
    """

    ratio: Interval | None
    odds: Interval | None
    officers: Mapping[str, Interval]
    better: frozenset[str]  # officers told apart for the better
    differing: frozenset[str]  # officers told apart at all
    missing: tuple[str, ...]  # what the model misses, first things first
    bypassed: frozenset[str]  # loans said to have had no decision
    to_check: frozenset[str]  # loans somebody should look at


class Method(Protocol):
    """A way to analyse overrides."""

    name: str

    def __call__(self, cases: Sequence[Case], booked: Sequence[Booked]) -> Findings:
        """What it finds."""


def clues_of(case: Case) -> frozenset[str]:
    """What is known of an override: its code, and the values on the application."""
    fields = case.applicant.fields
    known = ("checking_account", "purpose", "telephone", "residence", "job", "co_debtors")
    return frozenset((case.code, *(f"{name}={fields[name]}" for name in known)))


def names_missing(clue: str) -> bool:
    """Whether a clue points to what was planted: the field itself, or the code of who looked."""
    return clue.startswith(MISSING) or clue == "M01"


class Ours:
    """What Countermand's pages say."""

    name = "countermand"

    def __call__(self, cases: Sequence[Case], booked: Sequence[Booked]) -> Findings:
        """Verdicts, misses and reconciliation as the product makes them."""
        low = [case for case in cases if case.override and case.approved]
        agreed = [case for case in cases if case.approved and not case.override]
        loans = loans_of(low)
        against = compared(loans, loans_of(agreed))
        groups: dict[str, list[Loan]] = {}
        for case, loan in zip(low, loans, strict=True):
            groups.setdefault(case.officer, []).append(loan)
        told = group_verdicts(groups)
        apart = {group.name: group for group in told if group.differs}
        middle = expected_of(loans).ratio or 1.0
        marked = [Marked(loan, clues_of(case)) for case, loan in zip(low, loans, strict=True)]
        counts = Counter(clue for each in marked for clue in each.clues)
        found = misses(
            marked, [Clue(c.name) for c in clues_named(counts, Remedy.COLLECT, CLUES_MIN)]
        )
        standings = _reconciled(cases, booked)
        return Findings(
            ratio=expected_of(loans).interval,
            odds=against.interval if against else None,
            officers={group.name: group.shrunk.interval for group in told},
            better=frozenset(name for name, g in apart.items() if g.shrunk.ratio < middle),
            differing=frozenset(apart),
            missing=tuple(miss.clue.name for miss in found if miss.gain is not None),
            bypassed=_of(standings, Standing.WITHOUT_DECISION),
            to_check=_of(standings, Standing.NEEDS_CHECKING),
        )


class RawRates:
    """Bad rates side by side, as override reports usually have them."""

    name = "raw rates"

    def __call__(self, cases: Sequence[Case], booked: Sequence[Booked]) -> Findings:
        """Rates against the band just above the cut-off, officer by officer, id by id."""
        low = [case for case in cases if case.override and case.approved]
        above = [
            case
            for case in cases
            if case.approved and not case.override and case.chance > CUTOFF - JUST_ABOVE
        ]
        officers: dict[str, list[bool]] = {}
        codes: dict[str, list[bool]] = {}
        for case in low:
            officers.setdefault(case.officer, []).append(bool(case.bad))
            for clue in clues_of(case):
                codes.setdefault(clue, []).append(bool(case.bad))
        everyone = [bool(case.bad) for case in low]
        gaps = {name: _z(own, everyone) for name, own in officers.items()}
        limit = NormalDist().inv_cdf(1 - ALARM / 2)
        known = {case.application_id for case in cases}
        common = {name: own for name, own in codes.items() if len(own) >= CLUES_MIN}
        expected = sum(case.chance for case in low)
        half = 1.96 * sqrt(sum(everyone)) / expected if expected else 0.0
        rate, other = _rate(everyone), _rate([bool(case.bad) for case in above])
        spread = 1.96 * sqrt(sum(everyone)) / max(1, len(everyone))
        middle = sum(everyone) / expected if expected else 1.0
        return Findings(
            ratio=(middle - half, middle + half),
            odds=((rate - spread) / other, (rate + spread) / other) if other else None,
            officers={},
            better=frozenset(name for name, z in gaps.items() if z < -limit),
            differing=frozenset(name for name, z in gaps.items() if abs(z) > limit),
            missing=tuple(sorted(common, key=lambda name: (_rate(common[name]), name))),
            bypassed=frozenset(x.loan_id for x in booked if x.application_id not in known),
            to_check=frozenset(),
        )


def loans_of(cases: Sequence[Case]) -> list[Loan]:
    """Cases as loans with their recorded chance."""
    return [Loan(case.chance, bool(case.bad)) for case in cases]


def _rate(bad: Sequence[bool]) -> float:
    """Share of bad loans."""
    return sum(bad) / len(bad) if bad else 0.0


def _z(own: Sequence[bool], everyone: Sequence[bool]) -> float:
    """How far a rate is from the rate of all, in standard errors of a rate of its size."""
    rate = _rate(everyone)
    return (_rate(own) - rate) / sqrt(max(rate * (1 - rate), 1e-9) / len(own))


def _reconciled(cases: Sequence[Case], booked: Sequence[Booked]) -> Mapping[str, Standing]:
    """What each booked loan is, by the product's own reconciliation."""
    known: dict[str, list[RecordedCase]] = {}
    for case in cases:
        known[case.application_id] = [_recorded(case)]
    loans = [
        BookedLoan(
            line=line,
            loan_id=loan.loan_id,
            booked_on=loan.booked_on,
            amount=Money(loan.amount_minor, CURRENCY),
            application_id=loan.application_id,
            branch=loan.branch,
            kind=loan.kind,
        )
        for line, loan in enumerate(booked, 2)
    ]
    approved = [found for each in known.values() for found in each if found.approved]
    return reconcile(loans, known, approved, ProductScope()).standings


def _recorded(case: Case) -> RecordedCase:
    """A case as the ledger has it."""
    return RecordedCase(
        case_ref=case.application_id,
        status=CaseStatus.DECIDED,
        final=Decision.APPROVE if case.approved else Decision.DECLINE,
        closed_at=datetime.combine(case.decided_on, time(12), UTC),
        amount=Money(case.amount_minor, CURRENCY),
        product="",
        branch=branch_of(case.officer),
    )


def _of(standings: Mapping[str, Standing], wanted: Standing) -> frozenset[str]:
    """Loans of one standing."""
    return frozenset(loan for loan, standing in standings.items() if standing is wanted)


METHODS: tuple[Method, ...] = (Ours(), RawRates())
