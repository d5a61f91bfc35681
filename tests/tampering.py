"""What somebody who owns the database can do to it: drop the guards and write what they like."""

from sqlalchemy import Engine

from overrides.stores.engine import writing
from overrides.stores.guards import install_guards


def rewrite(engine: Engine, statements: str) -> None:
    """Carry out SQL past the guards, and put them back so that nothing shows."""
    with writing(engine) as connection:
        triggers = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).scalars()
        for name in list(triggers):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in filter(str.strip, statements.split(";")):
            connection.exec_driver_sql(statement)
        install_guards(connection)
