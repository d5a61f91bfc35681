"""Core statements on the driver's own cursor, in the same transaction, at a third of the cost.

New rows are kept back and put table by table, many in one statement: each statement lets other
threads run and then waits for its turn, which costs more than the row. Whatever reads or changes
rows puts those kept back first. Only ``peek`` does not, for questions where missing a row of the
same transaction is harmless, as a unique key refuses the row that would come of it. What many
commands will peek at is asked for ahead, for the same reason.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Self

from sqlalchemy import Column, Connection, Executable, bindparam, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

Row = tuple[Any, ...]

AT_ONCE = (32, 8, 1)
"""Rows put by one statement: few sizes, so that the driver keeps them all prepared."""

ASKED_AT_ONCE = (8, 64)
"""Keys asked for by one statement, for the same reason."""


class Lookup:
    """A question for the one row that ``key`` tells apart, among those where ``given`` are equal.

    Parameters have the names of the columns, first those given and then the key.
    """

    def __init__(
        self, columns: Sequence[Column[Any]], key: Column[Any], *given: Column[Any]
    ) -> None:
        among = [column == bindparam(column.name) for column in given]
        self.one: Executable = select(*columns).where(*among, key == bindparam(key.name))
        self.many: dict[int, Executable] = {}
        for size in ASKED_AT_ONCE:
            places: list[Any] = [bindparam(f"key_{place}") for place in range(size)]
            self.many[size] = select(key, *columns).where(*among, key.in_(places))


class HotPath:
    """A cursor inside an open transaction. Errors are the driver's own, not SQLAlchemy's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._cursor = connection.connection.cursor()
        self._kept: dict[Executable, list[Mapping[str, Any]]] = {}
        self._asked: dict[tuple[Any, ...], Row | None] = {}
        # Kept by readers: nobody else writes meanwhile.
        self.answers: dict[tuple[str, int], Any] = {}

    def __enter__(self) -> Self:
        """The same cursor, closed at the end."""
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        """Put what is kept, unless something failed, and close; the transaction goes on."""
        try:
            if failed is None:
                self.settle()
        finally:
            self._cursor.close()

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection of the same transaction, which sees every row."""
        self.settle()
        self._asked.clear()
        return self._connection

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        """Put a row with the others of its table, before anything is read or changed."""
        self._kept.setdefault(statement, []).append(row)

    def settle(self) -> None:
        """Put every row kept back, table by table."""
        if not self._kept:
            return
        kept, self._kept = self._kept, {}
        for statement, rows in kept.items():
            if self._sqlite:
                self._put(statement, rows)
            else:
                self._cursor.executemany(_for_postgres(statement), rows)

    def run(self, statement: Executable, parameters: Mapping[str, Any]) -> None:
        """Run one statement, which may change rows."""
        self.settle()
        self._asked.clear()
        self._run(statement, parameters)

    def first(self, statement: Executable, parameters: Mapping[str, Any]) -> Row | None:
        """First row of a query, or nothing."""
        self.settle()
        return self._first(statement, parameters)

    def peek(self, statement: Executable, parameters: Mapping[str, Any]) -> Row | None:
        """First row of a query, which does not see the rows kept back."""
        asked = (statement, *parameters.values())
        if asked in self._asked:
            return self._asked[asked]
        return self._first(statement, parameters)

    def ahead(
        self, lookup: Lookup, keys: Sequence[str], given: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Ask for what ``peek`` will be asked, unless something is changed before it is."""
        most = ASKED_AT_ONCE[-1]
        for start in range(0, len(keys), most):
            some = keys[start : start + most]
            if len(some) == 1:
                continue  # asked for ahead, one costs as much as when it is needed
            size = next(size for size in ASKED_AT_ONCE if size >= len(some))
            padded = [*some, *[some[-1]] * (size - len(some))]
            places = {f"key_{place}": key for place, key in enumerate(padded)}
            self._run(lookup.many[size], {**given, **places})
            found = {key: tuple(row) for key, *row in self._cursor.fetchall()}
            for key in some:
                self._asked[(lookup.one, *given.values(), key)] = found.get(key)

    def _first(self, statement: Executable, parameters: Mapping[str, Any]) -> Row | None:
        """First row of a query, as the tables are."""
        self._run(statement, parameters)
        row: Row | None = self._cursor.fetchone()
        return row

    def _run(self, statement: Executable, parameters: Mapping[str, Any]) -> None:
        """Hand one statement to the driver."""
        if self._sqlite:
            text, names = _for_sqlite(statement)
            self._cursor.execute(text, [parameters[name] for name in names])
        else:
            self._cursor.execute(_for_postgres(statement), parameters)

    def _put(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows in as few statements as there are sizes for."""
        done = 0
        for size in AT_ONCE:
            text, names = _for_sqlite(statement, size)
            while len(rows) - done >= size:
                part = rows[done : done + size]
                self._cursor.execute(text, [row[name] for row in part for name in names])
                done += size


@cache
def _for_sqlite(statement: Executable, rows: int = 1) -> tuple[str, Sequence[str]]:
    """Text of a statement with places for so many rows, and the names that go there in turn.

    Statements are made once, at import.
    """
    speaker = SQLiteDialect_pysqlite(paramstyle="qmark")
    compiled: Any = statement.compile(dialect=speaker)  # type: ignore[attr-defined]
    text, names = str(compiled), tuple(compiled.positiontup or ())
    if rows > 1:
        places = f"({', '.join('?' * len(names))})"
        before, _, after = text.partition(f"VALUES {places}")
        text = f"{before}VALUES {', '.join([places] * rows)}{after}"
    return text, names


@cache
def _for_postgres(statement: Executable) -> str:
    """Text of a statement with named parameters."""
    speaker = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    return str(statement.compile(dialect=speaker))  # type: ignore[attr-defined]
