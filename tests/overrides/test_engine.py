"""Connections to the embedded database that are of no use are not kept."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from overrides.stores.engine import open_engine, writing

IN_MEMORY = 2


def test_what_a_statement_may_put_back_lies_in_no_file_outside(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA temp_store").scalar() == IN_MEMORY
    engine.dispose()


def test_a_connection_that_can_only_read_refuses_once_and_is_not_used_again(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE a (b)")
    with engine.connect() as connection:  # as SQLite opens a file where no handle is left
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(OperationalError, match="readonly"), writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO a VALUES (1)")
    with writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO a VALUES (2)")
    engine.dispose()
