"""Many applications in one request: a line each, an answer line each, in the same order.

Lines are read while earlier ones are being decided, and answers are sent as they come, so neither
side holds a whole file. Lines that arrived together are decided together, in a thread of their
own; they are recorded in their order. A line that is refused spoils no other.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from decision_service.answers import OURS
from decision_service.api_decisions import count
from decision_service.blocks import Asked, Begun, Blocks, read_asked
from decision_service.body_guard import header
from decision_service.errors import Malformed, Overloaded, RequestError, TooLarge, UnsupportedMedia
from decision_service.measures import Measures
from decision_service.problems import encode, plain_problem, problem
from decision_service.queries import refuse_unknown
from decision_service.visits import ACTOR, REQUEST_ID
from overrides.values import Actor

MEDIA_TYPE = "application/x-ndjson"
ACCEPTED = frozenset({MEDIA_TYPE, "application/ndjson", "application/jsonl", "application/json"})
TOGETHER_MAX = 64  # lines decided in one go
RECORDING_MAX = 2  # of these on their way to the disk, while the next is being scored
BATCHES_MAX = 8  # at once: each holds threads of its own
UNSENT_MAX = 20_000  # answers that the sender has not taken yet, after which reading stops
BROKEN = "Something broke on our side; send this line again with the same key."

Line = bytes | RequestError
Outcome = Begun | Exception


class Batch:
    """``POST /v1/decisions/batch`` as pure ASGI: reading and answering go on side by side."""

    def __init__(self) -> None:
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer line by line. Raises ``Overloaded`` before anything is read, of too many."""
        request = Request(scope, receive)
        refuse_unknown(request)
        kind = (header(scope["headers"], b"content-type") or b"").decode("latin-1")
        if kind.partition(";")[0].strip().lower() not in ACCEPTED:
            raise UnsupportedMedia(expected=MEDIA_TYPE)
        if self._open >= BATCHES_MAX:
            raise Overloaded
        self._open += 1
        try:
            await self._answered(request, send)
        finally:
            self._open -= 1

    async def _answered(self, request: Request, send: Send) -> None:
        """Read and answer side by side."""
        threads = ThreadPoolExecutor(1 + RECORDING_MAX, "batch")
        work = _Work(request, threads)
        reading = asyncio.create_task(work.read())
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            while (told := await work.answers.get()) is not None:
                lines = await told
                body = b"".join(lines)
                await send({"type": "http.response.body", "body": body, "more_body": True})
                work.sent(len(lines))
            await reading
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            reading.cancel()
            threads.shutdown(wait=False, cancel_futures=True)


class _Work:
    """The lines of one request on their way to their answers."""

    def __init__(self, request: Request, threads: ThreadPoolExecutor) -> None:
        services = request.app.state.services
        self._stream = request.stream()
        self._bytes_max: int = services.settings.body_bytes_max
        self._lines_max: int = services.settings.batch_lines_max
        self._threads = threads
        self._recording = asyncio.Semaphore(RECORDING_MAX)
        self._unsent = asyncio.Semaphore(UNSENT_MAX)
        self._counter = _Counter(
            Blocks(services.decisions),
            request.scope["state"][ACTOR],
            request.scope["state"][REQUEST_ID],
            request.app.state.measures,
            self._bytes_max,
        )
        self.answers: asyncio.Queue[asyncio.Future[list[bytes]] | None] = asyncio.Queue()

    async def read(self) -> None:
        """Decide lines as they come; None after the answers to the last."""
        number = 0
        try:
            async for arrived in blocks_of(self._stream, self._bytes_max):
                left = self._lines_max - number
                if len(arrived) > left:
                    too_many = Malformed(problem=f"a batch has at most {self._lines_max} lines")
                    arrived[left:] = [too_many]
                for start in range(0, len(arrived), TOGETHER_MAX):
                    lines = arrived[start : start + TOGETHER_MAX]
                    await self._decide(lines, number)
                    number += len(lines)
                if number > self._lines_max:
                    break
        finally:
            await self.answers.put(None)

    def sent(self, lines: int) -> None:
        """So many answers more have been taken."""
        for _ in range(lines):
            self._unsent.release()

    async def _decide(self, lines: Sequence[Line], before: int) -> None:
        """Decide these lines; the next ones may be scored while these are being recorded."""
        for _ in lines:
            await self._unsent.acquire()
        await self._recording.acquire()
        loop = asyncio.get_running_loop()
        begun = await loop.run_in_executor(self._threads, self._counter.begin, lines)
        told = loop.run_in_executor(self._threads, self._counter.end, begun, before)
        told.add_done_callback(lambda _: self._recording.release())
        await self.answers.put(told)


@dataclass(frozen=True, slots=True)
class _Counter:
    """Where lines are taken in and answers given out, in a thread."""

    blocks: Blocks
    actor: Actor
    request_id: str
    measures: Measures
    bytes_max: int

    def begin(self, lines: Sequence[Line]) -> list[Outcome]:
        """What becomes of each line, as far as it is known before it is on disk."""
        read = [self._asked(line) for line in lines]
        asked = [one for one in read if not isinstance(one, Exception)]
        begun = iter(self.blocks.begin(asked, self.actor))
        return [one if isinstance(one, Exception) else next(begun) for one in read]

    def end(self, begun: Sequence[Outcome], before: int) -> list[bytes]:
        """The answer lines, once all that can be is on disk."""
        return [self._answer(one, number) + b"\n" for number, one in enumerate(begun, before + 1)]

    def _asked(self, line: Line) -> Asked | Exception:
        """The line's one meaning and its key, or what is wrong with it."""
        if isinstance(line, RequestError):
            return line
        try:
            return read_asked(line, self.bytes_max)
        except RequestError as refused:
            return refused

    def _answer(self, begun: Outcome, number: int) -> bytes:
        """One line's answer: the decision object or a problem that names its line."""
        try:
            answer = self.blocks.end(begun)
        except OURS as refused:
            return encode({**problem(refused, self.request_id), "line": number})
        except Exception:  # noqa: BLE001 # the other lines go on
            return encode({**plain_problem(500, "internal-error", BROKEN), "line": number})
        count(self.measures, answer)
        return encode({**answer.body, "replayed": True} if answer.replayed else answer.body)


async def blocks_of(stream: AsyncIterator[bytes], limit: int) -> AsyncIterator[list[Line]]:
    """Lines of a stream, those together that arrived so; an error for one empty or too long."""
    held, skipping = b"", False
    async for chunk in stream:
        *whole, held = (held + chunk).split(b"\n")
        if whole:
            lines = [_line(line, limit) for line in whole]
            if skipping:
                lines[0], skipping = TooLarge(limit), False
            yield lines
        if len(held) > limit:
            held, skipping = b"", True
    if skipping:
        yield [TooLarge(limit)]
    elif held.strip():
        yield [_line(held, limit)]


def _line(line: bytes, limit: int) -> Line:
    """A line, or what is wrong with one that holds too much or nothing."""
    if len(line) > limit:
        return TooLarge(limit)
    return line if line.strip() else Malformed(problem="the line is empty")
