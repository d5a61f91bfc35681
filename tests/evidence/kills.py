"""Writers killed at any moment, one after the other on one ledger, each going on where one fell.

What a killed writer had sent and was not answered is sent again, once or several times: it takes
effect exactly once, whether or not it had before the kill.
"""

import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future
from fcntl import F_SETPIPE_SZ, fcntl
from itertools import count
from random import Random

from overrides.journal import Receipt
from tests.evidence.lots import Lot, Part, Tally, ended, in_child, scratch
from tests.evidence.office import FILE, open_office, prepare, sqlite_url
from tests.evidence.reading_on import Reader
from tests.evidence.sabotage import ACKNOWLEDGED_EARLY, FORGETFUL, sabotaged
from tests.evidence.soundness import go_on, unsound
from tests.evidence.tasks import Task, Tasks, warm
from tests.evidence.witness import Witness

AT_ONCE = 24
START_SECONDS = 0.015  # by then a writer is past its start
WRITE_SECONDS = 0.002
ANSWERS_MAX = 5
STARTING = 0.25  # share of the writers that are killed before they are heard of
GROUPED = 0.6
PIPE_BYTES = 1 << 20


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
        house = folder / "house"
        house.mkdir()
        url = sqlite_url(house)
        prepare(url)
        for number in range(lot.units):
            _kill_one(url, lot.seed, lot.chance("kill", number), witness)
            reader.read_sqlite(str(house / FILE))
            tally.units += 1
            witness.compare(reader, tally, f"after kill {number}")
        chance = lot.chance("settle")
        with open_office(url, chance) as office:
            tasks = Tasks(lot.seed, office.new_id, office.vault.lookup_hash)
            witness.settle(office, tasks, chance, tally)
        reader.read_sqlite(str(house / FILE))
        witness.compare(reader, tally, "at the end")
        witness.compare_effects(reader, tasks, tally)
        if wrong := unsound(house / FILE) or go_on(url, lot.number):
            tally.fail("unsound", wrong)
    witness.count(reader, tally)
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


PART = Part(
    name="kills",
    shows="A writer killed at any moment loses nothing it acknowledged, and nothing happens twice",
    unit="kills",
    run=run,
    release=25_000,
    small=80,
    red=25,
    lot=250,
    rate=40,
    sabotages=(ACKNOWLEDGED_EARLY, FORGETFUL),
)
