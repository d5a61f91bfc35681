"""Guards with which the database itself refuses to change what was recorded.

They stop mistakes and casual tampering, whichever program is connected. An owner of the database
can always take them away, which is what the hash tree is for; that they are missing is noticed.
"""

from sqlalchemy import Connection

from overrides.stores import guards_postgres, guards_sqlite


def install_guards(connection: Connection) -> None:
    """Put every guard in place as this release has it. Needs the ledger's tables."""
    _of(connection).install(connection)


def remove_guards(connection: Connection) -> None:
    """Take every guard away, for a database that is emptied again."""
    _of(connection).remove(connection)


def missing_guards(connection: Connection) -> list[str]:
    """Names of the guards that are not there, say something else or are switched off."""
    return _of(connection).missing(connection)


def _of(connection: Connection) -> "guards_postgres.Guards | guards_sqlite.Guards":
    """The guards as this database speaks of them."""
    if connection.dialect.name == "sqlite":
        return guards_sqlite.Guards()
    return guards_postgres.Guards()
