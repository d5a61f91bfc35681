"""Linearizable appends: many processes and threads on one ledger, and readers beside them.

Every answer has its time of asking and of answering. Places must be contiguous, each told once;
what was answered before something else was asked must stand before it; a reader must see what was
answered before it looked, nothing that was asked after, and no tree but the one.
"""

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from overrides.checks import writes
from overrides.journal import Draft
from overrides.merkle import EMPTY_ROOT, Frontier
from tests.evidence import postgres_crashes
from tests.evidence.lots import Lot, Part, Tally, ended, in_child, scratch
from tests.evidence.office import Office, open_office, prepare, sqlite_url
from tests.evidence.sabotage import ACKNOWLEDGED_EARLY, STALE_LOOKS, sabotaged
from tests.evidence.soundness import examined

PROCESSES, THREADS = 3, 4
LOOK_SECONDS = 0.003
LOT = 3_000


class Append(NamedTuple):
    """One append: when it was asked and answered (ns), by whom, and its places."""

    asked: int
    answered: int
    name: str
    places: list[int]


class Look(NamedTuple):
    """One look at the head: when it began and ended (ns), size and root in hex."""

    asked: int
    answered: int
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Writer:
    """A process that appends from several threads while another looks."""

    url: str
    lot: Lot
    number: int
    tell: int

    def work(self) -> None:
        """Append and look, then say all that happened."""
        appends: list[Append] = []
        looks: list[Look] = []
        done = threading.Event()
        chance = self.lot.chance("writer", self.number)
        grouped = self.number == 0
        with open_office(
            self.url, chance, grouped=grouped, clock=same_for_all, busy_seconds=60
        ) as office:
            threads = [
                threading.Thread(target=self._append, args=(office, thread, appends))
                for thread in range(THREADS)
            ]
            reader = threading.Thread(target=self._look, args=(office, looks, done))
            reader.start()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            done.set()
            reader.join()
        with os.fdopen(self.tell, "w") as told:
            json.dump([appends, looks], told)

    def _append(self, office: Office, thread: int, appends: list[Append]) -> None:
        """Append some entries at a time, one command after the other."""
        chance = self.lot.chance("thread", self.number, thread)
        left = self.lot.units // (PROCESSES * THREADS)
        while left > 0:
            count = min(left, chance.choice((1, 1, 2, 3)))
            name = f"{self.number} {thread} {left}"
            drafts = [_draft(office.new_id(), f"{name} {n}") for n in range(count)]
            asked = time.monotonic_ns()
            receipt = office.journal.submit(writes(*drafts)).result(60)
            answered = time.monotonic_ns()
            places = [entry.seq for entry in receipt.entries]
            appends.append(Append(asked, answered, name, places))
            left -= count

    def _look(self, office: Office, looks: list[Look], done: threading.Event) -> None:
        """Look where the ledger stands, again and again."""
        while not done.wait(LOOK_SECONDS):
            asked = time.monotonic_ns()
            head = office.book.head()
            looks.append(Look(asked, time.monotonic_ns(), head.size, head.root.hex()))


def same_for_all() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def _draft(event_id: str, what: str) -> Draft:
    """A small entry."""
    return Draft(
        event_id=event_id,
        type="record_viewed",
        actor="p-emil",
        role="compliance",
        data={"person": "p-emil", "what": what},
    )


def heard(url: str, lot: Lot) -> tuple[list[Append], list[Look]]:
    """What all the processes did and saw."""
    pipes, processes = [], []
    for number in range(PROCESSES):
        listen, tell = os.pipe()
        processes.append(in_child(Writer(url, lot, number, tell).work))
        os.close(tell)
        pipes.append(listen)
    appends: list[Append] = []
    looks: list[Look] = []
    for listen in pipes:
        with os.fdopen(listen) as told:
            text = told.read()
        did, saw = json.loads(text or "[[], []]")
        appends += (Append(*one) for one in did)
        looks += (Look(*one) for one in saw)
    codes = [ended(process) for process in processes]
    if any(codes):
        msg = f"the writers ended with {codes}"
        raise RuntimeError(msg)
    return appends, looks


def judge(office: Office, appends: Sequence[Append], looks: Sequence[Look], tally: Tally) -> None:
    """Hold what happened against the ledger."""
    entries = office.book.entries(0, 1_000_000)
    told = sorted(place for one in appends for place in one.places)
    if told != list(range(1, len(entries))):
        tally.fail("forked", f"{len(told)} places were told, {len(entries) - 1} are there")
    for one in appends:
        for n, place in enumerate(one.places):
            body = json.loads(entries[place].body) if place < len(entries) else {"data": {}}
            if body["data"].get("what") != f"{one.name} {n}":
                tally.fail("forked", f"entry {place} is not the one that was told as {one.name}")
    for words in disorder(appends):
        tally.fail("disorder", words)
    roots = [EMPTY_ROOT.hex()]
    tree = Frontier()
    for entry in entries:
        tree.append(entry.leaf_hash)
        roots.append(tree.root().hex())
    for words in wrong_looks(appends, looks, roots):
        tally.fail("disorder", words)
    if wrong := examined(office):
        tally.fail("unsound", wrong)


def disorder(appends: Sequence[Append]) -> Iterator[str]:
    """Appends that stand before something that was answered before they were asked."""
    earliest_end, last = None, ""
    for one in sorted(appends, key=lambda one: one.places[0], reverse=True):
        if earliest_end is not None and earliest_end < one.asked:
            yield f"{one.name} stands before {last}, which was answered before it was asked"
        if earliest_end is None or one.answered < earliest_end:
            earliest_end, last = one.answered, one.name


def wrong_looks(
    appends: Sequence[Append], looks: Sequence[Look], roots: Sequence[str]
) -> Iterator[str]:
    """Looks that missed what was answered, saw what was not asked, or saw another tree."""
    by_end = sorted(appends, key=lambda one: one.answered)
    by_start = sorted(appends, key=lambda one: one.asked)
    surely = possibly = 1  # the opening entry
    ended_before = started_before = 0
    for look in sorted(looks):
        while ended_before < len(by_end) and by_end[ended_before].answered < look.asked:
            surely = max(surely, by_end[ended_before].places[-1] + 1)
            ended_before += 1
        if look.size < surely:
            yield f"a look saw {look.size} entries, {surely} were answered before it"
        if look.size >= len(roots) or look.root != roots[look.size]:
            yield f"a look saw another root of {look.size} entries"
    for look in sorted(looks, key=lambda look: look.answered):
        while started_before < len(by_start) and by_start[started_before].asked < look.answered:
            possibly += len(by_start[started_before].places)
            started_before += 1
        if look.size > possibly:
            yield f"a look saw {look.size} entries, {possibly} had been asked for"


def _run(lot: Lot, url: str) -> Tally:
    """Append so many entries."""
    tally = Tally()
    prepare(url)
    with sabotaged(lot.sabotage):
        appends, looks = heard(url, lot)
    tally.units = sum(len(one.places) for one in appends)
    tally.counts["appends"] = len(appends)
    tally.counts["looks"] = len(looks)
    with open_office(url, Random(0)) as office:
        judge(office, appends, looks, tally)
    return tally


@contextmanager
def _folder() -> Iterator[str]:
    """Address of a database file."""
    with scratch() as folder:
        yield sqlite_url(folder)


def run(lot: Lot) -> Tally:
    """Append so many entries on SQLite."""
    with _folder() as url:
        return _run(lot, url)


def run_postgres(lot: Lot) -> Tally:
    """Append so many entries on PostgreSQL."""
    with postgres_crashes.server() as server:
        return _run(lot, server.url)


PART = Part(
    name="appends",
    shows="Appends of many writers are linearizable, and the ledger never forks",
    unit="entries",
    run=run,
    release=500_000,
    small=1_600,
    red=500,
    lot=LOT,
    rate=1_000,
    sabotages=(ACKNOWLEDGED_EARLY, STALE_LOOKS),
    jobs_max=1,
)
POSTGRES = replace(
    PART,
    name="appends_postgres",
    run=run_postgres,
    release=200_000,
    rate=600,
    missing=postgres_crashes.missing,
)
