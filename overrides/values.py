"""The words a reviewer and an auditor use. Every value checks itself once and never changes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

Clock = Callable[[], datetime]
NewId = Callable[[], str]


class Recommendation(StrEnum):
    """What model and policy advise, frozen when the decision was made."""

    APPROVE = "approve"
    REFER = "refer"
    DECLINE = "decline"


class Decision(StrEnum):
    """What a case ends with."""

    APPROVE = "approve"
    DECLINE = "decline"


class Verdict(StrEnum):
    """What a second approver says of a proposed override."""

    UPHOLD = "uphold"
    RETURN = "return"
    REJECT = "reject"


class CaseStatus(StrEnum):
    """Where a case stands."""

    INCOMPLETE = "incomplete"
    IN_REVIEW = "in_review"
    WAITING_APPLICANT = "waiting_applicant"
    WAITING_APPROVAL = "waiting_approval"
    COUNTERED = "countered"
    CONFLICT = "conflict"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"
    CLOSED_INCOMPLETE = "closed_incomplete"
    EXPIRED = "expired"


class OverrideSide(StrEnum):
    """Which way an override went. The trade uses its two words in opposite senses; not so these."""

    APPROVED_AGAINST_MODEL = "approved_against_model"
    DECLINED_AGAINST_MODEL = "declined_against_model"

    @property
    def trade_word(self) -> str:
        """The word most texts use: low-side let an applicant in, high-side turned one away."""
        low = self is OverrideSide.APPROVED_AGAINST_MODEL
        return "low-side" if low else "high-side"


class OutcomeKind(StrEnum):
    """What the lender's books may say of a loan after the decision."""

    DISBURSED = "disbursed"
    MAX_DAYS_PAST_DUE = "max_days_past_due"
    CURED = "cured"
    RE_AGED = "re_aged"
    FORBORNE = "forborne"
    RESTRUCTURED = "restructured"
    WRITTEN_OFF = "written_off"
    RECOVERY = "recovery"
    PAID_OFF = "paid_off"
    CLOSED_EARLY = "closed_early"
    SOLD = "sold"
    BANKRUPT = "bankrupt"
    DECEASED = "deceased"
    NOT_TAKEN = "not_taken"
    FRAUD = "fraud"


class Role(StrEnum):
    """What a person or a service may be."""

    OFFICER = "officer"
    SENIOR_OFFICER = "senior_officer"
    TEAM_LEAD = "team_lead"
    CREDIT_MANAGER = "credit_manager"
    COMPLIANCE = "compliance"
    RISK = "risk"
    OPERATIONS = "operations"
    DATA_SCIENTIST = "data_scientist"
    MODEL_OWNER = "model_owner"
    ADMIN = "admin"
    SERVICE = "service"


DECIDING_ROLES = frozenset({Role.OFFICER, Role.SENIOR_OFFICER, Role.CREDIT_MANAGER})
APPROVING_ROLES = frozenset({Role.SENIOR_OFFICER, Role.CREDIT_MANAGER})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. The same person has the same ``ref`` whatever key or log-in was used."""

    ref: str
    name: str
    role: Role
    branch: str = ""
    limit_minor: int = 0
    grant: str = ""  # event id of the ledger entry that gave this role and limit
    limit_currency: str = ""  # of the limit; "" where it is the policy's own


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency. Amounts of two currencies are never added."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what is not an amount of money."""
        if self.minor < 0 or not (len(self.currency) == 3 and self.currency.isupper()):  # noqa: PLR2004
            msg = f"not an amount of money: {self.minor} {self.currency!r}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease: one person works on a case until it runs out."""

    person: str
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Whether the lease still runs."""
        return now < self.until


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the proof of a statement lies; the file itself stays in the bank's own archive."""

    type: str
    reference: str
    sha256: str | None = None


class Direction(StrEnum):
    """For which side a justification code may be used (DOMAIN §8)."""

    LOW = "low"
    HIGH = "high"
    EITHER = "either"

    def allows(self, side: OverrideSide) -> bool:
        """Whether an override of this side may carry the code."""
        low = side is OverrideSide.APPROVED_AGAINST_MODEL
        return self is Direction.EITHER or (self is Direction.LOW) == low


class SecondApprover(StrEnum):
    """When a justification code wants a second person."""

    NEVER = "never"
    BY_THRESHOLD = "threshold"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Justification:
    """One entry of the closed list of justification codes."""

    code: str
    label: str
    direction: Direction
    second_approver: SecondApprover
    evidence_required: bool
    evidence: str  # what counts as evidence, in words
    note_min_chars: int
    signal: str
    group: str
    description: str
    evidence_types: tuple[str, ...] = ()  # kinds that usually show it; empty for any
    review_days: int = 0  # within so many days it is looked at again; 0 where it need not be


@dataclass(frozen=True, slots=True)
class Limits:
    """When an override needs a second person (DOMAIN §2.5). Amounts in minor units."""

    currency: str
    tier1_minor: int
    tier2_minor: int
    near_relative: Decimal  # within this share of the cut-off a small override needs one person
    far_multiple: Decimal  # beyond this multiple of the cut-off only a credit manager approves


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Lenient at the edge: <= ``approve_up_to`` approves, > ``decline_above`` declines."""

    approve_up_to: Decimal
    decline_above: Decimal

    def __post_init__(self) -> None:
        """Refuse cut-offs that overlap or are no probabilities."""
        if not 0 <= self.approve_up_to <= self.decline_above <= 1:
            msg = f"cut-offs out of order: {self.approve_up_to}, {self.decline_above}"
            raise ValueError(msg)

    def recommend(self, probability: Decimal) -> Recommendation:
        """Compare the recorded decimal with the cut-offs; exactly at the cut-off passes."""
        if probability <= self.approve_up_to:
            return Recommendation.APPROVE
        if probability > self.decline_above:
            return Recommendation.DECLINE
        return Recommendation.REFER


@dataclass(frozen=True, slots=True)
class Rules:
    """What acts are checked against: the policy and codebook the case was opened under."""

    bundle: str
    cutoffs: Cutoffs
    limits: Limits
    justifications: tuple[Justification, ...]
    concepts: frozenset[str]
    lease_minutes: int = 20
    training_days: int = 0  # for how long training is good at most; 0 where none is asked for

    def justification(self, code: str) -> Justification | None:
        """The entry of the closed list, or nothing."""
        return next((j for j in self.justifications if j.code == code), None)
