"""Names for things: UUID version 7 (RFC 9562), sortable by time, the rest random."""

from collections.abc import Callable
from datetime import datetime

from overrides.values import Clock, NewId

RANDOM_BYTES = 10

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_RANDOM_A_MASK = 0xFFF
_RANDOM_B_MASK = (1 << 62) - 1


def new_id(now: datetime, random_bytes: bytes) -> str:
    """A UUID of version 7 from a time (to the millisecond) and ten random bytes, in text form."""
    if len(random_bytes) != RANDOM_BYTES:
        msg = f"an id needs {RANDOM_BYTES} random bytes, got {len(random_bytes)}"
        raise ValueError(msg)
    chance = int.from_bytes(random_bytes, "big")
    value = (
        (int(now.timestamp() * 1000) & ((1 << 48) - 1)) << 80
        | _VERSION
        | (chance >> 62 & _RANDOM_A_MASK) << 64
        | _VARIANT
        | chance & _RANDOM_B_MASK
    )
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def id_maker(clock: Clock, random_bytes: Callable[[int], bytes]) -> NewId:
    """A source of ids that takes its time from ``clock`` and its chance from ``random_bytes``."""
    return lambda: new_id(clock(), random_bytes(RANDOM_BYTES))
