"""Reading the ledger: what may be asked of it, and signing where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from overrides.errors import SlotErased
from overrides.journal import Entry, Json
from overrides.merkle import Frontier


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

    def inclusion(self, seq: int, size: int) -> Sequence[bytes]:
        """Proof that entry ``seq`` is in the tree of ``size`` entries."""

    def consistency(self, first: int, second: int) -> Sequence[bytes]:
        """Proof that the tree of ``first`` entries is the beginning of that of ``second``."""

    def frontier(self, size: int) -> Frontier:
        """The tree as it was with ``size`` entries, able to grow."""

    def checkpoints(self) -> Sequence[SignedCheckpoint]:
        """Every signed checkpoint, oldest first."""

    def latest_checkpoint(self) -> SignedCheckpoint | None:
        """The newest signed checkpoint."""

    def save_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Keep a signed checkpoint for ever."""
