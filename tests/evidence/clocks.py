"""Clocks that jump, stand still, run backwards, and speak of other time zones, under a real writer.

A schedule moves the clock before each request, by as much as a year, and now and then opens the
ledger anew. Recorded time never falls, a clock that fell behind is recorded once, and leases run
out by recorded time and no other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from overrides.errors import ClaimHeld
from overrides.events import read_event
from overrides.journal import Entry
from overrides.values import Actor, Money
from tests.evidence.asks import Ask, Desk, Score
from tests.evidence.lots import Lot, Part, Tally, scratch
from tests.evidence.office import START, Office, open_office, prepare, sqlite_url
from tests.evidence.sabotage import CLOCK_TRUSTED, LEASES_IGNORED, sabotaged
from tests.evidence.soundness import examined
from tests.overrides.samples import OFFICER, OTHER, SERVICE

LOT = 250
STEPS = 7
LEASE = timedelta(minutes=20)
TOLERANCE = timedelta(seconds=2)
ZONES: tuple[tzinfo, ...] = (
    UTC,
    timezone(timedelta(hours=5, minutes=30)),
    timezone(timedelta(hours=-11)),
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/St_Johns"),
)
JUMPS = (
    *(timedelta(0), timedelta(0), timedelta(microseconds=1), timedelta(seconds=1)),
    *(timedelta(minutes=19, seconds=59), timedelta(minutes=20), timedelta(minutes=21)),
    *(timedelta(hours=1), timedelta(days=1), timedelta(days=365)),
    *(-timedelta(microseconds=1), -timedelta(seconds=2), -timedelta(seconds=2, microseconds=1)),
    *(-timedelta(minutes=20), -timedelta(hours=1), -timedelta(days=365)),
)
# Hours that happen twice or never where clocks are changed.
CHANGES = (
    datetime(2027, 3, 28, 0, 59, 59, 999_999, tzinfo=UTC),
    datetime(2027, 10, 31, 0, 59, 59, 999_999, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
)
CASES = 3


@dataclass
class Clock:
    """A clock that says what it is told to, in some time zone."""

    at: datetime = START
    zone: tzinfo = UTC

    def __call__(self) -> datetime:
        """The time."""
        return self.at.astimezone(self.zone)


@dataclass
class Schedule:
    """One ledger under one clock, and what should be recorded."""

    url: str
    clock: Clock
    tally: Tally
    last: datetime = START
    behind: bool = False
    size: int = 1
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    numbers: int = 0

    def play(self, office: Office, chance: Random, name: str) -> None:
        """Some requests, the clock moved before each."""
        desk = Desk(office.new_id, office.vault.lookup_hash)
        if chance.random() < 0.2:
            self.clock.at = max(self.last, chance.choice(CHANGES))
        self.clock.at = max(self.clock.at, self.last) + timedelta(seconds=1)
        for step in range(STEPS):
            jump = chance.choice(JUMPS)
            self.clock.at = max(self.clock.at + jump, datetime(1970, 1, 1, tzinfo=UTC))
            self.clock.zone = chance.choice(ZONES)
            who = chance.choice((OFFICER, OTHER))
            ref = f"case-{chance.randrange(CASES)}"
            self._claim(office, desk, who, ref, f"{name}, step {step}")

    def _claim(self, office: Office, desk: Desk, who: Actor, ref: str, when: str) -> None:
        """Take a lease; whether that may be is a matter of recorded time."""
        now = self.clock.at
        fell = self.last - now > TOLERANCE
        adjusted, self.behind = fell and not self.behind, fell
        at = max(now, self.last)
        self.numbers += 1
        ask = Ask(actor=who, act="claim", case=ref, key=f"key-{self.numbers}")
        done = office.journal.submit(desk.command(ask), once=ask.once)
        failure = done.exception()
        holder, until = self.leases.get(ref, ("", at))
        held = holder not in {"", who.ref} and at < until
        if adjusted:
            self._check(office.book.entries(self.size, 1)[0], "clock_adjusted", self.last, when)
            self.size += 1
        if held != isinstance(failure, ClaimHeld) or (failure is not None and not held):
            self.tally.fail("lease", f"{when}: {failure!r} at {at}, {holder} until {until}")
            return
        if failure is None:
            self._check(done.result().entries[0], "case_claimed", at, when)
            self.leases[ref] = (who.ref, at + LEASE)
            self.last, self.size = at, self.size + 1

    def _check(self, entry: Entry, kind: str, at: datetime, when: str) -> None:
        """An entry must be of this kind and time."""
        event = read_event(entry.body)
        word = "ok" if kind == "case_claimed" and self.clock.at >= at else "adjusted"
        # Python calls times of two zones different in the hour that a zone has twice (PEP 495).
        recorded_at = entry.recorded_at.astimezone(UTC)
        found = (entry.seq, entry.type, recorded_at, event.recorded_at, event.clock)
        if found != (self.size, kind, at, at, word):
            self.tally.fail("time", f"{when}: {found}, expected {kind} at {at}, {word}")


@contextmanager
def _opened(schedule: Schedule, chance: Random) -> Iterator[Office]:
    """The ledger opened anew, which forgets that the clock was behind."""
    schedule.behind = False
    grouped = chance.random() < 0.5
    with open_office(schedule.url, chance, grouped=grouped, clock=schedule.clock) as office:
        yield office


def _begin(folder: Path, tally: Tally, chance: Random) -> Schedule:
    """A ledger with some cases that nobody holds."""
    url = sqlite_url(folder)
    prepare(url)
    schedule = Schedule(url, Clock(START + timedelta(seconds=1)), tally)
    with _opened(schedule, chance) as office:
        desk = Desk(office.new_id, office.vault.lookup_hash)
        for number in range(CASES):
            ask = Ask(
                actor=SERVICE,
                act="apply",
                case=f"case-{number}",
                key=f"apply-{number}",
                score=Score(300, "refer", Money(400_000, "DEM")),
                application=f"A-{number}",
            )
            office.journal.submit(desk.command(ask), once=ask.once).result()
    schedule.size += CASES
    schedule.last = schedule.clock.at
    return schedule


def run(lot: Lot) -> Tally:
    """So many schedules, one after the other on one ledger."""
    tally = Tally()
    chance = lot.chance("clocks")
    with scratch() as folder:
        schedule = _begin(folder, tally, chance)
        with sabotaged(lot.sabotage):
            while tally.units < lot.units:
                with _opened(schedule, chance) as office:
                    for _ in range(chance.randint(1, 10)):
                        name = f"schedule {tally.units}"
                        schedule.play(office, lot.chance("schedule", tally.units), name)
                        tally.units += 1
        with _opened(schedule, chance) as office:
            schedule.clock.at = schedule.last + timedelta(days=400)
            if wrong := examined(office):
                tally.fail("unsound", wrong)
        tally.counts["entries"] = schedule.size
    return tally


PART = Part(
    name="clocks",
    shows="Recorded time never falls, whatever the clock does, and leases follow it",
    unit="schedules",
    run=run,
    release=10_000,
    small=120,
    red=30,
    lot=LOT,
    rate=80,
    sabotages=(CLOCK_TRUSTED, LEASES_IGNORED),
)
