"""Writing a ledger into a folder that anyone can verify: C2SP tiles, notes, and what is disclosed.

The folder has ``checkpoint`` (the newest, signed), ``checkpoints.jsonl`` (all of them), ``tile/``
(hashes and entries), ``keys`` (for information: trust a key you got elsewhere),
``disclosures.jsonl`` (personal parts opened for this reader) and ``manifest``, a signed note over
every other byte.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from overrides.canonical import canonical, read_canonical
from overrides.errors import LedgerAltered, LedgerUnavailable
from overrides.events import read_event
from overrides.export_rows import (
    CHECKPOINT,
    CHECKPOINTS,
    DISCLOSURES,
    KEYS,
    MANIFEST,
    Manifest,
)
from overrides.journal import Event
from overrides.ledger import LedgerBook, SignedCheckpoint, sign_checkpoint
from overrides.merkle import BLOCK, Frontier, leaf_hash
from overrides.notes import Signer, open_checkpoint
from overrides.tiles import bundle, fold, tile_paths
from overrides.values import Clock

Disclose = Callable[[Event], Sequence[str]]


def disclose_nothing(_event: Event) -> Sequence[str]:
    """No personal part at all."""
    return ()


def export(
    book: LedgerBook,
    directory: Path,
    signer: Signer,
    clock: Clock,
    *,
    disclose: Disclose = disclose_nothing,
) -> Manifest:
    """Sign where the ledger stands and write it into ``directory``, whole or not at all.

    ``disclose`` names the slots of an event that this reader may see. Raises ``FileExistsError``
    when the folder has something in it, and ``LedgerAltered`` when the ledger does not lead to
    the root that is signed.
    """
    if directory.exists() and any(directory.iterdir()):
        msg = f"the folder {directory} is not empty"
        raise FileExistsError(msg)
    signed = sign_checkpoint(book, signer, clock)
    if signed is None:
        raise LedgerUnavailable(cause="the ledger is empty: there is nothing to export")
    working = directory.with_name(directory.name + ".partial")
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir(parents=True)
    try:
        manifest = _Export(book, working, signer, signed, disclose).write()
        if directory.exists():
            directory.rmdir()
        working.replace(directory)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise
    return manifest


class _Export:
    """An export being written."""

    def __init__(
        self,
        book: LedgerBook,
        directory: Path,
        signer: Signer,
        signed: SignedCheckpoint,
        disclose: Disclose,
    ) -> None:
        self._book = book
        self._directory = directory
        self._signer = signer
        self._signed = signed
        self._checkpoint = open_checkpoint(signed.note, book.log, [signer.key])
        self._disclose = disclose
        self._files: dict[str, str] = {}

    def write(self) -> Manifest:
        """Every file, the manifest last."""
        roots = self._write_entries()
        self._write_tiles(roots)
        self._write(CHECKPOINT, self._signed.note.encode())
        notes = [kept.note for kept in self._book.checkpoints() if kept.size <= self._signed.size]
        self._write(CHECKPOINTS, b"".join(canonical({"note": note}) + b"\n" for note in notes))
        self._write(KEYS, f"{self._signer.key.vkey}\n".encode())
        at = self._checkpoint
        manifest = Manifest(at.origin, at.size, at.root, self._files)
        self._write(MANIFEST, self._signer.sign(manifest.text).encode())
        return manifest

    def _write_entries(self) -> list[bytes]:
        """Entry bundles, the tiles of their hashes, and disclosures; the roots of whole tiles."""
        roots: list[bytes] = []
        tree = Frontier()
        shown = self._directory / DISCLOSURES
        with shown.open("wb") as disclosures:
            for path, first, width in tile_paths("entries", self._signed.size):
                bodies, hashes = self._read_back(first, width)
                for digest in hashes:
                    tree.append(digest)
                self._write(path, bundle(bodies))
                self._write(path.replace("/entries/", "/0/"), b"".join(hashes))
                if width == BLOCK:
                    roots.append(fold(hashes))
                for body in bodies:
                    disclosures.writelines(self._disclosed(body))
        if tree.root() != self._checkpoint.root:
            finding = "the entries do not lead to the root that was signed"
            raise LedgerAltered(seq=self._checkpoint.size - 1, finding=finding)
        self._files[DISCLOSURES] = sha256(shown.read_bytes()).hexdigest()
        return roots

    def _read_back(self, first: int, width: int) -> tuple[list[bytes], list[bytes]]:
        """Bytes and hashes of some entries, each hash made of the bytes as they are stored."""
        entries = self._book.entries(first, width)
        if len(entries) != width:
            raise LedgerAltered(seq=first + len(entries), finding="the entry is missing")
        hashes = [leaf_hash(entry.body) for entry in entries]
        for entry, digest in zip(entries, hashes, strict=True):
            if entry.leaf_hash != digest:
                finding = "the stored bytes are not those that were hashed"
                raise LedgerAltered(seq=entry.seq, finding=finding)
        return [entry.body for entry in entries], hashes

    def _disclosed(self, body: bytes) -> Iterator[bytes]:
        """Lines that open the parts of an entry which the reader may see."""
        event = read_event(body)
        slots = self._disclose(event)
        for part in self._book.disclosures(event.event_id, slots) if slots else ():
            line = {
                "seq": part.seq,
                "event_id": part.event_id,
                "slot": part.slot,
                "salt": part.salt.hex(),
                "payload": read_canonical(part.payload),
            }
            yield canonical(line) + b"\n"

    def _write_tiles(self, roots: Sequence[bytes]) -> None:
        """Tiles above the entries' own, each level over the whole tiles of the one below."""
        level, row = 1, list(roots)
        while row:
            for path, first, width in tile_paths(str(level), len(row)):
                self._write(path, b"".join(row[first : first + width]))
            row = [fold(row[at : at + BLOCK]) for at in range(0, len(row) - BLOCK + 1, BLOCK)]
            level += 1

    def _write(self, path: str, data: bytes) -> None:
        """One file, on the disk and, unless it is the manifest, in the manifest."""
        file = self._directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        if path != MANIFEST:
            self._files[path] = sha256(data).hexdigest()
