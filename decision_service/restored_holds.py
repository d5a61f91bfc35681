"""What a restore would drop of legal holds: found in the database that it replaces.

A hold that was set after the backup was taken is set again by the restore itself: it keeps records
from being destroyed, and nobody may have to remember that. That one was lifted is not done again:
it stands until somebody of compliance looks at it and lifts it.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from decision_service.access import HOST
from decision_service.services import Services
from overrides.erasing import Hold
from overrides.errors import OverridesError
from overrides.holds import KINDS, holds_in
from overrides.instants import parse_instant
from overrides.journal import Draft, Entry, Json

_ENTRIES = (
    "SELECT log, seq, event_id, type, recorded_at, leaf_hash, body FROM ledger_event"
    " WHERE log = ? AND type IN (?, ?) ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class LostHolds:
    """Holds that a backup knows nothing of, and such whose end it knows nothing of.

    ``known`` is False where there was no database that is known to have them all.
    """

    set_since: tuple[Hold, ...] = ()
    lifted_since: tuple[Hold, ...] = ()
    known: bool = True


def lost_holds(database: Path, incoming: Path, log: str) -> LostHolds:
    """What of the holds in a database is not in the copy that is to replace it."""
    try:
        here, copy = _holds(database, log), _holds(incoming, log)
    except (sqlite3.DatabaseError, OverridesError, ValueError):
        return LostHolds(known=False)
    return LostHolds(
        tuple(hold for name, hold in here.items() if hold.stands and name not in copy),
        tuple(
            hold
            for name, hold in here.items()
            if not hold.stands and name in copy and copy[name].stands
        ),
    )


def set_again(services: Services, hold: Hold) -> Draft:
    """The entry that sets a hold whose own entry is gone; its note is gone with that."""
    data: dict[str, Json] = {"scope": hold.scope.value, "ground": hold.ground}
    if hold.subject:
        data["subject"] = hold.subject
    return Draft(
        event_id=services.new_id(),
        type="legal_hold_set",
        actor=HOST.ref,
        role=HOST.role.value,
        case=hold.case or None,
        data=data,
    )


def _holds(database: Path, log: str) -> dict[str, Hold]:
    """The holds in a database by id."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(_ENTRIES, (log, *KINDS)).fetchall()
    entries = (
        Entry(of, seq, event_id, kind, parse_instant(at), bytes(leaf), bytes(body))
        for of, seq, event_id, kind, at, leaf, body in rows
    )
    return {hold.hold_id: hold for hold in holds_in(entries)}
