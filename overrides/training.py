"""Who is trained to decide the cases of which bundle, until when, and who said so.

An entry says of one person and one bundle up to which day they may decide its cases; the newest
holds, and one without a day ends what held. Where the policy of a case asks for training, an act
that decides it is refused without an entry that is valid on that day (UTC).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from overrides.authority import check_role
from overrides.forms import check_note, tidy
from overrides.journal import Decided, Draft, Event, Json, Slot
from overrides.passing_on import LEADING_ROLES
from overrides.practice import Practices
from overrides.training_errors import (
    TrainingDay,
    TrainingMissing,
    TrainingNotForThem,
    TrainingNotHeld,
    TrainingOver,
    TrainingOwn,
)
from overrides.values import DECIDING_ROLES, Actor, NewId, Rules

NOTE_PARTY = "training"  # such notes are about no applicant
NOTE_CHARS_MIN = 10
DAYS_MAX = 365  # where a policy says nothing else


class Ground(StrEnum):
    """By what somebody is trained."""

    COURSE = "course"
    SUPERVISED = "supervised"
    EXPERIENCE = "experience"
    ENDED = "ended"  # they are not, from this entry on


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """One entry. ``last_day`` is the last on which it is valid; None where it ends what held."""

    person: str
    bundle: str
    ground: str
    last_day: date | None
    by: str
    at: datetime
    event_id: str

    def valid(self, today: date) -> bool:
        """Whether it says that the person is trained on this day."""
        return self.last_day is not None and today <= self.last_day


@dataclass(frozen=True, slots=True)
class Register:
    """Every entry there is, by person and bundle, the oldest first; and who practised how."""

    entries: Mapping[tuple[str, str], tuple[Trained, ...]] = field(default_factory=dict)
    practices: Practices = field(default_factory=Practices)

    def after(self, events: Iterable[Event]) -> "Register":
        """The same with later entries taken in; entries of other kinds change nothing."""
        found, told = dict(self.entries), tuple(events)
        for event in told:
            if event.type != "training_recorded":
                continue
            entry = _entry(event)
            key = (entry.person, entry.bundle)
            found[key] = (*found.get(key, ()), entry)
        return Register(found, self.practices.after(told))

    def held(self, person: str, bundle: str) -> Trained | None:
        """What holds of a person and a bundle; None where nothing was ever recorded."""
        known = self.entries.get((person, bundle), ())
        return known[-1] if known else None

    def as_of(self, day: date) -> "Register":
        """The register as it stood when this day (UTC) ended."""
        then = {
            key: tuple(entry for entry in known if entry.at.date() <= day)
            for key, known in self.entries.items()
        }
        held = {key: known for key, known in then.items() if known}
        return Register(held, self.practices.as_of(day))

    def newest(self) -> tuple[Trained, ...]:
        """What holds of everybody, by bundle and person."""
        keys = sorted(self.entries, key=lambda key: (key[1], key[0]))
        return tuple(self.entries[key][-1] for key in keys)


def check_training(register: Register, actor: Actor, rules: Rules, today: date) -> None:
    """Refuse who is not trained for the bundle, where its policy asks for that.

    Raises ``TrainingMissing`` or ``TrainingOver``.
    """
    if not rules.training_days:
        return
    held = register.held(actor.ref, rules.bundle)
    if held is None or held.last_day is None:
        raise TrainingMissing(rules.bundle, actor.name)
    if not held.valid(today):
        raise TrainingOver(rules.bundle, actor.name, held.last_day.isoformat())


def may_record_for(actor: Actor, person: Actor) -> bool:
    """Whether somebody leads a person who decides cases, and is not that person."""
    if actor.role not in LEADING_ROLES or person.role not in DECIDING_ROLES:
        return False
    return actor.ref != person.ref and actor.branch in ("", person.branch)


def decide_training(
    actor: Actor,
    person: Actor,
    bundle: str,
    said: tuple[Ground, date | None, str],
    now: datetime,
    new_id: NewId,
    days_max: int = DAYS_MAX,
) -> Decided:
    """Record that a person may decide the cases of a bundle up to a day, and by what.

    ``said`` is the ground, the last day and the note, which says what was seen of it. Raises
    ``NoAuthority``, ``TrainingOwn``, ``TrainingNotForThem``, ``TrainingDay``, ``NoteTooShort``.
    """
    ground, last_day, note = said
    _check(actor, person)
    last = now.date() + timedelta(days=days_max)
    if last_day is None or not now.date() <= last_day <= last:
        raise TrainingDay(now.date().isoformat(), last.isoformat())
    check_note(note, NOTE_CHARS_MIN)
    return Decided((_draft(actor, person, bundle, (ground, last_day.isoformat(), note), new_id),))


def decide_ending(
    register: Register,
    actor: Actor,
    person: Actor,
    bundle: str,
    note: str,
    now: datetime,
    new_id: NewId,
) -> Decided:
    """Record that a person is not trained for a bundle any more, from this entry on.

    Raises as ``decide_training`` does, and ``TrainingNotHeld`` where nothing valid is held.
    """
    _check(actor, person)
    held = register.held(person.ref, bundle)
    if held is None or not held.valid(now.date()):
        raise TrainingNotHeld(bundle)
    check_note(note, NOTE_CHARS_MIN)
    return Decided((_draft(actor, person, bundle, (Ground.ENDED, "", note), new_id),))


def _check(actor: Actor, person: Actor) -> None:
    """Refuse an entry on oneself, and on somebody who is led by others or decides nothing."""
    check_role(actor, LEADING_ROLES)
    if actor.ref == person.ref:
        raise TrainingOwn
    if not may_record_for(actor, person):
        raise TrainingNotForThem


def _draft(
    actor: Actor, person: Actor, bundle: str, said: tuple[Ground, str, str], new_id: NewId
) -> Draft:
    """The entry, with the note in its encrypted part."""
    ground, last_day, note = said
    data: dict[str, Json] = {
        "person": person.ref,
        "bundle": bundle,
        "ground": ground.value,
        "last_day": last_day,
    }
    return Draft(
        event_id=new_id(),
        type="training_recorded",
        actor=actor.ref,
        role=actor.role.value,
        data=data,
        slots=(Slot("note", NOTE_PARTY, {"text": tidy(note)}),),
    )


def _entry(event: Event) -> Trained:
    """What an entry of the ledger says."""
    told = event.data
    return Trained(
        person=told["person"],
        bundle=told["bundle"],
        ground=told["ground"],
        last_day=date.fromisoformat(told["last_day"]) if told["last_day"] else None,
        by=event.actor,
        at=event.recorded_at,
        event_id=event.event_id,
    )
