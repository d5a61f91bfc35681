"""The files of a bundle, read in the one safe order: size, hash, signature, then parse.

``manifest.json`` names every other file with its size and SHA-256; what it does not name may not
lie in the folder but ``manifest.sig``, which says who signed the manifest. Each file is read once:
the bytes that were hashed are the bytes that are used.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from ..errors import BundleInvalid, FileAltered, FileTooLarge
from .policy_schema import FileName, Name, Strict, faults

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
FILES_MAX = 32
MANIFEST_BYTES_MAX = 64 * 1024
SIGNATURE_BYTES_MAX = 64 * 1024
FILE_BYTES_MAX = 256 * 1024 * 1024


Admit = Callable[[Path, str, str], None]
"""Given a folder, the hash of its manifest and its signature ("" where there is none): raises
NotSigned for what may not be read any further."""


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
    signature: str = ""  # what manifest.sig says, unchecked

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


def read_files(directory: Path, admit: Admit | None = None) -> BundleFiles:
    """Read and verify a folder; FileAltered, FileTooLarge or BundleInvalid when it is not whole.

    ``admit`` looks at the signature before anything is parsed, the manifest included.
    """
    if not directory.is_dir():
        raise BundleInvalid(str(directory), ("there is no such folder",))
    raw = _read_small(directory / MANIFEST, MANIFEST_BYTES_MAX)
    sha256, signature = hashlib.sha256(raw).hexdigest(), _read_signature(directory / SIGNATURE)
    if admit is not None:
        admit(directory, sha256, signature)
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as refused:
        problems = tuple(f"{MANIFEST}: {fault}" for fault in faults(refused))
        raise BundleInvalid(str(directory), problems) from None
    listed = manifest.files
    present = {entry.name for entry in directory.iterdir()} - {MANIFEST, SIGNATURE}
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
    return BundleFiles(directory, manifest.name, contents, hashes, sha256, signature)


def seal(directory: Path, name: str) -> str:
    """Write the manifest over everything in the folder; returns its SHA-256.

    A signature of another manifest is taken away.
    """
    files = {}
    (directory / SIGNATURE).unlink(missing_ok=True)
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


def _read_signature(path: Path) -> str:
    """What the signature's file says; "" where there is none."""
    if not path.exists() and not path.is_symlink():
        return ""
    try:
        return _read_small(path, SIGNATURE_BYTES_MAX).decode()
    except UnicodeDecodeError:
        raise BundleInvalid(str(path.parent), (f"{SIGNATURE} is not UTF-8",)) from None


def _read_small(path: Path, limit: int) -> bytes:
    """A plain file's bytes, as long as there are not too many."""
    if path.is_symlink() or not path.is_file():
        raise BundleInvalid(str(path.parent), (f"{path.name} is missing",))
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise FileTooLarge(str(path), path.stat().st_size, limit)
    return content
