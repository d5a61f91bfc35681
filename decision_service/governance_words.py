"""What was recorded of a version's validation and sign-offs, in words, for commands and pages."""

from dataclasses import dataclass
from datetime import datetime

from decision_service.services import Services
from overrides.signing_off import TITLES, lacking_words
from overrides.version_record import Drill, ExceptionAsked, Moment, Record, Severity, Validation


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what, by which person, when, and its place in the ledger."""

    what: str
    by: str
    at: datetime
    seq: int


def standing_words(record: Record, now: datetime) -> str:
    """Whether the version may be champion, and what is lacking if not."""
    lacking = lacking_words(record.lacking(now))
    if not lacking:
        return "Validated and signed by the four owners: it may be champion."
    said = "; ".join(lacking)
    found = record.exception(now)
    if found is not None:
        return f"By exception it may be champion until {found.until:%Y-%m-%d %H:%M} UTC: {said}."
    return f"It may not be champion yet: {said}."


def acts_of(record: Record) -> tuple[Act, ...]:
    """Everything that was recorded, oldest first; sign-offs on an older validation say so."""
    counting = {one.event_id for one in record.signed}
    acts = [Act(validation_words(one), one.by, one.at, one.seq) for one in record.validations]
    if record.registered is not None:
        acts.append(_at("Registered", record.registered))
    acts += [_at("Promoted", one) for one in record.promotions]
    acts += [_at("Champion again after a rollback", one) for one in record.put_back]
    acts += [Act(drill_words(one), one.by, one.at, one.seq) for one in record.drills]
    for signed in record.sign_offs:
        older = "" if signed.event_id in counting else ", on an older validation record"
        words = f"Signed for {TITLES[signed.owner]}{older}"
        acts.append(Act(words, signed.by, signed.at, signed.seq))
    for asked in record.exceptions:
        acts.append(Act(exception_words(asked), asked.by, asked.at, asked.seq))
        for vote in asked.votes:
            words = f"Voted {'for' if vote.agrees else 'against'} the exception"
            acts.append(Act(f"{words}, {TITLES[vote.owner]}", vote.by, vote.at, vote.seq))
    return tuple(sorted(acts, key=lambda act: act.seq))


def recorded_card(services: Services, name: str) -> str:
    """What the ledger says of the newest version, each fact with the entry it comes from."""
    of = services.registry.subject(name)
    acts = acts_of(of.record)
    names = services.people.names({act.by for act in acts})
    lines = [f"## What the ledger says of version {of.sha256[:16]}", ""]
    lines.append(standing_words(of.record, services.clock()))
    lines += ["", "| what | by | on | entry |", "|---|---|---|---|"]
    lines += [f"| {a.what} | {names[a.by]} | {a.at:%Y-%m-%d} | {a.seq} |" for a in acts]
    return "\n".join(lines)


def validation_words(found: Validation) -> str:
    """A validation in a sentence."""
    tests = found.tests_passed + found.tests_failed
    still = [
        f"{sum(one.open and one.severity is severity for one in found.findings)} {severity}"
        for severity in reversed(Severity)
    ]
    return (
        f"Validated: risk class {found.risk_class} ({found.exposure} exposure,"
        f" {found.purpose}), {found.tests_passed} of {tests} tests passed, findings open:"
        f" {', '.join(still)}; {_conditions(found.conditions)}; expires {found.expires}"
    )


def drill_words(drill: Drill) -> str:
    """A rehearsed rollback in a sentence."""
    cases = "1 open case" if drill.cases == 1 else f"{drill.cases:,} open cases"
    went = "it can be put back" if drill.ok else "it CANNOT be put back"
    return f"Rollback to it rehearsed: {went}, {cases} to look at again, {drill.took_ms:,} ms"


def _at(what: str, moment: Moment) -> Act:
    """An act of which no more is told."""
    return Act(what, moment.by, moment.at, moment.seq)


def exception_words(asked: ExceptionAsked) -> str:
    """A request for an exception in a sentence."""
    against = sum(not vote.agrees for vote in asked.votes)
    return (
        f"Asked for an exception until {asked.until:%Y-%m-%d}, vote until"
        f" {asked.vote_until:%Y-%m-%d %H:%M} UTC: {len(asked.votes) - against} for, {against}"
        f" against, {'granted' if asked.granted else 'not granted'}"
    )


def _conditions(count: int) -> str:
    """How many conditions there are."""
    return "1 condition" if count == 1 else f"{count} conditions"
