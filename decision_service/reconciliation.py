"""Holding the core system's file of booked loans against the decisions recorded here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from decision_service.observations import observations
from decision_service.services import Services
from overrides.booked_loans import BookedFile, BookedLoan, Declared, read_booked
from overrides.booking_errors import BookedFileRefused
from overrides.findings import Opening, decide_run
from overrides.instants import instant_text
from overrides.journal import Decided, Json, OnceOnly, Receipt, State
from overrides.labels import never_taken
from overrides.reading import CaseFilter, CaseRow, application_key
from overrides.reconciling import (
    BranchCount,
    Finding,
    FindingKind,
    ProductScope,
    Reconciled,
    RecordedCase,
    Standing,
    reconcile,
)
from overrides.values import Actor, CaseStatus, Decision

ROWS_AT_ONCE = 500
SHARE_DIGITS = 6
NO_LINE = "not one line of it says what loan it is; the first, line {line}: {problem}"
BROKEN_KEPT_MAX = 500  # lines that could not be read, named in the record; all are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What was found in a file."""

    sha256: str
    at: datetime
    scope: ProductScope
    file: BookedFile
    found: Reconciled
    cases: Mapping[str, RecordedCase]  # those that loans were held against, by reference

    @property
    def clean(self) -> bool:
        """Whether every line was read and nothing has to be looked into."""
        return not self.file.broken and not self.found.findings

    def as_json(self) -> dict[str, Any]:
        """The same as JSON; rates have their denominator and an exact interval."""
        kinds = [one.kind for one in self.found.findings]
        return {
            "file_sha256": self.sha256,
            "at": instant_text(self.at),
            "scope": self.scope.as_json(),
            "read_as": dict(self.file.read_as),
            "loans": len(self.file.loans),
            "whole": _count(self.found.whole),
            "branches": [{"branch": b.branch, **_count(b)} for b in self.found.branches],
            "finding_counts": {kind.value: kinds.count(kind) for kind in FindingKind},
            "findings": [_finding(one) for one in self.found.findings],
            "broken": [{"line": one.line, "problem": one.problem} for one in self.file.broken],
        }


def reconcile_file(
    services: Services, content: bytes, declared: Declared, scope: ProductScope
) -> Reconciliation:
    """Read a file and hold it against the cases; nothing is written.

    Raises ``BookedFileRefused`` where the file leaves two readings, or none.
    """
    file, now = read_booked(content, declared), services.clock()
    known = _known(services, file.loans)
    approved = list(_approved(services, file.loans, scope))
    found = reconcile(file.loans, known, approved, scope)
    met = [*approved, *(case for cases in known.values() for case in cases)]
    return Reconciliation(
        sha256=sha256(content).hexdigest(),
        at=now,
        scope=scope,
        file=file,
        found=found,
        cases={case.case_ref: case for case in met},
    )


def record_run(
    services: Services, actor: Actor, done: Reconciliation, once: OnceOnly | None = None
) -> Receipt:
    """Write a reconciliation down, and open what it found as findings that somebody closes.

    Raises as ``decide_run`` does, and ``BookedFileRefused`` where not one line could be read.
    """
    if done.file.broken and not done.file.loans:
        first = done.file.broken[0]
        raise BookedFileRefused(NO_LINE.format(line=first.line, problem=first.problem))
    told = done.as_json()
    facts: dict[str, Json] = {
        "file_sha256": done.sha256,
        "scope": told["scope"],
        "read_as": told["read_as"],
        "loans": told["loans"],
        "unread": len(done.file.broken),
        "branches": [
            [one.branch, *(one.counts[standing] for standing in Standing)]
            for one in done.found.branches
        ],
        "counts": told["finding_counts"],
    }
    openings = [_opening(services, one, done) for one in done.found.findings]
    broken: list[Json] = told["broken"][:BROKEN_KEPT_MAX]

    def decide(state: State) -> Decided:
        register = services.findings.within(state)
        return decide_run(register, actor, facts, broken, openings, services.new_id)

    receipt = services.journal.submit(decide, once=once).result()
    services.findings.known(fresh=True)
    return receipt


def _opening(services: Services, one: Finding, done: Reconciliation) -> Opening:
    """A finding as it is opened. What is of a case is kept under the key of its applicant.

    Loans of one approval that differ from it are one finding, whichever of them stands first.
    """
    case, loan = done.cases.get(one.case_ref), one.loan
    about_case = loan is None or one.kind is FindingKind.TERMS_DIFFER
    named = one.case_ref if about_case else loan.loan_id if loan else ""
    told: dict[str, Json] = {"detail": one.detail}
    if loan is not None:
        told |= {
            "loan_id": loan.loan_id,
            "application_id": loan.application_id,
            "booked_on": loan.booked_on.isoformat(),
            "amount_minor": loan.amount.minor,
            "currency": loan.amount.currency,
            "product": loan.product,
            "line": loan.line,
        }
    subject = case.subject if case else services.decisions.preparer.subject(named)
    return Opening(
        kind=one.kind.value,
        key=services.vault.lookup_hash("finding", f"{one.kind}\0{named}"),
        subject=subject,
        told=told,
        branch=one.branch,
        case_ref=one.case_ref,
        about=case.people if case else (),
    )


def _known(services: Services, loans: Sequence[BookedLoan]) -> dict[str, list[RecordedCase]]:
    """Cases of the applications that the file names, in whatever model's bundle."""
    bundles = sorted(services.registry.standings().versions)
    keys = {
        application_key(services.vault.lookup_hash, bundle, name): name
        for name in sorted({loan.application_id for loan in loans} - {""})
        for bundle in bundles
    }
    known: dict[str, list[RecordedCase]] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        rows = services.cases.by_application(wanted[start : start + ROWS_AT_ONCE])
        for key, row in rows.items():
            known.setdefault(keys[key], []).append(_recorded(row))
    return known


def _approved(
    services: Services, loans: Sequence[BookedLoan], scope: ProductScope
) -> Iterator[RecordedCase]:
    """Approvals that could have been booked in the file's time."""
    if not loans:
        return
    days = timedelta(days=scope.days_apart)
    first = datetime.combine(min(loan.booked_on for loan in loans), time(), UTC) - days
    last = datetime.combine(max(loan.booked_on for loan in loans), time.max, UTC) + days
    wanted, cursor = CaseFilter(statuses=frozenset({CaseStatus.DECIDED})), ""
    while True:
        page = services.cases.rows(wanted, last, cursor=cursor, limit=ROWS_AT_ONCE)
        for row in page.rows:  # closed last first
            if row.closed_at is None or row.closed_at > last or row.final is not Decision.APPROVE:
                continue
            if row.closed_at < first:
                return
            seen = observations(services.cases.outcomes(row.case_ref))
            yield _recorded(row, not_taken=never_taken(seen, services.clock()))
        if not page.next_cursor:
            return
        cursor = page.next_cursor


def _recorded(row: CaseRow, *, not_taken: bool = False) -> RecordedCase:
    """A case as reconciling sees it."""
    return RecordedCase(
        case_ref=row.case_ref,
        status=row.status,
        final=row.final,
        closed_at=row.closed_at,
        amount=row.amount,
        product=row.product,
        branch=row.branch,
        second_approval=bool(row.approver) or row.proposal is not None,
        not_taken=not_taken,
        subject=row.subject,
        people=tuple(ref for ref in (row.reviewer, row.approver) if ref),
    )


def _count(of: BranchCount) -> dict[str, Any]:
    """Counts of a branch with the rate."""
    interval = of.interval
    return {
        **{standing.value: of.counts[standing] for standing in Standing},
        "of": of.of,
        "without_decision_rate": None if of.rate is None else round(of.rate, SHARE_DIGITS),
        "interval": None if interval is None else [round(end, SHARE_DIGITS) for end in interval],
    }


def _finding(one: Finding) -> dict[str, Any]:
    """One finding."""
    loan = one.loan
    return {
        "kind": one.kind.value,
        "detail": one.detail,
        "branch": one.branch,
        "loan_id": loan.loan_id if loan else None,
        "line": loan.line if loan else None,
        "case_id": one.case_ref or None,
    }
