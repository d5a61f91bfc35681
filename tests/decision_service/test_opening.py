"""An installation of which something is missing says what, and makes nothing up in its place."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from decision_service import wiring
from decision_service.database_wiring import upgrade_database
from decision_service.installation_errors import (
    DatabaseLost,
    GuardsMissing,
    KeysLost,
    KeysOlder,
    OtherLedger,
)
from decision_service.settings import Settings
from overrides.stores.engine import open_engine, writing

PLACES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=PLACES)
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Settings]:
    """Makes installations, each with a database of its own."""

    def make(name: str) -> Settings:
        url = ""
        if request.param == "postgres":
            url = request.getfixturevalue("new_postgres")()
        settings = Settings(data=tmp_path / name, database_url=url)
        wiring.build(settings, serving=False).close()
        return settings

    return make


def build(settings: Settings, *, serving: bool = False) -> None:
    wiring.build(settings, serving=serving).close()


def run(settings: Settings, *statements: str) -> None:
    """Carry out statements as whoever owns the database."""
    engine = open_engine(settings.url)
    with writing(engine) as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_database_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    build(settings)
    for path in tmp_path.glob("countermand.sqlite3*"):
        path.unlink()
    for serving in (False, True):
        with pytest.raises(DatabaseLost, match="db restore"):
            build(settings, serving=serving)
    assert not list(tmp_path.glob("countermand.sqlite3*"))


def test_an_empty_file_in_the_database_s_place_is_not_filled(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    build(settings)
    for path in tmp_path.glob("countermand.sqlite3*"):
        path.unlink()
    settings.database_file.touch()
    with pytest.raises(DatabaseLost):
        build(settings)


@pytest.mark.postgres
def test_another_empty_database_is_not_filled_until_it_is_said(
    new_postgres: Callable[[], str], tmp_path: Path
) -> None:
    build(Settings(data=tmp_path, database_url=new_postgres()))
    other = Settings(data=tmp_path, database_url=new_postgres())
    with pytest.raises(DatabaseLost, match="db upgrade"):
        build(other)
    upgrade_database(other)
    build(other)


@pytest.mark.parametrize("name", ["kek.json", "lookup.key", "signing.key", "signing.pub"])
def test_a_key_that_is_gone_is_named_and_none_is_made(
    installed: Callable[[str], Settings], name: str
) -> None:
    settings = installed("here")
    (settings.keys / name).unlink()
    for serving in (False, True):
        with pytest.raises(KeysLost) as refused:
            build(settings, serving=serving)
        assert refused.value.missing == (name,)
    assert not (settings.keys / name).exists()


def test_keys_that_are_gone_with_their_folder_are_not_made_anew(
    installed: Callable[[str], Settings],
) -> None:
    settings = installed("here")
    shutil.rmtree(settings.keys)
    with pytest.raises(KeysLost):
        build(settings)
    assert not settings.keys.exists()


def test_the_keys_of_another_ledger_are_named(installed: Callable[[str], Settings]) -> None:
    here, there = installed("here"), installed("there")
    shutil.rmtree(here.keys)
    shutil.copytree(there.keys, here.keys)
    with pytest.raises(OtherLedger, match="belongs to another installation"):
        build(here)


def test_keys_older_than_the_data_keys_are_named(installed: Callable[[str], Settings]) -> None:
    settings = installed("here")
    run(settings, "INSERT INTO data_key VALUES ('k', 'p', 'c', 'x', '', 7)")
    with pytest.raises(KeysOlder) as refused:
        build(settings)
    assert (refused.value.newest, refused.value.needed) == (1, 7)


GONE = {
    "sqlite": ("DROP TRIGGER ledger_event_no_delete",),
    "postgresql": ("ALTER TABLE ledger_event DISABLE TRIGGER ledger_event_append_only",),
}


def test_a_ledger_without_its_guards_is_not_served_until_they_are_back(
    installed: Callable[[str], Settings],
) -> None:
    settings = installed("here")
    build(settings, serving=True)
    run(settings, *GONE["sqlite" if settings.embedded else "postgresql"])
    with pytest.raises(GuardsMissing, match="ledger_event_"):
        build(settings, serving=True)
    with closing(wiring.build(settings, serving=False)) as services:
        assert services.ledger.head().size == 1, "commands still read it"
    upgrade_database(settings)
    build(settings, serving=True)
