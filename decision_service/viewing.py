"""Reading personal data without deciding anything is recorded too: who looked at what.

The same person looking at the same thing again within the hour is one entry. What cannot be
recorded is not shown.
"""

from dataclasses import dataclass
from datetime import datetime

from decision_service.access import OVERSIGHT
from overrides.journal import Decided, Draft, Journal, OnceOnly
from overrides.values import Actor, Clock, NewId, Role

ROUTE = "viewing"
WATCHED = OVERSIGHT | {Role.ADMIN}


@dataclass(frozen=True, slots=True)
class Viewings:
    """Records who read what."""

    journal: Journal
    new_id: NewId
    clock: Clock

    def note(self, actor: Actor, what: str, *, case: str = "") -> None:
        """Record that somebody reads; nothing for those whose acts on a case say so anyway.

        ``what`` names it without saying anything personal. Raises ``LedgerUnavailable``.
        """
        if actor.role in WATCHED:
            self.record(actor, what, case=case)

    def record(self, actor: Actor, what: str, *, case: str = "") -> None:
        """The same whatever the role."""
        draft = Draft(
            event_id=self.new_id(),
            type="record_viewed",
            actor=actor.ref,
            role=actor.role.value,
            case=case or None,
            data={"person": actor.ref, "what": what},
        )
        once = OnceOnly(actor.ref, ROUTE, f"{what}\0{case}\0{_hour(self.clock())}", "")
        self.journal.submit(lambda _: Decided((draft,)), once=once).result()


def _hour(now: datetime) -> str:
    """The hour in which something is read."""
    return f"{now:%Y-%m-%dT%H}"
