"""Filling the table of requests for erasure from the ledger."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from overrides.erasing import Scope, Standing
from overrides.instants import instant_text
from overrides.journal import Event, Opened
from overrides.stores.erasure_tables import REQUESTS
from overrides.stores.hot_path import HotPath


class ErasureProjector:
    """Keeps the table of requests, from what entries say in the open."""

    def tables(self) -> Sequence[str]:
        """Names of the tables this projector fills, and nobody else writes."""
        return (REQUESTS.name,)

    def apply(self, path: HotPath, event: Event, _opened: Opened) -> None:
        """Take in one entry; most are about something else."""
        action = _ACTIONS.get(event.type)
        if action is not None:
            action(path.connection, event)

    def clear(self, connection: Connection) -> None:
        """Empty the table, before a rebuild."""
        connection.execute(delete(REQUESTS))


def _requested(connection: Connection, event: Event) -> None:
    """Somebody asked."""
    data = event.data
    connection.execute(
        insert(REQUESTS),
        {
            **_settled(event, Standing.WAITING),
            "settled_by": "",
            "settled_at": "",
            "request_id": event.event_id,
            "log": event.log,
            "seq": event.seq,
            "scope": data["scope"],
            "subject": data.get("subject", ""),
            "case_ref": event.case or "",
            "classes": json.dumps(data["classes"]),
            "as_of": data.get("as_of", ""),
            "ground": data["ground"],
            "root": data["root"],
            "count": data["count"],
            "schedule": data["schedule"],
            "asked_by": event.actor,
            "asked_at": instant_text(event.recorded_at),
            "why": "",
            "refusal_ground": "",
            "kept_until": "",
            "erased_event": "",
            "erased_seq": None,
            "destroyed": 0,
        },
    )


def _refused(connection: Connection, event: Event) -> None:
    """It does not happen."""
    said = {
        "why": event.data["why"],
        "refusal_ground": event.data["ground"],
        "kept_until": event.data.get("until", ""),
    }
    _update(connection, event, _settled(event, Standing.REFUSED) | said)


def _erased(connection: Connection, event: Event) -> None:
    """It happened: what was asked for, or, at a restore, what had been erased before."""
    data = event.data
    done = _settled(event, Standing.ERASED) | {
        "erased_event": event.event_id,
        "erased_seq": event.seq,
        "destroyed": data.get("destroyed", 0),
    }
    if "approval" in data:
        _update(connection, event, done)
        return
    connection.execute(
        insert(REQUESTS),
        {
            "request_id": event.event_id,
            "log": event.log,
            "seq": event.seq,
            "scope": Scope.RESTORE.value,
            "subject": "",
            "case_ref": event.case or "",
            "classes": "[]",
            "as_of": data.get("as_of", ""),
            "ground": data["ground"],
            "root": data.get("root", ""),
            "count": data.get("count", len(data["slots"])),
            "schedule": data.get("schedule", ""),
            "asked_by": event.actor,
            "asked_at": instant_text(event.recorded_at),
            "why": "",
            "refusal_ground": "",
            "kept_until": "",
            **done,
        },
    )


def _settled(event: Event, standing: Standing) -> dict[str, Any]:
    """Where a request stands after an entry, by whom and when."""
    return {
        "standing": standing.value,
        "settled_by": event.actor,
        "settled_at": instant_text(event.recorded_at),
    }


def _update(connection: Connection, event: Event, values: Mapping[str, Any]) -> None:
    """Change the row of the request an entry is about."""
    mine = REQUESTS.c.request_id == event.data["of"]
    connection.execute(update(REQUESTS).where(mine).values(**values))


_ACTIONS: Mapping[str, Callable[[Connection, Event], None]] = MappingProxyType(
    {
        "erasure_requested": _requested,
        "erasure_refused": _refused,
        "record_erased": _erased,
    }
)
