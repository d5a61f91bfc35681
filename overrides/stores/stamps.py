"""Time stamps in their table, on SQLite and PostgreSQL."""

from sqlalchemy import Engine, insert, select

from overrides.stamps import Stamp
from overrides.stores.engine import reading, writing
from overrides.stores.ledger_tables import LedgerStamp

_STAMPS = LedgerStamp.__table__  # type: ignore[attr-defined]


class SqlStamps:
    """The stamps of one log."""

    def __init__(self, engine: Engine, *, log: str) -> None:
        self._engine = engine
        self._log = log

    def stamps(self) -> list[Stamp]:
        """Every stamp, those over the fewest entries first."""
        columns = (_STAMPS.c.size, _STAMPS.c.note, _STAMPS.c.reply)
        query = select(*columns).where(_STAMPS.c.log == self._log)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_STAMPS.c.size, _STAMPS.c.digest))
            return [Stamp(*row) for row in rows]

    def save(self, stamp: Stamp) -> None:
        """Keep a stamp; one that is kept already stays."""
        if stamp in self.stamps():
            return
        row = {"log": self._log, "size": stamp.size, "digest": stamp.digest}
        with writing(self._engine) as connection:
            connection.execute(insert(_STAMPS), row | {"note": stamp.note, "reply": stamp.reply})
