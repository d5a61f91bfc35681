"""Validating a version of a model, signing it off, making an exception: deciders of entries.

Nobody lets out what is their own: the validator built nothing of it and signs for no owner, an
owner's name stands once, who asks for an exception has no vote on it. A new validation record has
to be signed anew, because the signatures before it were on another one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from overrides.authority import check_role
from overrides.forms import tidy
from overrides.governance_errors import (
    DissentUnexplained,
    ExceptionNotPossible,
    FindingDropped,
    FindingsOpen,
    NoExceptionRuns,
    NotIndependent,
    NotSignedOff,
    SignedAlready,
    ValidationChanged,
    ValidationMissing,
    ValidationTooLong,
)
from overrides.instants import instant_text
from overrides.journal import Draft, Json, Slot
from overrides.values import Actor, NewId, Role
from overrides.version_record import (
    CONTROLLERS,
    EXCEPTION_DAYS_MAX,
    LADDER,
    OWNERS,
    VOTING_HOURS_MAX,
    Exposure,
    Finding,
    Purpose,
    Record,
    Validation,
    last_day,
    risk_class,
)

NOTE_PARTY = "bundles"  # texts on models are about no applicant
TITLES = {
    Role.MODEL_OWNER: "model owner",
    Role.RISK: "risk",
    Role.COMPLIANCE: "compliance",
    Role.OPERATIONS: "operations",
}

BUILT_IT = "you built or registered this version"
SIGNED_IT = "you signed this version for its owners"
VALIDATED_IT = "you validated this version"
NOTHING_LACKING = "everything is signed, so promote it"
ONE_RUNS = "one is being voted on or in force"
VOTE_TAKES = f"a vote takes 1 to {VOTING_HOURS_MAX} hours"
VOTED_DOWN = "the board did not grant one, and as much is lacking as then"
ENDS_WITHIN = f"it ends after the vote and within {EXCEPTION_DAYS_MAX} days"
WHY_NOT_SAID = "say in a note why it cannot wait"
ASKED_FOR_IT = "you asked for this exception"
OWN_NAME = "Your own name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """What a validator hands in: ``texts`` is the whole record, kept encrypted."""

    exposure: Exposure
    findings: tuple[Finding, ...]
    tests_passed: int
    tests_failed: int
    conditions: int
    developers: frozenset[str]
    expires: datetime
    texts: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The version that is spoken of, and what is recorded of it."""

    name: str
    sha256: str
    record: Record


def decide_validation(
    of: Subject, actor: Actor, given: Validated, purpose: Purpose, now: datetime, new_id: NewId
) -> Draft:
    """Record a validation.

    Raises ``NoAuthority``, ``NotIndependent``, ``ValidationTooLong`` and ``FindingDropped``.
    """
    check_role(actor, CONTROLLERS)
    if actor.ref in given.developers | of.record.builders:
        raise NotIndependent(BUILT_IT)
    if any(actor.ref == one.by for one in of.record.sign_offs):
        raise NotIndependent(SIGNED_IT)
    found = risk_class(given.exposure, purpose)
    if not now.date() < given.expires.date() <= last_day(found, now):
        raise ValidationTooLong(found.value, last_day(found, now).isoformat())
    _check_findings(of.record.validation, given)
    return _draft(
        "bundle_validated",
        of,
        actor,
        {
            "exposure": given.exposure.value,
            "purpose": purpose.value,
            "class": found.value,
            "tests": {"passed": given.tests_passed, "failed": given.tests_failed},
            "findings": [
                {"id": one.id, "severity": one.severity.value, "open": one.open}
                for one in given.findings
            ],
            "conditions": given.conditions,
            "developers": sorted(given.developers),
            "expires": given.expires.date().isoformat(),
        },
        new_id,
        Slot("record", NOTE_PARTY, given.texts),
    )


def decide_sign_off(
    of: Subject, actor: Actor, owner: Role, seen: str, now: datetime, new_id: NewId, note: str = ""
) -> Draft:
    """Sign for one owner, on the validation record ``seen``.

    Raises ``NoAuthority``, ``ValidationMissing``, ``ValidationChanged``, ``FindingsOpen``,
    ``NotIndependent`` and ``SignedAlready``.
    """
    check_role(actor, frozenset(OWNERS))
    check_role(actor, frozenset({owner}))
    found = of.record.validation
    if found is None or not found.holds(now):
        raise ValidationMissing(of.name)
    if seen != found.event_id:
        raise ValidationChanged(of.name)
    _check_blocking(of, found)
    if actor.ref == found.by:
        raise NotIndependent(VALIDATED_IT)
    if actor.ref in of.record.builders and owner is not Role.MODEL_OWNER:
        raise NotIndependent(BUILT_IT)
    for one in of.record.signed:
        if one.by == actor.ref:
            raise SignedAlready(OWN_NAME)
        if one.owner is owner:
            raise SignedAlready(_for(owner))
    data: dict[str, Json] = {"owner": owner.value, "of": found.event_id}
    return _draft("bundle_signed_off", of, actor, data, new_id, *note_slots(note))


def decide_exception(
    of: Subject,
    actor: Actor,
    hours: int,
    until: datetime,
    now: datetime,
    new_id: NewId,
    note: str = "",
) -> Draft:
    """Ask the owners that the version may decide until a day although something is lacking.

    Raises ``NoAuthority``, ``FindingsOpen`` and ``ExceptionNotPossible``.
    """
    check_role(actor, frozenset({*OWNERS, Role.DATA_SCIENTIST}))
    lacks = of.record.lacking(now)
    if of.record.validation is not None:
        _check_blocking(of, of.record.validation)
    vote_until = now + timedelta(hours=hours)
    if not lacks:
        raise ExceptionNotPossible(NOTHING_LACKING)
    if of.record.voting(now) is not None or of.record.exception(now) is not None:
        raise ExceptionNotPossible(ONE_RUNS)
    if any(not set(lacks) < set(one.lacks) for one in of.record.denied(now)):
        raise ExceptionNotPossible(VOTED_DOWN)
    if not 1 <= hours <= VOTING_HOURS_MAX:
        raise ExceptionNotPossible(VOTE_TAKES)
    if not vote_until < until <= now + timedelta(days=EXCEPTION_DAYS_MAX):
        raise ExceptionNotPossible(ENDS_WITHIN)
    if not note.strip():
        raise ExceptionNotPossible(WHY_NOT_SAID)
    data: dict[str, Json] = {
        "lacks": list(lacks),
        "vote_until": instant_text(vote_until),
        "until": instant_text(until),
    }
    return _draft("bundle_exception_asked", of, actor, data, new_id, *note_slots(note))


def decide_vote(
    of: Subject, actor: Actor, now: datetime, new_id: NewId, *, agrees: bool, note: str = ""
) -> Draft:
    """Vote on the exception that is asked for; who votes against says why.

    Raises ``NoAuthority``, ``NoExceptionRuns``, ``NotIndependent``, ``SignedAlready`` and
    ``DissentUnexplained``.
    """
    check_role(actor, frozenset(OWNERS))
    asked = of.record.voting(now)
    if asked is None:
        raise NoExceptionRuns(of.name)
    if actor.ref == asked.by:
        raise NotIndependent(ASKED_FOR_IT)
    if actor.ref in of.record.builders:
        raise NotIndependent(BUILT_IT)
    for vote in asked.votes:
        if vote.by == actor.ref or vote.owner is actor.role:
            raise SignedAlready(_for(actor.role))
    if not agrees and not note.strip():
        raise DissentUnexplained
    data: dict[str, Json] = {"owner": actor.role.value, "of": asked.event_id, "agrees": agrees}
    return _draft("bundle_exception_voted", of, actor, data, new_id, *note_slots(note))


def evidence_to_promote(of: Subject, now: datetime) -> tuple[str, ...]:
    """Entries by which the version may be champion; raises ``NotSignedOff``."""
    lacking = of.record.lacking(now)
    if not lacking and of.record.validation is not None:
        signed = (one.event_id for one in of.record.signed)
        return (of.record.validation.event_id, *signed)
    exception = of.record.exception(now)
    if exception is None:
        raise NotSignedOff(of.name, "; ".join(lacking_words(lacking)))
    return (exception.event_id, *(vote.event_id for vote in exception.votes))


def lacking_words(lacking: tuple[str, ...]) -> tuple[str, ...]:
    """What is missing, in words."""
    said = []
    for code in lacking:
        what, _, of = code.partition(":")
        if what == "validation":
            said.append("it has no validation record")
        elif what == "validation_expired":
            said.append("its validation has expired")
        elif what == "finding":
            said.append(f"finding {of} of high severity is open")
        else:
            said.append(f"{TITLES[Role(of)]} has not signed")
    return tuple(said)


def _for(owner: Role) -> str:
    """Whoever signs for an owner."""
    return f"Somebody for {TITLES[owner]}"


def _check_findings(before: Validation | None, given: Validated) -> None:
    """A finding that is open stays, and gets no milder, until it is closed."""
    named = {one.id: one for one in given.findings}
    for one in before.findings if before else ():
        if one.open:
            kept = named.get(one.id)
            milder = kept and kept.open and LADDER.index(kept.severity) < LADDER.index(one.severity)
            if kept is None or milder:
                raise FindingDropped(one.id)


def _check_blocking(of: Subject, found: Validation) -> None:
    """Refuse where a finding of high severity is open."""
    if found.blocking:
        raise FindingsOpen(of.name, ", ".join(found.blocking))


def note_slots(note: str) -> tuple[Slot, ...]:
    """The encrypted part of a note on a model, where there is one."""
    return (Slot("note", NOTE_PARTY, {"text": tidy(note)}),) if note.strip() else ()


def _draft(
    kind: str, of: Subject, actor: Actor, data: dict[str, Json], new_id: NewId, *slots: Slot
) -> Draft:
    """The entry."""
    return Draft(
        event_id=new_id(),
        type=kind,
        actor=actor.ref,
        role=actor.role.value,
        data={"name": of.name, "sha256": of.sha256, **data},
        slots=slots,
    )
