"""Who let a model decide, folded from the ledger's entries: see ``overrides.version_record``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from overrides.instants import parse_instant
from overrides.journal import Event
from overrides.values import Role
from overrides.version_record import (
    Drill,
    ExceptionAsked,
    Exposure,
    Finding,
    Moment,
    Purpose,
    Record,
    RiskClass,
    Severity,
    SignOff,
    Validation,
    Vote,
)

Version = tuple[str, str]  # name and hash of the whole folder


@dataclass(frozen=True, slots=True)
class Governance:
    """What was recorded of every version: the sum of the ledger's entries on it."""

    records: Mapping[Version, Record] = field(default_factory=dict)

    def of(self, name: str, sha256: str) -> Record:
        """One version's record; an empty one where nothing was recorded."""
        return self.records.get((name, sha256), Record())

    def after(self, event: Event) -> "Governance":
        """The same with one more entry taken in; other kinds change nothing."""
        take = _TAKEN.get(event.type)
        if take is None:
            return self
        version = (event.data["name"], event.data["sha256"])
        return Governance({**self.records, version: take(self.of(*version), event)})


def _registered(record: Record, event: Event) -> Record:
    """Who brought the version in."""
    return replace(record, registered=_moment(event))


def _promoted(record: Record, event: Event) -> Record:
    """By which exception it is champion, if by one."""
    asked = {one.event_id for one in record.exceptions}
    named: Sequence[str] = event.data["signed"]
    under = next((one for one in named if one in asked), "")
    promotions = (*record.promotions, _moment(event))
    return replace(record, promotions=promotions, promoted_under=under)


def _put_back(record: Record, event: Event) -> Record:
    """Champion again after a rollback."""
    return replace(record, put_back=(*record.put_back, _moment(event)))


def _drilled(record: Record, event: Event) -> Record:
    """One more rehearsal."""
    told = event.data
    drill = Drill(
        seq=event.seq,
        by=event.actor,
        at=event.recorded_at,
        ok=told["ok"],
        cases=told["cases"],
        took_ms=told["took_ms"],
    )
    return replace(record, drills=(*record.drills, drill))


def _moment(event: Event) -> Moment:
    """Where an entry stands."""
    return Moment(seq=event.seq, by=event.actor, at=event.recorded_at)


def _validated(record: Record, event: Event) -> Record:
    """One more validation."""
    told = event.data
    validation = Validation(
        event_id=event.event_id,
        seq=event.seq,
        by=event.actor,
        at=event.recorded_at,
        exposure=Exposure(told["exposure"]),
        purpose=Purpose(told["purpose"]),
        risk_class=RiskClass(told["class"]),
        findings=tuple(
            Finding(one["id"], Severity(one["severity"]), one["open"]) for one in told["findings"]
        ),
        tests_passed=told["tests"]["passed"],
        tests_failed=told["tests"]["failed"],
        conditions=told["conditions"],
        developers=frozenset(told["developers"]),
        expires=date.fromisoformat(told["expires"]),
    )
    return replace(record, validations=(*record.validations, validation))


def _signed_off(record: Record, event: Event) -> Record:
    """One more sign-off."""
    told = event.data
    sign_off = SignOff(
        event_id=event.event_id,
        seq=event.seq,
        owner=Role(told["owner"]),
        by=event.actor,
        at=event.recorded_at,
        of=told["of"],
    )
    return replace(record, sign_offs=(*record.sign_offs, sign_off))


def _asked(record: Record, event: Event) -> Record:
    """One more request for an exception."""
    told = event.data
    asked = ExceptionAsked(
        event_id=event.event_id,
        seq=event.seq,
        by=event.actor,
        at=event.recorded_at,
        lacks=tuple(told["lacks"]),
        vote_until=parse_instant(told["vote_until"]),
        until=parse_instant(told["until"]),
    )
    return replace(record, exceptions=(*record.exceptions, asked))


def _voted(record: Record, event: Event) -> Record:
    """One more vote on the request it names."""
    told = event.data
    vote = Vote(
        event_id=event.event_id,
        seq=event.seq,
        owner=Role(told["owner"]),
        by=event.actor,
        at=event.recorded_at,
        agrees=told["agrees"],
    )
    kept = (
        replace(one, votes=(*one.votes, vote)) if one.event_id == told["of"] else one
        for one in record.exceptions
    )
    return replace(record, exceptions=tuple(kept))


_TAKEN = {
    "bundle_registered": _registered,
    "bundle_promoted": _promoted,
    "bundle_rolled_back": _put_back,
    "bundle_drilled": _drilled,
    "bundle_validated": _validated,
    "bundle_signed_off": _signed_off,
    "bundle_exception_asked": _asked,
    "bundle_exception_voted": _voted,
}
