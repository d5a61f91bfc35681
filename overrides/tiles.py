"""Where the hashes and entries of a log lie in the C2SP tlog-tiles layout, and in what form."""

from collections.abc import Sequence

from overrides.merkle import BLOCK, node_hash

_LENGTH_BYTES = 2
_GROUP = 1_000


def place(number: int) -> str:
    """A tile's number as a path: groups of three digits, ``x`` before all but the last."""
    path = f"{number % _GROUP:03d}"
    while number := number // _GROUP:
        path = f"x{number % _GROUP:03d}/{path}"
    return path


def tile_path(kind: str, number: int, width: int) -> str:
    """Where a tile lies that holds ``width`` things. ``kind`` is ``entries`` or a level."""
    partial = f".p/{width}" if width < BLOCK else ""
    return f"tile/{kind}/{place(number)}{partial}"


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as they lie in a bundle: each with its length before it."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root of a whole tile."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
