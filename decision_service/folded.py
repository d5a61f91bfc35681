"""What the ledger's rare entries add up to, kept in memory and in step with each transaction.

There is no table to fall out of step: a rebuild changes nothing of it.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Generic, Protocol, TypeVar

from overrides.event_kinds import RARE_KINDS
from overrides.events import read_event
from overrides.journal import Entry, Event, State

POLL_SECONDS = 0.25
EVENTS_READ_MAX = 1000

Known = TypeVar("Known")
After = Callable[[Known, Iterable[Event]], Known]


class RareEvents(Protocol):
    """What is read of the ledger."""

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> Sequence[Entry]:
        """Entries of these types after a place, oldest first."""


class Folded(Generic[Known]):
    """The sum of the entries about one thing (``RARE_KINDS``), read when first asked for.

    ``nothing`` is the sum of no entries, ``after`` takes later ones in.
    """

    def __init__(
        self,
        about: str,
        nothing: Known,
        after: After[Known],
        events: RareEvents,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._about = about
        self._after = after
        self._events = events
        self._monotonic = monotonic
        self._known = (nothing, -1)  # and up to which place it holds
        self._read_at = float("-inf")
        self._reading = Lock()

    def known(self, *, fresh: bool = False) -> Known:
        """The sum, at most a quarter of a second old."""
        if fresh or self._monotonic() - self._read_at >= POLL_SECONDS:
            with self._reading:
                self._follow()
        return self._known[0]

    def within(self, state: State) -> Known:
        """The sum as a command's own transaction sees it: no later entry slips past it."""
        known, upto = self._known
        return self._after(known, state.rare_events(self._about, upto))

    def _follow(self) -> None:
        """Take in what was recorded since the last look."""
        while True:
            known, upto = self._known
            entries = self._events.changes(upto, EVENTS_READ_MAX, RARE_KINDS[self._about])
            if entries:
                events = [read_event(entry.body) for entry in entries]
                self._known = (self._after(known, events), entries[-1].seq)
            if len(entries) < EVENTS_READ_MAX:
                break
        self._read_at = self._monotonic()
