"""Exports that somebody forged: whoever owns the machine, with or without the key that signs."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from overrides.canonical import canonical
from overrides.countermand_verify import WITNESS_KEY, Key
from overrides.export import export
from overrides.instants import parse_instant
from overrides.journal import Entry
from overrides.ledger import Head, SignedCheckpoint
from overrides.ledger_rows import Disclosure
from overrides.merkle import Frontier, leaf_hash
from overrides.notes import Checkpoint, Signer
from overrides.stamps import Stamp
from tests.ledgers import NOON


@dataclass
class ForgedBook:
    """As much of a ``LedgerBook`` as an export asks for, over entries and notes of one's choice."""

    log: str
    bodies: list[bytes]
    notes: list[str] = field(default_factory=list)
    parts: Sequence[Disclosure] = ()

    def head(self) -> Head:
        """Where the log stands, consistently."""
        return Head(self.log, len(self.bodies), self.frontier(len(self.bodies)).root(), None)

    def frontier(self, size: int) -> Frontier:
        """The tree of so many entries."""
        tree = Frontier()
        for body in self.bodies[:size]:
            tree.append(leaf_hash(body))
        return tree

    def entries(self, start: int, count: int) -> list[Entry]:
        """Entries from ``start``, each with a hash that fits."""
        chosen = enumerate(self.bodies[start : start + count], start)
        return [Entry(self.log, n, "", "", NOON, leaf_hash(body), body) for n, body in chosen]

    def latest(self, before: int | None, limit: int, types: Sequence[str] = ()) -> list[Entry]:
        """Nothing is recorded while a forger exports."""
        del before, limit, types
        return []

    def latest_checkpoint(self) -> SignedCheckpoint | None:
        """None, so that the forger signs without being asked what was signed before."""
        return None

    def save_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Add it to the kept ones, which stay in the order of their sizes."""
        del at
        self.notes.append(note)
        self.notes.sort(key=lambda kept: int(kept.split("\n")[1]))
        assert size <= len(self.bodies)

    def each_checkpoint(self) -> Iterator[SignedCheckpoint]:
        """The kept checkpoints, with sizes that the exporter does not find fault with."""
        for note in self.notes:
            yield SignedCheckpoint(self.log, 0, note, NOON)

    def disclosures(self, event_ids: Sequence[str], slots: Sequence[str]) -> list[Disclosure]:
        """Whatever the forger wants to be disclosed of these entries."""
        return [p for p in self.parts if p.slot in slots and self._id(p.seq) in event_ids]

    def erased_parts(self, event_id: str) -> list[tuple[str, str]]:
        """Nothing is listed as erased."""
        del event_id
        return []

    def _id(self, seq: int) -> str:
        """The id of the entry at a place."""
        return str(json.loads(self.bodies[seq])["id"])


def forged_export(
    folder: Path,
    signer: Signer,
    bodies: Sequence[bytes],
    notes: Sequence[str] = (),
    *,
    parts: Sequence[Disclosure] = (),
    clock: Callable[[], datetime] = lambda: NOON,
    stamps: Sequence[Stamp] = (),
    log: str = "",
) -> Path:
    """An export of these entries and kept checkpoints, with a manifest by this signer.

    ``log`` is the ledger that it says it is of, where the signer's own is another.
    """
    book = ForgedBook(log or signer.name, list(bodies), list(notes), parts)
    slots = sorted({part.slot for part in parts})
    export(book, folder, signer, clock, disclose=slots, stamps=stamps)  # type: ignore[arg-type]
    return folder


def edited(body: bytes, **members: object) -> bytes:
    """An entry with other members, spelt as it should be."""
    return canonical(json.loads(body) | members)


def renumbered(bodies: Sequence[bytes]) -> list[bytes]:
    """Entries that say they are where they lie."""
    return [edited(body, seq=seq) for seq, body in enumerate(bodies)]


def short_ledger(log: str, bodies: Sequence[bytes]) -> list[bytes]:
    """The opening of this ledger and one more entry, chosen from these."""
    chosen = [
        next(body for body in bodies if json.loads(body)["type"] == kind)
        for kind in ("ledger_opened", "bundle_registered")
    ]
    return renumbered([edited(body, log=log) for body in chosen])


def recorded_at(body: bytes) -> datetime:
    """When an entry says it was recorded."""
    return parse_instant(json.loads(body)["ts"])


def checkpoint_over(signer: Signer, bodies: Sequence[bytes]) -> str:
    """A checkpoint over these entries, signed."""
    book = ForgedBook(signer.name, list(bodies))
    return signer.sign(Checkpoint(signer.name, len(bodies), book.head().root).text)


@dataclass(frozen=True)
class Witness:
    """Somebody outside who says what the ledger looked like, and when (C2SP tlog-cosignature)."""

    name: str
    seed: bytes

    @property
    def key(self) -> Key:
        """The key that others check with."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return Key(self.name, WITNESS_KEY, private.public_key().public_bytes_raw())

    def cosign(self, note: str, at: datetime) -> str:
        """The note with this witness's signature added."""
        text, seconds = note.rpartition("\n\n")[0] + "\n", int(at.timestamp())
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        signature = private.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        line = b64encode(self.key.id + seconds.to_bytes(8, "big") + signature).decode()
        return f"{note}\N{EM DASH} {self.name} {line}\n"


def digest(path: Path) -> str:
    """SHA-256 of a file in hex."""
    return sha256(path.read_bytes()).hexdigest()
