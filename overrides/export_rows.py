"""Reading an export back: its manifest, its entries, its tiles, what it discloses."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from overrides.canonical import canonical, read_canonical
from overrides.errors import NotCanonical, NoteInvalid
from overrides.findings import Finding, Verdict
from overrides.ledger_rows import Disclosure, HeadRow, PartRow, Row
from overrides.merkle import STORED_LEVELS
from overrides.notes import Checkpoint, PublicKey, open_checkpoint, open_note
from overrides.tiles import split_hashes, tile_paths, unbundle

CHECKPOINT, CHECKPOINTS = "checkpoint", "checkpoints.jsonl"
DISCLOSURES, KEYS, MANIFEST = "disclosures.jsonl", "keys", "manifest"
TITLE = "countermand ledger export 1"
MANIFEST_BYTES_MAX = 64_000_000

_FILE_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export has: where the ledger stood, and the hash of every file by its path."""

    origin: str
    size: int
    root: bytes
    files: Mapping[str, str]

    @property
    def text(self) -> str:
        """The text that is signed: a title, the checkpoint, and lines as of ``sha256sum``."""
        head = (TITLE, self.origin, str(self.size), b64encode(self.root).decode())
        lines = (f"{digest}  {path}" for path, digest in sorted(self.files.items()))
        return "\n".join((*head, *lines)) + "\n"

    @classmethod
    def from_text(cls, text: str) -> "Manifest":
        """A manifest from a note's text. Raises ``NoteInvalid``."""
        title, _, rest = text.partition("\n")
        checkpoint = Checkpoint.from_text(rest)
        files: dict[str, str] = {}
        for line in checkpoint.extension:
            match = _FILE_LINE.fullmatch(line)
            if match is None:
                raise NoteInvalid(finding=f"not a line of a manifest: {line[:60]!a}")
            files[match[2]] = match[1]
        manifest = cls(checkpoint.origin, checkpoint.size, checkpoint.root, files)
        if title != TITLE or manifest.text != text:
            raise NoteInvalid(finding="not the manifest of an export")
        return manifest


def enclosed_keys(directory: Path) -> list[PublicKey]:
    """The keys an export brought along. They say who claims to have signed, no more."""
    lines = (directory / KEYS).read_text("ascii").splitlines()
    return [PublicKey.from_vkey(line) for line in lines]


def open_export(directory: Path, keys: Sequence[PublicKey]) -> tuple[Manifest, tuple[Finding, ...]]:
    """The manifest, and every file that is not as it says.

    Raises ``NoteInvalid`` when the manifest is not signed by one of the keys, or when it is of
    another ledger than the checkpoint beside it.
    """
    with (directory / MANIFEST).open("rb") as file:
        note = file.read(MANIFEST_BYTES_MAX).decode()
    manifest = Manifest.from_text(open_note(note, keys).text)
    newest = (directory / CHECKPOINT).read_text("utf-8")
    checkpoint = open_checkpoint(newest, manifest.origin, keys)
    if (checkpoint.size, checkpoint.root) != (manifest.size, manifest.root):
        raise NoteInvalid(finding="the manifest and the checkpoint are of different moments")
    return manifest, tuple(_wrong_files(directory, manifest))


def _wrong_files(directory: Path, manifest: Manifest) -> Iterator[Finding]:
    """A finding for each file that is missing, changed, or not in the manifest."""
    present = {
        path.relative_to(directory).as_posix(): path
        for path in sorted(directory.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
    for name in sorted(manifest.files.keys() - present.keys()):
        yield Finding(Verdict.ALTERED, f"the file {name} is missing")
    for name in sorted(present.keys() - manifest.files.keys() - {MANIFEST}):
        yield Finding(Verdict.ALTERED, f"the file {name} is not in the manifest")
    for name, digest in sorted(manifest.files.items()):
        path = present.get(name)
        if path is not None and (path.is_symlink() or _digest(path) != digest):
            yield Finding(Verdict.ALTERED, f"the file {name} is not the one the manifest names")


def _digest(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class ExportRows:
    """``Rows`` of an export."""

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        self._directory = directory
        self._manifest = manifest

    @property
    def log(self) -> str:
        """Name of the log."""
        return self._manifest.origin

    @property
    def is_copy(self) -> bool:
        """An export is of the moment at which it was made."""
        return True

    def head(self) -> HeadRow | None:
        """An export has no head row."""
        return None

    def rows(self) -> Iterator[Row]:
        """Every entry, each with its hash from the tile."""
        for path, first, width in tile_paths("entries", self._manifest.size):
            bodies = unbundle(self._bytes(path), first=first, width=width)
            tile = self._bytes(path.replace("/entries/", "/0/"))
            hashes = split_hashes(tile, first=first, width=width)
            for index, (body, digest) in enumerate(zip(bodies, hashes, strict=True)):
                yield Row(first + index, body, digest)

    def parts(self) -> Iterator[PartRow] | None:
        """An export has no encrypted parts."""
        return None

    def disclosures(self) -> Iterator[Disclosure]:
        """Every disclosed part."""
        with (self._directory / DISCLOSURES).open("rb") as file:
            for line in file:
                part = read_canonical(line.removesuffix(b"\n"))
                try:
                    yield Disclosure(
                        part["seq"],
                        part["event_id"],
                        part["slot"],
                        bytes.fromhex(part["salt"]),
                        canonical(part["payload"]),
                    )
                except (KeyError, TypeError, ValueError):
                    raise NotCanonical(problem="a disclosure with wrong members") from None

    def subtrees(self) -> Iterator[tuple[int, int, bytes]]:
        """The hashes of the tiles above the entries' own."""
        for level in STORED_LEVELS:
            count = self._manifest.size >> level
            for path, first, width in tile_paths(str(level // 8), count):
                hashes = split_hashes(self._bytes(path), first=first << level, width=width)
                for index, digest in enumerate(hashes):
                    yield level, first + index, digest

    def notes(self) -> Iterator[str]:
        """Every signed checkpoint."""
        for line in (self._directory / CHECKPOINTS).read_bytes().splitlines():
            note = read_canonical(line)
            if not (isinstance(note, dict) and isinstance(note.get("note"), str)):
                raise NotCanonical(problem="a kept checkpoint with wrong members")
            yield note["note"]

    def _bytes(self, path: str) -> bytes:
        """The bytes of one file."""
        return (self._directory / path).read_bytes()
