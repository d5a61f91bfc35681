"""What a writer asked of the disk, step by step, and the disks that a power loss can leave."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from random import Random

from tests.evidence.office import FILE

SECTOR = 512
_HEAD = struct.Struct("=IIQQ")
_SUFFIXES = {"": "database", "-wal": "wal", "-journal": "journal"}


class What(IntEnum):
    """Kinds of steps, as the library numbers them."""

    OPENED = 1
    WRITTEN = 2
    TRUNCATED = 3
    SYNC_BEGUN = 4
    SYNCED = 5
    UNLINKED = 6
    MARKED = 7


@dataclass(frozen=True, slots=True)
class Step:
    """One thing asked of the disk, or told to somebody. ``name`` "" is the folder itself."""

    what: What
    name: str
    offset: int
    data: bytes


def read_record(record: bytes, folder: str) -> list[Step]:
    """The steps of a recording; files that do not outlive a power loss are left out."""
    names: dict[int, str | None] = {}
    steps: list[Step] = []
    at = 0
    while at < len(record):
        kind, number, offset, length = _HEAD.unpack_from(record, at)
        what = What(kind)
        at += _HEAD.size
        has_data = what in {What.OPENED, What.WRITTEN, What.MARKED}
        data = record[at : at + length] if has_data else b""
        at += len(data)
        if what is What.OPENED:
            names[number] = _short_name(data.decode(), folder)
        name = "" if what is What.MARKED else names.get(number)
        if name is not None:
            steps.append(Step(what, name, offset, data))
    return steps


def _short_name(path: str, folder: str) -> str | None:
    """Short name of a file of the ledger, "" for its folder, nothing for any other."""
    if path.rstrip("/") == folder:
        return ""
    return _SUFFIXES.get(path.removeprefix(f"{folder}/{FILE}"))


@dataclass(slots=True)
class Inode:
    """A file's bytes: what is surely on the disk, and changes that may or may not be."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Step] = field(default_factory=list)
    begun: int = 0  # how many of the pending changes a synchronisation under way covers

    def settle(self) -> None:
        """Those changes are on the disk."""
        for step in self.pending[: self.begun]:
            apply(self.durable, step)
        del self.pending[: self.begun]
        self.begun = 0


def apply(content: bytearray, step: Step) -> None:
    """Make a change whole."""
    if step.what is What.TRUNCATED:
        if step.offset <= len(content):
            del content[step.offset :]
        else:
            content.extend(bytes(step.offset - len(content)))
        return
    put(content, step.offset, step.data)


def put(content: bytearray, offset: int, data: bytes) -> None:
    """Write bytes; a gap before them reads as zeros."""
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


Piece = tuple[int, int, int, int]
"""Number of a pending change, start and end of what reached the disk, and a seed where that is
garbage, else 0."""


@dataclass(slots=True)
class Disk:
    """The files of a ledger while it is written."""

    names: dict[str, Inode | None] = field(default_factory=dict)
    pending_names: list[tuple[str, Inode | None]] = field(default_factory=list)
    now: dict[str, Inode] = field(default_factory=dict)
    names_begun: int = 0

    def take(self, step: Step) -> None:
        """Follow the writer by one step."""
        if step.what is What.OPENED and step.name and (step.offset or step.name not in self.now):
            inode = Inode()
            self.now[step.name] = inode
            self.pending_names.append((step.name, inode))
        elif step.what is What.UNLINKED:
            self.now.pop(step.name, None)
            self.pending_names.append((step.name, None))
        elif step.what in {What.WRITTEN, What.TRUNCATED}:
            self.now[step.name].pending.append(step)
        elif step.what is What.SYNC_BEGUN:
            if step.name:
                self.now[step.name].begun = len(self.now[step.name].pending)
            else:
                self.names_begun = len(self.pending_names)
        elif step.what is What.SYNCED:
            self._settle(step.name)

    def start_with(self, name: str, content: bytes) -> None:
        """A file that was on the disk before the recording began."""
        self.now[name] = Inode(bytearray(content))
        self.names[name] = self.now[name]

    def whole(self) -> dict[str, bytearray]:
        """The files as the writer sees them."""
        files = {}
        for name, inode in self.now.items():
            files[name] = bytearray(inode.durable)
            for step in inode.pending:
                apply(files[name], step)
        return files

    def uncertain(self) -> bool:
        """Whether anything may or may not be on the disk."""
        return bool(self.pending_names) or any(inode.pending for inode in self._inodes())

    def crashed(self, chance: Random) -> tuple[object, dict[str, bytearray]]:
        """A disk that a power loss can leave now, and what tells it from the others of now."""
        kept = chance.randint(0, len(self.pending_names))
        names = {**self.names, **dict(self.pending_names[:kept])}
        files: dict[str, bytearray] = {}
        choices: list[object] = [tuple(sorted(names))]
        for name, inode in sorted(names.items()):
            if inode is None:
                continue
            content = bytearray(inode.durable)
            pieces = list(chosen(inode.pending, chance))
            for number, start, end, garbage in pieces:
                _put_piece(content, inode.pending[number], start, end, garbage)
            files[name] = content
            choices.append((name, tuple(pieces)))
        return tuple(choices), files

    def _settle(self, name: str) -> None:
        """A synchronisation is over."""
        if name:
            self.now[name].settle()
            return
        self.names.update(self.pending_names[: self.names_begun])
        del self.pending_names[: self.names_begun]

    def _inodes(self) -> Iterator[Inode]:
        """Every file that may be on the disk."""
        yield from (inode for inode in self.names.values() if inode)
        yield from (inode for _, inode in self.pending_names if inode)


def _put_piece(content: bytearray, step: Step, start: int, end: int, garbage: int) -> None:
    """Make a change in part, or with garbage in place of its bytes."""
    if step.what is What.TRUNCATED:
        apply(content, step)
    elif garbage:
        put(content, step.offset + start, Random(garbage).randbytes(end - start))
    else:
        put(content, step.offset + start, step.data[start:end])


def chosen(pending: Sequence[Step], chance: Random) -> Iterator[Piece]:
    """Which of the changes reach the disk: none, some, in part, torn between sectors."""
    count = len(pending)
    if not count:
        return
    way = chance.randrange(7)
    share = chance.choice((0.1, 0.5, 0.9))
    if way == 0:  # in order, up to somewhere
        kept = set(range(chance.randint(0, count)))
    elif way == 1:  # all but one
        kept = set(range(count)) - {chance.randrange(count)}
    elif way == 2:  # only one
        kept = {chance.randrange(count)}
    else:
        kept = {number for number in range(count) if chance.random() < share}
    torn = chance.random() < share if way >= 5 else way == 4
    spoilt = chance.randrange(1, 1 << 30) if way == 6 else 0
    for number in sorted(kept):
        step = pending[number]
        if torn and step.what is What.WRITTEN and chance.random() < 0.5:
            yield from _sectors(number, step, share, spoilt, chance)
        else:
            yield number, 0, len(step.data), 0


def _sectors(number: int, step: Step, share: float, spoilt: int, chance: Random) -> Iterator[Piece]:
    """Some sectors of a write; with ``spoilt`` some of the others hold garbage."""
    first = step.offset - step.offset % SECTOR
    for sector in range(first, step.offset + len(step.data), SECTOR):
        start = max(sector - step.offset, 0)
        end = min(sector + SECTOR - step.offset, len(step.data))
        if chance.random() < share:
            yield number, start, end, 0
        elif spoilt and chance.random() < 0.3:
            yield number, start, end, spoilt + start
