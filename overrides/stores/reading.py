"""Rows of the ledger as entries."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from overrides.errors import LedgerAltered
from overrides.instants import parse_instant
from overrides.journal import Entry
from overrides.stores.ledger_tables import LedgerEvent

EVENTS = LedgerEvent.__table__  # type: ignore[attr-defined]


def entry_columns() -> Select[Any]:
    """A query for what an ``Entry`` is made of."""
    return select(
        EVENTS.c.log,
        EVENTS.c.seq,
        EVENTS.c.event_id,
        EVENTS.c.type,
        EVENTS.c.recorded_at,
        EVENTS.c.leaf_hash,
        EVENTS.c.body,
    )


_BETWEEN = (
    entry_columns()
    .where(
        EVENTS.c.log == bindparam("log_name"),
        EVENTS.c.seq >= bindparam("start"),
        EVENTS.c.seq < bindparam("stop"),
    )
    .order_by(EVENTS.c.seq)
)


def as_entries(rows: Iterable[Any]) -> list[Entry]:
    """Entries from rows of ``entry_columns``. Raises ``LedgerAltered`` for what is no entry."""
    entries = []
    for log, seq, event_id, type_, at, leaf, body in rows:
        try:
            recorded_at = parse_instant(at)
        except (TypeError, ValueError):
            raise LedgerAltered(seq=seq, finding="its time is no time") from None
        if not (isinstance(leaf, bytes) and isinstance(body, bytes)):
            raise LedgerAltered(seq=seq, finding="its bytes are stored as something else")
        entries.append(Entry(log, seq, event_id, type_, recorded_at, leaf, body))
    return entries


def entries_between(connection: Connection, log: str, start: int, stop: int) -> list[Entry]:
    """Entries from ``start`` to before ``stop``, in order."""
    parameters = {"log_name": log, "start": start, "stop": stop}
    return as_entries(connection.execute(_BETWEEN, parameters))
