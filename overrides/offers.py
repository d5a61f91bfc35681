"""A checkpoint with the proof that it continues an older one, as a text that can be carried.

It is the request that the C2SP tlog-witness specification defines for telling a witness of a new
checkpoint: ``old SIZE``, a line of base64 for each hash of the proof, a blank line, the signed
note. A signed note alone is an offer without a proof.
"""

import re
from base64 import b64encode
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Sequence
from dataclasses import dataclass

from overrides.errors import NoteInvalid
from overrides.merkle import HASH_BYTES

OFFER_BYTES_MAX = 1_000_000
PROOF_HASHES_MAX = 63

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offer:
    """A signed note, and what shows it to continue ``first`` entries; None: there is no proof."""

    note: str
    first: int | None = None
    proof: tuple[bytes, ...] = ()

    def prove(self, first: int, _second: int) -> tuple[bytes, ...] | None:
        """The proof, if it is one from so many entries."""
        return self.proof if self.first == first else None

    @property
    def text(self) -> str:
        """The offer as it is written down."""
        if self.first is None:
            return self.note
        hashes = (f"{b64encode(step).decode()}\n" for step in self.proof)
        return f"old {self.first}\n{''.join(hashes)}\n{self.note}"


def offer_of(first: int, proof: Sequence[bytes], note: str) -> Offer:
    """An offer with a proof."""
    return Offer(note, first, tuple(proof))


def read_offer(text: str) -> Offer:
    """An offer from its text. Raises ``NoteInvalid`` when it is something else."""
    if not text.startswith("old "):
        return Offer(text)
    head, gap, note = text.partition("\n\n")
    old, *lines = head.split("\n")
    match = _OLD.fullmatch(old)
    if match is None or not gap or len(lines) > PROOF_HASHES_MAX:
        raise NoteInvalid(finding="it is neither a signed note nor an offer to a witness")
    return Offer(note, int(match[1]), tuple(_hash(line) for line in lines))


def _hash(line: str) -> bytes:
    """A hash from its one proper spelling."""
    try:
        found = a2b_base64(line, strict_mode=True)
    except (NotBase64, ValueError):
        found = b""
    if len(found) != HASH_BYTES or b64encode(found).decode() != line:
        raise NoteInvalid(finding="a line of its proof is no hash")
    return found
