"""The files of a bundle, read in the one safe order: size, then hash, then parse.

``manifest.json`` names every other file with its size and SHA-256; what it does not name may not
lie in the folder. Each file is read once: the bytes that were hashed are the bytes that are used.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from explain.errors import BundleInvalid, FileAltered, FileTooLarge

from .policy_schema import FileName, Name, Strict, faults

MANIFEST = "manifest.json"
FILES_MAX = 32
MANIFEST_BYTES_MAX = 64 * 1024
FILE_BYTES_MAX = 256 * 1024 * 1024


class ManifestFile(Strict):
    """How long a file is and what it hashes to."""

    size: Annotated[int, Field(ge=0, strict=True)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(Strict):
    """``manifest.json``: the bundle's name and every other file of the folder."""

    format: Literal[1]
    name: Name
    files: Annotated[dict[FileName, ManifestFile], Field(min_length=1, max_length=FILES_MAX)]


@dataclass(frozen=True, slots=True)
class BundleFiles:
    """The verified bytes of one bundle folder. ``sha256`` is the manifest's, so it covers all."""

    directory: Path
    name: str
    contents: Mapping[str, bytes]
    hashes: Mapping[str, str]
    sha256: str

    def sha256_of(self, names: Iterable[str]) -> str:
        """One hash over some of the files: over sorted lines of ``sha256  name``."""
        lines = sorted(f"{self.hashes[name]}  {name}\n" for name in names)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def text(self, name: str) -> str:
        """A file as UTF-8; BundleInvalid when it is missing or no text."""
        if name not in self.contents:
            raise BundleInvalid(str(self.directory), (f"{name} is missing",))
        try:
            return self.contents[name].decode()
        except UnicodeDecodeError:
            raise BundleInvalid(str(self.directory), (f"{name} is not UTF-8",)) from None

    def table(self, name: str) -> list[dict[str, str | None]]:
        """A CSV file's rows by column name; an empty cell is an empty text."""
        return list(csv.DictReader(io.StringIO(self.text(name)), strict=True))


def read_files(directory: Path) -> BundleFiles:
    """Read and verify a folder; FileAltered, FileTooLarge or BundleInvalid when it is not whole."""
    if not directory.is_dir():
        raise BundleInvalid(str(directory), ("there is no such folder",))
    raw = _read_manifest(directory / MANIFEST)
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as refused:
        problems = tuple(f"{MANIFEST}: {fault}" for fault in faults(refused))
        raise BundleInvalid(str(directory), problems) from None
    listed = manifest.files
    present = {entry.name for entry in directory.iterdir()} - {MANIFEST}
    odd = [f"{extra} is not in the manifest" for extra in sorted(present - listed.keys())]
    odd += [f"{missing} is missing" for missing in sorted(listed.keys() - present)]
    if odd:
        raise BundleInvalid(str(directory), tuple(odd))
    contents = {}
    for name, file in listed.items():
        if file.size > FILE_BYTES_MAX:
            raise FileTooLarge(str(directory / name), file.size, FILE_BYTES_MAX)
        contents[name] = _read_plain(directory / name, file.size, file.sha256)
    hashes = {name: file.sha256 for name, file in listed.items()}
    return BundleFiles(directory, manifest.name, contents, hashes, hashlib.sha256(raw).hexdigest())


def seal(directory: Path, name: str) -> str:
    """Write the manifest over everything in the folder; returns its SHA-256."""
    files = {}
    for path in sorted(directory.iterdir()):
        if path.name != MANIFEST:
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            files[path.name] = {"size": len(content), "sha256": digest}
    body = json.dumps({"format": 1, "name": name, "files": files}, indent=1, sort_keys=True)
    (directory / MANIFEST).write_text(body + "\n", encoding="utf-8", newline="\n")
    return hashlib.sha256((body + "\n").encode()).hexdigest()


def _read_plain(path: Path, size: int, expected: str) -> bytes:
    """Read a plain file of the size it was approved with; never a byte more than one too many."""
    if path.is_symlink() or not path.is_file():
        raise BundleInvalid(str(path.parent), (f"{path.name} is no plain file",))
    with path.open("rb") as file:
        content = file.read(size + 1)
    found = hashlib.sha256(content).hexdigest()
    if len(content) != size or found != expected:
        raise FileAltered(str(path), expected, found)
    return content


def _read_manifest(path: Path) -> bytes:
    """The manifest's bytes, as long as there are not too many."""
    if path.is_symlink() or not path.is_file():
        raise BundleInvalid(str(path.parent), (f"{MANIFEST} is missing",))
    with path.open("rb") as file:
        content = file.read(MANIFEST_BYTES_MAX + 1)
    if len(content) > MANIFEST_BYTES_MAX:
        raise FileTooLarge(str(path), path.stat().st_size, MANIFEST_BYTES_MAX)
    return content
