"""Power loss: every disk that recorded writes can leave is opened, and holds what was acknowledged.

A real writer is recorded. For each step of the recording, disks are made from what is surely stored
and any part of what is not yet: subsets of writes, torn at 512 bytes, with garbage in torn sectors.
SQLite opens each, recovers and checkpoints it. The database file is then compared byte for byte
with those of the undisturbed run, one per commit, each of which passed SQLite's own check and the
product's verifier. A file that is none of them is examined by itself.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from overrides.journal import Receipt
from tests.evidence.disk_calls import disk_calls, missing
from tests.evidence.grouping import submit_grouped
from tests.evidence.lots import FAILURES_KEPT, Lot, Part, Tally, ended, in_child, scratch
from tests.evidence.office import FILE, Office, open_office, prepare, sqlite_url
from tests.evidence.recording import Disk, Step, What, read_record
from tests.evidence.sabotage import ACKNOWLEDGED_EARLY, sabotaged
from tests.evidence.soundness import go_on, malformed, unsound
from tests.evidence.tasks import SPOILING, Task, Tasks

FILES = {"database": FILE, "wal": f"{FILE}-wal", "journal": f"{FILE}-journal"}
OWN_LOOK_EVERY = 2_000  # disks between two that are opened by the product itself, and written to
GROUPS = 9


@dataclass(frozen=True, slots=True)
class Commit:
    """A database file of the undisturbed run, and the ids of the entries in it."""

    image: bytes
    events: frozenset[str]


@dataclass(slots=True)
class Story:
    """A recording with what it should lead to."""

    steps: list[Step]
    start: bytes
    commits: list[Commit] = field(default_factory=list)
    needed: list[int] = field(default_factory=list)  # by step: the first commit that has all told


class Bench:
    """A folder on which disks are put together, opened, and looked at."""

    def __init__(self, folder: Path) -> None:
        self._paths = {name: folder / file for name, file in FILES.items()}
        self._database = os.open(self._paths["database"], os.O_RDWR | os.O_CREAT)
        self.path = self._paths["database"]

    def recovered(self, files: dict[str, bytearray]) -> bytes:
        """The database file after SQLite opened the disk and closed it again.

        Raises ``sqlite3.DatabaseError`` where it cannot.
        """
        self.lay_out(files)
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
        size = os.fstat(self._database).st_size
        return os.pread(self._database, size, 0)

    def lay_out(self, files: dict[str, bytearray]) -> None:
        """Put the files there, and no others."""
        for name in ("wal", "journal"):
            content = files.get(name)
            if content is None:
                self._paths[name].unlink(missing_ok=True)
            else:
                self._paths[name].write_bytes(content)
        content = files.get("database", bytearray())
        os.pwrite(self._database, content, 0)
        os.ftruncate(self._database, len(content))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._database)


def record(lot: Lot, folder: Path) -> Story:
    """What a writer asked of the disk from its start to its end, and what it acknowledged.

    Every fifth recording begins with an empty folder, the others with an empty ledger.
    """
    house, log = folder / "house", folder / "record"
    house.mkdir()
    start = b""
    if lot.number % 5 != 4:
        prepare(sqlite_url(house))
        start = (house / FILE).read_bytes()
    with log.open("wb") as file:
        code = ended(in_child(lambda: _write(lot, house, file.fileno())))
    if code:
        msg = f"the recorded writer ended with {code}"
        raise RuntimeError(msg)
    return Story(read_record(log.read_bytes(), str(house)), start)


def _write(lot: Lot, house: Path, descriptor: int) -> None:
    """The writer that is recorded: groups and single commands, some of which fail."""
    chance = lot.chance("writer")
    calls = disk_calls()
    calls.watch(house, descriptor)
    if lot.sabotage == "the disk lies":
        calls.lie()
    if not (house / FILE).exists():
        prepare(sqlite_url(house))
    pragmas = [f"wal_autocheckpoint={chance.choice((6, 15, 40, 1000))}"]
    if chance.random() < 0.3:
        pragmas.append("cache_size=8")  # pages spill into the log before the commit
    if lot.sabotage.startswith("synchronous="):
        pragmas.append(lot.sabotage)
    grouped = chance.random() < 0.75 or lot.sabotage == ACKNOWLEDGED_EARLY

    with (
        sabotaged(lot.sabotage),
        open_office(sqlite_url(house), chance, grouped=grouped, pragmas=pragmas) as office,
    ):
        tasks = Tasks(chance.randrange(1 << 30), office.new_id, office.vault.lookup_hash)
        number = 0
        for _ in range(GROUPS):
            size = chance.randint(1, 14) if grouped else 1
            kinds = [chance.choice(SPOILING) if chance.random() < 0.07 else "" for _ in range(size)]
            group = [tasks.task(number + n, kind) for n, kind in enumerate(kinds)]
            number += size
            _write_group(office, group, grouped=grouped)


def _write_group(office: Office, group: Sequence[Task], *, grouped: bool) -> None:
    """Write some tasks in one group, or one after the other, and tell what is done."""
    if grouped:
        futures = submit_grouped(office.journal, group, done=_told)
    else:
        futures = [office.journal.submit(task.command, once=task.once) for task in group]
        for future in futures:
            if future.exception() is None:
                _told(future.result())
    for future in futures:
        future.exception()


def _told(receipt: Receipt) -> None:
    """Somebody is told that this is on the disk."""
    disk_calls().mark("\n".join(entry.event_id for entry in receipt.entries))


def tell_truth(story: Story, bench: Bench, tally: Tally) -> None:
    """Work out the commits of the undisturbed run, and what must be there after each step."""
    disk = disk_before(story)
    told: set[str] = set()
    _add_commit(story, bench, disk, tally)
    needed = 0
    for step in story.steps:
        disk.take(step)
        if step.what in {What.WRITTEN, What.TRUNCATED, What.UNLINKED}:
            _add_commit(story, bench, disk, tally)
        elif step.what is What.MARKED:
            told.update(filter(None, step.data.decode().split("\n")))
            while needed < len(story.commits) and not told <= story.commits[needed].events:
                needed += 1
        story.needed.append(needed)
    if not told <= story.commits[-1].events:
        tally.fail("lost", "the undisturbed run lacks what it acknowledged")


def _add_commit(story: Story, bench: Bench, disk: Disk, tally: Tally) -> None:
    """Keep the database as it is now unless it is known."""
    image = bench.recovered(disk.whole())
    if any(image == commit.image for commit in reversed(story.commits)):
        return
    events = entries_of(bench.path)
    if events and (wrong := unsound(bench.path)):
        tally.fail("unsound", f"after commit {len(story.commits)} of the undisturbed run: {wrong}")
    before = story.commits[-1].events if story.commits else frozenset[str]()
    if not before <= set(events):
        tally.fail("unsound", "an entry of an earlier commit is gone")
    story.commits.append(Commit(image, frozenset(events)))


def disk_before(story: Story) -> Disk:
    """The disk on which the recording began."""
    disk = Disk()
    if story.start:
        disk.start_with("database", story.start)
    return disk


def entries_of(path: Path) -> list[str]:
    """Ids of the entries; none while the tables are still being made."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema").fetchall()
        if ("ledger_event",) not in tables:
            return []
        return [row[0] for row in connection.execute("SELECT event_id FROM ledger_event")]


def run(lot: Lot) -> Tally:
    """Crash one recording in so many ways."""
    tally = Tally()
    with scratch() as folder, _bench(folder / "bench") as bench:
        story = record(lot, folder)
        tell_truth(story, bench, tally)
        tally.counts["commits"] += len(story.commits)
        tally.counts["recorded steps"] += len(story.steps)
        crasher = Crasher(lot, story, bench, tally)
        crasher.crash_everywhere()
    return tally


@dataclass(slots=True)
class Crasher:
    """Makes disks of a story and looks at each."""

    lot: Lot
    story: Story
    bench: Bench
    tally: Tally

    def crash_everywhere(self) -> None:
        """As many different disks as the lot has units, spread over the steps."""
        chance = self.lot.chance("crashes")
        disk = disk_before(self.story)
        wanted = self.lot.units / len(self.story.steps)
        owed = 0.0
        for place, step in enumerate(self.story.steps):
            disk.take(step)
            owed += wanted
            owed -= self._crash_here(disk, place, int(owed), chance)

    def _crash_here(self, disk: Disk, place: int, wanted: int, chance: Random) -> int:
        """So many different disks of one moment, or as many as there are; how many it were."""
        seen: set[object] = set()
        for _ in range(2 * wanted):
            if len(seen) == wanted:
                break
            choice, files = disk.crashed(chance)
            if choice in seen:
                continue
            seen.add(choice)
            self._look(files, place)
        return len(seen)

    def _look(self, files: dict[str, bytearray], place: int) -> None:
        """Open one disk."""
        self.tally.units += 1
        try:
            image = self.bench.recovered(files)
        except sqlite3.DatabaseError as broken:
            self._fail("corrupt", place, str(broken))
            return
        needed = self.story.needed[place]
        if all(image != commit.image for commit in self.story.commits[needed:]):
            self._explain(image, place)
        elif needed and self.tally.units % OWN_LOOK_EVERY == 0:
            self.tally.counts["opened by the product and written to"] += 1
            self.bench.lay_out(files)
            if wrong := go_on(f"sqlite:///{self.bench.path}", self.tally.units):
                self._fail("corrupt", place, f"opened by the product: {wrong}")

    def _explain(self, image: bytes, place: int) -> None:
        """Say what is wrong with a database that should not have come about."""
        needed = self.story.needed[place]
        if any(image == commit.image for commit in self.story.commits[:needed]):
            self._fail("lost", place, "it is a database of before something acknowledged")
        elif wrong := self._examined():
            self._fail("corrupt", place, wrong)
        else:
            self._fail("unknown", place, "it is sound, and of no moment of the undisturbed run")

    def _examined(self) -> str:
        """What is wrong with the database; by SQLite's check alone when much was wrong before."""
        if self.tally.failed < FAILURES_KEPT:
            return unsound(self.bench.path)
        return malformed(self.bench.path)

    def _fail(self, kind: str, place: int, words: str) -> None:
        """Note a failure with its place."""
        what = self.story.steps[place].what.name.lower()
        self.tally.fail(kind, f"crash after step {place} ({what}): {words}")


@contextmanager
def _bench(folder: Path) -> Iterator[Bench]:
    """A bench in a folder of its own."""
    folder.mkdir()
    bench = Bench(folder)
    try:
        yield bench
    finally:
        bench.close()


PART = Part(
    name="power_loss",
    shows="After a power failure nothing acknowledged is lost and nothing is corrupt",
    unit="disk states",
    run=run,
    release=1_000_000,
    small=5_000,
    red=1_500,
    lot=10_000,
    rate=1_000,
    sabotages=(
        "synchronous=NORMAL",
        "synchronous=OFF",
        "the disk lies",
        ACKNOWLEDGED_EARLY,
    ),
    missing=missing,
    preloaded=True,
)
