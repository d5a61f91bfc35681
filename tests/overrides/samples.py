"""Cases, people and rules that the tests of the domain share."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from overrides.cases import Case, Proposal
from overrides.values import (
    Actor,
    CaseStatus,
    Claim,
    Cutoffs,
    Decision,
    Direction,
    Evidence,
    Justification,
    Limits,
    Money,
    OverrideSide,
    Recommendation,
    Role,
    Rules,
    SecondApprover,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=20)


def justification(
    code: str,
    direction: Direction = Direction.EITHER,
    second: SecondApprover = SecondApprover.BY_THRESHOLD,
    *,
    evidence: bool = True,
    note: int = 10,
) -> Justification:
    return Justification(
        code=code,
        label=code,
        direction=direction,
        second_approver=second,
        evidence_required=evidence,
        evidence="a dated document",
        note_min_chars=note,
        signal="MISS",
        group="information",
        description="",
    )


LOW_CODE = justification("M01", Direction.LOW)
HIGH_CODE = justification("M04", Direction.HIGH)
NEVER_CODE = justification("D02", second=SecondApprover.NEVER)
ALWAYS_CODE = justification("S03", second=SecondApprover.ALWAYS)
STORY_CODE = justification("X03", second=SecondApprover.ALWAYS, evidence=False, note=200)

RULES = Rules(
    bundle="german-credit",
    cutoffs=Cutoffs(Decimal("0.2"), Decimal("0.35")),
    limits=Limits(
        currency="DEM",
        tier1_minor=500_000,
        tier2_minor=1_000_000,
        near_relative=Decimal("0.1"),
        far_multiple=Decimal(2),
    ),
    justifications=(LOW_CODE, HIGH_CODE, NEVER_CODE, ALWAYS_CODE, STORY_CODE),
    concepts=frozenset({"R01", "R02", "R03", "R04", "R05"}),
)

OFFICER = Actor("p-asha", "Asha", Role.OFFICER, "north", 800_000, "grant-1")
OTHER = Actor("p-bela", "Bela", Role.OFFICER, "north", 800_000, "grant-2")
SENIOR = Actor("p-chen", "Chen", Role.SENIOR_OFFICER, "north", 2_000_000, "grant-3")
MANAGER = Actor("p-dora", "Dora", Role.CREDIT_MANAGER, "north", 50_000_000, "grant-4")
AUDITOR = Actor("p-emil", "Emil", Role.COMPLIANCE)
ADMIN = Actor("p-fran", "Fran", Role.ADMIN)
SERVICE = Actor("s-core", "core banking", Role.SERVICE)

PROOF = (Evidence("BANK_STMT", "archive 17/4"),)
NOTE = "Pay slips of the last six months were checked."


def case(  # noqa: PLR0913 - a sample may differ in anything
    recommendation: Recommendation = Recommendation.REFER,
    *,
    probability: str | None = "0.3",
    status: CaseStatus = CaseStatus.IN_REVIEW,
    amount: Money | None = None,
    version: int = 3,
    claim: Claim | None = None,
    proposal: Proposal | None = None,
    excluded: tuple[str, ...] = (),
    stopped: bool = False,
    received_at: datetime | None = None,
) -> Case:
    return Case(
        case_ref="c-1",
        bundle="german-credit",
        status=status,
        version=version,
        decision_id="d-1",
        decision_event="e-decision",
        recommendation=recommendation,
        probability=None if probability is None else Decimal(probability),
        reliable=True,
        amount=amount or Money(400_000, "DEM"),
        branch="north",
        subject="subject-1",
        opened_at=NOON - timedelta(days=1),
        received_at=received_at,
        claim=claim,
        proposal=proposal,
        excluded=excluded,
        stopped=stopped,
    )


def decline_case(probability: str = "0.36", *, minor: int = 400_000, **more: object) -> Case:
    return case(
        Recommendation.DECLINE,
        probability=probability,
        amount=Money(minor, "DEM"),
        **more,  # type: ignore[arg-type]
    )


def approve_case(probability: str = "0.19", *, minor: int = 400_000, **more: object) -> Case:
    return case(
        Recommendation.APPROVE,
        probability=probability,
        amount=Money(minor, "DEM"),
        **more,  # type: ignore[arg-type]
    )


def proposal(needs: str = "approver", person: str = OFFICER.ref) -> Proposal:
    return Proposal(
        event_id="e-override",
        person=person,
        decision=Decision.APPROVE,
        side=OverrideSide.APPROVED_AGAINST_MODEL,
        code="M01",
        needs=needs,
    )


def waiting_case(
    needs: str = "approver", probability: str = "0.36", *, minor: int = 400_000, **more: object
) -> Case:
    return decline_case(
        probability,
        minor=minor,
        status=CaseStatus.WAITING_APPROVAL,
        proposal=proposal(needs),
        **more,
    )


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"e-{next(numbers)}"
