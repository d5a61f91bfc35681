"""What was recorded of a version's validation and sign-offs, in words, for commands and pages."""

from dataclasses import dataclass
from datetime import datetime

from overrides.governance import ExceptionAsked, Record, Severity, Validation
from overrides.signing_off import TITLES, lacking_words


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
