"""What is done to see whether oversight works, and that staff were told before it is done.

People are watched by none of it until a notice to staff is recorded: who recorded it, the hash of
its text, and when staff had it. What is switched on, and for which share of the cases, is read from
the ledger's own entries.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from overrides.authority import check_role
from overrides.journal import Decided, Draft, Event, Json, Slot
from overrides.oversight_errors import NoticeAhead, NoticeMissing, ShareUnchanged
from overrides.values import Actor, NewId, Role

NOTIFIED = "staff_notified"
SWITCHED = "practice_switched"
OVERSIGHT_KINDS = (NOTIFIED, SWITCHED)
NOTE_PARTY = "oversight"  # such notes are about no applicant
WATCHING_ROLES = frozenset({Role.COMPLIANCE, Role.RISK, Role.OPERATIONS})
OFF = Decimal(0)


class Practice(StrEnum):
    """What may be done once staff know of it."""

    BLIND_FIRST = "blind_first"
    DWELL_TIME = "dwell_time"


PRACTICE_WORDS = {
    Practice.BLIND_FIRST: "own views before the score is seen",
    Practice.DWELL_TIME: "how long a page was read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as it was recorded; ``sha256`` is of the text that staff had."""

    event_id: str
    by: str
    at: datetime
    given_on: date
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One setting of a practice: ``share`` is of the cases that come to a person, 0 is off."""

    practice: Practice
    share: Decimal
    seed: str  # fingerprint of the seed that draws, "" where nothing is drawn
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Practices:
    """What staff were told of, and what is on: the sum of the ledger's entries on it."""

    notices: Mapping[str, Notice] = field(default_factory=dict)  # the newest of each practice
    switches: tuple[Switch, ...] = ()  # every setting, oldest first

    def after(self, event: Event) -> "Practices":
        """The same with one more entry taken in; a practice that is not known changes nothing."""
        told, by, at = event.data, event.actor, event.recorded_at
        if event.type == NOTIFIED:
            given_on = date.fromisoformat(told["given_on"])
            notice = Notice(
                event_id=event.event_id, by=by, at=at, given_on=given_on, sha256=told["sha256"]
            )
            of_all = dict.fromkeys(told["practices"], notice)
            return replace(self, notices={**self.notices, **of_all})
        if told["practice"] not in set(Practice):
            return self
        practice, share = Practice(told["practice"]), Decimal(told["share"])
        switch = Switch(practice=practice, share=share, seed=told["seed"], by=by, at=at)
        return replace(self, switches=(*self.switches, switch))

    def switch(self, practice: Practice) -> Switch | None:
        """The setting that holds; None where there never was one."""
        found = (one for one in reversed(self.switches) if one.practice is practice)
        return next(found, None)

    def share(self, practice: Practice) -> Decimal:
        """The share that holds; 0 is off."""
        switch = self.switch(practice)
        return switch.share if switch else OFF

    def largest(self, practice: Practice) -> Decimal:
        """The largest share there ever was: no case beyond it was drawn."""
        shares = (one.share for one in self.switches if one.practice is practice)
        return max(shares, default=OFF)

    def seeds(self, practice: Practice) -> frozenset[str]:
        """Fingerprints of every seed there was."""
        return frozenset(
            one.seed for one in self.switches if one.practice is practice and one.share
        )


def decide_notice(
    actor: Actor,
    practices: Iterable[Practice],
    sha256: str,
    given_on: date,
    now: datetime,
    new_id: NewId,
    note: str = "",
) -> Decided:
    """Record that staff had this notice; raises ``NoAuthority`` or ``NoticeAhead``."""
    check_role(actor, WATCHING_ROLES)
    if given_on > now.date():
        raise NoticeAhead(given_on.isoformat())
    data: dict[str, Json] = {
        "practices": sorted(one.value for one in set(practices)),
        "sha256": sha256,
        "given_on": given_on.isoformat(),
    }
    return Decided((_draft(actor, "staff_notified", data, new_id, note),))


def decide_switch(
    known: Practices,
    actor: Actor,
    practice: Practice,
    share: Decimal,
    seed: str,
    new_id: NewId,
    note: str = "",
) -> Decided:
    """Set the share of a practice, 0 for off.

    Raises ``NoticeMissing`` where it would be on and staff were told nothing, ``ShareUnchanged``,
    and ``NoAuthority``.
    """
    check_role(actor, WATCHING_ROLES)
    notice, held = known.notices.get(practice.value), known.switch(practice)
    if share and notice is None:
        raise NoticeMissing(PRACTICE_WORDS[practice])
    if share == known.share(practice) and (not share or (held and held.seed == seed)):
        raise ShareUnchanged(PRACTICE_WORDS[practice], format(share, "f"))
    data: dict[str, Json] = {
        "practice": practice.value,
        "share": format(share, "f"),
        "notice": notice.event_id if notice else "",
        "seed": seed if share else "",
    }
    return Decided((_draft(actor, "practice_switched", data, new_id, note),))


def _draft(actor: Actor, kind: str, data: dict[str, Json], new_id: NewId, note: str) -> Draft:
    """The entry, with the note in its encrypted part."""
    return Draft(
        event_id=new_id(),
        type=kind,
        actor=actor.ref,
        role=actor.role.value,
        data=data,
        slots=(Slot("note", NOTE_PARTY, {"text": note}),) if note else (),
    )
