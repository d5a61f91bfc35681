"""Working off a part: lots handed to processes, one to a core, until there are enough units."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, TypeAlias

from tests.evidence.disk_calls import PRELOAD, library
from tests.evidence.lots import Part
from tests.evidence.results import ROOT, Found, LotDone
from tests.evidence.worker import forked
from tests.nursery import nursery

FAILURES_MAX = 200  # beyond these a part is not gone on with

Watch = Callable[[Found], None]
Line: TypeAlias = "Connection[Any, Any]"


def cores() -> int:
    """How many processes can work at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


@dataclass
class Desk:
    """Hands out lots until so many units are done, or too much is wrong, or the time is over."""

    part: Part
    found: Found
    wanted: int
    until: float
    failures_max: int
    _numbers: Iterator[int] = field(init=False)
    _under_way: int = 0
    _lock: Any = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Start behind the lots that are done."""
        done = {lot.number for lot in self.found.lots}
        self._numbers = (number for number in count() if number not in done)

    def next(self) -> tuple[int, int] | None:
        """Number and size of the next lot."""
        with self._lock:
            missing = self.wanted - self.found.units - self._under_way
            enough = missing <= 0 or self.found.failed >= self.failures_max
            if enough or time.monotonic() >= self.until:
                return None
            units = min(self.part.lot, missing + missing // 100 + 2)  # a lot may end a little short
            self._under_way += units
            return next(self._numbers), units

    def take(self, done: LotDone) -> None:
        """Keep what a lot came to."""
        with self._lock:
            self._under_way -= done.asked
            self.found.lots.append(done)


def work(
    part: Part,
    found: Found,
    wanted: int,
    *,
    jobs: int,
    minutes: float = 1e6,
    sabotage: str = "",
    watch: Watch = lambda _: None,
) -> Found:
    """Do what is missing of ``wanted`` units, telling ``watch`` after each lot."""
    started, at = time.monotonic(), datetime.now(UTC)
    enough = 1 if sabotage else FAILURES_MAX
    desk = Desk(part, found, wanted, started + 60 * minutes, enough)
    before = found.units
    sitting: dict[str, Any] = {"started": at.isoformat(timespec="seconds"), "jobs": jobs}
    sitting |= {"seconds": 0.0, "units": 0}
    found.sittings.append(sitting)

    looking = Lock()

    def look() -> None:
        with looking:  # whoever watches may write it down, and two at once would trip each other
            sitting["seconds"] = round(time.monotonic() - started, 2)
            sitting["units"] = found.units - before
            watch(found)

    def one_worker(_: int) -> None:
        lot = desk.next()
        if lot is None:
            return
        while lot is not None:
            with worker(part, found.seed, sabotage) as ask:
                while lot is not None:
                    done = ask(*lot)
                    desk.take(done)
                    look()
                    lot = desk.next()
                    if not done.units:
                        break  # it ended: the next lot is for a new one

    with ThreadPoolExecutor(jobs) as workers:
        list(workers.map(one_worker, range(min(jobs, part.jobs_max))))
    look()
    return found


def only(part: Part, found: Found, number: int, units: int, sabotage: str = "") -> Found:
    """Do one lot by itself."""
    with worker(part, found.seed, sabotage) as ask:
        found.lots = [ask(number, units)]
    return found


@contextmanager
def worker(part: Part, seed: int, sabotage: str) -> Iterator[Callable[[int, int], LotDone]]:
    """A process that works off one lot after the other."""
    ours, theirs = Pipe()
    begin = _program if part.preloaded else _forked
    with ours:
        with theirs:
            end = begin(part, seed, sabotage, theirs)

        def ask(number: int, units: int) -> LotDone:
            try:
                ours.send((number, units))
                return LotDone(**ours.recv())
            except (EOFError, ConnectionError):
                words = f"broken: the process ended with {end()}"
                return LotDone(number, units, 0, 0.0, failed=1, failures=[words])

        try:
            yield ask
        finally:
            ours.close()
            end()


def _program(part: Part, seed: int, sabotage: str, line: Line) -> Callable[[], int]:
    """Start it as a program, which a library that is preloaded takes; what waits for its end."""
    command = [sys.executable, "-m", "tests.evidence.worker", part.name, str(seed), sabotage]
    process = subprocess.Popen(
        [*command, str(line.fileno())],
        cwd=ROOT,
        env={**os.environ, **part.surroundings(), PRELOAD: str(library())},
        pass_fds=[line.fileno()],
    )
    return process.wait


def _forked(part: Part, seed: int, sabotage: str, line: Line) -> Callable[[], int]:
    """Fork it off a process that has imported everything; what waits for its end."""
    process = nursery().Process(
        target=forked, args=(part.name, seed, sabotage, dict(part.surroundings()), line)
    )
    process.start()

    def end() -> int:
        process.join()
        return process.exitcode or 0

    return end
