"""Core statements on the driver's own cursor: a third of the cost, in the same transaction."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Self

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

Row = tuple[Any, ...]


@cache
def _rendered(statement: Executable, dialect: str) -> str:
    """Text of a statement with named parameters. Statements are made once, at import."""
    speaker: Any
    if dialect == "sqlite":
        speaker = SQLiteDialect_pysqlite(paramstyle="named")
    else:
        speaker = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    return str(statement.compile(dialect=speaker))  # type: ignore[attr-defined]


class HotPath:
    """A cursor inside an open transaction. Errors are the driver's own, not SQLAlchemy's."""

    def __init__(self, connection: Connection) -> None:
        self._dialect = connection.dialect.name
        self._cursor = connection.connection.cursor()

    def __enter__(self) -> Self:
        """The same cursor, closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the cursor; the transaction goes on."""
        self._cursor.close()

    def run(self, statement: Executable, parameters: Mapping[str, Any]) -> None:
        """Run one statement."""
        self._cursor.execute(_rendered(statement, self._dialect), parameters)

    def run_many(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement for each row."""
        if rows:
            self._cursor.executemany(_rendered(statement, self._dialect), rows)

    def first(self, statement: Executable, parameters: Mapping[str, Any]) -> Row | None:
        """First row of a query, or nothing."""
        self.run(statement, parameters)
        row: Row | None = self._cursor.fetchone()
        return row

    def savepoint(self, verb: str) -> None:
        """``SAVEPOINT``, ``RELEASE SAVEPOINT`` or ``ROLLBACK TO SAVEPOINT`` of the one command."""
        self._cursor.execute(f"{verb} command")
