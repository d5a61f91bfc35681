"""The database itself refuses to change what was recorded.

Each guard is met by the statement that used to get past it, and the same statement is seen to
succeed where the guards were taken away: one that fails for another reason proves nothing.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from overrides.guarded import APPEND_ONLY
from overrides.signing import sign_checkpoint
from overrides.stamps import Stamp
from overrides.stores.engine import create_all, reading, writing
from overrides.stores.guards import install_guards, missing_guards
from overrides.stores.stamps import SqlStamps
from tests.ledgers import TestLedger, ledger_at

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@contextmanager
def filled(url: str, folder: Path) -> Iterator[TestLedger]:
    """A ledger of 300 entries with a personal part, a checkpoint, a stamp, and an erasure."""
    with ledger_at(url, folder / "keys") as opened:
        opened.begin()
        opened.write(opened.open.withdrawn("case-1", "a note"))
        opened.write(*(opened.open.viewed(str(n)) for n in range(298)))
        sign_checkpoint(opened.book, opened.signer, opened.clock)
        with writing(opened.engine) as connection:
            connection.exec_driver_sql("INSERT INTO erased_slot VALUES ('x', 0, 'gone', 'note')")
        SqlStamps(opened.engine, log=opened.book.log).save(Stamp(1, "a checkpoint", b"a reply"))
        yield opened


def sqlite_in(folder: Path) -> str:
    return f"sqlite:///{folder}/countermand.sqlite3"


@pytest.fixture(scope="module")
def ledgers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], TestLedger]]:
    """The same on either database, by its name; nothing of it changes."""
    opened: dict[str, TestLedger] = {}
    with ExitStack() as stack:

        def ledger(place: str) -> TestLedger:
            if place not in opened:
                folder = tmp_path_factory.mktemp(place)
                url = sqlite_in(folder)
                if place == "postgresql":
                    url = request.getfixturevalue("new_postgres")()
                opened[place] = stack.enter_context(filled(url, folder))
            return opened[place]

        yield ledger


@pytest.fixture(params=BOTH)
def own_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestLedger]:
    """One that a test may change."""
    url = sqlite_in(tmp_path)
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    with filled(url, tmp_path) as opened:
        yield opened


COLUMNS = "log, seq, event_id, type, recorded_at, case_ref, actor_ref, body, leaf_hash"


def inserted(last: str, *, verb: str = "INSERT", after: str = "", **changed: str) -> str:
    """A statement that puts an entry in again with some columns changed."""
    values = ", ".join(changed.get(name, name) for name in COLUMNS.split(", "))
    return f"{verb} INTO ledger_event ({COLUMNS}) SELECT {values} FROM ledger_event {last} {after}"


LAST, FIFTH = "WHERE seq = 299", "WHERE seq = 5"
FRESH = "event_id || 'x'"
REWRITE = "DO UPDATE SET actor_ref = 'somebody else'"
EITHER = {
    **{f"bulk DELETE of {table}": f"DELETE FROM {table}" for table in APPEND_ONLY},
    "DELETE of the last entry": "DELETE FROM ledger_event WHERE seq = 299",
    "UPDATE that changes nothing": "UPDATE ledger_event SET body = body",
    "UPDATE of an entry": "UPDATE ledger_event SET actor_ref = 'somebody else' WHERE seq = 3",
    "UPDATE of a place": "UPDATE ledger_event SET seq = 1000 WHERE seq = 299",
    "UPDATE of a subtree": "UPDATE ledger_subtree SET idx = 7",
    "UPDATE of a checkpoint": "UPDATE ledger_checkpoint SET note = ''",
    "UPDATE of a stamp": "UPDATE ledger_stamp SET note = ''",
    "UPDATE of what an erasure took": "UPDATE erased_slot SET slot = 'other'",
    "UPSERT on the place": inserted(FIFTH, after=f"ON CONFLICT (log, seq) {REWRITE}"),
    "UPSERT on the id": inserted(
        FIFTH, seq="300", after=f"ON CONFLICT (event_id) {REWRITE}, seq = 300"
    ),
    "UPSERT of a checkpoint": "INSERT INTO ledger_checkpoint SELECT * FROM ledger_checkpoint"
    " WHERE size > 0 ON CONFLICT (log, size, signed_at) DO UPDATE SET note = ''",
    "INSERT that leaves a gap": inserted(LAST, seq="301", event_id=FRESH),
    "INSERT far ahead": inserted(LAST, seq="9000000000", event_id=FRESH),
    "INSERT before the first": inserted(LAST, seq="-1", event_id=FRESH),
    "INSERT into a ledger that is not there": inserted(
        "WHERE seq = 0", log="'other'", event_id=FRESH
    ),
    "DELETE of the head": "DELETE FROM ledger_head",
    "UPDATE that cuts the head": "UPDATE ledger_head SET size = 10",
    "UPDATE that moves the head to another log": "UPDATE ledger_head SET log = 'other'",
    "UPDATE that forgets a restore": "UPDATE ledger_head SET epoch = -1",
    "UPDATE of a personal part": "UPDATE ledger_payload SET nonce = nonce",
    **{
        f"UPDATE of {column} of a data key": f"UPDATE data_key SET {column} = 'other'"
        for column in ("dek_id", "subject_ref", "case_ref", "record_class")
    },
    "UPDATE of a data key beside its lock": "UPDATE data_key SET kek_epoch = 2, case_ref = 'x'",
    "DELETE of a personal part that no erasure names": "DELETE FROM ledger_payload",
}
SQLITE = {
    "INSERT OR REPLACE on both keys": inserted(FIFTH, verb="INSERT OR REPLACE"),
    "INSERT OR REPLACE on the place": inserted(FIFTH, verb="INSERT OR REPLACE", event_id=FRESH),
    "INSERT OR REPLACE on the id": inserted(FIFTH, verb="INSERT OR REPLACE", seq="300"),
    "REPLACE of a subtree": "REPLACE INTO ledger_subtree SELECT * FROM ledger_subtree",
    "REPLACE of a checkpoint": "REPLACE INTO ledger_checkpoint"
    " SELECT log, size, signed_at, 'x' FROM ledger_checkpoint",
    "REPLACE of a stamp": "REPLACE INTO ledger_stamp SELECT log, digest, 2, note, reply"
    " FROM ledger_stamp",
    "REPLACE of what an erasure took": "REPLACE INTO erased_slot VALUES ('x', 0, 'y', 'z')",
    "REPLACE of the head": "REPLACE INTO ledger_head"
    " SELECT log, 0, root, x'', '', epoch FROM ledger_head",
    "REPLACE of a personal part": "REPLACE INTO ledger_payload SELECT * FROM ledger_payload",
    "REPLACE of a data key": "REPLACE INTO data_key SELECT * FROM data_key",
    "UPDATE OR REPLACE": "UPDATE OR REPLACE ledger_event SET seq = 4 WHERE seq = 5",
    "UPDATE OR IGNORE": "UPDATE OR IGNORE ledger_event SET type = 'x'",
    "INSERT of text for bytes": inserted(LAST, seq="300", event_id=FRESH, body="'{}'"),
    "INSERT of a place with a fraction": inserted(LAST, seq="300.5", event_id=FRESH),
    "INSERT of a number for a kind": inserted(LAST, seq="300", event_id=FRESH, type="x'00'"),
    "INSERT of bytes for a case": inserted(LAST, seq="300", event_id=FRESH, case_ref="x'00'"),
    "INSERT of a subtree as text": "INSERT INTO ledger_subtree VALUES ('x', 8, 0, 'hash')",
    "INSERT of a stamp as text": "INSERT INTO ledger_stamp VALUES ('x', 'y', 1, 'z', 'text')",
    "INSERT of a checkpoint as bytes": "INSERT INTO ledger_checkpoint VALUES ('x', 1, '', x'00')",
}
POSTGRES = {
    **{f"TRUNCATE of {table}": f"TRUNCATE {table}" for table in APPEND_ONLY},
    "TRUNCATE of the head": "TRUNCATE ledger_head",
    "TRUNCATE of personal parts": "TRUNCATE ledger_payload",
    "TRUNCATE of several": "TRUNCATE ledger_head, ledger_event CASCADE",
    "INSERT of a wrong hash": inserted(
        LAST, seq="300", event_id=FRESH, body="body || '\\x00'::bytea"
    ),
    "DELETE through USING": "DELETE FROM ledger_event e USING ledger_head h WHERE e.log = h.log",
    "DELETE inside a query": "WITH gone AS (DELETE FROM ledger_event RETURNING *)"
    " SELECT count(*) FROM gone",
    "MERGE": "MERGE INTO ledger_event e USING ledger_head h ON e.log = h.log AND e.seq = 5"
    " WHEN MATCHED THEN DELETE",
    "DELETE in replication mode": "SET LOCAL session_replication_role = replica;"
    " DELETE FROM ledger_event WHERE seq = 299",
    "UPDATE in replication mode": "SET LOCAL session_replication_role = replica;"
    " UPDATE ledger_event SET actor_ref = 'x'",
    "INSERT of a gap in replication mode": "SET LOCAL session_replication_role = replica;"
    + inserted(LAST, seq="301", event_id=FRESH),
    "TRUNCATE in replication mode": "SET LOCAL session_replication_role = replica;"
    " TRUNCATE ledger_event",
    "DELETE of a part, the list of erasures being another table": "CREATE TEMP TABLE erased_slot"
    " ON COMMIT DROP AS SELECT 'x' AS erasure, 0 AS place, event_id, slot FROM ledger_payload;"
    " DELETE FROM ledger_payload",
    "INSERT of a gap, the ledger being another table": "CREATE TEMP TABLE new_ones"
    " ON COMMIT DROP AS SELECT * FROM ledger_event WHERE seq = 299;"
    " CREATE TEMP VIEW ledger_event AS SELECT log, 1000 AS seq FROM new_ones;"
    " INSERT INTO public.ledger_event SELECT log, 1001, event_id || 'x', type, recorded_at,"
    " case_ref, actor_ref, body, leaf_hash FROM new_ones",
}
EVERY = pytest.mark.parametrize(
    ("place", "statement"),
    [
        *(pytest.param("sqlite", text, id=name) for name, text in (EITHER | SQLITE).items()),
        *(
            pytest.param("postgresql", text, id=f"{name}, PostgreSQL", marks=pytest.mark.postgres)
            for name, text in (EITHER | POSTGRES).items()
        ),
    ],
)
PLACES = pytest.mark.parametrize(
    "place", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)


def run(connection: Connection, statement: str) -> None:
    """Carry out a statement as it stands."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


@EVERY
def test_nothing_that_was_recorded_is_changed_by(
    ledgers: Callable[[str], TestLedger], place: str, statement: str
) -> None:
    ledger = ledgers(place)
    before = ledger.book.entries(0, 400)
    with pytest.raises(DatabaseError), writing(ledger.engine) as connection:
        run(connection, statement)
    assert ledger.book.entries(0, 400) == before
    assert ledger.book.head().size == 300


class _TakenBack(Exception):
    """Nothing of this transaction stays."""


@EVERY
def test_without_guards_the_ledger_is_open_to(
    ledgers: Callable[[str], TestLedger], place: str, statement: str
) -> None:
    ledger = ledgers(place)
    with suppress(_TakenBack), writing(ledger.engine) as connection:
        take_away(connection)
        run(connection, statement)
        raise _TakenBack
    with reading(ledger.engine) as connection:
        assert missing_guards(connection) == []


def take_away(connection: Connection) -> None:
    """Remove every guard, as an owner can."""
    if connection.dialect.name == "sqlite":
        found = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for name in connection.exec_driver_sql(found).scalars().all():
            run(connection, f"DROP TRIGGER {name}")
        return
    run(connection, "ALTER TABLE ledger_event DROP CONSTRAINT ledger_event_hash")
    functions = ("countermand_append_only", "countermand_next", "countermand_scope")
    for function in (*functions, "countermand_forward", "countermand_erased"):
        run(connection, f"DROP FUNCTION {function} CASCADE")


def test_the_guards_hold_for_other_programs_with_other_settings(tmp_path: Path) -> None:
    with (
        filled(sqlite_in(tmp_path), tmp_path),
        closing(sqlite3.connect(tmp_path / "countermand.sqlite3")) as stranger,
    ):
        assert stranger.execute("PRAGMA recursive_triggers").fetchone() == (0,)
        for attempt in (EITHER | SQLITE).values():
            with pytest.raises(sqlite3.DatabaseError):
                stranger.execute(attempt)


@PLACES
def test_an_entry_is_not_recorded_twice(ledgers: Callable[[str], TestLedger], place: str) -> None:
    ledger = ledgers(place)
    for twice in (inserted(LAST, seq="300"), inserted(LAST, event_id=FRESH)):
        with pytest.raises(DatabaseError), writing(ledger.engine) as connection:
            run(connection, twice)


def test_a_personal_part_goes_with_an_erasure_that_names_it(own_ledger: TestLedger) -> None:
    named = "INSERT INTO erased_slot SELECT 'erasure', 0, event_id, slot FROM ledger_payload"
    with writing(own_ledger.engine) as connection:
        run(connection, named)
        assert connection.exec_driver_sql("DELETE FROM ledger_payload").rowcount == 1
        assert connection.exec_driver_sql("DELETE FROM data_key").rowcount == 1


def test_creating_again_changes_nothing(own_ledger: TestLedger) -> None:
    before = own_ledger.book.head()
    create_all(own_ledger.engine)
    create_all(own_ledger.engine)
    assert own_ledger.book.head() == before
    own_ledger.write(own_ledger.open.viewed())


WEAKENED = {
    "sqlite": {
        "DROP TRIGGER ledger_event_no_delete": ["ledger_event_no_delete"],
        "DROP TRIGGER ledger_payload_erased;"
        "CREATE TRIGGER ledger_payload_erased BEFORE DELETE ON ledger_payload WHEN FALSE"
        " BEGIN SELECT 1; END": ["ledger_payload_erased"],
    },
    "postgresql": {
        "DROP TRIGGER ledger_event_append_only ON ledger_event": ["ledger_event_append_only"],
        "ALTER TABLE ledger_event DISABLE TRIGGER ledger_event_next": ["ledger_event_next"],
        "ALTER TABLE ledger_head ENABLE TRIGGER ledger_head_forward": ["ledger_head_forward"],
        "DROP TRIGGER ledger_event_no_truncate ON ledger_event;"
        "CREATE TRIGGER ledger_event_no_truncate BEFORE DELETE ON ledger_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION countermand_append_only();"
        "ALTER TABLE ledger_event ENABLE ALWAYS TRIGGER ledger_event_no_truncate": [
            "ledger_event_no_truncate"
        ],
        "CREATE OR REPLACE FUNCTION countermand_append_only() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NULL; END $$": ["countermand_append_only"],
        "ALTER TABLE ledger_event DROP CONSTRAINT ledger_event_hash": ["ledger_event_hash"],
        "ALTER TABLE ledger_event DROP CONSTRAINT ledger_event_hash;"
        "ALTER TABLE ledger_event ADD CONSTRAINT ledger_event_hash CHECK (true)": [
            "ledger_event_hash"
        ],
    },
}


def test_a_guard_that_is_gone_weakened_or_switched_off_is_named_and_put_back(
    own_ledger: TestLedger,
) -> None:
    for statements, names in WEAKENED[own_ledger.engine.dialect.name].items():
        parts = [statements]
        if own_ledger.engine.dialect.name == "sqlite":
            parts = statements.split(";", 1)
        with writing(own_ledger.engine) as connection:
            for statement in parts:
                run(connection, statement)
            assert missing_guards(connection) == names
            install_guards(connection)
            assert missing_guards(connection) == []


@PLACES
def test_an_acknowledged_entry_is_synchronised_to_the_disk(
    ledgers: Callable[[str], TestLedger], place: str
) -> None:
    """Weaker settings lose acknowledged entries when the power fails."""
    ledger = ledgers(place)
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
