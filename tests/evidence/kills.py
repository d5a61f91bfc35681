"""Writers killed at any moment, one after the other on one ledger, each going on where one fell.

What a killed writer had sent and was not answered is sent again, once or several times: it takes
effect exactly once, whether or not it had before the kill.
"""

import os
import signal
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from fcntl import F_SETPIPE_SZ, fcntl
from itertools import count
from random import Random

from overrides.errors import KeyReused
from overrides.journal import Receipt
from tests.evidence.lots import Lot, Part, Tally, ended, in_child, scratch
from tests.evidence.office import FILE, open_office, prepare, sqlite_url, vault_of
from tests.evidence.reading_on import Reader
from tests.evidence.sabotage import ACKNOWLEDGED_EARLY, FORGETFUL, sabotaged
from tests.evidence.soundness import go_on, unsound
from tests.evidence.tasks import Task, Tasks, request_hash, warm

AT_ONCE = 24
START_SECONDS = 0.015  # by then a writer is past its start
WRITE_SECONDS = 0.002
ANSWERS_MAX = 5
STARTING = 0.25  # share of the writers that are killed before they are heard of
GROUPED = 0.6
PIPE_BYTES = 1 << 20


@dataclass(slots=True)
class Witness:
    """What writers said: what they sent, what they were told, and what nobody knows of."""

    told: dict[int, list[str]] = field(default_factory=dict)  # event ids by number
    refused: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    next_number: int = 0
    replays: int = 0
    fresh: list[int] = field(default_factory=list)  # told since the ledger was last read
    wrong: list[str] = field(default_factory=list)

    def hear(self, lines: Iterable[str]) -> None:
        """Take in what one writer said before its end."""
        for line in lines:
            word, number, *ids = line.split()
            self._hear(word, int(number), ids)

    def _hear(self, word: str, number: int, ids: list[str]) -> None:
        """One sentence."""
        if word == "sent":
            self.doubtful.add(number)
            self.next_number = max(self.next_number, number + 1)
            return
        self.doubtful.discard(number)
        if word == "refused":
            self.refused.add(number)
            return
        self.replays += word == "again"
        self.fresh.append(number)
        if self.told.setdefault(number, ids) != ids:
            self.wrong.append(f"request {number} was answered {self.told[number]}, then {ids}")


def write(url: str, seed: int, chance: Random, witness: Witness, tell: int) -> None:
    """Send what is in doubt again, and then new requests, until killed."""

    def say(word: str, task: Task, ids: Sequence[str] = ()) -> None:
        os.write(tell, f"{word} {task.number} {' '.join(ids)}\n".encode())

    def send(task: Task) -> Future[Receipt]:
        say("sent", task)
        future = office.journal.submit(task.command, once=task.once)
        future.add_done_callback(lambda done: answered(task, done))
        return future

    def answered(task: Task, done: Future[Receipt]) -> None:
        if done.exception() is not None:
            say("refused", task)
            return
        receipt = done.result()
        say("again" if receipt.replayed else "told", task, [e.event_id for e in receipt.entries])

    grouped = chance.random() < GROUPED
    with open_office(url, chance, grouped=grouped, busy_seconds=60) as office:
        tasks = Tasks(seed, office.new_id, office.vault.lookup_hash)
        for number in sorted(witness.doubtful):
            for _ in range(chance.randint(1, 3)):
                send(tasks.task(number)).exception()
        for first in count(witness.next_number, AT_ONCE):
            for future in [send(tasks.task(first + n)) for n in range(AT_ONCE)]:
                future.exception()


def run(lot: Lot) -> Tally:
    """Kill so many writers."""
    tally = Tally()
    witness, reader = Witness(), Reader()
    with scratch() as folder, sabotaged(lot.sabotage):
        warm(folder)
        url = sqlite_url(folder / "house")
        (folder / "house").mkdir()
        database = folder / "house" / FILE
        prepare(url)
        for number in range(lot.units):
            chance = lot.chance("kill", number)
            _kill_one(url, lot.seed, chance, witness)
            reader.read_sqlite(str(database))
            tally.units += 1
            _compare(witness, reader, tally, number)
        _settle(url, lot, witness, reader, tally)
        if wrong := unsound(database) or go_on(url, lot.number):
            tally.fail("unsound", wrong)
    tally.counts["requests answered"] = len(witness.told)
    tally.counts["requests refused"] = len(witness.refused)
    tally.counts["requests sent again that had taken effect"] = witness.replays
    tally.counts["entries"] = reader.tree.size
    return tally


def _kill_one(url: str, seed: int, chance: Random, witness: Witness) -> None:
    """Let a writer write for a moment, kill it, and hear what it said."""
    listen, tell = os.pipe()
    fcntl(tell, F_SETPIPE_SZ, PIPE_BYTES)
    process = in_child(lambda: write(url, seed, chance, witness, tell))
    os.close(tell)
    said = b""
    answers = 0 if chance.random() < STARTING else chance.randint(1, ANSWERS_MAX)
    while said.count(b"told") < answers and (more := os.read(listen, PIPE_BYTES)):
        said += more
    time.sleep(chance.random() * (WRITE_SECONDS if answers else START_SECONDS))
    os.kill(process, signal.SIGKILL)
    ended(process)
    while more := os.read(listen, PIPE_BYTES):
        said += more
    os.close(listen)
    witness.hear(said.decode().splitlines())


def _settle(url: str, lot: Lot, witness: Witness, reader: Reader, tally: Tally) -> None:
    """Send what is still in doubt once more, and check that everything took effect once."""
    chance = lot.chance("settle")
    with open_office(url, chance) as office:
        tasks = Tasks(lot.seed, office.new_id, office.vault.lookup_hash)
        for number in sorted(
            {*witness.doubtful, *chance.sample(sorted(witness.told), min(20, len(witness.told)))}
        ):
            task = tasks.task(number)
            done = office.journal.submit(task.command, once=task.once)
            if done.exception() is None:
                ids = [entry.event_id for entry in done.result().entries]
                witness.hear([f"again {number} {' '.join(ids)}"])
            other = tasks.again(task, other=True)
            refused = office.journal.submit(other.command, once=other.once).exception()
            if done.exception() is None and not isinstance(refused, KeyReused):
                tally.fail("twice", f"another request under the key of {number}: {refused!r}")
    reader.read_sqlite(url.removeprefix("sqlite:///"))
    lookup = vault_of(chance).lookup_hash
    for number, ids in witness.told.items():
        places = reader.effects.get(request_hash(lookup, lot.seed, number), [])
        if places != [reader.place_of.get(one) for one in ids]:
            tally.fail("twice", f"request {number} has the entries {places}, told were {ids}")


def _compare(witness: Witness, reader: Reader, tally: Tally, kill: int) -> None:
    """Everything told is there; everything there is as it should be."""
    for wrong in (*reader.wrong, *witness.wrong):
        tally.fail("unsound", f"after kill {kill}: {wrong}")
    reader.wrong.clear()
    witness.wrong.clear()
    for number in witness.fresh:
        lost = [one for one in witness.told[number] if one not in reader.place_of]
        if lost:
            tally.fail("lost", f"after kill {kill}: request {number} was told {lost}")
    witness.fresh.clear()


PART = Part(
    name="kills",
    shows="A writer killed at any moment loses nothing it acknowledged, and nothing happens twice",
    unit="kills",
    run=run,
    release=25_000,
    small=500,
    lot=250,
    rate=40,
    sabotages=(ACKNOWLEDGED_EARLY, FORGETFUL),
)
