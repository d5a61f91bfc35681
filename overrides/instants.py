"""Instants as they are recorded: RFC 3339, UTC, six decimals, so text order is time order."""

from datetime import UTC, datetime
from functools import lru_cache

INSTANT_CHARS = 27  # 2026-11-22T01:02:03.123456Z
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # no application and no loan's book is older


@lru_cache(maxsize=256)  # one decision has the same few instants a dozen times
def instant_text(at: datetime) -> str:
    """Recorded form of an aware instant. Raises ``ValueError`` for one without a time zone."""
    if at.tzinfo is not UTC:
        if at.tzinfo is None:
            msg = f"an instant without a time zone: {at.isoformat()}"
            raise ValueError(msg)
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


def parse_instant(text: str) -> datetime:
    """Instant from its recorded form, and from no other spelling. Raises ``ValueError``."""
    if len(text) != INSTANT_CHARS or text[-1] != "Z" or not text.isascii():
        msg = f"not an instant in the recorded form: {text!r}"
        raise ValueError(msg)
    at = datetime.fromisoformat(text)
    if instant_text(at) != text:
        msg = f"not an instant in the recorded form: {text!r}"
        raise ValueError(msg)
    return at
