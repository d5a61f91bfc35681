"""What is recorded of a version of a model: validations, sign-offs, exceptions, rehearsals.

A version becomes champion when somebody independent has validated it, the record still holds and
has no open finding of high severity, and each of the four owners has signed on that record; or, for
a limited time, when a board of the owners has made an exception. The depth that is asked follows
from exposure and purpose, as SR 26-2 scales validation by materiality.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from overrides.values import Role

OWNERS = (Role.MODEL_OWNER, Role.RISK, Role.COMPLIANCE, Role.OPERATIONS)
CONTROLLERS = frozenset({Role.RISK, Role.COMPLIANCE})
"""Roles that may validate, and of which one must be for an exception: neither builds models."""
QUORUM = 3
VOTING_HOURS_MAX = 72
EXCEPTION_DAYS_MAX = 30


class Exposure(StrEnum):
    """How much money is lent by the model's advice, as the validator declares it."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Purpose(StrEnum):
    """What the model's answer does, as its policy's ``automation`` says."""

    ADVICE = "advice"  # every application is decided by a person
    APPROVALS = "approvals"  # clear approvals are final at once
    DECISIONS = "decisions"  # clear declines too


class RiskClass(StrEnum):
    """How far it reaches when the model is wrong."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Severity(StrEnum):
    """How bad a finding of a validation is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


LADDER = (Severity.LOW, Severity.MEDIUM, Severity.HIGH)
MATRIX: Mapping[Exposure, tuple[RiskClass, RiskClass, RiskClass]] = {
    Exposure.SMALL: (RiskClass.LOW, RiskClass.LOW, RiskClass.MEDIUM),
    Exposure.MEDIUM: (RiskClass.LOW, RiskClass.MEDIUM, RiskClass.HIGH),
    Exposure.LARGE: (RiskClass.MEDIUM, RiskClass.HIGH, RiskClass.HIGH),
}
VALID_DAYS: Mapping[RiskClass, int] = {
    RiskClass.LOW: 3 * 365,
    RiskClass.MEDIUM: 2 * 365,
    RiskClass.HIGH: 365,
}
"""For how long a validation may hold, by class."""


def risk_class(exposure: Exposure, purpose: Purpose) -> RiskClass:
    """The cell of the risk matrix."""
    return MATRIX[exposure][tuple(Purpose).index(purpose)]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a validation; its text is in the record's encrypted part."""

    id: str
    severity: Severity
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A validation record, without its texts. ``expires`` is the first day it does not hold."""

    event_id: str
    seq: int
    by: str
    at: datetime
    exposure: Exposure
    purpose: Purpose
    risk_class: RiskClass
    findings: tuple[Finding, ...]
    tests_passed: int
    tests_failed: int
    conditions: int
    developers: frozenset[str]
    expires: date

    def holds(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return now.date() < self.expires

    @property
    def blocking(self) -> tuple[str, ...]:
        """Open findings of high severity."""
        return tuple(one.id for one in self.findings if one.open and one.severity is Severity.HIGH)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """One owner's sign-off, on the validation record ``of``."""

    event_id: str
    seq: int
    owner: Role
    by: str
    at: datetime
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One vote on an exception."""

    event_id: str
    seq: int
    owner: Role
    by: str
    at: datetime
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionAsked:
    """A request that a version may decide for a while although something is lacking."""

    event_id: str
    seq: int
    by: str
    at: datetime
    lacks: tuple[str, ...]
    vote_until: datetime
    until: datetime
    votes: tuple[Vote, ...] = ()

    @property
    def granted(self) -> bool:
        """Whether a quorum voted, more for it than against, and a controller among those for."""
        agreeing = [vote for vote in self.votes if vote.agrees]
        return (
            len(self.votes) >= QUORUM
            and 2 * len(agreeing) > len(self.votes)
            and any(vote.owner in CONTROLLERS for vote in agreeing)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where something is recorded that needs no more told than that it was done."""

    seq: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A rehearsed rollback to this version; ``cases`` were open on the version it would leave."""

    seq: int
    by: str
    at: datetime
    ok: bool
    cases: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class Record:
    """All that was recorded of one version."""

    registered: Moment | None = None
    promotions: tuple[Moment, ...] = ()
    put_back: tuple[Moment, ...] = ()
    drills: tuple[Drill, ...] = ()
    validations: tuple[Validation, ...] = ()
    sign_offs: tuple[SignOff, ...] = ()
    exceptions: tuple[ExceptionAsked, ...] = ()
    promoted_under: str = ""  # the exception that it is champion by, "" for none

    @property
    def registered_by(self) -> str:
        """Who brought it in, "" where that is not known."""
        return self.registered.by if self.registered else ""

    @property
    def builders(self) -> frozenset[str]:
        """Whoever brought it in, and whoever any validation of it named as a developer.

        A later record that leaves a name out does not make its bearer independent.
        """
        named = frozenset(person for one in self.validations for person in one.developers)
        return named | {self.registered_by}

    @property
    def validation(self) -> Validation | None:
        """The newest one, which is the one that counts."""
        return self.validations[-1] if self.validations else None

    @property
    def signed(self) -> tuple[SignOff, ...]:
        """Sign-offs on the validation record that counts."""
        found = self.validation
        return tuple(one for one in self.sign_offs if found and one.of == found.event_id)

    def lacking(self, now: datetime) -> tuple[str, ...]:
        """What is missing before the version may be champion, each in a code."""
        found = self.validation
        if found is None:
            return ("validation", *(f"signoff:{owner}" for owner in OWNERS))
        signed = {one.owner for one in self.signed}
        return (
            *(("validation_expired",) if not found.holds(now) else ()),
            *(f"finding:{name}" for name in found.blocking),
            *(f"signoff:{owner}" for owner in OWNERS if owner not in signed),
        )

    def exception(self, now: datetime) -> ExceptionAsked | None:
        """A granted exception that has not run out and was made for what is lacking.

        It never stands in for an open finding of high severity.
        """
        if self.validation is not None and self.validation.blocking:
            return None
        rest = {code for code in self.lacking(now) if not code.startswith("signoff:")}
        for one in reversed(self.exceptions):
            if one.granted and now < one.until and rest <= set(one.lacks):
                return one
        return None

    def voting(self, now: datetime) -> ExceptionAsked | None:
        """The request that can be voted on."""
        newest = self.exceptions[-1] if self.exceptions else None
        return newest if newest is not None and now < newest.vote_until else None

    def denied(self, now: datetime) -> tuple[ExceptionAsked, ...]:
        """Requests whose vote is over and that were not granted, since the newest validation."""
        since = self.validation.seq if self.validation else -1
        return tuple(
            one
            for one in self.exceptions
            if one.seq > since and one.vote_until <= now and not one.granted
        )

    def lapsed(self, now: datetime) -> bool:
        """Whether it is champion by an exception that ran out, and something is still lacking."""
        if not self.promoted_under or not self.lacking(now):
            return False
        return self.exception(now) is None


def last_day(found: RiskClass, now: datetime) -> date:
    """The latest day a validation made now may expire."""
    return now.date() + timedelta(days=VALID_DAYS[found])
