"""The tree of RFC 6962 as its text defines it, slow and plain: the oracle of the fast one."""

from collections.abc import Sequence
from hashlib import sha256


def split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def root(hashes: Sequence[bytes]) -> bytes:
    """MTH of section 2.1, over leaf hashes."""
    if not hashes:
        return sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return sha256(b"\x01" + root(hashes[:k]) + root(hashes[k:])).digest()


def inclusion(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if index < k:
        return [*inclusion(hashes[:k], index), root(hashes[k:])]
    return [*inclusion(hashes[k:], index - k), root(hashes[:k])]


def consistency(hashes: Sequence[bytes], first: int) -> list[bytes]:
    """PROOF of section 2.1.2."""
    return _subproof(hashes, first, known=True)


def _subproof(hashes: Sequence[bytes], first: int, *, known: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.2."""
    if first == len(hashes):
        return [] if known else [root(hashes)]
    k = split(len(hashes))
    if first <= k:
        return [*_subproof(hashes[:k], first, known=known), root(hashes[k:])]
    return [*_subproof(hashes[k:], first - k, known=False), root(hashes[:k])]
