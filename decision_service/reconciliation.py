"""Holding the core system's file of booked loans against the decisions recorded here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from decision_service.services import Services
from overrides.booked_loans import BookedFile, BookedLoan, Declared, read_booked
from overrides.instants import instant_text
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
from overrides.values import CaseStatus, Decision, OutcomeKind

ROWS_AT_ONCE = 500
SHARE_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What was found in a file."""

    sha256: str
    at: datetime
    scope: ProductScope
    file: BookedFile
    found: Reconciled

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
    found = reconcile(
        file.loans, _known(services, file.loans), _approved(services, file.loans, scope), scope
    )
    digest = sha256(content).hexdigest()
    return Reconciliation(sha256=digest, at=now, scope=scope, file=file, found=found)


def _known(services: Services, loans: Sequence[BookedLoan]) -> dict[str, list[RecordedCase]]:
    """Cases of the applications that the file names, in whatever model's bundle."""
    bundles = sorted(services.registry.standings().versions)
    keys = {
        application_key(services.vault.lookup_hash, bundle, name): name
        for name in {loan.application_id for loan in loans} - {""}
        for bundle in bundles
    }
    known: dict[str, list[RecordedCase]] = {}
    for key, name in keys.items():
        for row in services.cases.applications([key]):
            known.setdefault(name, []).append(_recorded(services, row))
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
            yield _recorded(services, row)
        if not page.next_cursor:
            return
        cursor = page.next_cursor


def _recorded(services: Services, row: CaseRow) -> RecordedCase:
    """A case as reconciling sees it."""
    seen = services.cases.outcomes(row.case_ref) if row.final is Decision.APPROVE else ()
    return RecordedCase(
        case_ref=row.case_ref,
        status=row.status,
        final=row.final,
        closed_at=row.closed_at,
        amount=row.amount,
        product=row.product,
        branch=row.branch,
        second_approval=bool(row.approver) or row.proposal is not None,
        not_taken=any(one.kind == OutcomeKind.NOT_TAKEN for one in seen),
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
