"""Bodies read whole, once, and strictly, before any route sees them.

What could be read in two ways or could not be written down (the same key twice, NaN, numbers that
overflow, NUL, half a surrogate pair, a thousand levels) is refused here, so that nothing behind
this has to think of it.
"""

import re
from collections.abc import Iterable
from typing import Any

from starlette.types import Message, Receive

from decision_service.errors import (
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    Malformed,
    TooLarge,
    UnsupportedMedia,
)
from overrides.canonical import parse_strict
from overrides.errors import NotCanonical

DEPTH_MAX = 16
KEY_CHARS_MAX = 255
KEY = re.compile(rf"[!-~]{{1,{KEY_CHARS_MAX}}}", re.ASCII)
JSON_TYPE = b"application/json"

Headers = Iterable[tuple[bytes, bytes]]


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The whole body; TooLarge as soon as it is known to have more bytes than ``limit``."""
    announced = header(headers, b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > limit:
        raise TooLarge(limit)
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed(problem="the connection closed before the body was complete")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge(limit)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def parse_json(headers: Headers, body: bytes, limit: int) -> Any:
    """The body's one meaning; raises UnsupportedMedia or Malformed."""
    kind = (header(headers, b"content-type") or b"").partition(b";")[0].strip().lower()
    if kind != JSON_TYPE:
        raise UnsupportedMedia(expected=JSON_TYPE.decode())
    return parse_text(body, limit)


def parse_text(text: bytes, limit: int) -> Any:
    """One JSON document; raises Malformed or TooLarge."""
    if len(text) > limit:
        raise TooLarge(limit)
    try:
        return parse_strict(text, max_bytes=limit, max_depth=DEPTH_MAX)
    except NotCanonical as refused:
        raise Malformed(refused.problem) from None


def idempotency_key(headers: Headers) -> str:
    """The request's Idempotency-Key; raises when there is none or it cannot be one."""
    given = header(headers, b"idempotency-key")
    if given is None:
        raise IdempotencyKeyMissing
    return checked_key(given.decode("latin-1"))


def checked_key(key: object) -> str:
    """A key that can be kept: 1 to 255 visible ASCII characters, no blanks, taken as they stand.

    Quotes, as the draft of the header has them around its string, are part of the key.
    """
    if not isinstance(key, str):
        raise IdempotencyKeyMissing
    if not KEY.fullmatch(key):
        raise IdempotencyKeyInvalid(KEY_CHARS_MAX)
    return key


def header(headers: Headers, name: bytes) -> bytes | None:
    """The first header of this name (lower case)."""
    return next((value for key, value in headers if key == name), None)


def replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body that was read, then what else there is."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
