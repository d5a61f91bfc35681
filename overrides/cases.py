"""A case: what is known of it without personal data, and how it may move from state to state."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from overrides.values import CaseStatus, Claim, Decision, Money, OverrideSide, Recommendation


@dataclass(frozen=True, slots=True)
class Proposal:
    """An override that waits for a second person."""

    event_id: str
    person: str
    decision: Decision
    side: OverrideSide
    code: str
    needs: str  # "approver" or "credit_manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One application's case as it stands now. ``version`` counts what a page must not miss."""

    case_ref: str
    bundle: str
    status: CaseStatus
    version: int
    decision_id: str
    decision_event: str
    recommendation: Recommendation
    probability: Decimal | None  # None when no score could be made
    reliable: bool
    amount: Money
    branch: str
    subject: str  # reference of the applicant's encryption key
    opened_at: datetime
    claim: Claim | None = None
    proposal: Proposal | None = None
    excluded: tuple[str, ...] = ()  # persons whose proposal was rejected
    final: Decision | None = None
    side: OverrideSide | None = None  # of the final decision, when it was an override
