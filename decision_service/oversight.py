"""What is done to see whether oversight works, as the ledger has it, and the seed that draws.

The seed lies beside the keys, outside the database: whoever reads the database cannot foresee which
case is drawn next.
"""

import logging
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeVar

from decision_service.folded import Folded
from decision_service.training_register import TrainingRegister
from overrides.blind_first import SEED_BYTES, Lot, fingerprint, number
from overrides.board_reviews import Reviews
from overrides.events import read_event
from overrides.finding_register import FindingRegister
from overrides.forms import OverrideForm, ReviewForm
from overrides.journal import Entry
from overrides.kek_files import write_secret
from overrides.oversight import OVERSIGHT_KINDS, Practice, Practices
from overrides.review_dates import ReviewDates
from overrides.vault import RandomBytes
from overrides.watches import Watches

Timed = TypeVar("Timed", ReviewForm, OverrideForm)

LOGGER = logging.getLogger(__name__)
SEED_FILE = "blind-first.seed"
POLL_SECONDS = 0.25
EVENTS_READ_MAX = 1000
LOST = (
    "The seed that first views are drawn by (%s) is not beside the keys, so no case is drawn: put"
    " it back, or switch them off and on again with 'countermand oversight switch'"
)


class OversightEvents(Protocol):
    """What is read of the ledger."""

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> Sequence[Entry]:
        """Entries of these types after a place, oldest first."""


class Oversight:
    """Reads practices from the ledger and the seed from its file, each when first needed."""

    def __init__(
        self,
        events: OversightEvents,
        keys: Path,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._events = events
        self._file = keys / SEED_FILE
        self._monotonic = monotonic
        self._known, self._upto = Practices(), -1
        self._read_at = float("-inf")
        self._reading = Lock()
        self._seed: bytes | None = None
        self._warned = False
        self.training = TrainingRegister(events, monotonic)
        self.reviews = Folded("reviews", Reviews(), Reviews.after, events, monotonic)
        self.watches = Folded("watches", Watches(), Watches.after, events, monotonic)
        nothing = FindingRegister()
        self.findings = Folded("findings", nothing, FindingRegister.after, events, monotonic)
        dates = ReviewDates()
        self.review_dates = Folded("review_dates", dates, ReviewDates.after, events, monotonic)

    def practices(self, *, fresh: bool = False) -> Practices:
        """What staff were told and what is on, at most a quarter of a second old."""
        if fresh or self._monotonic() - self._read_at >= POLL_SECONDS:
            with self._reading:
                self._follow()
        return self._known

    def lot(self) -> Lot | None:
        """By which first views are drawn now; None while they are off.

        Where the seed is lost no case is drawn, none says it was, and the log tells once.
        """
        switch = self.practices().switch(Practice.BLIND_FIRST)
        if switch is None or not switch.share:
            return None
        seed = self.seed()
        if seed is None or fingerprint(seed) != switch.seed:
            if not self._warned:
                LOGGER.warning(LOST, switch.seed)
            self._warned = True
            return None
        return Lot(seed, switch.share)

    def timed(self, form: Timed) -> Timed:
        """The form; without how long its page was read until staff know that this is kept."""
        return form if self.practices().share(Practice.DWELL_TIME) else replace(form, dwell_ms=None)

    def may_be_drawn(self, case_ref: str) -> bool:
        """Whether the case can be one of those drawn; its first decision says if it is.

        Where another seed drew as well, or the seed is lost, any case can be.
        """
        known = self.practices()
        largest = known.largest(Practice.BLIND_FIRST)
        if not largest:
            return False
        seed = self.seed()
        if seed is None or known.seeds(Practice.BLIND_FIRST) != {fingerprint(seed)}:
            return True
        return number(seed, case_ref) < largest

    def seed(self) -> bytes | None:
        """The seed; None where there is none yet, or no longer."""
        if self._seed is None:
            try:
                self._seed = read_seed(self._file)
            except FileNotFoundError:
                return None
        return self._seed

    def make_seed(self, random_bytes: RandomBytes) -> bytes:
        """The seed, made where there is none."""
        found = self.seed()
        if found is None:
            write_secret(self._file, b64encode(random_bytes(SEED_BYTES)).decode() + "\n")
            found = read_seed(self._file)
        return found

    def _follow(self) -> None:
        """Take in what the ledger has on it since the last look."""
        while True:
            entries = self._events.changes(self._upto, EVENTS_READ_MAX, OVERSIGHT_KINDS)
            for entry in entries:
                self._known = self._known.after(read_event(entry.body))
                self._upto = entry.seq
            if len(entries) < EVENTS_READ_MAX:
                break
        self._read_at = self._monotonic()


def read_seed(file: Path) -> bytes:
    """A seed from its file; raises ``OSError``, and ``ValueError`` for anything but a seed."""
    seed = b64decode(file.read_text().strip(), validate=True)
    if len(seed) != SEED_BYTES:
        msg = f"{file} holds no seed: it has {len(seed)} bytes instead of {SEED_BYTES}"
        raise ValueError(msg)
    return seed
