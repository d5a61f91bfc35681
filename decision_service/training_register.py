"""The training register: folded from the ledger's entries, in step within each transaction.

There is no table to fall out of step: a rebuild changes nothing of it.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock
from typing import Protocol

from overrides.event_kinds import TRAINING_KINDS
from overrides.events import read_event
from overrides.journal import Entry, State
from overrides.training import Register, check_training
from overrides.training_errors import TrainingError
from overrides.values import DECIDING_ROLES, Actor, Rules

POLL_SECONDS = 0.25
EVENTS_READ_MAX = 1000


class TrainingEvents(Protocol):
    """What is read of the ledger."""

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> Sequence[Entry]:
        """Entries of these types after a place, oldest first."""


class TrainingRegister:
    """Reads the register from the ledger, when first needed and then what came since."""

    def __init__(
        self, events: TrainingEvents, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._events = events
        self._monotonic = monotonic
        self._known: tuple[Register, int] = (Register(), -1)  # and up to which place it holds
        self._read_at = float("-inf")
        self._reading = Lock()

    def known(self, *, fresh: bool = False) -> Register:
        """The register, at most a quarter of a second old."""
        if fresh or self._monotonic() - self._read_at >= POLL_SECONDS:
            with self._reading:
                self._follow()
        return self._known[0]

    def within(self, state: State) -> Register:
        """The register as a command's own transaction sees it: no later entry slips past it."""
        register, upto = self._known
        return register.after(state.training_events(upto))

    def check(self, state: State, actor: Actor, rules: Rules) -> None:
        """Refuse an act inside its transaction; see ``check_training``."""
        if rules.training_days:
            check_training(self.within(state), actor, rules, state.now.date())

    def check_now(self, actor: Actor, rules: Rules, now: datetime) -> None:
        """Refuse what an act would be refused for, before it is tried."""
        check_training(self.known(), actor, rules, now.date())

    def refusal(self, actor: Actor, rules: Rules | None, now: datetime) -> str:
        """Why the register keeps somebody from deciding under these rules; "" where it does not."""
        try:
            if rules is not None and actor.role in DECIDING_ROLES:
                self.check_now(actor, rules, now)
        except TrainingError as refused:
            return str(refused)
        return ""

    def admits(self, person: str, rules: Rules, now: datetime) -> bool:
        """Whether the training register lets a person decide cases under these rules."""
        held = self.known().held(person, rules.bundle)
        return not rules.training_days or (held is not None and held.valid(now.date()))

    def _follow(self) -> None:
        """Take in what was recorded since the last look."""
        while True:
            register, upto = self._known
            entries = self._events.changes(upto, EVENTS_READ_MAX, TRAINING_KINDS)
            if entries:
                events = [read_event(entry.body) for entry in entries]
                self._known = (register.after(events), entries[-1].seq)
            if len(entries) < EVENTS_READ_MAX:
                break
        self._read_at = self._monotonic()
