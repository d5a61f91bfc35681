"""A database made at once and one that took every step are the same, guards and all."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from decision_service.errors import SchemaOutdated
from decision_service.stores import schema
from decision_service.stores.migrations.draft import draft
from overrides.stores.engine import open_engine, writing
from overrides.stores.guards import missing_guards

PLACES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
TRIGGERS = {
    "sqlite": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
    ),
}


@pytest.fixture(params=PLACES)
def new_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes engines over empty databases."""
    engines: list[Engine] = []

    def make() -> Engine:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / f'{len(engines)}.sqlite3'}"
        else:
            url = request.getfixturevalue("new_postgres")()
        engines.append(open_engine(url))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


def described(engine: Engine) -> dict[str, Any]:
    """Everything a database says of its tables, in an order of its own."""
    found = inspect(engine)
    tables = {
        table: {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"], c["default"])
                for c in found.get_columns(table)
            ),
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(tuple(u["column_names"]) for u in found.get_unique_constraints(table)),
            "checks": sorted(str(c["sqltext"]) for c in found.get_check_constraints(table)),
            "foreign": found.get_foreign_keys(table),
            "indexes": sorted(
                (str(i["name"]), tuple(map(str, i["column_names"])), bool(i["unique"]))
                for i in found.get_indexes(table)
            ),
        }
        for table in found.get_table_names()
    }
    return tables | {"triggers": triggers(engine)}


def triggers(engine: Engine) -> list[tuple[str, ...]]:
    """Every trigger with its text."""
    with engine.connect() as connection:
        rows = connection.execute(text(TRIGGERS[engine.dialect.name]))
        return sorted(tuple(" ".join(str(cell).split()) for cell in row) for row in rows)


def test_taking_every_step_makes_the_same_database_as_making_it_at_once(
    new_engine: Callable[[], Engine],
) -> None:
    at_once, by_steps = new_engine(), new_engine()
    schema.prepare(at_once)
    assert schema.upgrade(by_steps) == ("", schema.NEWEST)
    assert described(by_steps) == described(at_once)
    assert len(triggers(at_once)) >= 6
    schema.prepare(by_steps)


def test_the_steps_leave_nothing_out_that_the_code_has(new_engine: Callable[[], Engine]) -> None:
    engine = new_engine()
    schema.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_newest_step_is_the_one_that_fresh_databases_are_marked_with(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with writing(engine) as connection:
        scripts = ScriptDirectory.from_config(schema.alembic_config(connection))
        assert scripts.get_current_head() == schema.NEWEST
    engine.dispose()


def test_nothing_is_left_to_be_drafted() -> None:
    up, down = draft()
    assert [line.strip() for line in up.splitlines() if "#" not in line] == ["pass"]
    assert [line.strip() for line in down.splitlines() if "#" not in line] == ["pass"]


def test_upgrading_twice_changes_nothing(new_engine: Callable[[], Engine]) -> None:
    engine = new_engine()
    schema.upgrade(engine)
    before = described(engine)
    assert schema.upgrade(engine) == (schema.NEWEST, schema.NEWEST)
    assert described(engine) == before


def test_lost_guards_are_put_back_by_an_upgrade(new_engine: Callable[[], Engine]) -> None:
    engine = new_engine()
    schema.prepare(engine)
    whole = triggers(engine)
    with writing(engine) as connection:
        for table, name, _ in whole:
            on = f" ON {table}" if engine.dialect.name == "postgresql" else ""
            connection.execute(text(f"DROP TRIGGER {name}{on}"))
    assert triggers(engine) == []
    schema.upgrade(engine)
    assert triggers(engine) == whole


BODY = b"{}"
ROWS = (
    "INSERT INTO ledger_head VALUES ('x', 1, :leaf, :leaf, '2026', 0)",
    (
        "INSERT INTO ledger_event VALUES"
        " ('x', 0, 'e-0', 'kind', '2026', NULL, 'somebody', :body, :leaf)"
    ),
    "INSERT INTO ledger_checkpoint (log, size, note, signed_at) VALUES ('x', 1, 'note', '2026')",
    "INSERT INTO ledger_payload VALUES ('x', 0, 'note', 'e-0', 'k-0', :body, :body)",
    "INSERT INTO ledger_subtree VALUES ('x', 8, 0, :leaf)",
)
FORBIDDEN = (
    "UPDATE ledger_event SET actor_ref = 'other'",
    "DELETE FROM ledger_event",
    "DELETE FROM ledger_checkpoint",
    "UPDATE ledger_subtree SET idx = 1",
    "DELETE FROM ledger_head",
)


@pytest.mark.parametrize("step", schema.steps()[:-1])
def test_guards_and_rows_are_the_same_before_and_after_an_upgrade_from(
    new_engine: Callable[[], Engine], step: str
) -> None:
    engine, fresh = new_engine(), new_engine()
    schema.prepare(fresh)
    schema.upgrade(engine, to=step)
    leaf = sha256(b"\0" + BODY).digest()
    with writing(engine) as connection:
        for row in ROWS:
            connection.execute(text(row), {"body": BODY, "leaf": leaf})
    before, kept = triggers(engine), ledger_rows(engine)
    refuses(engine)
    schema.upgrade(engine)
    assert set(before) <= set(triggers(engine)) == set(triggers(fresh))
    assert ledger_rows(engine) == kept
    refuses(engine)
    with engine.connect() as connection:
        assert missing_guards(connection) == []


def refuses(engine: Engine) -> None:
    """Whatever must not happen does not."""
    for act in FORBIDDEN:
        with pytest.raises(DBAPIError), writing(engine) as connection:
            connection.execute(text(act))


def ledger_rows(engine: Engine) -> list[tuple[Any, ...]]:
    """Every row of the ledger's own tables."""
    names = ("event", "head", "checkpoint", "payload", "subtree")
    with engine.connect() as connection:
        return [
            tuple(row)
            for name in names
            for row in connection.execute(text(f"SELECT * FROM ledger_{name}"))
        ]


def test_a_database_of_an_earlier_release_is_left_alone_until_it_is_upgraded(
    new_engine: Callable[[], Engine],
) -> None:
    engine = new_engine()
    schema.prepare(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(SchemaOutdated) as refused:
        schema.prepare(engine)
    assert "countermand db upgrade" in str(refused.value)


def test_tables_nobody_marked_are_not_taken_for_ours(new_engine: Callable[[], Engine]) -> None:
    engine = new_engine()
    schema.prepare(engine)
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(SchemaOutdated):
        schema.prepare(engine)


def test_a_step_that_fails_leaves_the_database_as_it_was(
    new_engine: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Connection) -> None:
        raise RuntimeError

    engine = new_engine()
    monkeypatch.setattr("overrides.stores.guards.install_guards", broken)
    with pytest.raises(RuntimeError):
        schema.upgrade(engine)
    assert inspect(engine).get_table_names() == []


def test_after_the_steps_the_ledger_still_refuses_to_be_changed(
    new_engine: Callable[[], Engine],
) -> None:
    engine = new_engine()
    schema.upgrade(engine)
    with writing(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO ledger_checkpoint (log, size, note, signed_at)"
                " VALUES ('x', 1, 'note', '2026')"
            )
        )
    for act in ("UPDATE ledger_checkpoint SET note = 'other'", "DELETE FROM ledger_checkpoint"):
        with pytest.raises(DBAPIError), writing(engine) as connection:
            connection.execute(text(act))
