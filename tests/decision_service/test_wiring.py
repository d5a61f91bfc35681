"""One installation, one server; commands write beside it, and what cannot be written is said."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from decision_service import wiring
from decision_service.access import HOST
from decision_service.errors import AlreadyServed
from decision_service.settings import Settings
from overrides.events import read_event
from tests.decision_service.service_house import House, open_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = open_house(tmp_path)
    yield opened
    opened.close()


def test_an_installation_is_served_once(house: House) -> None:
    with pytest.raises(AlreadyServed):
        wiring.build(house.services.settings, serving=True)


def test_a_command_writes_while_the_server_runs(house: House) -> None:
    beside = wiring.build(house.services.settings, serving=False)
    try:
        for place in range(10):
            assert house.decide(application_id=f"served-{place}").status_code == 201
            body = {"application_id": f"beside-{place}", "fields": house.example}
            assert beside.decisions.decide_now(body, HOST).status == 201
        assert house.decide(application_id="beside-3").json()["attempt"] == 2
    finally:
        beside.close()
    entries = house.services.ledger.entries(0, house.size)
    assert [entry.seq for entry in entries] == list(range(len(entries)))


def test_the_first_entry_says_which_log_this_is_and_that_it_is_a_demo(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, log="bank.example/loans")
    for note in ("An invented history.", "Not written again."):
        services = wiring.build(settings, serving=False, demo_note=note)
        (first,) = services.ledger.entries(0, 10)
        services.close()
        opened = read_event(first.body)
        assert opened.type == "ledger_opened"
        assert opened.data["demo"] is True
        assert opened.data["demo_note"] == "An invented history."
        assert opened.log == opened.data["log"] == "bank.example/loans"


def test_two_installations_never_share_the_name_of_their_log(tmp_path: Path) -> None:
    names = set()
    for place in range(3):
        services = wiring.build(Settings(data=tmp_path / str(place)), serving=False)
        names.add(services.ledger.log)
        services.close()
    assert len(names) == 3


def test_a_locked_database_refuses_and_records_nothing(house: House) -> None:
    house.headers()
    size = house.size
    path = house.services.settings.data / "countermand.sqlite3"
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        refused = house.decide(key="locked", application_id="locked")
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:countermand:problem:ledger-unavailable"
    assert refused.headers["retry-after"] == "1"
    assert house.size == size
    assert house.decide(key="locked", application_id="locked").status_code == 201


def test_a_full_disk_refuses_and_records_nothing(house: House) -> None:
    house.headers()
    size = house.size
    engine = house.services.journal._engine  # type: ignore[attr-defined]
    with engine.connect() as connection:
        (pages,) = connection.exec_driver_sql("PRAGMA page_count").one()

    def limit(raw: sqlite3.Connection, *_: object) -> None:
        raw.set_authorizer(None)
        raw.execute(f"PRAGMA max_page_count={pages}")

    engine.dispose()
    event.listen(engine, "connect", limit)
    try:
        answers = [house.decide(application_id=f"full-{n}") for n in range(40)]
    finally:
        event.remove(engine, "connect", limit)
        engine.dispose()
    statuses = [answer.status_code for answer in answers]
    assert 507 in statuses
    assert set(statuses) <= {201, 507}
    assert house.size == size + statuses.count(201)
    assert house.decide(application_id="after").status_code == 201


def test_threads_end_with_the_services(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    house = open_house(tmp_path)
    house.decide()
    house.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(3)
    left = [t.name for t in set(threading.enumerate()) - before if t.is_alive()]
    assert [name for name in left if "AnyIO" not in name] == []


def test_settings_come_from_the_environment_and_an_explicit_folder_wins(tmp_path: Path) -> None:
    environ = {
        "COUNTERMAND_DATA": "elsewhere",
        "COUNTERMAND_DATABASE_URL": "postgresql://db/x",
        "COUNTERMAND_LOG": "a/b",
    }
    read = Settings.read(environ, data=tmp_path)
    assert (read.data, read.log, read.embedded) == (tmp_path, "a/b", False)
    assert Settings.read(environ).data == Path("elsewhere")
    plain = Settings.read({}, data=tmp_path)
    assert plain.url == f"sqlite:///{tmp_path / 'countermand.sqlite3'}"
    assert json.dumps(str(plain.keys)) == json.dumps(str(tmp_path / "keys"))


@pytest.mark.postgres
def test_the_same_service_stands_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    house = open_house(tmp_path, settings={"database_url": postgres_url})
    beside = wiring.build(house.services.settings, serving=True)  # any number may serve
    try:
        first = house.decide(key="once", application_id="one")
        assert first.status_code == 201
        assert house.decide(key="once", application_id="one").json() == first.json()
        with ThreadPoolExecutor(6) as pool:
            told = list(
                pool.map(lambda n: house.decide(application_id=f"many-{n}").status_code, range(30))
            )
            body = {"application_id": "one", "fields": house.example}
            assert beside.decisions.decide_now(body, HOST).body["attempt"] == 2
        assert told == [201] * 30
        read = house.get(f"/v1/decisions/{first.json()['decision_id']}")
        assert len(read.json()["contributions"]) > 10
    finally:
        beside.close()
        house.close()
