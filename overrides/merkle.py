"""The hash tree of RFC 6962: growing it, proving with it, and checking proofs. Knows no storage.

Growing needs the frontier only: the roots of the perfect subtrees that make up the tree, largest
first. Proving needs runs of nodes at a few levels, all asked for at once. Checking takes hashes, an
index and sizes; whether a hash goes left or right is worked out here, never taken from the prover.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from overrides.errors import ProofInvalid

HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()
STORED_LEVELS = (8, 16, 24)  # subtree roots worth a row each; everything between is recomputed
BLOCK = 256


class Run(NamedTuple):
    """Whole subtrees of 2**``level`` leaves from index ``start`` to before ``stop``."""

    level: int  # 0 or a stored level
    start: int
    stop: int


Nodes = Callable[[Sequence[Run]], Sequence[Sequence[bytes]]]
"""Hashes of the nodes of each run, in order. Asked once for all that a proof needs."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one entry."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Subtree:
    """Root of the ``index``-th whole subtree of 2**``level`` leaves; it never changes."""

    level: int
    index: int
    hash: bytes


@dataclass(slots=True)
class Frontier:
    """A tree that can grow: its size and the roots of its whole subtrees, largest first."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse hashes that cannot belong to a tree of this size."""
        if self.size < 0 or self.size.bit_count() != len(self.hashes):
            msg = f"a tree of {self.size} leaves has not {len(self.hashes)} whole subtrees"
            raise ValueError(msg)

    def append(self, leaf: bytes) -> list[Subtree]:
        """Add a leaf by its hash; the stored-level subtrees that became whole by it."""
        whole, level, index, current = [], 0, self.size, leaf
        while index & 1:
            current = node_hash(self.hashes.pop(), current)
            index >>= 1
            level += 1
            if level in STORED_LEVELS:
                whole.append(Subtree(level, index, current))
        self.hashes.append(current)
        self.size += 1
        return whole

    def root(self) -> bytes:
        """Root of the tree as it stands."""
        return _join(self.hashes)

    def to_bytes(self) -> bytes:
        """The hashes, one after the other."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Frontier":
        """A tree from its size and ``to_bytes``. Raises ``ValueError`` when they do not fit."""
        if len(data) % HASH_BYTES:
            msg = f"{len(data)} bytes are no row of hashes"
            raise ValueError(msg)
        return cls(size, [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)])


def _join(hashes: Sequence[bytes]) -> bytes:
    """Root over the roots of whole subtrees, largest first."""
    if not hashes:
        return EMPTY_ROOT
    current = hashes[-1]
    for left in reversed(hashes[:-1]):
        current = node_hash(left, current)
    return current


def _whole_subtrees(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """(level, index) of the largest whole subtrees that tile ``start`` to ``stop``.

    ``start`` must be aligned to the largest of them, as every subtree of the tree is.
    """
    while start < stop:
        level = (stop - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _run_below(level: int, index: int) -> Run:
    """What one whole subtree is folded up from: nodes of the nearest level that is stored."""
    known = max(low for low in (0, *STORED_LEVELS) if low <= level)
    width = 1 << (level - known)
    return Run(known, index * width, (index + 1) * width)


def _whole_roots(nodes: Nodes, places: Sequence[tuple[int, int]]) -> list[bytes]:
    """Roots of whole subtrees, each given as (level, index)."""
    runs = [_run_below(*place) for place in places]
    roots = []
    for run, hashes in zip(runs, nodes(runs) if runs else (), strict=True):
        row = list(hashes)
        if len(row) != run.stop - run.start:
            finding = f"nodes of level {run.level} from {run.start} to {run.stop} are missing"
            raise ProofInvalid(finding=finding)
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        roots.append(row[0])
    return roots


def frontier_at(nodes: Nodes, size: int) -> Frontier:
    """The frontier the tree had when it held ``size`` leaves."""
    return Frontier(size, _whole_roots(nodes, list(_whole_subtrees(0, size))))


def _range_roots(nodes: Nodes, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Hash of the leaves of each range (start, stop), which is a subtree of the RFC's recursion."""
    places = [list(_whole_subtrees(*span)) for span in ranges]
    roots = iter(_whole_roots(nodes, [place for whole in places for place in whole]))
    return [_join([next(roots) for _ in whole]) for whole in places]


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Sibling hashes from leaf ``index`` up to the root of the first ``size`` leaves."""
    if not 0 <= index < size:
        raise ProofInvalid(finding=f"entry {index} is not among the first {size}")
    ranges, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    return _range_roots(nodes, ranges[::-1])


def consistency_proof(nodes: Nodes, first: int, second: int) -> list[bytes]:
    """Hashes that show the first ``first`` of ``second`` leaves to be the older tree, unchanged."""
    if not 0 < first <= second:
        raise ProofInvalid(finding=f"there is no proof from {first} to {second} entries")
    ranges, start, stop = [], 0, second
    while first != stop:
        middle = start + _split(stop - start)
        if first <= middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, stop))
    return _range_roots(nodes, ranges[::-1])


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root this path leads to. Raises ``ProofInvalid`` when its length cannot be right."""
    _check_hashes(leaf, *path)
    if not 0 <= index < size:
        raise ProofInvalid(finding=f"entry {index} is not among the first {size}")
    current = leaf
    for sibling, left in _climb(index, size - 1, path):
        current = node_hash(sibling, current) if left else node_hash(current, sibling)
    return current


def _climb(node: int, last: int, path: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each sibling on the way up with its side: true for left. The way is ours, not the prover's.

    ``node`` and ``last`` are the node's and the last node's index on the level climbed from.
    """
    for sibling in path:
        if last == 0:
            raise ProofInvalid(finding="the path is too long")
        left = bool(node & 1) or node == last
        yield sibling, left
        while left and node and not node & 1:  # levels on which the node has no sibling
            node >>= 1
            last >>= 1
        node >>= 1
        last >>= 1
    if last:
        raise ProofInvalid(finding="the path is too short")


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Check that ``leaf`` is entry ``index`` of the tree; ``ProofInvalid`` says why it is not."""
    if root_of_inclusion(leaf, index, size, path) != root:
        raise ProofInvalid(finding=f"entry {index} of {size} leads to another root")


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the older tree is the beginning of the newer; ``ProofInvalid`` says why not."""
    _check_hashes(first_root, second_root, *path)
    if not 0 <= first <= second:
        raise ProofInvalid(finding=f"there is no proof from {first} to {second} entries")
    if first in {0, second}:
        if path or first_root != (second_root if first else EMPTY_ROOT):
            raise ProofInvalid(finding="the same tree has two roots, or a proof where none belongs")
        return
    node, last = first - 1, second - 1
    while node & 1:
        node >>= 1
        last >>= 1
    steps = list(path) if node else [first_root, *path]
    if not steps:
        raise ProofInvalid(finding="the path is too short")
    older = newer = steps[0]
    for sibling, left in _climb(node, last, steps[1:]):
        if left:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
        else:
            newer = node_hash(newer, sibling)
    if (older, newer) != (first_root, second_root):
        raise ProofInvalid(finding=f"{first} and {second} entries are not of one tree")


def _check_hashes(*hashes: bytes) -> None:
    """Refuse anything that is not 32 bytes."""
    if any(len(found) != HASH_BYTES for found in hashes):
        raise ProofInvalid(finding="a hash is not 32 bytes long")
