"""Which tables the database has: made at once when there are none, migrated step by step after.

A fresh database gets its tables as the code has them and is marked with the newest step, which a
test holds to be the same as taking every step. A database of an earlier release is left alone
until somebody says ``countermand db upgrade``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlmodel import SQLModel

from decision_service.errors import SchemaOutdated
from decision_service.stores import people_tables
from decision_service.stores.roles import become_owner, give_rights
from overrides.stores import (
    case_tables,
    draft_tables,
    erasure_tables,
    ledger_tables,
    letter_tables,
    signing_tables,
)
from overrides.stores.engine import writing
from overrides.stores.guards import install_guards, remove_guards

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0011"
STEPS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
FORMER_TABLES = ("legal_hold",)  # of earlier releases; a step drops them
# Their import declares the tables.
TABLE_MODULES = (
    people_tables,
    case_tables,
    draft_tables,
    erasure_tables,
    ledger_tables,
    letter_tables,
    signing_tables,
)


def prepare(engine: Engine) -> None:
    """See that the database has the tables of this release; raises ``SchemaOutdated``."""
    found = _version(engine)
    if found == NEWEST:
        return
    if found or inspect(engine).has_table(ledger_tables.LedgerHead.__tablename__):
        raise SchemaOutdated(found=found or "none", needed=NEWEST)
    with writing(engine) as connection:
        SQLModel.metadata.create_all(connection)
        install_guards(connection)
        _mark(connection)


def require(engine: Engine) -> None:
    """Refuse a database whose tables are not those of this release; raises ``SchemaOutdated``."""
    found = _version(engine)
    if found != NEWEST:
        raise SchemaOutdated(found=found or "none", needed=NEWEST)


def table_names() -> list[str]:
    """Every table of this release."""
    return sorted({*SQLModel.metadata.tables, VERSION_TABLE})


def is_current(engine: Engine) -> bool:
    """Whether the tables are those of this release."""
    return _version(engine) == NEWEST


def is_empty(engine: Engine) -> bool:
    """Whether none of the tables is there."""
    found = inspect(engine)
    return not (
        found.has_table(VERSION_TABLE) or found.has_table(ledger_tables.LedgerHead.__tablename__)
    )


def upgrade(engine: Engine, *, to: str = "head") -> tuple[str, str]:
    """Take every step that is missing, all or none; the version before ("" if none) and after."""
    from alembic import command

    before = _version(engine)
    with writing(engine) as connection:
        become_owner(connection)
        command.upgrade(alembic_config(connection), to)
        if to == "head":
            give_rights(connection, table_names())
    return before, _version(engine)


def drop(engine: Engine) -> None:
    """Take away every table, for a database that was filled by mistake."""
    with writing(engine) as connection:
        remove_guards(connection)
        SQLModel.metadata.drop_all(connection)
        connection.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))


def steps() -> list[str]:
    """Every step, the first one first."""
    return sorted(path.stem.split("_")[1] for path in (STEPS / "versions").glob("step_*.py"))


def alembic_config(connection: Connection) -> "Config":
    """What alembic needs to know: where the steps lie, and the connection to take them on."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _version(engine: Engine) -> str:
    """The newest step that was taken, empty when none was."""
    if not inspect(engine).has_table(VERSION_TABLE):
        return ""
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found or "")


def _mark(connection: Connection) -> None:
    """Say that the tables are those of the newest step."""
    connection.execute(
        text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    )
    connection.execute(
        text("INSERT INTO alembic_version (version_num) VALUES (:newest)"), {"newest": NEWEST}
    )
