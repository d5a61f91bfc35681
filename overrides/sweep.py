"""Reading the whole signed ledger back a little at a time, against what the signer remembers.

What is signed next rests on the entries since the last signature. An entry changed long ago would
not be met there; the sweep meets it, whatever else in the database was made to fit it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from overrides.errors import LedgerAltered
from overrides.recount import Recount
from overrides.signer_memory import Remembered
from overrides.signing import SignableLog, cut_off, recount_entries

AT_ONCE = 1_000
AGAIN_AFTER = timedelta(hours=1)
DOUBT_AFTER = timedelta(minutes=1)  # something was wrong: look again soon


@dataclass(slots=True)
class Sweep:
    """One pass after another over a log. ``problem`` is what the last whole pass found."""

    book: SignableLog
    problem: LedgerAltered | None = None
    _until: Remembered | None = None
    _tree: Recount = field(default_factory=Recount)
    _next_at: datetime | None = None

    def step(self, remembered: Remembered | None, now: datetime) -> None:
        """Read some more; at the end of a pass, compare and rest."""
        if self._until is None:
            if remembered is None or (self._next_at is not None and now < self._next_at):
                return
            self._until, self._tree = remembered, Recount()
        try:
            done = self._read_on(self._until)
        except LedgerAltered as altered:
            self._end(altered, now)
        else:
            if done:
                self._end(None, now)

    def _read_on(self, until: Remembered) -> bool:
        """Take in some entries; whether that was all of them."""
        tree = self._tree
        entries = self.book.entries(tree.size, min(AT_ONCE, until.size - tree.size))
        if not entries and tree.size < until.size:
            left = self.book.head().size
            gone = "the entry is missing" if left >= until.size else cut_off(until.size, left)
            raise LedgerAltered(seq=tree.size, finding=gone)
        recount_entries(tree, entries)
        if tree.size < until.size:
            return False
        if tree.root() != until.root:
            finding = f"one of the first {until.size} entries is not the one that was signed"
            raise LedgerAltered(seq=until.size - 1, finding=finding)
        return True

    def _end(self, problem: LedgerAltered | None, now: datetime) -> None:
        """Rest after a pass."""
        self.problem, self._until = problem, None
        self._next_at = now + (DOUBT_AFTER if problem else AGAIN_AFTER)
