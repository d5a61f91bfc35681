"""A case: what is known of it without personal data, and how it may move from state to state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from overrides.errors import CaseClosed, NotAllowedNow
from overrides.labels import LabelStatus
from overrides.values import CaseStatus, Claim, Decision, Money, OverrideSide, Recommendation


class Act(StrEnum):
    """Everything that can be done to a case."""

    RESCORE = "re-scoring"
    COMPLETE = "completing the application"
    CLAIM = "taking the case"
    RELEASE = "giving the case back"
    HAND_OVER = "handing the case over"
    ESCALATE = "referring the case upwards"
    SNOOZE = "setting the case aside"
    SHOW = "showing the reasons"
    REVIEW = "recording a review"
    OVERRIDE = "recording an override"
    PROPOSE = "proposing an override"
    UPHOLD = "upholding an override"
    RETURN = "returning an override"
    REJECT = "rejecting an override"
    ASK = "asking the applicant"
    HEAR = "recording the applicant's answer"
    COUNTER = "making a counter-offer"
    UPHOLD_OFFER = "upholding a counter-offer"
    ACCEPT = "recording an accepted counter-offer"
    REFUSE = "recording a refused counter-offer"
    WITHDRAW = "withdrawing the application"
    GIVE_UP = "closing an incomplete application"
    EXPIRE = "letting the case run out"
    CONTRADICT = "recording a second decision made elsewhere"
    RESOLVE = "resolving two decisions"
    REOPEN = "reopening the case"


class CaseClock(StrEnum):
    """What runs while a case is in a state."""

    COMPLETION = "completion"  # the applicant completes the application; the legal clock waits
    DECISION = "decision"  # the lender must decide and tell: ``due_at``
    ANSWER = "answer"  # the applicant was asked; the legal clock goes on
    OFFER = "offer"  # an offer lies with the applicant
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StateRule:
    """What a state means for time and for learning.

    ``label`` is the label of a case that stays so; an approval's comes from its outcomes instead.
    """

    clock: CaseClock
    label: LabelStatus
    closed: bool = False


STATES: Mapping[CaseStatus, StateRule] = MappingProxyType(
    {
        CaseStatus.INCOMPLETE: StateRule(CaseClock.COMPLETION, LabelStatus.IMMATURE),
        CaseStatus.IN_REVIEW: StateRule(CaseClock.DECISION, LabelStatus.IMMATURE),
        CaseStatus.WAITING_APPLICANT: StateRule(CaseClock.ANSWER, LabelStatus.IMMATURE),
        CaseStatus.WAITING_APPROVAL: StateRule(CaseClock.DECISION, LabelStatus.IMMATURE),
        CaseStatus.COUNTERED: StateRule(CaseClock.OFFER, LabelStatus.IMMATURE),
        CaseStatus.CONFLICT: StateRule(CaseClock.DECISION, LabelStatus.IMMATURE),
        CaseStatus.DECIDED: StateRule(
            CaseClock.STOPPED, LabelStatus.UNOBSERVED_DECLINED, closed=True
        ),
        CaseStatus.WITHDRAWN: StateRule(
            CaseClock.STOPPED, LabelStatus.UNOBSERVED_WITHDRAWN, closed=True
        ),
        CaseStatus.CLOSED_INCOMPLETE: StateRule(
            CaseClock.STOPPED, LabelStatus.UNOBSERVED_INCOMPLETE, closed=True
        ),
        CaseStatus.EXPIRED: StateRule(
            CaseClock.STOPPED, LabelStatus.UNOBSERVED_NOT_TAKEN, closed=True
        ),
    }
)

OPEN_STATES = frozenset(status for status, rule in STATES.items() if not rule.closed)

_MOVES: Mapping[Act, Mapping[CaseStatus, CaseStatus]] = {
    Act.RESCORE: {
        CaseStatus.INCOMPLETE: CaseStatus.IN_REVIEW,
        CaseStatus.IN_REVIEW: CaseStatus.IN_REVIEW,
        CaseStatus.WAITING_APPLICANT: CaseStatus.IN_REVIEW,
        CaseStatus.WAITING_APPROVAL: CaseStatus.IN_REVIEW,
        CaseStatus.COUNTERED: CaseStatus.IN_REVIEW,
    },
    Act.COMPLETE: {CaseStatus.INCOMPLETE: CaseStatus.IN_REVIEW},
    **{
        act: {
            status: status
            for status in (
                CaseStatus.IN_REVIEW,
                CaseStatus.WAITING_APPLICANT,
                CaseStatus.WAITING_APPROVAL,
                CaseStatus.CONFLICT,
            )
        }
        for act in (Act.CLAIM, Act.HAND_OVER, Act.ESCALATE, Act.SNOOZE)
    },
    Act.RELEASE: {status: status for status in OPEN_STATES},
    Act.SHOW: {status: status for status in CaseStatus},
    Act.REVIEW: {CaseStatus.IN_REVIEW: CaseStatus.DECIDED},
    Act.OVERRIDE: {CaseStatus.IN_REVIEW: CaseStatus.DECIDED},
    Act.PROPOSE: {CaseStatus.IN_REVIEW: CaseStatus.WAITING_APPROVAL},
    Act.UPHOLD: {CaseStatus.WAITING_APPROVAL: CaseStatus.DECIDED},
    Act.RETURN: {CaseStatus.WAITING_APPROVAL: CaseStatus.IN_REVIEW},
    Act.REJECT: {CaseStatus.WAITING_APPROVAL: CaseStatus.IN_REVIEW},
    Act.ASK: {CaseStatus.IN_REVIEW: CaseStatus.WAITING_APPLICANT},
    Act.HEAR: {CaseStatus.WAITING_APPLICANT: CaseStatus.IN_REVIEW},
    Act.COUNTER: {CaseStatus.IN_REVIEW: CaseStatus.COUNTERED},
    Act.UPHOLD_OFFER: {CaseStatus.WAITING_APPROVAL: CaseStatus.COUNTERED},
    Act.ACCEPT: {CaseStatus.COUNTERED: CaseStatus.DECIDED},
    Act.REFUSE: {CaseStatus.COUNTERED: CaseStatus.WITHDRAWN},
    Act.WITHDRAW: dict.fromkeys(OPEN_STATES, CaseStatus.WITHDRAWN),
    Act.GIVE_UP: {
        CaseStatus.INCOMPLETE: CaseStatus.CLOSED_INCOMPLETE,
        CaseStatus.WAITING_APPLICANT: CaseStatus.CLOSED_INCOMPLETE,
    },
    Act.EXPIRE: {
        CaseStatus.INCOMPLETE: CaseStatus.EXPIRED,
        CaseStatus.WAITING_APPLICANT: CaseStatus.EXPIRED,
        CaseStatus.COUNTERED: CaseStatus.EXPIRED,
    },
    Act.CONTRADICT: {CaseStatus.DECIDED: CaseStatus.CONFLICT},
    Act.RESOLVE: {CaseStatus.CONFLICT: CaseStatus.DECIDED},
    Act.REOPEN: {
        status: CaseStatus.IN_REVIEW for status in CaseStatus if status not in OPEN_STATES
    },
}

TRANSITIONS: Mapping[tuple[CaseStatus, Act], CaseStatus] = MappingProxyType(
    {(before, act): after for act, moves in _MOVES.items() for before, after in moves.items()}
)
"""Where each act leads from each state; a pair that is not here cannot be done."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An override that waits for a second person."""

    event_id: str
    person: str
    decision: Decision
    side: OverrideSide
    code: str
    needs: str  # "approver" or "credit_manager"
    at: datetime | None = None  # since when it waits
    offer: str = ""  # entry of the counter-offer that upholding it makes, "" for a decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Other terms that lie with the applicant until ``until``."""

    event_id: str
    person: str  # who made it
    approver: str  # who upheld it, "" where nobody had to
    until: datetime
    side: OverrideSide | None  # None where the score passes on these terms
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """An applicant contests a decision: until it is decided again, and by whom it cannot be."""

    event_id: str
    seq: int
    answer_by: datetime
    by_law: bool  # whether a law wants the answer by then
    excludes: tuple[str, ...]  # persons


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
    received_at: datetime | None = None  # as the application said, where it did
    attempt: int = 1  # of the current decision: how often the application was scored
    claim: Claim | None = None
    proposal: Proposal | None = None
    offer: Offer | None = None
    excluded: tuple[str, ...] = ()  # persons whose proposal was rejected
    final: Decision | None = None
    side: OverrideSide | None = None  # of the final decision, when it was an override
    limit_at: datetime | None = None  # by when the law wants a decision
    asleep_until: datetime | None = None  # set aside until then
    referred: str = ""  # why it was referred upwards, "" where it was not
    stopped: bool = False  # whether it has a score whose model is suspended now
    target_at: datetime | None = None  # by when the lender promised a decision
    closed_at: datetime | None = None
    decided_by: str = ""  # the person whose act was the decision; "" where policy decided

    @property
    def applied_at(self) -> datetime:
        """When the application was made, as far back as is known."""
        return min(self.received_at or self.opened_at, self.opened_at)

    @property
    def status_words(self) -> str:
        """The state as a person says it."""
        return self.status.replace("_", " ")

    def after(self, act: Act) -> CaseStatus:
        """The state that ``act`` leads to; raises ``CaseClosed`` or ``NotAllowedNow``."""
        after = TRANSITIONS.get((self.status, act))
        if after is not None:
            return after
        if STATES[self.status].closed:
            raise CaseClosed(self.case_ref, self.status_words)
        raise NotAllowedNow(self.case_ref, act, self.status_words)
