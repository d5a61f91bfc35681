"""A circuit breaker: what failed several times in a row is left alone for a while, then tried."""

import threading
import time
from collections.abc import Callable


class CircuitOpenError(Exception):
    """Nothing is asked just now."""


class Breaker:
    """Counts failures one after another. Safe to use from many threads.

    Open after ``failures``; ``pause_s`` later one trial goes through while all else still waits.
    Its success closes the breaker, its failure opens it anew.
    """

    def __init__(
        self, failures: int, pause_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = failures
        self._pause = pause_s
        self._clock = clock
        self._turn = threading.Lock()
        self._failed = 0
        self._open_until: float | None = None

    def enter(self) -> None:
        """Ask to go through; CircuitOpenError where that must wait."""
        with self._turn:
            if self._open_until is None:
                return
            if self._clock() < self._open_until:
                raise CircuitOpenError
            self._open_until = self._clock() + self._pause  # this is the trial, others wait on

    def succeeded(self) -> None:
        """What was asked was answered."""
        with self._turn:
            self._failed, self._open_until = 0, None

    def failed(self) -> None:
        """What was asked was not answered, or with nonsense."""
        with self._turn:
            self._failed += 1
            if self._failed >= self._most:
                self._open_until = self._clock() + self._pause
