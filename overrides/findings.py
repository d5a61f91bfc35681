"""Findings: what somebody has to look into, who does, until when, and how it ended.

Booked loans held against decisions give most of them, what the model misses the others. Each is
opened once, whatever how often it is found: it is known by the keyed hash of what it is about.
It gets an owner and a day, and is closed with a reason and a note, by its owner or by compliance,
and never by anybody who decided the case it is about. What is closed stays closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from overrides.authority import check_role
from overrides.finding_errors import (
    FindingClosed,
    FindingDay,
    FindingElsewhere,
    FindingOwn,
    FindingOwnerNotPossible,
    FindingReason,
    FindingsTooMany,
    FindingUnknown,
    FindingUnowned,
)
from overrides.finding_register import MODEL_MISS, FindingRegister, Tracked
from overrides.forms import check_note, tidy
from overrides.journal import Decided, Draft, Json, Slot
from overrides.values import Actor, NewId, Role

NOTE_PARTY = "finding"  # notes of findings are about no applicant
NOTE_CHARS_MIN = 10
DUE_DAYS = 14
DUE_DAYS_MAX = 366
RUN_FINDINGS_MAX = 2_000
WORKING_ROLES = frozenset({Role.COMPLIANCE, Role.CREDIT_MANAGER, Role.TEAM_LEAD})
RUNNING_ROLES = WORKING_ROLES | {Role.OPERATIONS}  # a scheduled run at the host
PROPOSING_ROLES = frozenset({Role.COMPLIANCE, Role.RISK})
MISS_OWNERS = frozenset({Role.COMPLIANCE, Role.RISK, Role.MODEL_OWNER, Role.DATA_SCIENTIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Something to be opened as a finding, if it is not one yet.

    ``subject`` is the reference of whom ``told`` says something; ``slot`` is where that is kept.
    """

    kind: str
    key: str
    subject: str
    told: Mapping[str, Json]
    branch: str = ""
    case_ref: str = ""
    about: tuple[str, ...] = ()
    bundle: str = ""
    slot: str = "loan"


def decide_run(
    register: FindingRegister,
    actor: Actor,
    told: Mapping[str, Json],
    broken: Sequence[Json],
    found: Sequence[Opening],
    new_id: NewId,
) -> Decided:
    """Record a run, and open what it found and nobody knew yet.

    Whoever is of a branch holds only that branch's loans against decisions. Raises ``NoAuthority``,
    ``FindingElsewhere``, ``FindingsTooMany``.
    """
    check_role(actor, RUNNING_ROLES)
    scope = told["scope"]
    if actor.branch and (not isinstance(scope, Mapping) or scope["branches"] != [actor.branch]):
        raise FindingElsewhere
    new = {one.key: one for one in found if one.key not in register.keys}
    if len(new) > RUN_FINDINGS_MAX:
        raise FindingsTooMany(len(new), RUN_FINDINGS_MAX)
    run_id = new_id()
    counts: dict[str, Json] = {"opened": len(new), "known": len(found) - len(new)}
    run = Draft(
        event_id=run_id,
        type="reconciliation_run",
        actor=actor.ref,
        role=actor.role.value,
        data={**told, **counts},
        slots=(Slot("record", NOTE_PARTY, {"broken": list(broken)}),),
    )
    opened = (opening_draft(one, actor, new_id, run_id) for one in new.values())
    return Decided((run, *opened), answer={"run": run_id, **counts})


def opening_draft(one: Opening, actor: Actor, new_id: NewId, run: str = "") -> Draft:
    """The entry that opens a finding."""
    data: dict[str, Json] = {
        "kind": one.kind,
        "branch": one.branch,
        "about": sorted(one.about),
        "run": run,
        "key": one.key,
    }
    if one.bundle:
        data["bundle"] = one.bundle
    return Draft(
        event_id=new_id(),
        type="finding_opened",
        actor=actor.ref,
        role=actor.role.value,
        case=one.case_ref or None,
        cause=(run,) if run else (),
        data=data,
        slots=(Slot(one.slot, one.subject, dict(one.told)),),
    )


def decide_proposal(
    register: FindingRegister, actor: Actor, one: Opening, new_id: NewId
) -> Decided:
    """Open what a model misses as a finding. Raises ``NoAuthority``; ``FindingClosed`` if known."""
    check_role(actor, PROPOSING_ROLES)
    if one.key in register.keys:
        raise FindingClosed
    draft = opening_draft(one, actor, new_id)
    return Decided((draft,), answer={"finding": draft.event_id})


def may_work_on(actor: Actor, found: Tracked) -> bool:
    """Whether somebody sees a finding and may be asked to do something about it."""
    if found.kind == MODEL_MISS:
        return actor.role in MISS_OWNERS
    if actor.role is Role.RISK:
        return True
    near = actor.branch in ("", found.branch) or not found.branch
    return actor.role in WORKING_ROLES and near


def may_own(person: Actor, found: Tracked) -> bool:
    """Whether a finding can be given to somebody."""
    return may_work_on(person, found) and person.ref not in found.about


def decide_assignment(
    register: FindingRegister,
    actor: Actor,
    finding_id: str,
    to: tuple[Actor | None, date | None, str],
    today: date,
    new_id: NewId,
) -> Decided:
    """Give a finding to an owner who looks into it until a day; ``to`` has the note as well.

    Raises ``FindingUnknown``, ``FindingClosed``, ``NoAuthority``, ``FindingOwnerNotPossible``,
    ``FindingOwn``, ``FindingDay``.
    """
    found = _open_one(register, actor, finding_id)
    owner, due, note = to
    if owner is not None and owner.ref in found.about:
        raise FindingOwn(owner.name)
    if owner is None or not may_own(owner, found):
        raise FindingOwnerNotPossible
    last = today + timedelta(days=DUE_DAYS_MAX)
    if due is None or not today <= due <= last:
        raise FindingDay(today.isoformat(), last.isoformat())
    data: dict[str, Json] = {"of": finding_id, "owner": owner.ref, "due": due.isoformat()}
    return Decided((_draft("finding_assigned", actor, data, note, new_id, found),))


def decide_closing(
    register: FindingRegister,
    actor: Actor,
    finding_id: str,
    reason: str,
    note: str,
    new_id: NewId,
) -> Decided:
    """Close a finding for good.

    Raises ``FindingUnknown``, ``FindingClosed``, ``NoAuthority``, ``FindingOwn``,
    ``FindingUnowned``, ``FindingReason``, ``NoteTooShort``.
    """
    found = _open_one(register, actor, finding_id)
    if not found.owner:
        raise FindingUnowned
    if actor.ref != found.owner:
        check_role(actor, {Role.COMPLIANCE})
    if reason not in found.reasons:
        raise FindingReason
    check_note(note, NOTE_CHARS_MIN)
    data: dict[str, Json] = {"of": finding_id, "reason": str(reason)}
    return Decided((_draft("finding_closed", actor, data, note, new_id, found),))


def _open_one(register: FindingRegister, actor: Actor, finding_id: str) -> Tracked:
    """The finding, where it is open and the actor may act on it."""
    found = register.finding(finding_id)
    if not may_work_on(actor, found):
        raise FindingUnknown(finding_id[:64])
    if actor.ref in found.about:
        raise FindingOwn(actor.name)
    if not found.open:
        raise FindingClosed
    return found


def _draft(
    kind: str, actor: Actor, data: dict[str, Json], note: str, new_id: NewId, found: Tracked
) -> Draft:
    """An entry that follows a finding, with the note in its encrypted part."""
    return Draft(
        event_id=new_id(),
        type=kind,
        actor=actor.ref,
        role=actor.role.value,
        cause=(found.finding_id,),
        data=data,
        slots=(Slot("note", NOTE_PARTY, {"text": tidy(note)}),),
    )
