"""Reading the ledger: what may be asked of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from overrides.errors import SlotErased
from overrides.journal import Committed, Entry, Json
from overrides.ledger_rows import Disclosure
from overrides.merkle import Frontier

HEARTBEAT = timedelta(hours=1)  # a silent ledger is signed this often, so that a lost end shows
READ_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log stands: how many entries, the root over them, and when the last was recorded."""

    log: str
    size: int
    root: bytes
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as it was signed: ``note`` is the whole signed note."""

    log: str
    size: int
    note: str
    signed_at: datetime


class LedgerBook(Protocol):
    """One log, read. Every answer is of one state of the database."""

    @property
    def log(self) -> str:
        """Name of the log: the origin of its checkpoints."""

    def head(self) -> Head:
        """Where the log stands."""

    def entries(self, start: int, count: int) -> Sequence[Entry]:
        """At most ``count`` entries from ``start``, in order."""

    def entry(self, seq: int) -> Entry | None:
        """One entry by its place."""

    def entry_of(self, event_id: str) -> Entry | None:
        """One entry by its id."""

    def entries_of_case(self, case_ref: str) -> Sequence[Entry]:
        """Everything recorded about a case, in order."""

    def latest(
        self, before_seq: int | None, limit: int, types: Sequence[str] = ()
    ) -> Sequence[Entry]:
        """At most ``limit`` entries before ``before_seq``, newest first, of ``types`` if given."""

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> Sequence[Entry]:
        """At most ``limit`` entries after place ``after`` (-1: from the first), oldest first."""

    def open_slots(
        self, event_id: str, slots: Sequence[str] = ()
    ) -> Mapping[str, Mapping[str, Json] | SlotErased]:
        """Personal parts of an entry, all of them when none is named, or that they are erased.

        A slot the entry does not have is absent. Raises ``LedgerAltered`` when a part is not the
        one that was committed to.
        """

    def open_many(
        self, event_ids: Sequence[str], slots: Sequence[str] = ()
    ) -> Mapping[str, Mapping[str, Mapping[str, Json] | SlotErased]]:
        """Personal parts of several entries by event, as ``open_slots`` gives those of one."""

    def unsealed(
        self, entries: Sequence[Committed], slots: Sequence[str] = ()
    ) -> Mapping[str, Mapping[str, bytes | SlotErased]]:
        """Exact bytes of the personal parts of entries that were read before, by event.

        What of them each entry commits to is held against its parts, as ``open_slots`` does.
        """

    def disclosures(self, event_ids: Sequence[str], slots: Sequence[str]) -> Sequence[Disclosure]:
        """The named parts of entries in order, with their salts; ``party`` is every party's.

        Those that are erased are left out.
        """

    def erased_parts(self, event_id: str) -> Sequence[tuple[str, str]]:
        """Entry and slot of each part that an erasure took, in the order of its root."""

    def inclusion(self, seq: int, size: int) -> Sequence[bytes]:
        """Proof that entry ``seq`` is in the tree of ``size`` entries."""

    def consistency(self, first: int, second: int) -> Sequence[bytes]:
        """Proof that the tree of ``first`` entries is the beginning of that of ``second``."""

    def frontier(self, size: int) -> Frontier:
        """The tree as it was with ``size`` entries, able to grow."""

    def checkpoints(self) -> Sequence[SignedCheckpoint]:
        """Every signed checkpoint, oldest first."""

    def each_checkpoint(self) -> Iterator[SignedCheckpoint]:
        """The same, read some at a time: a year has half a million."""

    def latest_checkpoint(self) -> SignedCheckpoint | None:
        """The newest signed checkpoint."""

    def save_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Keep a signed checkpoint for ever."""
