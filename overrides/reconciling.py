"""Booked loans held against recorded decisions: who was lent to without one, or on other terms.

Everything is worked out from the file, the cases and what was declared; nothing is guessed. A loan
that could belong to a decision, by amount, day, branch and product, is never said to have none: it
needs checking. So a bypass that is named is one under the declared scope and keys.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from overrides.booked_loans import BookedLoan
from overrides.journal import Json
from overrides.statistics import Interval, clopper_pearson
from overrides.values import CaseStatus, Decision, Money

ANY_ZONE = timedelta(hours=12)  # what a branch's clock may be behind UTC


class Standing(StrEnum):
    """What a booked loan is."""

    MATCHED = "matched"
    WITHOUT_DECISION = "without_decision"
    NEEDS_CHECKING = "needs_checking"
    OUT_OF_SCOPE = "out_of_scope"


class FindingKind(StrEnum):
    """What somebody has to look into."""

    WITHOUT_DECISION = "without_decision"
    BOOKED_UNDECIDED = "booked_undecided"
    BOOKED_AGAINST_DECISION = "booked_against_decision"
    DECIDED_AFTER_BOOKING = "decided_after_booking"
    BOOKED_BEFORE_SECOND_APPROVAL = "booked_before_second_approval"
    TERMS_DIFFER = "terms_differ"
    NEEDS_CHECKING = "needs_checking"
    APPROVED_NOT_BOOKED = "approved_not_booked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductScope:
    """Which loans need a decision here, and how far apart two amounts or days may be.

    ``products`` and ``branches`` empty: all. ``exempt_kinds`` are booked without a decision of
    their own by policy. ``amount_share`` is relative to the approved amount; ``days_apart`` is how
    long before or after a decision a loan without an application's id may have been booked, and
    ``unbooked_days`` after how long an approval should have been booked.
    """

    products: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()
    exempt_kinds: frozenset[str] = frozenset({"renewal"})
    amount_share: Decimal = Decimal("0.01")
    days_apart: int = 90
    unbooked_days: int = 90

    def holds(self, product: str, branch: str) -> bool:
        """Whether a product of a branch is looked at; one that is not named is."""
        return (not self.products or not product or product in self.products) and (
            not self.branches or not branch or branch in self.branches
        )

    def as_json(self) -> dict[str, Json]:
        """What was declared."""
        return {
            "products": sorted(self.products),
            "branches": sorted(self.branches),
            "exempt_kinds": sorted(self.exempt_kinds),
            "amount_share": str(self.amount_share),
            "days_apart": self.days_apart,
            "unbooked_days": self.unbooked_days,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCase:
    """What is recorded of an application, as far as it matters here."""

    case_ref: str
    status: CaseStatus
    final: Decision | None
    closed_at: datetime | None
    amount: Money
    product: str
    branch: str
    second_approval: bool = False  # whether an override had to be, or has to be, upheld
    not_taken: bool = False
    subject: str = ""  # whose application it is, as a reference
    people: tuple[str, ...] = ()  # who decided it

    @property
    def approved(self) -> bool:
        """Whether it was decided to lend."""
        return self.status is CaseStatus.DECIDED and self.final is Decision.APPROVE


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look into: of a loan, of a case, or of both."""

    kind: FindingKind
    detail: str
    branch: str
    loan: BookedLoan | None = None
    case_ref: str = ""


@dataclass(frozen=True, slots=True)
class BranchCount:
    """How many loans of a branch were in scope and what they were.

    The rate is of loans without a decision among those matched and without: loans that need
    checking are in neither.
    """

    branch: str
    counts: Mapping[Standing, int]

    @property
    def of(self) -> int:
        """The rate's denominator."""
        return self.counts[Standing.MATCHED] + self.counts[Standing.WITHOUT_DECISION]

    @property
    def rate(self) -> float | None:
        """Share without a decision; None where nothing was counted."""
        return self.counts[Standing.WITHOUT_DECISION] / self.of if self.of else None

    @property
    def interval(self) -> Interval | None:
        """Clopper and Pearson's exact 95 % interval of it."""
        count = self.counts[Standing.WITHOUT_DECISION]
        return clopper_pearson(count, self.of) if self.of else None


@dataclass(slots=True)
class Reconciled:
    """What came out: each loan's standing, and the findings in the order of the file."""

    standings: dict[str, Standing] = field(default_factory=dict)  # by loan
    findings: list[Finding] = field(default_factory=list)
    branches: list[BranchCount] = field(default_factory=list)
    whole: BranchCount = field(default_factory=lambda: BranchCount("", Counter()))


def reconcile(
    loans: Sequence[BookedLoan],
    known: Mapping[str, Sequence[RecordedCase]],
    approved: Iterable[RecordedCase],
    scope: ProductScope,
) -> Reconciled:
    """Hold loans against cases.

    ``known`` has the cases of each application id that the file names; ``approved`` every approval
    that could have been booked in the file's time, those of ``known`` too. What was approved before
    the file's first day may have been booked before it, and what was approved towards its end may
    be booked later, so neither is said not to have been.
    """
    found = Reconciled()
    parts: dict[str, list[BookedLoan]] = defaultdict(list)
    loose: list[BookedLoan] = []
    for loan in loans:
        if not scope.holds(loan.product, loan.branch) or loan.kind in scope.exempt_kinds:
            found.standings[loan.loan_id] = Standing.OUT_OF_SCOPE
        elif loan.application_id:
            parts[loan.application_id].append(loan)
        else:
            loose.append(loan)
    booked: set[str] = set()
    for application_id, split in parts.items():
        booked |= _of_application(split, known.get(application_id, ()), scope, found)
    left = [case for case in approved if case.case_ref not in booked]
    near = _Near(left, scope)
    for loan in loose:
        booked |= _loose(loan, near, found)
    days = [loan.booked_on for loan in loans]
    for case in left if days else ():
        if case.case_ref not in booked:
            _unbooked(case, scope, (min(days), max(days)), found)
    _count(loans, found)
    return found


def _of_application(
    split: Sequence[BookedLoan],
    cases: Sequence[RecordedCase],
    scope: ProductScope,
    found: Reconciled,
) -> set[str]:
    """Loans that name an application; the cases that they book."""
    agreed = [case for case in cases if case.approved] or list(cases)
    if len(agreed) > 1:
        for loan in split:
            _check(loan, "several models have a case of this application", found)
        return {case.case_ref for case in cases}
    if not agreed:
        for loan in split:
            _without(loan, "no case was opened for this application", found)
        return set()
    (case,) = agreed
    for loan in split:
        found.standings[loan.loan_id] = Standing.MATCHED
        _times(loan, case, found)
    _terms(split, case, scope, found)
    return {case.case_ref}


def _times(loan: BookedLoan, case: RecordedCase, found: Reconciled) -> None:
    """Whether the loan was booked on a decision, and after it.

    A booking has a day and no time zone, so a decision within twelve hours after that day's end in
    UTC may have been before it.
    """
    kind, told = FindingKind.BOOKED_UNDECIDED, f"the case is {case.status}"
    if case.status is CaseStatus.WAITING_APPROVAL:
        kind, told = FindingKind.BOOKED_BEFORE_SECOND_APPROVAL, "the second approval is missing"
    elif case.final is Decision.DECLINE:
        kind, told = FindingKind.BOOKED_AGAINST_DECISION, "the application was declined"
    elif case.approved and case.closed_at is not None:
        if loan.booked_on >= (case.closed_at - ANY_ZONE).date():
            return
        days = (case.closed_at.date() - loan.booked_on).days
        kind, told = FindingKind.DECIDED_AFTER_BOOKING, f"decided {days} days after booking"
        if case.second_approval:
            kind = FindingKind.BOOKED_BEFORE_SECOND_APPROVAL
            told = f"the second approval came {days} days after booking"
    found.findings.append(Finding(kind, told, _branch(loan, case), loan, case.case_ref))


def _terms(
    split: Sequence[BookedLoan], case: RecordedCase, scope: ProductScope, found: Reconciled
) -> None:
    """Whether all loans of an application together are what was approved."""
    loan, differ = split[0], []
    if any(part.amount.currency != case.amount.currency for part in split):
        differ.append(f"booked in another currency than {case.amount.currency}")
    else:
        total = sum(part.amount.minor for part in split)
        apart = abs(total - case.amount.minor)
        if apart > scope.amount_share * case.amount.minor:
            side = "more" if total > case.amount.minor else "less"
            loans = f" in {len(split)} loans" if len(split) > 1 else ""
            differ.append(f"{apart} minor units {side} than approved{loans}")
    for name in ("product", "branch"):
        others = {getattr(part, name) for part in split} - {"", getattr(case, name)}
        if others and getattr(case, name):
            differ.append(f"another {name} than decided")
    if differ:
        kind, branch = FindingKind.TERMS_DIFFER, _branch(loan, case)
        found.findings.append(Finding(kind, "; ".join(differ), branch, loan, case.case_ref))


class _Near:
    """Approvals that a loan without an application's id could be of."""

    def __init__(self, cases: Iterable[RecordedCase], scope: ProductScope) -> None:
        self._scope = scope
        self._by_currency: dict[str, list[RecordedCase]] = defaultdict(list)
        for case in cases:
            self._by_currency[case.amount.currency].append(case)

    def of(self, loan: BookedLoan) -> list[RecordedCase]:
        """All of them: by amount, day, branch and product, each within its tolerance."""
        within = timedelta(days=self._scope.days_apart)
        share = self._scope.amount_share
        return [
            case
            for case in self._by_currency[loan.amount.currency]
            if abs(case.amount.minor - loan.amount.minor) <= share * case.amount.minor
            and case.closed_at is not None
            and abs(case.closed_at.date() - loan.booked_on) <= within
            and _alike(loan.branch, case.branch)
            and _alike(loan.product, case.product)
        ]


def _alike(one: str, other: str) -> bool:
    """Whether two names may be the same; one that is not given may be any."""
    return "" in (one, other) or one == other


def _loose(loan: BookedLoan, near: _Near, found: Reconciled) -> set[str]:
    """A loan that names no application; the cases that it may book."""
    could = near.of(loan)
    if not could:
        _without(loan, "it names no application, and no approval is like it", found)
        return set()
    like = "one approval is" if len(could) == 1 else f"{len(could)} approvals are"
    _check(loan, f"it names no application; {like} like it", found)
    return {case.case_ref for case in could}


def _unbooked(
    case: RecordedCase, scope: ProductScope, span: tuple[date, date], found: Reconciled
) -> None:
    """An approval that no loan of the file is of, though the file goes on for long enough."""
    if case.closed_at is None or case.not_taken or not scope.holds(case.product, case.branch):
        return
    day, (first, last) = case.closed_at.date(), span
    if first <= day and last - day > timedelta(days=scope.unbooked_days):
        told = f"approved on {day:%d %b %Y} and in no loan of the file"
        kind = FindingKind.APPROVED_NOT_BOOKED
        found.findings.append(Finding(kind, told, case.branch, None, case.case_ref))


def _without(loan: BookedLoan, told: str, found: Reconciled) -> None:
    """A loan without a decision."""
    found.standings[loan.loan_id] = Standing.WITHOUT_DECISION
    found.findings.append(Finding(FindingKind.WITHOUT_DECISION, told, loan.branch, loan))


def _check(loan: BookedLoan, told: str, found: Reconciled) -> None:
    """A loan that somebody has to look at before anything is said of it."""
    found.standings[loan.loan_id] = Standing.NEEDS_CHECKING
    found.findings.append(Finding(FindingKind.NEEDS_CHECKING, told, loan.branch, loan))


def _branch(loan: BookedLoan, case: RecordedCase) -> str:
    """The branch that booked, else the one that decided."""
    return loan.branch or case.branch


def _count(loans: Sequence[BookedLoan], found: Reconciled) -> None:
    """Count the loans by branch, and in all."""
    counted: dict[str, Counter[Standing]] = defaultdict(Counter)
    for loan in loans:
        counted[loan.branch][found.standings[loan.loan_id]] += 1
    found.branches = [BranchCount(name, counted[name]) for name in sorted(counted)]
    found.whole = BranchCount("", sum(counted.values(), Counter()))
    line = {id(loan): loan.line for loan in loans}
    found.findings.sort(key=lambda one: (one.loan is None, line.get(id(one.loan), 0), one.case_ref))
