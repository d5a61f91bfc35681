"""Signing where the ledger stands, by a signer that trusts its own memory and the stored bytes.

The signer works the next root out from the peaks it remembers and from the bytes that were stored
since, by steps of its own (``overrides.recount``). It writes its memory before the signature leaves
it: dying in between loses nothing, because what was signed is in the memory and is handed out when
it next looks. It never signs two histories, and when it refuses, decisions go on unsigned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from overrides.countermand_verify import CLOCKS_DIFFER, Manifest, Wrong
from overrides.errors import LedgerAltered, ProofInvalid, SigningRefused
from overrides.instants import EARLIEST, instant_text
from overrides.journal import Entry
from overrides.ledger import HEARTBEAT, READ_AT_ONCE, Head, SignedCheckpoint
from overrides.merkle import EMPTY_ROOT, Frontier, verify_consistency
from overrides.notes import Checkpoint, PublicKey, Signer, is_signed_by, open_checkpoint
from overrides.recount import Recount
from overrides.signer_memory import Memory, NoMemory, Remembered
from overrides.values import Clock


class SignableLog(Protocol):
    """What a signer reads of a log, and where it hands out what it signed."""

    @property
    def log(self) -> str:
        """Name of the log."""

    def head(self) -> Head:
        """Where the log stands."""

    def entries(self, start: int, count: int) -> Sequence[Entry]:
        """At most ``count`` entries from ``start``, in order."""

    def frontier(self, size: int) -> Frontier:
        """The tree as it was with ``size`` entries, from the stored hashes."""

    def consistency(self, first: int, second: int) -> Sequence[bytes]:
        """Proof that the tree of ``first`` entries is the beginning of that of ``second``."""

    def latest_checkpoint(self) -> SignedCheckpoint | None:
        """The newest signed checkpoint."""

    def save_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Keep a signed checkpoint for ever."""


class Signing(Protocol):
    """Whoever signs for a log, with a key at hand or elsewhere."""

    @property
    def key(self) -> PublicKey:
        """The key that checks what is signed."""

    def checkpoint(self) -> SignedCheckpoint | None:
        """A checkpoint over every entry there is now; nothing for an empty ledger.

        Raises ``LedgerAltered`` or ``SigningRefused`` with the reason where none is signed.
        """

    def sign(self, text: str) -> str:
        """The manifest of an export as a signed note; raises the same."""


@dataclass(frozen=True, slots=True)
class KeyAtHand:
    """A key and the memory of what was signed with it: ``Signing`` where the key lies."""

    book: SignableLog
    signer: Signer
    clock: Clock
    memory: Memory
    former: Sequence[PublicKey] = ()  # keys that signed before this one

    @property
    def key(self) -> PublicKey:
        """The key that checks what is signed."""
        return self.signer.key

    def checkpoint(self, *, heartbeat: timedelta = HEARTBEAT) -> SignedCheckpoint | None:
        """Sign where the ledger stands, after reading back what was stored since the last time.

        Returns the last checkpoint when nothing was recorded since and ``heartbeat`` has not
        passed. Raises ``LedgerAltered`` rather than sign a ledger that is not the continuation of
        what was signed before, ``SigningRefused`` where clock or memory forbid it, and
        ``NoteInvalid`` when the last checkpoint is not signed by this key.
        """
        with self.memory.alone():
            last = self._last()
            head, now = self.book.head(), self.clock()
            if not head.size and not last.size:
                return None
            self._compare(last, head)
            self._hand_out_again(last)
            if now < last.signed_at:
                behind = f"the clock says {instant_text(now)}"
                cause = f"{behind}, and the last signature is of {instant_text(last.signed_at)}"
                raise SigningRefused(cause=cause)
            tree = self._read_back(last, head)
            fresh = last.size == head.size and now - last.signed_at < heartbeat
            if fresh and is_signed_by(self.key, last.note):
                return SignedCheckpoint(last.log, last.size, last.note, last.signed_at)
            note = self.signer.sign(Checkpoint(self.book.log, tree.size, tree.root()).text)
            before = last.before_signing(tree.size, now)
            signed = Remembered(
                self.book.log, tree.size, tree.root(), tree.peaks, now, note, before
            )
            self.memory.write(signed)  # first: what is not remembered must not be seen anywhere
            return self._hand_out(signed)

    def sign(self, text: str) -> str:
        """The manifest of an export made just now, of what was signed when it was begun.

        Whoever owns the database asks for this too: with an older end, or dated back, an export
        that was cut off would look like one of today.
        """
        try:
            manifest = Manifest.read(text)
        except Wrong:
            raise SigningRefused(cause="it is not the manifest of an export") from None
        told = manifest.checkpoint
        with self.memory.alone():
            last, now = self._last(), self.clock()
            if told.origin != self.book.log or not 0 < told.size <= last.size:
                cause = f"{last.size} entries of {last.log} were signed, {told.size} are exported"
                raise SigningRefused(cause=cause)
            steps = self.book.consistency(told.size, last.size)
            try:
                verify_consistency(told.size, last.size, told.root, last.root, steps)
            except ProofInvalid as other:
                raise _changed(told.size) from other
            if not last.was_the_end(told.size, now):
                cause = f"it has {told.size} entries, and for over an hour there were more"
                raise SigningRefused(cause=f"{cause}: make the export again")
            if abs(manifest.made_at - now) > CLOCKS_DIFFER:
                said = f"the export says that it was made at {instant_text(manifest.made_at)}"
                raise SigningRefused(cause=f"{said}, and it is {instant_text(now)}")
            return self.signer.sign(text)

    def remembered(self) -> Remembered | None:
        """What was signed last, as far as this memory knows."""
        with self.memory.alone():
            return self.memory.read()

    def _last(self) -> Remembered:
        """What was signed last; a memory that is new believes the log, where somebody said so."""
        newest, kept = self.book.latest_checkpoint(), self.memory.read()
        if kept is None:
            size = self.book.head().size
            if size and not self.memory.may_begin:
                raise SigningRefused(cause=_forgotten(size))
            return self._adopted(newest)
        if kept.log != self.book.log:
            raise SigningRefused(cause=f"its memory is of the log {kept.log}")
        if newest is not None and newest.size > kept.size:
            open_checkpoint(newest.note, self.book.log, [self.key, *self.former])
            cause = (
                f"the database has its signature over {newest.size} entries and its memory ends at"
                f" {kept.size}: the memory was put back from a copy, or the key signs elsewhere too"
            )
            raise SigningRefused(cause=cause)
        return kept

    def _hand_out_again(self, last: Remembered) -> None:
        """Hand out what was signed last if the signer died before it could.

        Not before the log was compared: a backup that is put back shall not be marked for ever by
        a signature over entries it does not have, which starting anew could then never pass.
        """
        newest = self.book.latest_checkpoint()
        handed_out = (newest.size, newest.signed_at) if newest else (0, EARLIEST)
        if handed_out < (last.size, last.signed_at):
            self._hand_out(last)

    def _hand_out(self, signed: Remembered) -> SignedCheckpoint:
        """Put what was signed where everybody can read it."""
        self.book.save_checkpoint(signed.size, signed.note, signed.signed_at)
        return SignedCheckpoint(signed.log, signed.size, signed.note, signed.signed_at)

    def _adopted(self, newest: SignedCheckpoint | None) -> Remembered:
        """A first memory, from the newest checkpoint if it is signed with this key."""
        if newest is None:
            return Remembered(self.book.log, 0, EMPTY_ROOT, (), EARLIEST, "")
        before = open_checkpoint(newest.note, self.book.log, [self.key, *self.former])
        tree = self._stored(before.size, self.book.head())
        if tree.root() != before.root:
            raise _changed(before.size)
        peaks = tuple(tree.hashes)
        return Remembered(
            self.book.log, before.size, before.root, peaks, newest.signed_at, newest.note
        )

    def _compare(self, last: Remembered, head: Head) -> None:
        """The stored hashes must lead to what was signed before."""
        if self._stored(last.size, head).root() != last.root:
            raise _changed(last.size)

    def _stored(self, size: int, head: Head) -> Frontier:
        """The tree of so many entries, from the stored hashes."""
        if size > head.size:
            raise LedgerAltered(seq=head.size, finding=cut_off(size, head.size))
        try:
            return self.book.frontier(size)
        except ProofInvalid as missing:
            raise LedgerAltered(seq=size - 1, finding=missing.finding) from missing

    def _read_back(self, last: Remembered, head: Head) -> Recount:
        """The tree up to where the head says it stands, from the stored bytes themselves."""
        tree = Recount(last.size, last.peaks)
        while tree.size < head.size:
            entries = self.book.entries(tree.size, min(READ_AT_ONCE, head.size - tree.size))
            if not entries:
                raise LedgerAltered(seq=tree.size, finding="the entry is missing")
            recount_entries(tree, entries)
        if tree.root() != head.root:
            finding = "the entries do not lead to the root that was kept with them"
            raise LedgerAltered(seq=head.size - 1, finding=finding)
        return tree


def sign_checkpoint(
    book: SignableLog, signer: Signer | Signing, clock: Clock
) -> SignedCheckpoint | None:
    """Have it signed where the ledger stands; a bare key has no memory and believes the log."""
    if isinstance(signer, Signer):
        return KeyAtHand(book, signer, clock, NoMemory()).checkpoint()
    return signer.checkpoint()


def recount_entries(tree: Recount, entries: Sequence[Entry]) -> None:
    """Take in entries by their bytes. Raises ``LedgerAltered`` where a stored hash is another."""
    for entry in entries:
        if entry.seq != tree.size:
            raise LedgerAltered(seq=tree.size, finding="the entry is missing")
        if tree.add(entry.body) != entry.leaf_hash:
            finding = "the stored bytes are not those that were hashed"
            raise LedgerAltered(seq=entry.seq, finding=finding)


def cut_off(signed: int, left: int) -> str:
    """What to say when fewer entries are there than were signed."""
    return (
        f"{signed} entries were signed and {left} are left. Either entries were cut off the end, or"
        " an older copy of the database was put back by hand; 'countermand ledger verify' says what"
        " to do"
    )


def _forgotten(size: int) -> str:
    """What to say where a signer remembers nothing and nobody said that it is new."""
    return (
        f"it remembers nothing of what it signed, and the ledger has {size} entries: its memory was"
        " lost or taken away, and what is here may have been written anew since. Compare an export"
        " with what auditors and witnesses kept; then 'countermand signer --start-anew' lets it"
        " believe the database"
    )


def _changed(size: int) -> LedgerAltered:
    """What to say when the beginning is not the one that was signed."""
    return LedgerAltered(seq=size - 1, finding="what was signed before is not what is stored now")
