"""Rows of the ledger as entries."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

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
    """Entries from rows of ``entry_columns``."""
    return [
        Entry(log, seq, event_id, type_, parse_instant(at), bytes(leaf), bytes(body))
        for log, seq, event_id, type_, at, leaf, body in rows
    ]


def entries_between(connection: Connection, log: str, start: int, stop: int) -> list[Entry]:
    """Entries from ``start`` to before ``stop``, in order."""
    parameters = {"log_name": log, "start": start, "stop": stop}
    return as_entries(connection.execute(_BETWEEN, parameters))
