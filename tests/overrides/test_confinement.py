"""A confined connection appends, erases and reads, and can take no guard away."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from overrides.checks import check_journal
from overrides.signing import sign_checkpoint
from overrides.stores.data_keys import SqlDataKeys
from overrides.stores.engine import reading, writing
from overrides.stores.guards import missing_guards
from tests.ledgers import TestLedger, ledger_at

REFUSED = {
    "DROP TRIGGER": "DROP TRIGGER ledger_event_no_delete",
    "DROP TABLE": "DROP TABLE ledger_event",
    "DROP INDEX": "DROP INDEX ledger_event_by_case",
    "ATTACH": "ATTACH ':memory:' AS other",
    "DETACH": "DETACH main",
    "writable_schema": "PRAGMA writable_schema = ON",
    "UPDATE of the schema": "UPDATE sqlite_master SET sql = ''",
    "DELETE from the schema": "DELETE FROM sqlite_master WHERE type = 'trigger'",
    "INSERT into the schema": "INSERT INTO sqlite_master VALUES ('trigger', 'x', 'x', 0, '')",
    "PRAGMA recursive_triggers": "PRAGMA recursive_triggers = OFF",
    "PRAGMA foreign_keys": "PRAGMA foreign_keys = OFF",
    "PRAGMA synchronous": "PRAGMA synchronous = OFF",
    "PRAGMA journal_mode": "PRAGMA journal_mode = MEMORY",
    "PRAGMA secure_delete": "PRAGMA secure_delete = OFF",
    "PRAGMA trusted_schema": "PRAGMA trusted_schema = ON",
    "PRAGMA ignore_check_constraints": "PRAGMA ignore_check_constraints = ON",
    "PRAGMA user_version": "PRAGMA user_version = 7",
    "a pragma nobody knows": "PRAGMA some_pragma_of_a_later_release",
    "ALTER TABLE RENAME": "ALTER TABLE ledger_event RENAME TO other",
    "ALTER TABLE DROP COLUMN": "ALTER TABLE ledger_event DROP COLUMN case_ref",
    "CREATE TABLE": "CREATE TABLE other (x)",
    "CREATE TEMP TABLE of the same name": "CREATE TEMP TABLE ledger_event (x)",
    "CREATE TRIGGER": "CREATE TRIGGER x BEFORE INSERT ON ledger_event"
    " BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TEMP TRIGGER": "CREATE TEMP TRIGGER x BEFORE INSERT ON main.ledger_event"
    " BEGIN SELECT RAISE(IGNORE); END",
    "CREATE VIEW": "CREATE VIEW other AS SELECT 1",
    "CREATE VIRTUAL TABLE": "CREATE VIRTUAL TABLE other USING fts5(x)",
    "ANALYZE": "ANALYZE",
    "REINDEX": "REINDEX",
    "VACUUM INTO": "VACUUM INTO 'elsewhere'",
    "load_extension": "SELECT load_extension('x')",
    "UPDATE": "UPDATE ledger_event SET actor_ref = 'x'",
    "UPSERT": "INSERT INTO ledger_checkpoint VALUES ('x', 1, 'x', 'x')"
    " ON CONFLICT DO UPDATE SET note = ''",
    "DELETE": "DELETE FROM ledger_event",
    "DELETE of a checkpoint": "DELETE FROM ledger_checkpoint",
    "DELETE of what an erasure took": "DELETE FROM erased_slot",
    "DELETE of the head": "DELETE FROM ledger_head",
}


REFUSAL = "not authorized|authorization denied|may not be modified"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger whose tables were made by somebody who may; its file."""
    monkeypatch.chdir(tmp_path)
    with ledger_at(f"sqlite:///{tmp_path}/ledger", tmp_path / "keys") as opened:
        opened.begin()
    return tmp_path / "ledger"


@contextmanager
def confined(place: Path, *, grouped: bool = False) -> Iterator[TestLedger]:
    """The same ledger as a service opens it."""
    keys = place.parent / "keys"
    with ledger_at(f"sqlite:///{place}", keys, grouped=grouped, confined=True) as opened:
        yield opened


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_a_confined_connection_refuses(place: Path, statement: str) -> None:
    with confined(place) as ledger:
        with (
            ledger.engine.connect() as connection,
            pytest.raises(sqlite3.DatabaseError, match=REFUSAL),
        ):
            driver_of(connection).execute(statement)
        with reading(ledger.engine) as connection:
            assert missing_guards(connection) == []
        ledger.write(ledger.open.viewed())


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_a_free_connection_does_not_object_to(place: Path, statement: str) -> None:
    """Whatever stops a statement there, it is not how it is written."""
    said = ""
    with closing(sqlite3.connect(place, isolation_level=None)) as stranger:
        stranger.execute("PRAGMA writable_schema = ON")
        try:
            stranger.execute(statement)
        except sqlite3.Error as stopped:
            said = str(stopped)
    assert "syntax" not in said
    assert "no such table" not in said
    assert not re.search(REFUSAL, said) or "load_extension" in statement


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


@pytest.mark.parametrize("grouped", [False, True])
def test_a_confined_journal_keeps_every_promise_of_a_journal(place: Path, *, grouped: bool) -> None:
    with confined(place, grouped=grouped) as ledger:
        check_journal(ledger.open)
        assert sign_checkpoint(ledger.book, ledger.signer, ledger.clock) is not None


def test_a_confined_connection_can_replace_keys_and_erase(place: Path) -> None:
    with confined(place) as ledger:
        ledger.write(ledger.open.withdrawn("case-1", "a note"))
        data_keys = SqlDataKeys(ledger.engine, ledger.vault)
        assert data_keys.rewrap() == 0
        with writing(ledger.engine) as connection:
            for statement in (
                "INSERT INTO erased_slot SELECT 'e', 0, event_id, slot FROM ledger_payload",
                "DELETE FROM ledger_payload",
                "DELETE FROM data_key",
            ):
                connection.exec_driver_sql(statement)
        data_keys.scrub()
        with reading(ledger.engine) as connection:
            assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA quick_check").scalar() == "ok"
