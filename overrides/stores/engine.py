"""Opening the database so that what is acknowledged is on disk, and writers take turns."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from overrides.stores.confinement import confine
from overrides.stores.guards import install_guards

BUSY_SECONDS = 5.0
SQLITE_POOL = {"pool_size": 16, "max_overflow": 48}  # a connection is a file that is open
POSTGRES_POOL = {"pool_size": 8, "max_overflow": 16}
USELESS = ("SQLITE_PROTOCOL", "SQLITE_READONLY")
WRITES = "countermand_writes"  # execution option of a connection that will write


def open_engine(url: str, *, busy_seconds: float = BUSY_SECONDS, confined: bool = False) -> Engine:
    """An engine for ``sqlite:///FILE`` or ``postgresql+psycopg://…``.

    A writer waits at most ``busy_seconds`` for its turn. A ``confined`` engine appends, keeps
    projections and reads, and cannot change what tables and guards there are; on PostgreSQL the
    role that connects decides that.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(url, busy_seconds, confined=confined)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(
        parsed, pool_pre_ping=True, isolation_level="READ COMMITTED", **POSTGRES_POOL
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: object) -> None:
        """Durable commits and bounded waits, whatever the server's own settings."""
        with raw.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            cursor.execute(f"SET lock_timeout = {int(busy_seconds * 1000)}")
        raw.commit()

    return engine


def _open_sqlite(url: str, busy_seconds: float, *, confined: bool) -> Engine:
    """SQLite with WAL and full synchronisation: NORMAL loses commits when the power fails."""
    engine = create_engine(url, connect_args={"timeout": busy_seconds}, **SQLITE_POOL)

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _record: object) -> None:
        """Each connection starts its own transactions and keeps the guards closed."""
        raw.isolation_level = None
        for setting in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",  # without it INSERT OR REPLACE deletes past the triggers
            "secure_delete=ON",
            "trusted_schema=OFF",
            # What a statement would put back if it failed is pages of the database: in files they
            # would lie outside its folder, and are half of all that a group of decisions writes.
            "temp_store=MEMORY",
        ):
            raw.execute(f"PRAGMA {setting}").close()
        if confined:
            confine(raw)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        """A writer takes its turn at once: a later upgrade could find the snapshot outdated."""
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that will write; commits at the end, or rolls back."""
    failures = (DBAPIError, engine.dialect.loaded_dbapi.Error)
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        try:
            with connection.begin():
                yield connection
        except failures as failure:
            if _is_useless(failure):
                connection.invalidate()
            raise


def _is_useless(failure: Exception) -> bool:
    """Whether a SQLite connection would refuse every later transaction.

    It holds a lock that a failed call did not give back; or it was opened when the file could not
    be opened for writing, as where no file handle is left, and SQLite then opens it for reading
    alone without a word. Other failures keep their connection: one whose commit failed writes over
    what it left, and a new one would take that for recorded.
    """
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    return getattr(cause, "sqlite_errorname", "").startswith(USELESS)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database throughout, and writes nothing."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def create_all(engine: Engine) -> None:
    """Create the missing ones of all tables imported so far, and the ledger's guards."""
    with writing(engine) as connection:
        SQLModel.metadata.create_all(connection)
        install_guards(connection)
