"""After an erasure no byte of what was erased is left: no plaintext, no salt, no key.

The embedded database is searched by ``python -m tests.evidence erasures``, in small with every run
of the tests.
"""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from decision_service import wiring
from decision_service.erasure_finishing import finish_erasures
from decision_service.settings import Settings
from overrides.stores.engine import open_engine, reading
from tests.decision_service.erasure_house import erasure_house
from tests.decision_service.shredding import assert_nothing_left, record, shred, sought


@pytest.mark.postgres
def test_nothing_of_them_was_ever_in_the_servers_files_either(
    tmp_path: Path, postgres_url: str, postgres_server: Any
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with erasure_house(data, postgres_url) as house:
        shred(house, data, 20)
    assert_nothing_left(data, tmp_path / "needles")
    cluster = Path(postgres_server.pgdata)
    engine = open_engine(postgres_url)
    with reading(engine) as connection:
        asked = text("SELECT oid FROM pg_database WHERE datname = current_database()")
        own = cluster / "base" / str(connection.execute(asked).scalar_one())
    engine.dispose()
    others = {path for path in (cluster / "base").iterdir() if path != own}
    assert own.is_dir()
    assert_nothing_left(cluster, tmp_path / "needles", without=others)
    planted = own / "planted"
    planted.write_bytes(sought(tmp_path / "needles")[0])
    with pytest.raises(AssertionError, match="planted"):
        assert_nothing_left(cluster, tmp_path / "needles", without=others)
    planted.unlink()


def test_an_old_backup_with_the_keys_of_today_opens_nothing_erased(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with erasure_house(data) as house:
        one, other = record(house, 1), record(house, 2)
        backup = (data / "countermand.sqlite3").read_bytes()
        wal = (data / "countermand.sqlite3-wal").read_bytes()
        house.erase(party=one["party"])
        finish_erasures(house.services)
    (data / "countermand.sqlite3").write_bytes(backup)
    (data / "countermand.sqlite3-wal").write_bytes(wal)
    for path in (data / "keys" / "erasures").glob("*"):
        path.unlink()  # even where nobody remembers what was erased
    services = wiring.build(Settings(data=data), serving=False)
    try:
        opened: dict[str, Any] = {}
        for name, case in (("one", one), ("other", other)):
            entry = services.ledger.entries_of_case(case["case_id"])[0]
            opened[name] = services.ledger.open_slots(entry.event_id)["inputs"]
        assert type(opened["one"]).__name__ == "SlotErased"
        assert opened["other"]["application_id"].startswith("application canary")
    finally:
        services.close()
