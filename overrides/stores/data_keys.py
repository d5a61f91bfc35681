"""Data keys as a whole: locked anew when the key above them is replaced, taken back from a copy."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, Engine, bindparam, delete, exists, func, select, update

from overrides.errors import DataKeyAltered, SlotErased
from overrides.journal import SideWrite
from overrides.stores.engine import reading, writing
from overrides.stores.ledger_tables import DataKey, LedgerPayload
from overrides.stores.payloads import KEY_COLUMNS, key_in
from overrides.vault import Vault, WrappedKey

AT_ONCE = 500  # other writers get their turn in between
_KEYS = DataKey.__table__  # type: ignore[attr-defined]
_PAYLOADS = LedgerPayload.__table__  # type: ignore[attr-defined]
_OLDER = select(*KEY_COLUMNS).where(_KEYS.c.kek_epoch < bindparam("newest"))
_NEXT_OLDER = _OLDER.where(_KEYS.c.dek_id > bindparam("after")).order_by(_KEYS.c.dek_id)
_LOCKS = exists().where(_PAYLOADS.c.dek_id == _KEYS.c.dek_id)
_LOCK_ANEW = (
    update(_KEYS)
    .where(_KEYS.c.dek_id == bindparam("id"))
    .values(wrapped=bindparam("key"), kek_epoch=bindparam("epoch"))
)


class SqlDataKeys:
    """The data keys of a database."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def rewrap(self) -> int:
        """Lock every key by the newest key-encryption key, some at a time; how many it were."""
        done, after = 0, ""
        while True:
            with writing(self._engine) as connection:
                wanted = {"newest": self._vault.epoch, "after": after}
                rows = connection.execute(_NEXT_OLDER.limit(AT_ONCE), wanted).all()
                done += self._lock_anew(connection, rows)
            if not rows:
                return done
            after = rows[-1].dek_id

    def rewrap_rest(self) -> SideWrite:
        """The same for those added meanwhile, inside a transaction in which no other writes."""

        def write(connection: Connection) -> None:
            rows = connection.execute(_OLDER, {"newest": self._vault.epoch}).all()
            self._lock_anew(connection, rows)

        return write

    def all(self) -> Iterator[WrappedKey]:
        """Every key as it lies there."""
        with reading(self._engine) as connection:
            for row in connection.execute(select(*KEY_COLUMNS).order_by(_KEYS.c.dek_id)):
                yield key_in(row)

    def adopt(self, keys: Iterable[WrappedKey]) -> tuple[int, int]:
        """Take in place of keys that lock something and do not open those of the same id that do.

        How many were taken; how many do not open still. Those stay as they are.
        """
        with reading(self._engine) as connection:
            oldest = connection.execute(select(func.min(_KEYS.c.kek_epoch))).scalar()
        if oldest is None or self._vault.knows(oldest):
            return 0, 0
        with writing(self._engine) as connection:
            epochs = connection.execute(select(_KEYS.c.kek_epoch).distinct()).scalars().all()
            closed = [epoch for epoch in epochs if not self._vault.knows(epoch)]
            lost = set(
                connection.execute(
                    select(_KEYS.c.dek_id).where(_KEYS.c.kek_epoch.in_(closed), _LOCKS)
                ).scalars()
            )
            found = [_row(key) for key in keys if lost and key.dek_id in lost]
            if found:
                connection.execute(_LOCK_ANEW, found)
            return len(found), len(lost) - len(found)

    def closed(self) -> int:
        """How many keys cannot be opened with any key-encryption key there is."""
        with reading(self._engine) as connection:
            counted = select(_KEYS.c.kek_epoch, func.count()).group_by(_KEYS.c.kek_epoch)
            rows = connection.execute(counted).all()
        return sum(count for epoch, count in rows if not self._vault.knows(epoch))

    def remove_closed(self) -> SideWrite:
        """Remove those, so that what comes next gets new ones."""

        def write(connection: Connection) -> None:
            epochs = connection.execute(select(_KEYS.c.kek_epoch).distinct()).scalars().all()
            gone = [epoch for epoch in epochs if not self._vault.knows(epoch)]
            connection.execute(delete(_KEYS).where(_KEYS.c.kek_epoch.in_(gone)))

        return write

    def scrub(self) -> None:
        """Empty SQLite's log, which holds pages as they were; a reader can put that off.

        PostgreSQL keeps old rows for a while; what they hold is locked by a key that is destroyed.
        """
        if self._engine.dialect.name != "sqlite":
            return
        raw = self._engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()

    def _lock_anew(self, connection: Connection, rows: Sequence[Any]) -> int:
        """Lock these keys by the newest key-encryption key; how many could be opened."""
        anew = []
        for row in rows:
            try:
                anew.append(_row(self._vault.rewrap(key_in(row))))
            except SlotErased:
                continue  # its own lock was destroyed before: there is nothing left to keep
            except (InvalidTag, ValueError):
                raise DataKeyAltered(dek_id=row.dek_id) from None
        if anew:
            connection.execute(_LOCK_ANEW, anew)
        return len(anew)


def _row(key: WrappedKey) -> dict[str, Any]:
    """What of a key is written when it is locked anew."""
    return {"id": key.dek_id, "key": key.wrapped, "epoch": key.kek_epoch}
