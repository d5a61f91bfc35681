"""Keys for programs: ``cmk_<public id>_<secret>``, shown once, kept as a hash.

The public id finds the key and may be written down anywhere; the secret has 256 random bits, so a
plain SHA-256 of it cannot be reversed by guessing and costs a request next to nothing.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

PREFIX = "cmk"
PUBLIC_BYTES = 8
PUBLIC_ID_CHARS = 2 * PUBLIC_BYTES
SECRET_BYTES = 32
SHAPE = re.compile(r"cmk_([0-9a-f]{16})_([0-9a-f]{64})", re.ASCII)
SCHEME = "bearer"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the one moment at which its text is known."""

    public_id: str
    text: str
    kept: str  # what is stored instead of the secret


def make_key(random_bytes: Callable[[int], bytes]) -> NewKey:
    """A new key from a source of random bytes fit for secrets."""
    public_id, secret = random_bytes(PUBLIC_BYTES).hex(), random_bytes(SECRET_BYTES).hex()
    return NewKey(public_id, f"{PREFIX}_{public_id}_{secret}", _kept(secret))


def presented(authorization: str | None) -> tuple[str, str] | None:
    """Public id and secret in an ``Authorization`` header; None when there is no such key in it."""
    scheme, _, text = (authorization or "").partition(" ")
    found = SHAPE.fullmatch(text.strip()) if scheme.lower() == SCHEME else None
    return (found[1], found[2]) if found else None


def opens(kept: str, secret: str) -> bool:
    """Whether this secret is the one that was kept, in a time that tells nothing."""
    return hmac.compare_digest(kept, _kept(secret))


def _kept(secret: str) -> str:
    """What is stored instead of the secret."""
    return hashlib.sha256(b"countermand/key/v1\0" + secret.encode()).hexdigest()
