"""Where the hashes and entries of a log lie in the C2SP tlog-tiles layout."""

from collections.abc import Iterator, Sequence

from overrides.errors import LedgerAltered
from overrides.merkle import BLOCK, HASH_BYTES, node_hash

_LENGTH_BYTES = 2
_GROUP = 1_000


def place(number: int) -> str:
    """A tile's number as a path: groups of three digits, ``x`` before all but the last."""
    path = f"{number % _GROUP:03d}"
    while number := number // _GROUP:
        path = f"x{number % _GROUP:03d}/{path}"
    return path


def tile_paths(kind: str, count: int) -> Iterator[tuple[str, int, int]]:
    """(path, first, width) of the tiles that hold ``count`` things; the last may be partial.

    ``kind`` is ``entries`` or a level of tiles.
    """
    for number in range(-(-count // BLOCK)):
        width = min(BLOCK, count - number * BLOCK)
        partial = f".p/{width}" if width < BLOCK else ""
        yield f"tile/{kind}/{place(number)}{partial}", number * BLOCK, width


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as they lie in a bundle: each with its length before it."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def unbundle(data: bytes, *, first: int, width: int) -> list[bytes]:
    """The entries of a bundle. Raises ``LedgerAltered`` when there are not ``width`` of them."""
    entries, at = [], 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
    if at != len(data) or len(entries) != width:
        raise LedgerAltered(seq=first, finding=f"its bundle does not hold {width} entries")
    return entries


def split_hashes(data: bytes, *, first: int, width: int) -> list[bytes]:
    """The hashes of a tile. Raises ``LedgerAltered`` when there are not ``width`` of them."""
    if len(data) != width * HASH_BYTES:
        raise LedgerAltered(seq=first, finding=f"its tile does not hold {width} hashes")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root of a whole tile."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
