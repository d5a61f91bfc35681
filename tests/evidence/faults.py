"""One fault at each disk call of a writer: it is killed there, or the call fails, once or for good.

The writer opens a small ledger and writes groups and single commands to it, some of which fail by
themselves. Calls are counted in a run without a fault; then each is struck in turn, in every way. A
call that fails must become a refusal in words, never an acknowledgement, and after a failure that
passes the same writer must go on. After it, the ledger is opened again and examined. In the larger
tier the opening is struck too.
"""

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from signal import SIGKILL

from sqlalchemy.exc import DBAPIError

from overrides.errors import LedgerError, LedgerUnavailable, OverridesError
from overrides.journal import Receipt
from tests.evidence.disk_calls import How, Kinds, disk_calls, missing
from tests.evidence.grouping import submit_grouped
from tests.evidence.lots import Lot, Part, Tally, ended, in_child, scratch
from tests.evidence.office import FILE, Office, open_office, prepare, sqlite_url, vault_of
from tests.evidence.reading_on import Reader
from tests.evidence.sabotage import ACKNOWLEDGED_EARLY, sabotaged
from tests.evidence.soundness import go_on, unsound
from tests.evidence.tasks import SPOILING, Deliberate, Task, Tasks, request_hash, warm

CHANGING = Kinds.WRITES | Kinds.SYNCS | Kinds.TRUNCATES | Kinds.UNLINKS
WAYS: tuple[tuple[Kinds, How, int], ...] = (
    *((CHANGING, how, 0) for how in (How.KILL_BEFORE, How.KILL_HALFWAY, How.KILL_AFTER)),
    *((CHANGING, How.FAIL_ONCE, error) for error in (errno.EIO, errno.ENOSPC)),
    *((CHANGING, How.FAIL_FROM_THEN_ON, error) for error in (errno.EIO, errno.ENOSPC)),
    (Kinds.SYNCS, How.FAIL_FROM_THEN_ON, errno.EIO),
    (Kinds.OPENS, How.FAIL_ONCE, errno.EMFILE),
    (Kinds.OPENS, How.KILL_AFTER, 0),
    (Kinds.READS, How.FAIL_ONCE, errno.EIO),
    (Kinds.READS, How.KILL_AFTER, 0),
    (Kinds.MAPS, How.FAIL_ONCE, errno.ENOMEM),
    (Kinds.MAPS, How.KILL_AFTER, 0),
    (Kinds.LOCKS, How.FAIL_ONCE, errno.EIO),
    (Kinds.LOCKS, How.KILL_AFTER, 0),
)
PRAGMAS = ("wal_autocheckpoint=12",)
GROUPS: tuple[tuple[str, ...], ...] = (
    ("", "", ""),
    ("", "half", "", "", "clashes beside"),
    ("",),
    ("", "same application", "refuses", ""),
)
"""Kinds of the tasks in each group; "" is one that can succeed."""
LOT = 100
HUNG_SECONDS = 60
SEED = 5  # of the script, which is the same in every run


@dataclass(frozen=True, slots=True)
class Strike:
    """Which call is struck, and how; in a writer that groups, or one that does not."""

    grouped: bool
    kinds: Kinds
    at: int
    how: How
    error: int = 0

    @property
    def passes(self) -> bool:
        """Whether the call fails once and the disk is well again."""
        return self.how is How.FAIL_ONCE

    @property
    def kills(self) -> bool:
        """Whether the writer is killed."""
        return not self.error

    def __str__(self) -> str:
        """The strike in words."""
        way = f"{errno.errorcode[self.error]}, " if self.error else ""
        writer = "grouping" if self.grouped else "single"
        return f"{writer} writer, {self.kinds!r} {self.at}, {way}{self.how.name.lower()}"


@dataclass(slots=True)
class Heard:
    """What a writer said: what was told, what was refused for the disk's sake, what was wrong."""

    told: dict[int, list[str]] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    last: str = ""

    def hear(self, text: str) -> None:
        """Take in everything a writer said."""
        for line in text.splitlines():
            word, *rest = line.split()
            if word == "told":
                self.told[int(rest[0])] = rest[1:]
                self.refused.discard(int(rest[0]))
            elif word == "refused":
                self.refused.add(int(rest[0]))
            elif word == "wrong":
                self.wrong.append(" ".join(rest))
            else:
                self.last = " ".join(rest)


Say = Callable[..., None]


@dataclass(slots=True)
class Script:
    """What the writer does. What is refused for the disk's sake is sent once more."""

    office: Office
    say: Say
    grouped: bool
    passes: bool  # whether everything must succeed at the second try
    is_dead: Callable[[], bool]  # whether the disk takes nothing any more
    why: str = ""  # the last refusal for the disk's sake, in the driver's words

    def play(self, seed: int) -> None:
        """Write every group."""
        tasks = Tasks(seed, self.office.new_id, self.office.vault.lookup_hash)
        number = 0
        for kinds in GROUPS:
            group = [tasks.task(number + n, kind) for n, kind in enumerate(kinds)]
            number += len(kinds)
            again = self._send(group)
            for task in self._send(again) if again else ():
                self.say("refused", task.number)
                if self.passes:
                    self.say("wrong", "refused again although the disk is well:", self.why)

    def _send(self, group: Sequence[Task]) -> list[Task]:
        """Send a group; those tasks that were refused for the disk's sake."""
        dead = self.is_dead()
        if self.grouped:
            futures = submit_grouped(self.office.journal, group, lambda _: None)
        else:
            futures = [self.office.journal.submit(t.command, once=t.once) for t in group]
        return [
            task
            for task, future in zip(group, futures, strict=True)
            if not self._answered(task, future, dead=dead)
        ]

    def _answered(self, task: Task, future: Future[Receipt], *, dead: bool) -> bool:
        """Whether a task has its answer; an answer that should not be is said to be wrong."""
        try:
            failure = future.exception(HUNG_SECONDS)
        except TimeoutError:
            self.say("wrong", "nobody answers", task.kind)
            return True
        if failure is None:
            ids = [entry.event_id for entry in future.result().entries]
            self.say("told", task.number, *ids)
            if dead and ids:
                self.say("wrong", "told although the disk takes nothing any more:", task.number)
            if task.kind in SPOILING and task.kind != "same application":
                self.say("wrong", "it should have failed:", task.kind)
            return True
        if isinstance(failure, LedgerUnavailable):
            self.why = str(failure.__cause__)
            if task.kind in SPOILING:  # it may have failed by itself
                self.say("refused", task.number)
            return task.kind in SPOILING
        if not isinstance(failure, OverridesError | Deliberate):
            self.say("wrong", f"{type(failure).__name__}: {failure}")
        return True


def write(url: str, seed: int, tell: int, strike: Strike, sabotage: str = "") -> None:
    """A writer that is struck."""
    calls = disk_calls()
    calls.watch(Path(url.removeprefix("sqlite:///")).parent)

    def say(*words: object) -> None:
        os.write(tell, (" ".join(map(str, words)) + "\n").encode())

    def is_dead() -> bool:
        for_good = strike.at > 0 and strike.how is How.FAIL_FROM_THEN_ON
        return for_good and calls.counted() >= strike.at

    calls.strike(strike.kinds, strike.at, strike.how, strike.error)
    try:
        with (
            sabotaged(sabotage),
            open_office(url, Random(seed), grouped=strike.grouped, pragmas=PRAGMAS) as office,
        ):
            Script(office, say, strike.grouped, strike.passes, is_dead).play(seed)
    except (DBAPIError, LedgerError) as refused:
        say("ended", "it could not be opened:", type(refused).__name__)
    say("ended", calls.counted())


def heard_of(url: str, seed: int, strike: Strike, sabotage: str = "") -> tuple[Heard, int]:
    """What a struck writer said, and how it ended."""
    listen, tell = os.pipe()
    process = in_child(lambda: write(url, seed, tell, strike, sabotage))
    os.close(tell)
    heard = Heard()
    with os.fdopen(listen, encoding="ascii") as said:
        heard.hear(said.read())
    return heard, ended(process)


@dataclass(slots=True)
class House:
    """A folder with a ledger to begin from, and one to strike."""

    folder: Path
    lot: Lot
    tally: Tally

    def __post_init__(self) -> None:
        """Make the ledger that every writer begins with."""
        warm(self.folder)
        (self.folder / "begin").mkdir()
        prepare(sqlite_url(self.folder / "begin"))

    @property
    def url(self) -> str:
        """Address of the ledger that is struck."""
        return sqlite_url(self.folder / "struck")

    def strikes(self) -> list[Strike]:
        """Every single strike there is, in an order that the seed gives, changing calls first."""
        found = []
        for grouped in (False, True):
            counted: dict[Kinds, int] = {}
            for kinds, how, error in WAYS:
                if kinds not in counted:
                    self.begin()
                    none = Strike(grouped, kinds, 0, How.FAIL_ONCE, errno.EIO)
                    heard, code = heard_of(self.url, SEED, none)
                    assert code == 0, heard
                    counted[kinds] = int(heard.last)
                found += [Strike(grouped, kinds, n + 1, how, error) for n in range(counted[kinds])]
        Random(self.lot.seed).shuffle(found)
        return sorted(found, key=lambda strike: strike.kinds not in CHANGING)

    def begin(self) -> None:
        """Put the first state back."""
        struck = self.folder / "struck"
        shutil.rmtree(struck, ignore_errors=True)
        shutil.copytree(self.folder / "begin", struck)

    def hit(self, strike: Strike, then: Strike | None = None) -> None:
        """Strike a writer, perhaps the next one too, and examine what is left."""
        self.begin()
        reader = Reader()
        for seed, now in ((SEED, strike), (SEED + 1, then)):
            if now is None:
                continue
            heard, code = heard_of(self.url, seed, now, self.lot.sabotage)
            if code not in ({0, -SIGKILL} if now.kills else {0}):
                self.tally.fail("broken", f"{now}: the writer ended with {code}")
            self.tally.counts["writers killed"] += code == -SIGKILL
            self.tally.counts["refused for the disk's sake"] += len(heard.refused)
            for words in heard.wrong:
                self.tally.fail("wrong", f"{now}: {words}")
            try:
                reader.read_sqlite(str(self.folder / "struck" / FILE))
            except Exception as broken:  # noqa: BLE001 - a broken database can fail anywhere
                self.tally.fail("corrupt", f"{now}: {type(broken).__name__}: {broken}")
                return
            self._compare(now, seed, heard, reader)
        if wrong := unsound(self.folder / "struck" / FILE):
            self.tally.fail("corrupt", f"{strike} {then or ''}: {wrong}")
        elif self.tally.units % 10 == 0 and (wrong := go_on(self.url, self.tally.units)):
            self.tally.fail("corrupt", f"{strike} {then or ''}, writing on: {wrong}")

    def _compare(self, strike: Strike, seed: int, heard: Heard, reader: Reader) -> None:
        """What was told is there, once; what was refused is not."""
        for words in reader.wrong:
            self.tally.fail("corrupt", f"{strike}: {words}")
        lookup = vault_of(Random(0)).lookup_hash
        for number, ids in heard.told.items():
            places = reader.effects.get(request_hash(lookup, seed, number), [])
            if places != [reader.place_of.get(one) for one in ids]:
                self.tally.fail("lost", f"{strike}: {number} was told {ids}, there is {places}")
        there = {
            number: found
            for number in heard.refused
            if (found := reader.effects.get(request_hash(lookup, seed, number)))
        }
        if there:
            self._send_again(strike, seed, there)

    def _send_again(self, strike: Strike, seed: int, there: dict[int, list[int]]) -> None:
        """What was refused and is there after all is answered with that when it is sent again.

        A commit whose synchronisation failed is refused, and yet a later opening may find it.
        """
        kinds = [kind for group in GROUPS for kind in group]
        with open_office(self.url, Random(seed)) as office:
            tasks = Tasks(seed, office.new_id, office.vault.lookup_hash)
            for number, places in there.items():
                self.tally.counts["refused, and there after all"] += 1
                task = tasks.task(number, kinds[number])
                done = office.journal.submit(task.command, once=task.once)
                if done.exception() or [e.seq for e in done.result().entries] != places:
                    self.tally.fail("twice", f"{strike}: {number} was there, and sent again {done}")


def run(lot: Lot) -> Tally:
    """Strike so many times: first every single call, then pairs."""
    tally = Tally()
    with scratch() as folder:
        house = House(folder, lot, tally)
        strikes = house.strikes()
        tally.counts["single strikes there are"] = len(strikes) if lot.number == 0 else 0
        for number in range(lot.number * LOT, lot.number * LOT + lot.units):
            tally.units += 1
            if number < len(strikes):
                house.hit(strikes[number])
                continue
            chance = lot.chance("pair", number)
            tally.counts["pairs"] += 1
            house.hit(chance.choice(strikes), chance.choice(strikes))
    return tally


PART = Part(
    name="faults",
    shows="A disk call that fails or is the last one loses nothing acknowledged, corrupts nothing",
    unit="faults",
    run=run,
    release=13_000,
    small=80,
    red=30,
    lot=LOT,
    rate=15,
    sabotages=(ACKNOWLEDGED_EARLY,),
    missing=missing,
    preloaded=True,
)
