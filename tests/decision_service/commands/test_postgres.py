"""On PostgreSQL the same commands work, and several processes serve one ledger."""

import json
import os
from pathlib import Path

import pytest

from tests.decision_service.commands.servers import Start
from tests.decision_service.commands.shell import Shell

pytestmark = pytest.mark.postgres


@pytest.fixture
def house(empty: Shell, postgres_url: str, bundle: Path) -> Shell:
    """A shell on an installation whose database is a server's."""
    empty.patch.setenv("COUNTERMAND_DATABASE_URL", postgres_url)
    empty.on_data("init")
    empty.on_data("bundle", "add", bundle)
    empty.on_data("bundle", "promote", "german-credit")
    empty.on_data("user", "add", "core", "--role", "service")
    return empty


def test_commands_work_on_a_database_server(house: Shell, tmp_path: Path) -> None:
    assert not (house.data / "countermand.sqlite3").exists()
    found = house.on_data("ledger", "verify", "--json").json
    assert (found["verdict"], found["size"]) == ("clean", 4)
    assert "4 entries" in house.on_data("ledger", "rebuild").out
    assert "already" in house.on_data("db", "upgrade").out
    assert "pg_dump" in house.refused_on_data("db", "backup", tmp_path / "backup")
    assert "pg_dump" in house.refused_on_data("db", "restore", tmp_path / "backup")
    house.on_data("ledger", "export", tmp_path / "export")
    assert house("ledger", "verify", tmp_path / "export").status == 0


def test_several_processes_serve_one_ledger(
    house: Shell, start: Start, postgres_url: str, bundle: Path
) -> None:
    key = house.on_data("key", "add", "--user", "core", "--json").json["key"]
    environ = {"COUNTERMAND_DATABASE_URL": postgres_url}
    server = start(house.data, "--workers", 2, environ=environ)
    example = house("bundle", "example", bundle).json
    seqs = []
    for number in range(8):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(number)}
        body = {"application_id": f"A-{number}", **example}
        status, answer = server.ask("/v1/decisions", body, **headers)
        assert status == 201, answer
        seqs.append(json.loads(answer)["ledger"]["seq"])
    assert seqs == list(range(seqs[0], seqs[0] + 8))
    assert server.stop()[0] == 0
    assert house.on_data("ledger", "verify", "--json").json["verdict"] == "clean"
    assert os.environ["COUNTERMAND_DATABASE_URL"] == postgres_url
