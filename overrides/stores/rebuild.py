"""Dropping every projection and filling it again from the ledger and the surviving payloads."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from overrides.errors import SlotErased
from overrides.events import read_event
from overrides.journal import Event, Opened, Projector
from overrides.stores.engine import writing
from overrides.stores.hot_path import HotPath
from overrides.stores.payloads import stored_parts
from overrides.stores.reading import entries_between
from overrides.vault import Vault

ROWS_AT_ONCE = 500


def rebuild(engine: Engine, *, log: str, vault: Vault, projectors: Sequence[Projector]) -> int:
    """Clear the projections and apply every entry again, in one transaction; how many entries.

    Raises ``UnknownKind`` for entries of a later release and ``LedgerAltered`` for a payload that
    is not the one committed to; then nothing is changed.
    """
    done = 0
    with writing(engine) as connection, HotPath(connection) as path:
        for projector in projectors:
            projector.clear(connection)
        while entries := entries_between(connection, log, done, done + ROWS_AT_ONCE):
            for entry in entries:
                event = read_event(entry.body)
                opened = _surviving(connection, vault, event)
                for projector in projectors:
                    projector.apply(path, event, opened)
            done += len(entries)
    return done


def _surviving(connection: Connection, vault: Vault, event: Event) -> Opened:
    """The payloads of an event that can still be read."""
    opened = {}
    if event.commit:
        parts = stored_parts(connection, event.log, [event])[event.event_id]
        for slot, (sealed, key) in parts.items():
            try:
                opened[slot] = vault.open(key, event.event_id, event.seq, sealed)
            except SlotErased:
                continue
    return opened
