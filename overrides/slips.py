"""A line of letters that remembers where a ledger stood, to be printed, kept and typed in again.

``NAME SIZE`` and fourteen groups of four letters and digits: the root, and three bytes of a hash
over all of it, so that what is typed wrong is told from what was changed. The letters are those of
Crockford's base32, which has no I, L, O and U.
"""

from base64 import b32encode
from hashlib import sha256

from overrides.notes import Checkpoint

GROUP_CHARS = 4
CHECK_BYTES = 3  # with the 32 of a root these make 56 letters, and nothing is left over

_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def slip_groups(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The root of a checkpoint as groups of letters, with what shows a slip of the pen."""
    told = f"{checkpoint.origin}\n{checkpoint.size}\n".encode() + checkpoint.root
    checked = checkpoint.root + sha256(told).digest()[:CHECK_BYTES]
    return grouped(b32encode(checked).decode().translate(_LETTERS))


def slip_line(checkpoint: Checkpoint) -> str:
    """The line that verifiers take for a memory."""
    return " ".join((checkpoint.origin, str(checkpoint.size), *slip_groups(checkpoint)))


def fingerprint(vkey: str) -> tuple[str, ...]:
    """SHA-256 of the file with the public key, as ``sha256sum signing.pub`` prints it, in fours."""
    return grouped(sha256(f"{vkey}\n".encode()).hexdigest())


def grouped(text: str) -> tuple[str, ...]:
    """A long text in fours, to be compared by eye."""
    return tuple(text[at : at + GROUP_CHARS] for at in range(0, len(text), GROUP_CHARS))
