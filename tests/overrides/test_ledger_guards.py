"""The database itself refuses to change what was recorded."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from overrides.ledger import sign_checkpoint
from overrides.stores.engine import create_all, writing
from tests.ledgers import TestLedger, ledger_at

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@contextmanager
def filled(url: str, folder: Path) -> Iterator[TestLedger]:
    """A ledger of 300 entries and one checkpoint."""
    with ledger_at(url, folder / "keys") as opened:
        opened.begin()
        opened.write(*(opened.open.viewed(str(n)) for n in range(299)))
        sign_checkpoint(opened.book, opened.signer, opened.clock)
        yield opened


def sqlite_in(folder: Path) -> str:
    return f"sqlite:///{folder}/countermand.sqlite3"


@pytest.fixture(params=BOTH)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestLedger]:
    """The same on either database."""
    url = sqlite_in(tmp_path)
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    with filled(url, tmp_path) as opened:
        yield opened


TABLES = ("ledger_event", "ledger_subtree", "ledger_checkpoint")
COLUMNS = "log, seq, event_id, type, recorded_at, case_ref, actor_ref, body, leaf_hash"


def inserted(last: str, *, verb: str = "INSERT", **changed: str) -> str:
    """A statement that puts entry ``last`` in again with some columns changed."""
    values = ", ".join(changed.get(name, name) for name in COLUMNS.split(", "))
    return f"{verb} INTO ledger_event ({COLUMNS}) SELECT {values} FROM ledger_event {last}"


LAST, FIFTH = "WHERE seq = 299", "WHERE seq = 5"
FRESH = "event_id || 'x'"
EITHER = [
    *(f"DELETE FROM {table}" for table in TABLES),
    "UPDATE ledger_event SET body = body",
    "UPDATE ledger_event SET actor_ref = 'somebody else' WHERE seq = 3",
    "UPDATE ledger_subtree SET idx = 7",
    "UPDATE ledger_checkpoint SET note = ''",
    "DELETE FROM ledger_event WHERE seq = 299",
    inserted(LAST, seq="300"),
    inserted(LAST, event_id=FRESH),
]
ONLY = {
    "sqlite": [
        inserted(FIFTH, verb="INSERT OR REPLACE"),
        inserted(FIFTH, verb="INSERT OR REPLACE", seq="300"),
        inserted(FIFTH, seq="301", event_id=FRESH),
        inserted(FIFTH, seq="300", event_id=FRESH, leaf_hash="x'00'"),
        "REPLACE INTO ledger_subtree SELECT * FROM ledger_subtree",
        "REPLACE INTO ledger_checkpoint SELECT log, size, signed_at, 'x' FROM ledger_checkpoint",
    ],
    "postgresql": [
        "TRUNCATE ledger_event CASCADE",
        "TRUNCATE ledger_checkpoint",
        inserted(LAST, seq="300", event_id=FRESH, body="body || '\\x00'::bytea"),
        """
        INSERT INTO ledger_checkpoint SELECT * FROM ledger_checkpoint
        ON CONFLICT (log, size, signed_at) DO UPDATE SET note = ''
        """,
    ],
}


def test_nothing_that_was_recorded_can_be_changed_or_removed(ledger: TestLedger) -> None:
    before = ledger.book.entries(0, 400)
    for attempt in (*EITHER, *ONLY[ledger.engine.dialect.name]):
        with pytest.raises(DatabaseError), writing(ledger.engine) as connection:
            connection.exec_driver_sql(attempt)
    assert ledger.book.entries(0, 400) == before


@pytest.mark.postgres
def test_a_superuser_in_replication_mode_meets_the_guards_too(
    postgres_url: str, tmp_path: Path
) -> None:
    with filled(postgres_url, tmp_path) as ledger, writing(ledger.engine) as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        delete = "DELETE FROM ledger_event WHERE seq = 299"
        with pytest.raises(DatabaseError, match="append-only"), connection.begin_nested():
            connection.exec_driver_sql(delete)


def test_the_guards_hold_for_other_programs_with_other_settings(tmp_path: Path) -> None:
    with (
        filled(sqlite_in(tmp_path), tmp_path),
        closing(sqlite3.connect(tmp_path / "countermand.sqlite3")) as stranger,
    ):
        assert stranger.execute("PRAGMA recursive_triggers").fetchone() == (0,)
        for attempt in (*EITHER, *ONLY["sqlite"]):
            with pytest.raises(sqlite3.DatabaseError):
                stranger.execute(attempt)


def test_creating_again_changes_nothing(ledger: TestLedger) -> None:
    before = ledger.book.head()
    create_all(ledger.engine)
    create_all(ledger.engine)
    assert ledger.book.head() == before
    ledger.write(ledger.open.viewed())


def test_an_acknowledged_entry_is_synchronised_to_the_disk(ledger: TestLedger) -> None:
    """Weaker settings lose acknowledged entries when the power fails."""
    with writing(ledger.engine) as connection:
        if ledger.engine.dialect.name == "sqlite":
            settings = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
            ]
            assert settings == ["wal", 2, 1, 1]
        else:
            commit = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
            assert commit == "on"
