"""Replacing the key-encryption key: after it, no copy of a data key made before opens any more.

An erasure deletes a party's data keys, but copies of them, locked by the key-encryption key, may
lie in backups, in the database's log or in dead rows. So the key-encryption key is replaced, the
data keys that live are locked by the new one, and the old one is destroyed. Every step can be
taken again: a rotation that was cut short is finished by the next.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from overrides.journal import Decided, Draft, Entry, Journal, SideWrite
from overrides.kek_files import PARTIAL, KekFile, overwrite, sync_folder, write_secret
from overrides.ledger import LedgerBook
from overrides.values import Actor, NewId
from overrides.vault import KEY_BYTES, Vault, WrappedKey

PURPOSE = "key-encryption"
COPY = "data-keys.jsonl"
ENTRIES_LOOKED_AT = 100


class DataKeys(Protocol):
    """Where the parties' data keys lie, each locked by a key-encryption key."""

    def rewrap(self) -> int:
        """Lock every key by the newest key-encryption key, some at a time; how many it were.

        Raises ``DataKeyAltered`` for a key that is not the one that was stored.
        """

    def rewrap_rest(self) -> SideWrite:
        """The same for those added meanwhile, inside a transaction in which no other writes."""

    def all(self) -> Iterator[WrappedKey]:
        """Every key as it lies there."""

    def adopt(self, keys: Iterable[WrappedKey]) -> tuple[int, int]:
        """Take in place of keys that do not open those of the same id that do.

        How many were taken; how many do not open still. Those stay as they are.
        """

    def closed(self) -> int:
        """How many keys cannot be opened with any key-encryption key there is."""

    def remove_closed(self) -> SideWrite:
        """Remove those, so that what comes next gets new ones."""

    def scrub(self) -> None:
        """Have the database let go of what it replaced, as far as others let it."""


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """Replaces the key-encryption key of one installation."""

    file: KekFile
    keys: DataKeys
    vault: Vault
    journal: Journal
    ledger: LedgerBook
    new_id: NewId

    def rotate(
        self, actor: Actor, reason: str, *, still: Callable[[], bool] = lambda: True
    ) -> int | None:
        """Replace the key; its epoch, or nothing where ``still`` says that another just did.

        Raises ``DataKeyAltered``, and then nothing is destroyed.
        """
        with self.file.alone():
            if not still():
                return None
            keys = self.file.read()
            epoch = max(keys) + 1
            if len(keys) == 1:  # otherwise a rotation was cut short, and this one is the rest of it
                self.file.write({**keys, epoch: self.vault.random_bytes(KEY_BYTES)})
            return self._finish(actor, reason)

    def finish(self, actor: Actor) -> int | None:
        """Finish a rotation that was cut short; the epoch, or nothing where there was none."""
        with self.file.alone():
            if len(self.file.read()) > 1:
                return self._finish(actor, "finished")
            self.file.keep_newest()
            return None

    def last(self) -> int | None:
        """Where the ledger records the last replacement, if there was one."""
        return next((seq for seq, _ in self._recorded()), None)

    def after(self, erased: Entry) -> Entry | None:
        """The first replacement that nothing an erasure destroyed was ever locked by.

        An entry that comes later is not enough: while a key is replaced, data keys are locked by
        the new one before the entry that says so. So its epoch is later than the one in use when
        the erasure was written as well.
        """
        used = json.loads(erased.body)["data"].get("epoch", 0)
        for entry in self.ledger.changes(erased.seq, ENTRIES_LOOKED_AT, ("key_rotated",)):
            data = json.loads(entry.body)["data"]
            if data["purpose"] == PURPOSE and data["epoch"] > used:
                return entry
        return None

    def _finish(self, actor: Actor, reason: str) -> int:
        """Everything after the new key is on disk."""
        epoch = max(self.file.read())
        self.vault.renew()
        self._wait_for_writers()
        self.keys.rewrap()
        drafts = () if self._is_recorded(epoch) else (self._draft(actor, epoch, reason),)
        also = (self.keys.rewrap_rest(),)
        self.journal.submit(lambda _: Decided(drafts, also=also)).result()
        copy_keys(self.file.directory, self.keys.all())
        self.file.keep_newest()
        self.vault.renew()
        self.keys.scrub()
        return epoch

    def _wait_for_writers(self) -> None:
        """Let those end who began to write before the new key was on disk.

        Whoever writes after them sees the new key. So an erasure that names the former epoch has
        destroyed its data keys before the first is locked by the new one.
        """
        self.journal.submit(lambda _: Decided(())).result()

    def _draft(self, actor: Actor, epoch: int, reason: str) -> Draft:
        """The entry that says that the key was replaced."""
        return Draft(
            event_id=self.new_id(),
            type="key_rotated",
            actor=actor.ref,
            role=actor.role.value,
            data={"purpose": PURPOSE, "epoch": epoch, "reason": reason},
        )

    def _is_recorded(self, epoch: int) -> bool:
        """Whether the ledger says already that this epoch began."""
        return any(recorded == epoch for _, recorded in self._recorded())

    def _recorded(self) -> Iterator[tuple[int, int]]:
        """Entries of the replacements of this key, newest first: place and epoch."""
        for entry in self.ledger.latest(None, ENTRIES_LOOKED_AT, ("key_rotated",)):
            data = json.loads(entry.body)["data"]
            if data["purpose"] == PURPOSE:
                yield entry.seq, data["epoch"]


def copy_keys(directory: Path, keys: Iterable[WrappedKey]) -> None:
    """Keep the data keys beside the key that opens them, so that an old backup can be used.

    A backup from before a rotation holds data keys that open no more; those that still live are
    found here. What was erased is in neither.
    """
    partial = directory / (COPY + PARTIAL)
    overwrite(partial)
    lines = (
        json.dumps({"id": k.dek_id, "epoch": k.kek_epoch, "key": k.wrapped.hex()}) for k in keys
    )
    write_secret(partial, "".join(f"{line}\n" for line in lines))
    partial.replace(directory / COPY)
    sync_folder(directory)


def copied_keys(directory: Path) -> Iterator[WrappedKey]:
    """The data keys as they were kept at the last rotation; none where there was none."""
    path = directory / COPY
    if not path.exists():
        return
    with path.open() as lines:
        for line in lines:
            kept = json.loads(line)
            yield WrappedKey(kept["id"], "", bytes.fromhex(kept["key"]), kept["epoch"])
