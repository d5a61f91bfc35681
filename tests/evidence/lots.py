"""What evidence is gathered in: parts, their lots, what a lot counts and what it finds wrong."""

import ctypes
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

MEMORY = Path("/dev/shm")  # a file system in memory, where there is one
FAILURES_KEPT = 20
END_WITH_PARENT = 1  # Linux: PR_SET_PDEATHSIG


@dataclass(frozen=True, slots=True)
class Lot:
    """So many units of work, all of whose chance comes from ``seed`` and ``number``.

    ``sabotage`` names a fault put in on purpose, which the part must find.
    """

    seed: int
    number: int
    units: int
    sabotage: str = ""

    def chance(self, *names: object) -> Random:
        """Chance of this lot, apart for each name."""
        return Random(" ".join(map(str, (self.seed, self.number, *names))))


@dataclass(slots=True)
class Tally:
    """What a lot did: its units of work, other things counted by name, and what was wrong."""

    units: int = 0
    failed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def fail(self, kind: str, words: str) -> None:
        """Count a failure, and keep the first ones in words."""
        self.failed += 1
        self.counts[kind] += 1
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(f"{kind}: {words}")


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of evidence.

    ``release`` and ``small`` are the units of the two tiers; ``red`` are enough to find any of the
    ``sabotages``. ``rate`` is units per second on one core, measured; ``lot`` units go into one
    lot. ``missing`` says why it cannot run here. ``shows`` is what zero failures support.
    ``surroundings`` are variables that its workers find in their environment.
    """

    name: str
    shows: str
    unit: str
    run: Callable[[Lot], Tally]
    release: int
    small: int
    red: int
    lot: int
    rate: float
    sabotages: tuple[str, ...] = ()
    missing: Callable[[], str] = lambda: ""
    preloaded: bool = False
    surroundings: Callable[[], Mapping[str, str]] = dict
    jobs_max: int = 64

    @property
    def release_minutes(self) -> float:
        """How long the release tier takes on two cores."""
        return self.release / self.rate / min(2, self.jobs_max) / 60


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is such a thing, removed at the end."""
    parent = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="countermand-evidence-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_child(work: Callable[[], None]) -> int:
    """Run something in a process of its own that ends with it, and with ours; its process id."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - a child must not run on into its parent's code
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(process: int) -> int:
    """Wait for a child; its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
