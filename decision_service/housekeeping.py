"""Work that a server does on the side: when it starts, when it is woken, and once an hour.

What is done must bear being cut short, as it is taken up again by the next look.
"""

import logging
from collections.abc import Callable
from threading import Event, Thread

LOGGER = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 3_600.0


class Housekeeping:
    """Does some work in a thread of its own, once it was started and until it is closed."""

    def __init__(
        self,
        *,
        every_seconds: float = LOOK_EVERY_SECONDS,
        failed: str = "what erasures left to do could not be finished",
    ) -> None:
        self._every_seconds = every_seconds
        self._failed = failed
        self._woken = Event()
        self._closing = False
        self._thread: Thread | None = None

    def start(self, work: Callable[[], None]) -> None:
        """Begin, with a first look at once."""
        self._thread = Thread(target=self._run, args=(work,), name="housekeeping", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look soon."""
        self._woken.set()

    def close(self) -> None:
        """Stop after what is being done."""
        self._closing = True
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, work: Callable[[], None]) -> None:
        """Look, wait, look again; a failure is told, and the next look tries again."""
        while not self._closing:
            try:
                work()
            except Exception:
                LOGGER.exception(self._failed)
            self._woken.wait(self._every_seconds)
            self._woken.clear()
