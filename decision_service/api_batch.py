"""Many applications in one request: a line each, an answer line each, in the same order.

Lines are read while earlier ones are being decided, and answers are sent as they come, so neither
side holds a whole file. A line that is refused spoils no other.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from decision_service.answers import OURS
from decision_service.api_decisions import count
from decision_service.body_guard import checked_key, header, parse_text
from decision_service.errors import Malformed, RequestError, TooLarge, UnsupportedMedia
from decision_service.problems import encode, plain_problem, problem
from decision_service.queries import refuse_unknown
from decision_service.visits import ACTOR, REQUEST_ID
from overrides.values import Actor

MEDIA_TYPE = "application/x-ndjson"
ACCEPTED = frozenset({MEDIA_TYPE, "application/ndjson", "application/jsonl", "application/json"})
AT_ONCE_MAX = 64  # lines being decided
UNSENT_MAX = 20_000  # answers that the sender has not taken yet, after which reading stops
KEY_MEMBER = "idempotency_key"

Line = bytes | RequestError
Decided = asyncio.Task[dict[str, Any]]


class Batch:
    """``POST /v1/decisions/batch`` as pure ASGI: reading and answering go on side by side."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer line by line."""
        request = Request(scope, receive)
        refuse_unknown(request)
        kind = (header(scope["headers"], b"content-type") or b"").decode("latin-1")
        if kind.partition(";")[0].strip().lower() not in ACCEPTED:
            raise UnsupportedMedia(expected=MEDIA_TYPE)
        settings = request.app.state.services.settings
        answers: asyncio.Queue[Decided | None] = asyncio.Queue(UNSENT_MAX)
        reading = asyncio.create_task(
            _decide_all(request, answers, settings.body_bytes_max, settings.batch_lines_max)
        )
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            while (answer := await answers.get()) is not None:
                line = encode(await answer) + b"\n"
                await send({"type": "http.response.body", "body": line, "more_body": True})
            await reading
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            reading.cancel()


async def _decide_all(
    request: Request, answers: "asyncio.Queue[Decided | None]", bytes_max: int, lines_max: int
) -> None:
    """Start deciding each line as it comes, never too many at once; None after the last."""
    room = asyncio.Semaphore(AT_ONCE_MAX)
    latest: dict[str, Decided] = {}  # of each application, so that its re-scores keep their order
    number = 0
    try:
        async for line in lines_of(request.stream(), bytes_max):
            number += 1
            body = _parsed(line, bytes_max)
            if number > lines_max:
                body = Malformed(problem=f"a batch has at most {lines_max} lines")
            await room.acquire()
            name = str(body.get("application_id")) if isinstance(body, dict) else ""
            task = asyncio.create_task(_decide(request, body, number, latest.get(name)))
            task.add_done_callback(lambda _: room.release())
            latest[name] = task
            task.add_done_callback(partial(_forget, latest, name))
            await answers.put(task)
            if number > lines_max:
                break
    finally:
        await answers.put(None)


async def _decide(
    request: Request, body: object, number: int, before: Decided | None
) -> dict[str, Any]:
    """One line's answer: the decision object or a problem."""
    if isinstance(body, RequestError):
        return _refusal(request, body, number)
    if before is not None:
        await asyncio.wait([before])
    actor: Actor = request.scope["state"][ACTOR]
    try:
        key = checked_key(body.pop(KEY_MEMBER, None) if isinstance(body, dict) else None)
        answer = await request.app.state.services.decisions.decide(body, actor, key)
    except OURS as refused:
        return _refusal(request, refused, number)
    except Exception:  # noqa: BLE001 # the other lines go on
        said = "Something broke on our side; send this line again with the same key."
        return {**plain_problem(500, "internal-error", said), "line": number}
    count(request.app.state.measures, answer)
    return {**answer.body, "replayed": True} if answer.replayed else dict(answer.body)


def _refusal(request: Request, refused: Exception, number: int) -> dict[str, Any]:
    """A problem that names its line."""
    return {**problem(refused, request.scope["state"][REQUEST_ID]), "line": number}


def _parsed(line: Line, limit: int) -> object:
    """The line's one meaning, or what is wrong with it."""
    if isinstance(line, RequestError):
        return line
    try:
        return parse_text(line, limit)
    except RequestError as refused:
        return refused


def _forget(latest: dict[str, Decided], name: str, done: Decided) -> None:
    """Let go of an application's last line unless another has come since."""
    if latest.get(name) is done:
        del latest[name]


async def lines_of(stream: AsyncIterator[bytes], limit: int) -> AsyncIterator[Line]:
    """Lines of a stream; an error in place of one that is empty or too long."""
    held, skipping = b"", False
    async for chunk in stream:
        *whole, held = (held + chunk).split(b"\n")
        for line in whole:
            if skipping:
                skipping = False
                yield TooLarge(limit)
            elif len(line) > limit:
                yield TooLarge(limit)
            else:
                yield line if line.strip() else Malformed(problem="the line is empty")
        if len(held) > limit:
            held, skipping = b"", True
    if skipping:
        yield TooLarge(limit)
    elif held.strip():
        yield held
