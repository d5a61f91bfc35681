"""Legal holds, read from the entries that set and lifted them and from nothing else.

There is no table of them that somebody could change. There are few, and the ledger finds entries
by their kind.
"""

from sqlalchemy import Connection

from overrides.erasing import Hold
from overrides.holds import KINDS, holds_in
from overrides.stores.reading import EVENTS, as_entries, entry_columns

_OF_HOLDS = entry_columns().where(EVENTS.c.type.in_(KINDS)).order_by(EVENTS.c.seq)


def every_hold(connection: Connection, log: str) -> list[Hold]:
    """Every hold of a log as it stands, oldest first.

    Raises ``LedgerAltered`` for an entry whose bytes are not those that were hashed.
    """
    return holds_in(as_entries(connection.execute(_OF_HOLDS.where(EVENTS.c.log == log))))
