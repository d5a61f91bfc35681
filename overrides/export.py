"""Writing a ledger into a folder that anyone can verify: C2SP tiles, notes, and what is disclosed.

The folder has ``checkpoint`` (the newest, signed), ``checkpoints.jsonl`` (all of them), ``tile/``
(hashes and entries), ``keys`` (for information: trust a key you got elsewhere),
``disclosures.jsonl`` (personal parts opened for this reader), ``erased.jsonl`` (parts of which an
entry says that they were erased), ``stamps/`` (checkpoints, and what authorities replied to them),
``files`` (hash and size of each of these, the bundles first) and ``manifest``, a signed note over
that list. Nothing is held in memory that grows with the ledger.
"""

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Self

from overrides.canonical import canonical, read_canonical
from overrides.countermand_verify import (
    CHECKPOINT,
    CHECKPOINTS,
    DISCLOSURES,
    ERASED,
    FILES,
    KEYS,
    MANIFEST,
    Checkpoint,
    Manifest,
)
from overrides.errors import LedgerAltered, LedgerUnavailable, UnknownKind
from overrides.events import read_event
from overrides.journal import Event
from overrides.ledger import LedgerBook, SignedCheckpoint
from overrides.ledger_rows import Disclosure
from overrides.merkle import BLOCK, Frontier, leaf_hash
from overrides.notes import PublicKey, Signer, open_checkpoint
from overrides.signing import Signing, sign_checkpoint
from overrides.stamps import Stamp
from overrides.tiles import bundle, fold, tile_path
from overrides.values import Clock

STARTS_MAX = 5
"""So often an export is begun anew because something was erased while it was written."""


def export(
    book: LedgerBook,
    directory: Path,
    signer: Signer | Signing,
    clock: Clock,
    *,
    disclose: Collection[str] = (),
    former: Sequence[PublicKey] = (),
    witnessed: Callable[[SignedCheckpoint], Callable[[str], str]] = lambda _: str,
    stamps: Sequence[Stamp] = (),
) -> Manifest:
    """Sign where the ledger stands and write it into ``directory``, whole or not at all.

    ``disclose`` names the personal parts that this reader may see, such as ``note``, or ``party``
    for every party; ``former`` are keys that signed before; ``witnessed`` is told of the checkpoint
    that is exported, and gives what adds to notes the signatures of witnesses; ``stamps`` are time
    stamps to enclose. What discloses something is begun anew when something is erased meanwhile.

    Raises ``FileExistsError`` when the folder has something in it, ``LedgerAltered`` when the
    ledger does not lead to the root that is signed, and ``LedgerUnavailable`` for an empty ledger
    and where erasures do not end.
    """
    if directory.exists() and any(directory.iterdir()):
        msg = f"the folder {directory} is not empty"
        raise FileExistsError(msg)
    working = directory.with_name(directory.name + ".partial")
    keys = (signer.key, *former)

    def attempt() -> Manifest | None:
        shutil.rmtree(working, ignore_errors=True)
        signed = sign_checkpoint(book, signer, clock)
        if signed is None:
            raise LedgerUnavailable(cause="the ledger is empty: there is nothing to export")
        working.mkdir(parents=True)
        cosigned = witnessed(signed)
        writing = _Export(book, working, signer, signed, frozenset(disclose), keys, cosigned)
        manifest = writing.write(clock, stamps)
        return None if disclose and _erased_since(book, signed.size) else manifest

    try:
        manifest = _undisturbed(attempt)
        if directory.exists():
            directory.rmdir()
        working.replace(directory)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise
    return manifest


def _undisturbed(attempt: Callable[[], Manifest | None]) -> Manifest:
    """What the first attempt made during which nothing was erased."""
    for _ in range(STARTS_MAX):
        if (manifest := attempt()) is not None:
            return manifest
    cause = "personal data was erased again and again meanwhile: export it later"
    raise LedgerUnavailable(cause=cause)


def _erased_since(book: LedgerBook, size: int) -> bool:
    """Whether something was erased after these entries.

    What was disclosed of it is in the export, or missing without an entry that says why.
    """
    newest = book.latest(None, 1, ("record_erased",))
    return any(entry.seq >= size for entry in newest)


class _Export:
    """An export being written."""

    def __init__(
        self,
        book: LedgerBook,
        directory: Path,
        signer: Signer | Signing,
        signed: SignedCheckpoint,
        disclose: frozenset[str],
        keys: Sequence[PublicKey],
        cosigned: Callable[[str], str],
    ) -> None:
        self._book = book
        self._directory = directory
        self._signer = signer
        self._signed = signed
        self._checkpoint = open_checkpoint(signed.note, book.log, [signer.key])
        self._disclose = disclose
        self._keys = keys
        self._cosigned = cosigned
        self._tree = Frontier()
        self._rows: dict[int, list[bytes]] = {}  # hashes of the tile being filled, by level
        self._files: _Listed
        self._listed = 0
        self._later: list[str] = []  # lines of the list for tiles above the entries' own

    def write(self, clock: Clock, stamps: Sequence[Stamp]) -> Manifest:
        """Every file, the manifest last."""
        with _Listed(self._directory / FILES) as self._files:
            with (
                _Listed(self._directory / DISCLOSURES) as disclosures,
                _Listed(self._directory / ERASED) as erased,
            ):
                for first in range(0, self._signed.size, BLOCK):
                    bodies = self._write_bundle(first, min(BLOCK, self._signed.size - first))
                    self._write_parts(bodies, disclosures, erased)
            self._write_last_tiles()
            if self._tree.root() != self._checkpoint.root:
                finding = "the entries do not lead to the root that was signed"
                raise LedgerAltered(seq=self._checkpoint.size - 1, finding=finding)
            self._write_rest({DISCLOSURES: disclosures, ERASED: erased})
            for stamp in stamps:
                if stamp.size <= self._signed.size:
                    self._write(f"{stamp.path}.note", stamp.note.encode())
                    self._write(f"{stamp.path}.tsr", stamp.reply)
        at = self._checkpoint
        manifest = Manifest(
            Checkpoint(at.origin, at.size, at.root),
            clock(),
            self._disclose,
            self._listed,
            self._files.digest,
        )
        _write(self._directory / MANIFEST, self._signer.sign(manifest.text).encode())
        return manifest

    def _write_bundle(self, first: int, width: int) -> list[bytes]:
        """A bundle of entries, and the tile of their hashes; the entries."""
        bodies, hashes = self._read_back(first, width)
        for digest in hashes:
            self._tree.append(digest)
        for kind, data in (("entries", bundle(bodies)), ("0", b"".join(hashes))):
            self._write(tile_path(kind, first // BLOCK, width), data)
        if width == BLOCK:
            self._fill(1, fold(hashes))
        return bodies

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

    def _fill(self, level: int, digest: bytes) -> None:
        """Add a hash to the tile of a level; a tile that became whole is written."""
        row = self._rows.setdefault(level, [])
        row.append(digest)
        if len(row) == BLOCK:
            number = (self._tree.size >> 8 * level) // BLOCK - 1
            self._write(tile_path(str(level), number, BLOCK), b"".join(row), later=True)
            self._rows[level] = []
            self._fill(level + 1, fold(row))

    def _write_last_tiles(self) -> None:
        """The tiles above the entries' own that are not whole."""
        for level, row in sorted(self._rows.items()):
            if row:
                number = (self._tree.size >> 8 * level) // BLOCK
                self._write(tile_path(str(level), number, len(row)), b"".join(row), later=True)
        for line in self._later:
            self._files.write(line.encode())

    def _write_parts(
        self, bodies: Iterable[bytes], disclosures: "_Listed", erased: "_Listed"
    ) -> None:
        """Lines that open the parts which the reader may see, and name those that are erased."""
        events = [event for body in bodies if (event := self._event(body)) is not None]
        wanted = [event.event_id for event in events if self._disclosed(event)]
        for part in self._book.disclosures(wanted, sorted(self._disclose)) if wanted else ():
            disclosures.write(canonical(disclosure_line(part)) + b"\n")
        for event in events:
            if event.type == "record_erased":
                for event_id, slot in self._book.erased_parts(event.event_id):
                    pair = {"erasure": event.event_id, "event_id": event_id, "slot": slot}
                    erased.write(canonical(pair) + b"\n")

    def _event(self, body: bytes) -> Event | None:
        """An entry whose parts matter, read; nothing for one of a later release."""
        if not self._disclose and b'"type":"record_erased"' not in body:
            return None
        try:
            return read_event(body)
        except UnknownKind:
            return None

    def _disclosed(self, event: Event) -> bool:
        """Whether the reader may see some part of the entry."""
        return any(slot.partition(".")[0] in self._disclose for slot in event.commit)

    def _write_rest(self, written: dict[str, "_Listed"]) -> None:
        """Checkpoints and keys, and the list of what is written already."""
        with _Listed(self._directory / CHECKPOINTS) as checkpoints:
            for kept in self._book.each_checkpoint():
                if kept.size <= self._signed.size:
                    checkpoints.write(canonical({"note": self._cosigned(kept.note)}) + b"\n")
        for name, file in {**written, CHECKPOINTS: checkpoints}.items():
            self._files.write(self._line(name, file.digest, file.size).encode())
        self._write(CHECKPOINT, self._cosigned(self._signed.note).encode())
        self._write(KEYS, "".join(f"{key.vkey}\n" for key in self._keys).encode())

    def _write(self, path: str, data: bytes, *, later: bool = False) -> None:
        """One file, on the disk and in the list; ``later``: after all bundles."""
        _write(self._directory / path, data)
        line = self._line(path, sha256(data).hexdigest(), len(data))
        if later:
            self._later.append(line)
        else:
            self._files.write(line.encode())

    def _line(self, path: str, digest: str, size: int) -> str:
        """One line of the list of files."""
        self._listed += 1
        return f"{digest} {size} {path}\n"


class _Listed:
    """A file that is written a line at a time and hashed on the way."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("xb")
        self._hash = sha256()
        self.size = 0

    def __enter__(self) -> Self:
        """The file, open."""
        return self

    def __exit__(self, *_: object) -> None:
        """See its bytes to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def write(self, line: bytes) -> None:
        """Add a line."""
        self._file.write(line)
        self._hash.update(line)
        self.size += len(line)

    @property
    def digest(self) -> str:
        """SHA-256 of what was written, in hex."""
        return self._hash.hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet, and see it to the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def disclosure_line(part: Disclosure) -> dict[str, object]:
    """A disclosed part as it is written: with the salt, anyone can check it."""
    return {
        "seq": part.seq,
        "event_id": part.event_id,
        "slot": part.slot,
        "salt": part.salt.hex(),
        "payload": read_canonical(part.payload),
    }
