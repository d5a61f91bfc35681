"""What every act on a case checks first, and the events it writes."""

from collections.abc import Callable
from datetime import datetime

from overrides.authority import check_role
from overrides.cases import Act, Case
from overrides.errors import (
    ClaimHeld,
    ExcludedFromCase,
    ModelSuspended,
    StaleCase,
    UnknownCase,
)
from overrides.instants import instant_text
from overrides.journal import Decided, Draft, Json, Slot, State
from overrides.queue_errors import ReferredUpwards
from overrides.values import DECIDING_ROLES, Actor, CaseStatus, Decision, OverrideSide, Role

AS_APPLIED, CHANGED = "as_applied", "changed"  # the terms that were decided on
NameOf = Callable[[str], str]  # a person's reference: their name


def unnamed(_person: str) -> str:
    """The name of somebody whose name may not be told."""
    return "Another officer"


def case_of(state: State, case_ref: str) -> Case:
    """The case as it stands; raises ``UnknownCase``."""
    case = state.case(case_ref)
    if case is None:
        raise UnknownCase(case_ref)
    return case


def check_turn(case: Case, actor: Actor, act: Act, now: datetime, name_of: NameOf) -> None:
    """What every act by a deciding person is refused for, in order."""
    check_role(actor, DECIDING_ROLES)
    case.after(act)
    check_exclusion(case, actor)
    check_claim(case, actor, now, name_of)
    check_referral(case, actor)


def check_exclusion(case: Case, actor: Actor) -> None:
    """Refuse a person whose proposal on this case was rejected, or fell with its score."""
    if actor.ref in case.excluded:
        raise ExcludedFromCase(case.case_ref)


def check_claim(case: Case, actor: Actor, now: datetime, name_of: NameOf) -> None:
    """Refuse while another person's lease runs."""
    claim = case.claim
    if claim is not None and claim.person != actor.ref and claim.holds(now):
        until = instant_text(claim.until)
        raise ClaimHeld(case.case_ref, claim.person, name_of(claim.person), until)


def check_referral(case: Case, actor: Actor) -> None:
    """Refuse an officer while the case waits for whoever it was referred to."""
    if case.referred and actor.role is Role.OFFICER:
        raise ReferredUpwards(case.case_ref)


def check_version(case: Case, seen: int) -> None:
    """Refuse an act that rests on another state of the case than the present one."""
    if seen != case.version:
        raise StaleCase(case.case_ref, seen, case.version)


def check_score(case: Case) -> None:
    """Refuse an act that rests on a score whose model is suspended."""
    if case.stopped:
        raise ModelSuspended(case.case_ref)


def act_draft(
    case: Case,
    actor: Actor,
    event_id: str,
    type_: str,
    data: dict[str, Json],
    slots: tuple[Slot, ...] = (),
    cause: tuple[str, ...] | None = None,
) -> Draft:
    """An event of this case; unless told otherwise it rests on the decision that stands."""
    return Draft(
        event_id=event_id,
        type=type_,
        actor=actor.ref,
        role=actor.role.value,
        data=data,
        case=case.case_ref,
        cause=(case.decision_event,) if cause is None else cause,
        slots=slots,
    )


def decided_draft(
    case: Case,
    actor: Actor,
    event_id: str,
    decision: Decision,
    rests_on: tuple[str, ...],
    side: OverrideSide | None = None,
    code: str = "",
    terms: str = AS_APPLIED,
) -> Draft:
    """The event that ends a case, naming the acts it rests on."""
    data = {
        "decision": decision.value,
        "by": "person",
        "rests_on": [case.decision_event, *rests_on],
        "side": side.value if side else "",
        "code": code,
        "terms": terms,
    }
    return act_draft(case, actor, event_id, "case_decided", data, cause=rests_on)


def answered(
    case: Case,
    status: CaseStatus,
    drafts: tuple[Draft, ...],
    decision: Decision | None,
    more: dict[str, Json] | None = None,
    beside: tuple[Draft, ...] = (),
) -> Decided:
    """The drafts with the answer a repeated request gets: references and codes only.

    What is written ``beside`` them does not change the case's version.
    """
    answer = {
        "case_id": case.case_ref,
        "status": status.value,
        "decision": decision.value if decision else None,
        "version": case.version + len(drafts),
        "event_id": drafts[0].event_id,
        **(more or {}),
    }
    return Decided((*drafts, *beside), answer)
