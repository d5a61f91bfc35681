"""The hash tree worked out a second time, by other steps than the ledger's own.

A fault in ``overrides.merkle``, or in the memory of the machine that ran it, must not be signed
because the check shares it. So nothing is imported from there: this keeps a stack of subtrees with
their heights and joins the two on top while they are equally high, as RFC 6962 section 2 reads.
"""

from collections.abc import Sequence
from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"


class Recount:
    """A tree that grows entry by entry, from nothing or from the peaks it once had."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """``peaks`` are the roots of the whole subtrees of ``size`` entries, largest first."""
        heights = [h for h in range(size.bit_length() - 1, -1, -1) if size >> h & 1]
        if len(heights) != len(peaks):
            msg = f"{len(peaks)} peaks are not those of {size} entries"
            raise ValueError(msg)
        self.size = size
        self._stack = list(zip(heights, peaks, strict=True))

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Roots of the whole subtrees, largest first."""
        return tuple(digest for _, digest in self._stack)

    def add(self, body: bytes) -> bytes:
        """Take in the stored bytes of the next entry; their hash."""
        leaf = sha256(LEAF + body).digest()
        stack = self._stack
        stack.append((0, leaf))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (height, right), (_, left) = stack.pop(), stack.pop()
            stack.append((height + 1, sha256(NODE + left + right).digest()))
        self.size += 1
        return leaf

    def root(self) -> bytes:
        """Root over all entries so far."""
        if not self._stack:
            return sha256(b"").digest()
        digests = [digest for _, digest in self._stack]
        root = digests.pop()
        while digests:
            root = sha256(NODE + digests.pop() + root).digest()
        return root
