"""The rules for authority, turns and four eyes, said again in plain words for the oracle."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn

from overrides.values import Decision, Role
from tests.evidence.asks import Ask, Score

LEASE = timedelta(minutes=20)
DECIDING = {Role.OFFICER, Role.SENIOR_OFFICER, Role.CREDIT_MANAGER}
APPROVING = {Role.SENIOR_OFFICER, Role.CREDIT_MANAGER}
WITHDRAWING = DECIDING | {Role.TEAM_LEAD, Role.SERVICE}
CURRENCY = "DEM"
APPROVE_UP_TO, DECLINE_ABOVE = 200, 350  # thousandths
TIER_1, TIER_2 = 500_000, 1_000_000
CODES = {"M01": "approve", "M04": "decline", "D02": "", "S03": "", "X03": ""}
"""Codes and the only decision that each may carry, "" for any."""
NOTE_CHARS = {"X03": 200}
WITHOUT_EVIDENCE = {"X03"}
CONCEPTS = {"R01", "R02", "R03", "R04", "R05"}


@dataclass(slots=True)
class Model:
    """A case as it should stand."""

    score: Score
    applied: datetime
    status: str = "in_review"
    version: int = 1
    attempt: int = 1
    holder: str = ""
    until: datetime | None = None
    proposer: str = ""
    proposed: str = ""
    needs: str = ""
    final: str = ""
    excluded: list[str] = field(default_factory=list)
    shown: set[tuple[str, int]] = field(default_factory=set)
    observed: dict[datetime, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether anything can still be decided."""
        return self.status in {"in_review", "waiting_approval"}

    def undecided(self) -> None:
        """Nothing is proposed."""
        self.proposer = self.proposed = self.needs = ""

    def free(self) -> None:
        """Nobody holds it."""
        self.holder, self.until = "", None


@dataclass
class Refused(Exception):
    """The rules refuse, by an error of this name."""

    name: str


def refuse(name: str) -> NoReturn:
    """Refuse."""
    raise Refused(name)


def second_person(score: Score, ask: Ask) -> str:
    """Who else must say yes to this override: nobody, an approver, or a credit manager."""
    lets_in = ask.decision is Decision.APPROVE
    milli, amount = score.milli or 0, score.amount
    foreign = amount.currency != CURRENCY
    far = milli < APPROVE_UP_TO * 0.9
    only_manager = waives_rule = False
    if lets_in:
        waives_rule = milli <= DECLINE_ABOVE
        far = DECLINE_ABOVE * 1.1 < milli <= 2 * DECLINE_ABOVE
        very_far = milli > 2 * DECLINE_ABOVE
        only_manager = very_far or foreign or amount.minor > TIER_2
    middle = amount.minor > TIER_1 or foreign
    settled = ask.code == "D02"
    beyond_own = lets_in and not may_approve(ask, score)
    if only_manager:
        return "credit_manager"
    by_threshold = (far or middle) and not settled
    if by_threshold or waives_rule or beyond_own or ask.code in {"S03", "X03"}:
        return "approver"
    return ""


def may_approve(ask: Ask, score: Score) -> bool:
    """Whether the amount is within the actor's own limit; no currency is converted."""
    if score.amount.currency != CURRENCY:
        return ask.actor.role is Role.CREDIT_MANAGER
    return score.amount.minor <= ask.actor.limit_minor


def within_limit(model: Model, ask: Ask) -> None:
    """Refuse an amount beyond the actor's limit."""
    if not may_approve(ask, model.score):
        foreign = model.score.amount.currency != CURRENCY
        refuse("LimitInOtherCurrency" if foreign else "AboveLimit")


def has_turn(model: Model, ask: Ask, at: datetime) -> None:
    """What keeps somebody from deciding a case."""
    must_be(ask, DECIDING)
    if model.status != "in_review":
        refuse("NotAllowedNow" if model.is_open else "CaseClosed")
    not_excluded(model, ask)
    not_held(model, ask, at)


def must_be(ask: Ask, roles: set[Role]) -> None:
    """Refuse another role."""
    if ask.actor.role not in roles:
        refuse("NoAuthority")


def must_be_open(model: Model) -> None:
    """Refuse a closed case."""
    if not model.is_open:
        refuse("CaseClosed")


def not_excluded(model: Model, ask: Ask) -> None:
    """Refuse somebody whose proposal was rejected."""
    if ask.actor.ref in model.excluded:
        refuse("ExcludedFromCase")


def not_held(model: Model, ask: Ask, at: datetime) -> None:
    """Refuse while another's lease runs."""
    if model.until is not None and model.holder != ask.actor.ref and at < model.until:
        refuse("ClaimHeld")


def not_stale(model: Model, ask: Ask) -> None:
    """Refuse what rests on another state of the case."""
    if ask.seen != model.version:
        refuse("StaleCase")


def check_concepts(ask: Ask, *, required: bool) -> None:
    """One to four known reasons where reasons are needed."""
    named = set(ask.concepts)
    if named - CONCEPTS:
        refuse("UnknownConcept")
    if len(named) > 4 or (required and not named):
        refuse("AdverseReasonsMissing")


def decide(model: Model, decision: str) -> None:
    """The case has its decision: the act and the decision that rests on it."""
    model.status, model.final = "decided", decision
    model.version += 2
    model.undecided()
    model.free()
