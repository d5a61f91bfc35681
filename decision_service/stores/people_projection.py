"""The list of people, filled from the ledger's entries about them."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from decision_service.people import PersonState, folded
from decision_service.stores.people_tables import PERSON
from overrides.instants import instant_text
from overrides.journal import Event, Opened
from overrides.stores.hot_path import HotPath

STATE_AFTER: Mapping[str, PersonState] = MappingProxyType(
    {"locked": PersonState.LOCKED, "unlocked": PersonState.ACTIVE}
)
ACCESS_ONLY = frozenset({*STATE_AFTER, "password reset"})  # reasons that give no new authority
TERMS = ("role", "branch", "limit_minor", "currency")


class PeopleProjector:
    """Fills ``person``. Hashes of passwords and keys lie in tables that no entry can fill."""

    def tables(self) -> Sequence[str]:
        """The table this projector fills."""
        return (PERSON.name,)

    def apply(self, path: HotPath, event: Event, opened: Opened) -> None:
        """Take in one entry; most are about something else."""
        action = _ACTIONS.get(event.type)
        if action is not None:
            action(path.connection, event, opened)

    def clear(self, connection: Connection) -> None:
        """Empty the table, before a rebuild."""
        connection.execute(delete(PERSON))


def _added(connection: Connection, event: Event, opened: Opened) -> None:
    """Somebody is there. A name that was erased is replaced by a part of the reference."""
    ref = str(event.data["person"])
    name = str(opened.get("name", {}).get("name", f"erased {ref[-8:]}"))
    row = {
        "person_ref": ref,
        "name": name,
        "name_key": folded(name),
        "grant_event": event.event_id,
        "state": PersonState.ACTIVE.value,
        "added_at": instant_text(event.recorded_at),
        **{term: event.data[term] for term in TERMS},
    }
    connection.execute(insert(PERSON), row)


def _changed(connection: Connection, event: Event, _opened: Opened) -> None:
    """Role or limit changed, or only whether the person may come in."""
    reason = str(event.data.get("reason", ""))
    values: dict[str, Any] = {term: event.data[term] for term in TERMS}
    if reason not in ACCESS_ONLY:
        values["grant_event"] = event.event_id
    if reason in STATE_AFTER:
        values["state"] = STATE_AFTER[reason].value
    _update(connection, event, values)


def _left(connection: Connection, event: Event, _opened: Opened) -> None:
    """Somebody is gone; what they did stays theirs."""
    _update(connection, event, {"state": PersonState.LEFT.value})


def _update(connection: Connection, event: Event, values: Mapping[str, Any]) -> None:
    """Change the row of the person an entry is about."""
    mine = PERSON.c.person_ref == event.data["person"]
    connection.execute(update(PERSON).where(mine).values(**values))


_ACTIONS: Mapping[str, Callable[[Connection, Event, Opened], None]] = MappingProxyType(
    {"person_added": _added, "role_changed": _changed, "person_left": _left}
)
