"""What a signer remembers of what it signed: a small file of its own, beside no database.

It is written before a signature leaves the signer, in one step, and never restored from a backup:
a signer that forgot would sign a second history over the same entries.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from overrides.errors import SigningRefused
from overrides.instants import instant_text, parse_instant
from overrides.kek_files import sync_folder, write_secret
from overrides.recount import Recount

MEMORY, ASIDE, HOME, LOCK, RUNNING = "memory.json", "aside", "home", "memory.lock", "signer.lock"
ANEW = "anew"  # there while a memory that holds nothing may believe the database
FOLDER_MODE = 0o700
HOME_BYTES = 8
EXPORT_MAX = timedelta(hours=1)  # an export may take so long, and be signed when it is whole
APART = timedelta(minutes=1)  # sizes that were signed are told apart by no less
OLDER_COPY = (
    "entries were cut off the end, or an older copy of the database was put back by hand. Find the"
    " newer database and put it back. Where it is lost, 'countermand db restore' puts a backup back"
    " and records that, and 'countermand signer --start-anew' goes on with what is here"
)
WITH_MEMORY = "whoever holds the database, its signing key and the signer's memory"


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last thing that was signed: ``note`` is the whole signed checkpoint, "" for nothing.

    ``peaks`` are the roots of the whole subtrees of the signed tree, largest first, so that the
    next root is worked out from here and from what was stored since, and from nothing else.
    ``before`` are sizes that were signed before, and until when nothing larger was: those of the
    last hour.
    """

    log: str
    size: int
    root: bytes
    peaks: tuple[bytes, ...]
    signed_at: datetime
    note: str
    before: tuple[tuple[int, datetime], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be: peaks that do not lead to the root."""
        if Recount(self.size, self.peaks).root() != self.root:
            msg = "the peaks do not lead to the root"
            raise ValueError(msg)

    def before_signing(self, size: int, now: datetime) -> tuple[tuple[int, datetime], ...]:
        """What to remember as ``before`` when ``size`` entries are signed now."""
        kept = tuple((old, until) for old, until in self.before if now - until <= EXPORT_MAX)
        if not 0 < self.size < size or (kept and now - kept[-1][1] < APART):
            return kept
        return (*kept, (self.size, now))

    def was_the_end(self, size: int, now: datetime) -> bool:
        """Whether so many entries were all that was signed, at some time in the last hour."""
        if size == self.size:
            return True
        return any(old <= size and now - until <= EXPORT_MAX for old, until in self.before)


class Memory(Protocol):
    """Where a signer keeps what it remembers."""

    @property
    def home(self) -> str:
        """A name of this memory, the same as long as it exists."""

    @property
    def may_begin(self) -> bool:
        """Whether it may believe a ledger that is not empty, where it remembers nothing."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other holder of this memory waiting."""

    def read(self) -> Remembered | None:
        """What was signed last; nothing when this memory is new."""

    def write(self, remembered: Remembered) -> None:
        """Remember this, on the disk when it returns."""


class NoMemory:
    """For a key that signs once and for tests: what the database says was signed is believed."""

    home = ""
    may_begin = True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else is there."""
        yield

    def read(self) -> Remembered | None:
        """Nothing."""
        return None

    def write(self, remembered: Remembered) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class FileMemory:
    """A memory in a folder of its own, which it makes when it first writes."""

    folder: Path
    random_bytes: Callable[[int], bytes]

    @property
    def home(self) -> str:
        """A random name, made with the folder."""
        path = self.folder / HOME
        try:
            return path.read_text("ascii").strip()
        except FileNotFoundError:
            self._make()
        with suppress(FileExistsError):
            write_secret(path, self.random_bytes(HOME_BYTES).hex() + "\n")
        return path.read_text("ascii").strip()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other holder of this memory waiting."""
        with self._locked(LOCK, wait=True):
            yield

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be the one signer that runs on this memory. Raises ``SigningRefused`` beside another."""
        with self._locked(RUNNING, wait=False):
            yield

    def read(self) -> Remembered | None:
        """What was signed last. Raises ``SigningRefused`` when the file cannot be understood."""
        path = self.folder / MEMORY
        try:
            return _remembered(path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as damaged:
            cause = f"its memory {path} cannot be read ({damaged})"
            raise SigningRefused(cause=cause) from damaged

    def write(self, remembered: Remembered) -> None:
        """Remember this, in one step."""
        self._make()
        partial = self.folder / (MEMORY + ".partial")
        partial.unlink(missing_ok=True)
        write_secret(partial, _text(remembered))
        partial.replace(self.folder / MEMORY)
        (self.folder / ANEW).unlink(missing_ok=True)
        sync_folder(self.folder)

    @property
    def may_begin(self) -> bool:
        """Whether somebody decided that it may believe the database."""
        return (self.folder / ANEW).exists()

    def let_begin(self) -> None:
        """Let it believe the database once, where it remembers nothing: whoever calls says why."""
        self._make()
        (self.folder / ANEW).touch(mode=0o600)
        sync_folder(self.folder)

    def put_aside(self, stamp: str) -> None:
        """Begin anew; what was remembered is kept under a name that nothing reads."""
        self.let_begin()
        with suppress(FileNotFoundError):
            (self.folder / MEMORY).replace(self.folder / f"{MEMORY}.{ASIDE}-{stamp}")
            sync_folder(self.folder)

    def move_to(self, other: "FileMemory") -> None:
        """Let another folder remember instead; begun again where it was cut short."""
        with self.alone(), other.alone():
            mine, theirs = self.read(), other.read()
            if mine is not None and (theirs is None or theirs.size < mine.size):
                other.write(mine)
            if mine is None and self.may_begin:
                other.let_begin()
            for name in (MEMORY, ANEW):
                (self.folder / name).unlink(missing_ok=True)
            sync_folder(self.folder)

    def _make(self) -> None:
        """Make the folder if it is not there."""
        self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)

    @contextmanager
    def _locked(self, name: str, *, wait: bool) -> Iterator[None]:
        """Hold a lock that goes with the process."""
        self._make()
        with (self.folder / name).open("ab") as file:
            with suppress(ImportError):  # where there are no such locks, nobody is kept out
                import fcntl

                try:
                    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                except BlockingIOError:
                    cause = f"another signer runs with the memory in {self.folder}"
                    raise SigningRefused(cause=cause) from None
            yield


def note_in(folder: Path) -> str:
    """The checkpoint that a memory holds, to be checked; "" where there is none for us to read.

    A memory that is damaged gives something that is no checkpoint.
    """
    try:
        text = (folder / MEMORY).read_text("utf-8", "replace")
        return str(json.loads(text)["note"])
    except OSError:
        return ""
    except (ValueError, TypeError, KeyError):
        return MEMORY


def _text(remembered: Remembered) -> str:
    """A memory as it is written."""
    kept = {
        "log": remembered.log,
        "size": remembered.size,
        "root": b64encode(remembered.root).decode(),
        "peaks": [b64encode(peak).decode() for peak in remembered.peaks],
        "signed_at": instant_text(remembered.signed_at),
        "note": remembered.note,
        "before": [[size, instant_text(until)] for size, until in remembered.before],
    }
    return json.dumps(kept, indent=1) + "\n"


def _remembered(text: str) -> Remembered:
    """A memory from its text. Raises ``ValueError``, ``TypeError`` or ``KeyError``."""
    kept = json.loads(text)
    return Remembered(
        str(kept["log"]),
        int(kept["size"]),
        b64decode(kept["root"], validate=True),
        tuple(b64decode(peak, validate=True) for peak in kept["peaks"]),
        parse_instant(kept["signed_at"]),
        str(kept["note"]),
        tuple((int(size), parse_instant(until)) for size, until in kept.get("before", ())),
    )
