"""A body is read no further than it may be long, and in one way only."""

import asyncio

import pytest
from starlette.types import Message

from decision_service.body_guard import checked_key, idempotency_key, parse_text, read_body, replay
from decision_service.errors import (
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    Malformed,
    TooLarge,
)


class Sender:
    """Sends a body in pieces and counts how many were taken."""

    def __init__(self, *pieces: bytes) -> None:
        self.left = list(pieces)
        self.taken = 0

    async def __call__(self) -> Message:
        """The next piece."""
        self.taken += 1
        body = self.left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self.left)}


def test_reading_stops_at_the_limit() -> None:
    sender = Sender(*[b"x" * 10] * 100)
    with pytest.raises(TooLarge):
        asyncio.run(read_body([], sender, 25))
    assert sender.taken == 3


def test_a_body_that_announces_too_much_is_not_read_at_all() -> None:
    sender = Sender(b"x")
    with pytest.raises(TooLarge):
        asyncio.run(read_body([(b"content-length", b"26")], sender, 25))
    assert sender.taken == 0


def test_a_body_of_just_the_limit_is_read_whole() -> None:
    assert asyncio.run(read_body([], Sender(b"x" * 20, b"", b"y" * 5), 25)) == b"x" * 20 + b"y" * 5


def test_a_connection_that_closes_early_has_sent_no_body() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(Malformed):
        asyncio.run(read_body([], gone, 25))


def test_the_route_behind_reads_the_same_body_once_more() -> None:
    async def twice() -> list[Message]:
        again = replay(b"body", Sender(b"later"))
        return [await again(), await again()]

    assert [message["body"] for message in asyncio.run(twice())] == [b"body", b"later"]


def test_one_document_has_one_meaning() -> None:
    assert parse_text(b'{"a": [1, 2.5, "x"]}', 100) == {"a": [1, 2.5, "x"]}
    for text in (b'{"a":1,"a":2}', b"NaN", b"1e999", b'"\\u0000"', b"[" * 17 + b"]" * 17):
        with pytest.raises(Malformed):
            parse_text(text, 100)
    with pytest.raises(TooLarge):
        parse_text(b" " * 101, 100)


def test_a_key_is_kept_only_as_it_was_sent() -> None:
    assert idempotency_key([(b"idempotency-key", b"a-1")]) == "a-1"
    assert checked_key("x" * 255) == "x" * 255
    assert checked_key('"8e03978e"') == '"8e03978e"'
    for missing in (None, 7):
        with pytest.raises(IdempotencyKeyMissing):
            checked_key(missing)
    blanks, controls = ("   ", "a b", " a", "a "), ("a\x00b", "a\tb", "\x7f", "a\n")
    for wrong in ("", "x" * 256, "\u00fc", *blanks, *controls):
        with pytest.raises(IdempotencyKeyInvalid):
            checked_key(wrong)
