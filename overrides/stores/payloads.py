"""Parties' data keys and the encrypted parts of entries."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from overrides.journal import Committed, Event
from overrides.record_classes import KeyScope
from overrides.stores.hot_path import HotPath
from overrides.stores.ledger_tables import DataKey, LedgerPayload
from overrides.vault import Sealed, Vault, WrappedKey

_KEYS = DataKey.__table__  # type: ignore[attr-defined]
_PAYLOADS = LedgerPayload.__table__  # type: ignore[attr-defined]
KEY_COLUMNS = (
    _KEYS.c.dek_id,
    _KEYS.c.subject_ref,
    _KEYS.c.wrapped,
    _KEYS.c.kek_epoch,
    _KEYS.c.case_ref,
    _KEYS.c.record_class,
)
"""What a data key is made of, in the order in which ``WrappedKey`` takes it."""
_SELECT_KEY = select(*KEY_COLUMNS).where(
    _KEYS.c.subject_ref == bindparam("subject"),
    _KEYS.c.case_ref == bindparam("case"),
    _KEYS.c.record_class == bindparam("record_class"),
)
_INSERT_KEY = insert(_KEYS)
_INSERT_PAYLOAD = insert(_PAYLOADS)
_SELECT_PARTS = (
    select(
        _PAYLOADS.c.seq, _PAYLOADS.c.slot, _PAYLOADS.c.nonce, _PAYLOADS.c.ciphertext, *KEY_COLUMNS
    )
    .join_from(_PAYLOADS, _KEYS, _KEYS.c.dek_id == _PAYLOADS.c.dek_id, isouter=True)
    .where(
        _PAYLOADS.c.log == bindparam("log_name"),
        _PAYLOADS.c.seq.in_(bindparam("places", expanding=True)),
    )
)

Part = tuple[Sealed, WrappedKey | None]


def key_in(row: Sequence[Any]) -> WrappedKey:
    """A data key from a row of ``KEY_COLUMNS``."""
    dek_id, subject, wrapped, *scope = row
    return WrappedKey(dek_id, subject, bytes(wrapped), *scope)


def key_of(path: HotPath, vault: Vault, scope: KeyScope) -> WrappedKey:
    """The data key of a party, a case and a class of records, made at its first use."""
    row = path.peek(_SELECT_KEY, scope._asdict())
    return new_key(path, vault, scope) if row is None else key_in(row)


def new_key(path: HotPath, vault: Vault, scope: KeyScope) -> WrappedKey:
    """A data key made; where there is one already, the database refuses it."""
    key = vault.new_key(*scope)
    put_key(path, key)
    return key


def put_key(path: HotPath, key: WrappedKey) -> None:
    """Put a data key that was made just now."""
    path.later(
        _INSERT_KEY,
        {
            "dek_id": key.dek_id,
            "subject_ref": key.subject,
            "case_ref": key.case,
            "record_class": key.record_class,
            "wrapped": key.wrapped,
            "kek_epoch": key.kek_epoch,
        },
    )


def put_parts(path: HotPath, log: str, seq: int, event_id: str, parts: Sequence[Sealed]) -> None:
    """Put the encrypted parts of one entry."""
    for sealed in parts:
        path.later(
            _INSERT_PAYLOAD,
            {
                "event_id": event_id,
                "slot": sealed.slot,
                "log": log,
                "seq": seq,
                "dek_id": sealed.dek_id,
                "nonce": sealed.nonce,
                "ciphertext": sealed.ciphertext,
            },
        )


def stored_parts(
    connection: Connection, log: str, events: Sequence[Event | Committed]
) -> dict[str, dict[str, Part]]:
    """Encrypted parts of entries of one log, by event and slot, read at once.

    Each has its key, or nothing for a destroyed key.
    """
    by_place = {event.seq: event for event in events}
    parts: dict[str, dict[str, Part]] = {event.event_id: {} for event in events}
    for seq, slot, nonce, ciphertext, *found in connection.execute(
        _SELECT_PARTS, {"log_name": log, "places": sorted(by_place)}
    ):
        event = by_place[seq]
        committed = event.commit.get(slot, "")
        sealed = Sealed(slot, found[0] or "", bytes(nonce), bytes(ciphertext), committed)
        key = key_in(found) if found[0] is not None else None
        parts[event.event_id][slot] = (sealed, key)
    return parts
