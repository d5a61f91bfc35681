"""Results of other threads, handed to one event loop: it is woken once, however many came.

A writer that finishes thirty commands at once would otherwise wake the loop thirty times, and each
time wait for its turn to go on.
"""

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

Result = TypeVar("Result")
_MAILBOXES: "WeakKeyDictionary[asyncio.AbstractEventLoop, Mailbox]" = WeakKeyDictionary()


class Mailbox:
    """What has arrived for a loop and was not handed out yet."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._woken = False

    def expect(self, future: "Future[Result]") -> "asyncio.Future[Result]":
        """The same result, to be awaited on the loop."""
        waiter: asyncio.Future[Result] = self._loop.create_future()
        future.add_done_callback(lambda done: self._put(waiter, done))
        return waiter

    def _put(self, waiter: "asyncio.Future[Any]", done: "Future[Any]") -> None:
        """Called in the thread that has the result."""
        # What is in the box before the loop looks is found by it; so the order of these matters.
        self._arrived.append((waiter, done))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        """Called on the loop."""
        self._woken = False
        while self._arrived:
            waiter, done = self._arrived.popleft()
            if waiter.done():
                continue
            failure = done.exception()
            if failure is None:
                waiter.set_result(done.result())
            else:
                waiter.set_exception(failure)


async def settled(future: "Future[Result]") -> Result:
    """Wait for another thread's result without blocking the loop; raises what it raised."""
    loop = asyncio.get_running_loop()
    mailbox = _MAILBOXES.get(loop)
    if mailbox is None:
        mailbox = _MAILBOXES[loop] = Mailbox(loop)
    return await mailbox.expect(future)
