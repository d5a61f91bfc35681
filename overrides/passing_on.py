"""Sharing out work: refer a case upwards, hand it to a colleague, set it aside, take it back.

Each is an entry of its own and changes nothing that is decided. Nothing here sticks: a lease given
to a colleague runs out, a case set aside comes back by itself, and before the law's limit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from overrides.acts import (
    NameOf,
    act_draft,
    check_claim,
    check_exclusion,
    check_referral,
    unnamed,
)
from overrides.authority import check_approver, check_role
from overrides.cases import Act, Case
from overrides.errors import ActError, SamePerson
from overrides.forms import note_slots
from overrides.instants import instant_text
from overrides.journal import Decided, Json
from overrides.queue_errors import (
    HandedToOneself,
    NothingHeld,
    UnknownColleague,
    UntilNotPossible,
)
from overrides.values import DECIDING_ROLES, Actor, NewId, Role, Rules

LEADING_ROLES = frozenset({Role.TEAM_LEAD, Role.CREDIT_MANAGER})
PASSING_ROLES = DECIDING_ROLES | LEADING_ROLES
AWAY_DAYS_MAX = 30
BEFORE_LIMIT = timedelta(days=1)
BY_LIMIT = "a day before the law's limit"
BY_DAYS = f"{AWAY_DAYS_MAX} days from now"


class Upwards(StrEnum):
    """Why a case is referred upwards."""

    ABOVE_LIMIT = "above_limit"
    POLICY_QUESTION = "policy_question"
    OWN_INTEREST = "own_interest"
    NEEDS_SPECIALIST = "needs_specialist"
    COMPLAINT = "complaint"
    OTHER = "other"


class Handing(StrEnum):
    """Why a case goes to a colleague."""

    WORKLOAD = "workload"
    ABSENCE = "absence"
    KNOWS_CUSTOMER = "knows_customer"
    OWN_INTEREST = "own_interest"
    OTHER = "other"


class Aside(StrEnum):
    """Why a case is set aside for a while."""

    CALL_BACK = "call_back"
    DOCUMENT_PROMISED = "document_promised"
    COLLEAGUE_ASKED = "colleague_asked"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What somebody wants: ``reason`` is of one of the lists above; ``note`` is kept encrypted."""

    reason: str
    note: str = ""
    until: datetime | None = None


def decide_referral(
    case: Case,
    actor: Actor,
    form: Passing,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Refer the case upwards: it is free, and an officer cannot take it until it is handed out."""
    _check(case, actor, Act.ESCALATE, now, name_of)
    data: dict[str, Json] = {"person": actor.ref, "reason": Upwards(form.reason).value}
    return _passed(case, actor, form, new_id, "case_escalated", data)


def decide_hand_over(
    case: Case,
    actor: Actor,
    to: Actor,
    form: Passing,
    rules: Rules,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Give a colleague the lease until ``form.until``, when the case is free again.

    Raises ``HandedToOneself``, and ``UnknownColleague`` for somebody who could do nothing with it.
    """
    _check(case, actor, Act.HAND_OVER, now, name_of)
    if to.ref == actor.ref:
        raise HandedToOneself
    _check_colleague(case, to, rules)
    until = _until(case, "A hand-over", form.until, now)
    data: dict[str, Json] = {
        "person": actor.ref,
        "reason": Handing(form.reason).value,
        "to": to.ref,
        "until": instant_text(until),
    }
    return _passed(case, actor, form, new_id, "case_handed_over", data)


def decide_aside(
    case: Case,
    actor: Actor,
    form: Passing,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Set the case aside until ``form.until``; it comes back by itself, and free."""
    check_role(actor, DECIDING_ROLES)
    _check(case, actor, Act.SNOOZE, now, name_of)
    until = _until(case, "Setting a case aside", form.until, now)
    data: dict[str, Json] = {
        "person": actor.ref,
        "reason": Aside(form.reason).value,
        "until": instant_text(until),
    }
    return _passed(case, actor, form, new_id, "case_snoozed", data)


def decide_taking_back(case: Case, actor: Actor, now: datetime, new_id: NewId) -> Decided:
    """Whoever leads the team takes a case from its holder, and it is free."""
    check_role(actor, LEADING_ROLES)
    case.after(Act.RELEASE)
    check_exclusion(case, actor)
    _check_proposer(case, actor)
    if case.claim is None or not case.claim.holds(now):
        raise NothingHeld
    data: dict[str, Json] = {"person": case.claim.person, "why": "taken_back"}
    draft = act_draft(case, actor, new_id(), "case_released", data)
    return Decided((draft,), {"case_id": case.case_ref})


def latest_until(case: Case, now: datetime) -> tuple[datetime, str]:
    """How long the case may be away from the queue, and why no longer."""
    by_days = now + timedelta(days=AWAY_DAYS_MAX)
    if case.limit_at is not None and case.limit_at - BEFORE_LIMIT < by_days:
        return case.limit_at - BEFORE_LIMIT, BY_LIMIT
    return by_days, BY_DAYS


def _check(case: Case, actor: Actor, act: Act, now: datetime, name_of: NameOf) -> None:
    """What every passing on is refused for; whoever leads the team minds nobody's lease.

    Who may have no part in a decision does not choose who makes it, nor when.
    """
    check_role(actor, PASSING_ROLES)
    case.after(act)
    check_exclusion(case, actor)
    _check_proposer(case, actor)
    if actor.role not in LEADING_ROLES:
        check_claim(case, actor, now, name_of)
        check_referral(case, actor)


def _check_proposer(case: Case, actor: Actor) -> None:
    """Refuse whoever made the proposal that waits: the second person is not theirs to choose."""
    if case.proposal is not None and case.proposal.person == actor.ref:
        raise SamePerson


def may_take_over(case: Case, to: Actor, rules: Rules) -> bool:
    """Whether somebody could do what the case waits for."""
    try:
        _check_colleague(case, to, rules)
    except UnknownColleague:
        return False
    return True


def _check_colleague(case: Case, to: Actor, rules: Rules) -> None:
    """Raise ``UnknownColleague`` for somebody who could not do what the case waits for."""
    if to.role not in DECIDING_ROLES or to.ref in case.excluded:
        raise UnknownColleague(case.branch)
    if case.proposal is not None:
        try:
            check_approver(case, case.proposal, to, rules)
        except ActError as unfit:
            raise UnknownColleague(case.branch) from unfit


def _until(case: Case, act: str, until: datetime | None, now: datetime) -> datetime:
    """The time asked for, where it is possible; raises ``UntilNotPossible``."""
    latest, why = latest_until(case, now)
    if until is None or not now < until <= latest:
        raise UntilNotPossible(act, instant_text(latest), why)
    return until


def _passed(
    case: Case, actor: Actor, form: Passing, new_id: NewId, kind: str, data: dict[str, Json]
) -> Decided:
    """The entry, with the note in its encrypted part."""
    draft = act_draft(case, actor, new_id(), kind, data, note_slots(case.subject, form.note))
    return Decided((draft,), {"case_id": case.case_ref, "until": data.get("until")})
