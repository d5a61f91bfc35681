"""Checks a feedback set with Python alone: files, row counts, row hashes, the ledger's signature.

    python verify.py [FOLDER] [--key FILE]

FOLDER is the set, by default the one this file lies in. FILE has public keys of the ledger that you
got another way, one a line; without it the signature is checked with the keys that came with the
set. The signature is of the ledger and not of this folder: whoever altered a set and all its hashes
would still be told that it is consistent. What binds the folder is the hash of its manifest, which
stands in the ledger's entry ``feedback_exported``: give it as --manifest. Exit status 0:
consistent, or whole where the manifest is the ledger's; 1: altered or cut short; 2: unreadable.

Rows in CSV are read here. Rows in Parquet are read where pyarrow is installed; elsewhere their
files' hashes are checked and the rows counted from the files' own footers.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from base64 import b64decode
from collections.abc import Iterator, Mapping
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

FORMAT = "countermand-feedback/2"
MANIFEST = "manifest.json"
BLOCK = 1 << 20
MAGIC = b"PAR1"

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P

CONSISTENT = "CONSISTENT in itself; to hold it against the ledger, give --manifest"


class Wrong(Exception):
    """Something is not as the manifest says."""


def _add(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Sum of two points in extended coordinates."""
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    cross, both = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = right - left, both - cross, both + cross, right + left
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: tuple[int, ...]) -> tuple[int, ...]:
    """A point added to itself so many times."""
    total: tuple[int, ...] = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _add(total, point)
        point, number = _add(point, point), number >> 1
    return total


def _point(data: bytes) -> tuple[int, ...] | None:
    """The point that 32 bytes stand for."""
    number = int.from_bytes(data, "little")
    odd, y = number >> 255, number & (1 << 255) - 1
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and odd):
        return None
    x = _P - x if x & 1 != odd else x
    return x, y, 1, x * y % _P


def signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is this key's over the message (Ed25519, RFC 8032)."""
    base = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    point, first = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if base is None or point is None or first is None or len(signature) != 64 or scalar >= _ORDER:
        return False
    hashed = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    left, right = _times(scalar, base), _add(first, _times(hashed, point))
    same_x = (left[0] * right[2] - right[0] * left[2]) % _P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % _P == 0


def signer_of(note: str, keys: list[str]) -> str | None:
    """The key among these that signed a note (C2SP signed-note), as its line of text."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    for line in lines.split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\N{EM DASH}":
            continue
        told = b64decode(parts[2])
        for key in keys:
            name, _, rest = key.partition("+")
            public = b64decode(rest.partition("+")[2])
            known = sha256(name.encode() + b"\n" + public).digest()[:4]
            named = name == parts[1] and known == told[:4] and public[:1] == b"\1"
            if named and signed(public[1:], told[4:], text.encode()):
                return key
    return None


def count_parquet(path: Path) -> int:
    """Rows of a Parquet file by its footer (Thrift compact protocol, field 3 of FileMetaData)."""
    with path.open("rb") as file:
        file.seek(-8, 2)
        tail = file.read(8)
        if tail[4:] != MAGIC:
            raise Wrong(f"{path.name} has no Parquet footer: it was cut short")
        length = int.from_bytes(tail[:4], "little")
        file.seek(-8 - length, 2)
        return Footer(file.read(length)).rows()


class Footer:
    """Reads as much of a footer as is needed for the number of rows."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def rows(self) -> int:
        """The number of rows."""
        field = 0
        while True:
            kind, field = self.header(field)
            if kind == 0:
                raise Wrong("a Parquet footer says no number of rows")
            if field == 3:
                told = self.varint()
                return (told >> 1) ^ -(told & 1)
            self.skip(kind)

    def header(self, field: int) -> tuple[int, int]:
        """Kind and number of the next field of a structure; kind 0 at its end."""
        byte = self.data[self.at]
        self.at += 1
        if byte == 0:
            return 0, field
        if byte >> 4:
            return byte & 15, field + (byte >> 4)
        told = self.varint()
        return byte & 15, (told >> 1) ^ -(told & 1)

    def varint(self) -> int:
        """A number in base 128, the smallest digits first."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def skip(self, kind: int) -> None:
        """Pass over a value."""
        if kind in (1, 2, 3, 7):
            self.at += {3: 1, 7: 8}.get(kind, 0)
        elif kind in (4, 5, 6, 8):
            told = self.varint()
            self.at += told if kind == 8 else 0
        elif kind in (9, 10):
            self.skip_list()
        elif kind == 12:
            inner, field = self.header(0)
            while inner:
                self.skip(inner)
                inner, field = self.header(field)
        else:
            raise Wrong("a Parquet footer has a value of an unknown kind")

    def skip_list(self) -> None:
        """Pass over a list or set."""
        byte = self.data[self.at]
        self.at += 1
        count = byte >> 4 if byte >> 4 < 15 else self.varint()
        for _ in range(count):
            if byte & 15 in (1, 2):
                self.at += 1
            else:
                self.skip(byte & 15)


def exact(row: Mapping[str, Any]) -> bytes:
    """The one exact form of a row; see the docstring of the data contract."""
    kept = {name: value for name, value in row.items() if value is not None and value != ""}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def csv_rows(path: Path, columns: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Rows of a CSV file, in the values of the exact form."""
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, strict=True):
            if set(line) != set(columns):
                raise Wrong(f"{path.name} has other columns than the manifest says")
            yield {name: _told(columns[name], cell) for name, cell in line.items()}


def _told(kind: str, cell: str) -> Any:
    """A cell's value."""
    if not cell or kind in ("text", "number", "instant"):
        return cell
    if kind == "whole":
        return int(cell)
    return cell == "true" if kind == "flag" else json.loads(cell)


def parquet_rows(path: Path, columns: Mapping[str, str]) -> Iterator[dict[str, Any]] | None:
    """The same of a Parquet file; nothing where pyarrow is not installed."""
    try:
        from pyarrow import parquet
    except ImportError:
        return None
    batches = parquet.ParquetFile(path).iter_batches(10_000)
    return (
        {name: _plain(columns[name], value) for name, value in row.items()}
        for batch in batches
        for row in batch.to_pylist()
    )


def _plain(kind: str, value: Any) -> Any:
    """A value of the exact form."""
    if hasattr(value, "isoformat"):
        return str(value.isoformat(timespec="microseconds")).replace("+00:00", "Z")
    if isinstance(value, float) and kind == "number":
        return repr(value)
    if isinstance(value, list):
        return [_plain("", one) for one in value]
    if isinstance(value, dict):
        return {name: _plain("", one) for name, one in value.items()}
    return value


def digest_of(path: Path) -> str:
    """SHA-256 of a file in hex."""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def check_files(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Faults of the files: missing, cut short, altered, too many."""
    named = {**manifest["files"], **manifest["papers"]}
    for name, about in named.items():
        path = folder / name
        if not path.is_file():
            yield f"{name} is missing"
        elif path.stat().st_size != about["bytes"]:
            yield f"{name} has {path.stat().st_size} bytes, not {about['bytes']}"
        elif digest_of(path) != about["sha256"]:
            yield f"{name} was altered: its SHA-256 is not the one in {MANIFEST}"
    for path in sorted(folder.iterdir()):
        if path.name not in named and path.name != MANIFEST:
            yield f"{path.name} does not belong to the set"


def check_rows(folder: Path, manifest: Mapping[str, Any]) -> tuple[list[str], bool]:
    """Faults of the rows, and whether all of them were read and not only counted."""
    faults: list[str] = []
    digests: list[bytes] = []
    whole, total = True, 0
    for name, about in manifest["files"].items():
        path = folder / name
        binary, before = name.endswith(".parquet"), len(digests)
        rows = parquet_rows(path, about["columns"]) if binary else csv_rows(path, about["columns"])
        whole = whole and rows is not None
        digests += [sha256(exact(row)).digest() for row in rows or ()]
        count = count_parquet(path) if binary else len(digests) - before
        total += count
        if count != about["rows"]:
            faults.append(f"{name} has {count} rows, not {about['rows']}")
    if total != manifest["rows"] or sum(manifest["label_status"].values()) != manifest["rows"]:
        faults.append(f"there are {total} rows, and {MANIFEST} says {manifest['rows']}")
    if whole and sha256(b"".join(sorted(digests))).hexdigest() != manifest["row_hash"]:
        faults.append(f"the rows are not those of the row hash in {MANIFEST}")
    return faults, whole


def check_ledger(
    ledger: Mapping[str, Any], keys: list[str], *, named: bool = False
) -> tuple[list[str], str]:
    """Faults of the checkpoint, and what it shows, in words."""
    note = ledger["checkpoint"]
    if note is None:
        wrong = ["there is no checkpoint, so the key you named shows nothing"] if named else []
        return wrong, "No checkpoint had been signed at the cut, so no signature is of it."
    lines, signer = note.split("\n"), signer_of(note, keys)
    if signer is None:
        return ["the checkpoint is signed by none of the keys"], "Its signature is not checked."
    log, size, root = lines[0], int(lines[1]), b64decode(lines[2]).hex()
    faults = []
    if log != ledger["log"] or size > ledger["size"]:
        faults.append("the checkpoint is of another ledger, or of a longer one than the cut")
    if size == ledger["size"] and root != ledger["root"]:
        faults.append("the checkpoint's root is not the one of the cut")
    after = ledger["size"] - size
    rest = f" {after} entries of the cut came after it." if after else ""
    return faults, f"Signed by {signer}: {log} with {size} entries.{rest}"


def verify(
    folder: Path, keys: list[str] | None = None, *, named: bool = False
) -> tuple[list[str], list[str]]:
    """What is wrong with a set, and what was found right, in words. ``named``: by who asks."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    form = manifest.get("format") if isinstance(manifest, dict) else None
    if form != FORMAT:
        raise Wrong(f"the set is of the format {form}, not {FORMAT}")
    faults = list(check_files(folder, manifest))
    told = [f"{len(manifest['files'])} files with rows, {len(manifest['papers'])} papers."]
    if not faults:
        wrong, whole = check_rows(folder, manifest)
        faults += wrong
        how = "read and hashed" if whole else "counted; to hash them too, install pyarrow"
        told.append(f"{manifest['rows']} rows, {how}.")
    ledger = manifest["ledger"]
    wrong, words = check_ledger(ledger, ledger["keys"] if keys is None else keys, named=named)
    told.append(words)
    if keys is None and ledger["checkpoint"]:
        told.append("The key came with the set: get the ledger's key another way and name it.")
    told.append(
        f"As of {manifest['as_of']}, after {manifest['erasure_epoch']} erasures: what was erased"
        " since, only the ledger knows (countermand feedback check)."
    )
    return faults + wrong, told


def manifest_hash(folder: Path) -> str:
    """SHA-256 of the manifest's bytes, in hex."""
    return sha256((folder / MANIFEST).read_bytes()).hexdigest()


def main() -> int:
    """Check a set and say what was found."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    words.add_argument("--key", type=Path, help="file of public keys, one a line")
    words.add_argument("--manifest", metavar="SHA256", help="as the ledger's entry has it")
    asked = words.parse_args()
    try:
        lines = asked.key.read_text("utf-8").splitlines() if asked.key else None
        keys = None if lines is None else [line for line in lines if "+" in line]
        faults, told = verify(asked.folder, keys, named=keys is not None)
        told.append(f"SHA-256 of the manifest: {(found := manifest_hash(asked.folder))}")
        if asked.manifest is not None and asked.manifest.lower() != found:
            faults.append("the manifest is not the one that the ledger has")
    except (OSError, ValueError, KeyError, IndexError, TypeError, Wrong) as broken:
        sys.stderr.write(f"{asked.folder} cannot be read as a feedback set: {broken}\n")
        return 2
    for line in told:
        sys.stdout.write(f"{line}\n")
    for fault in faults:
        sys.stderr.write(f"WRONG: {fault}\n")
    bound = "WHOLE" if asked.manifest is not None else CONSISTENT
    sys.stdout.write("ALTERED\n" if faults else f"{bound}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
