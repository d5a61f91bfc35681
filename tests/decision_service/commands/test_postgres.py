"""On PostgreSQL the same commands work, and several processes serve one ledger."""

import json
import os
from pathlib import Path

import pytest

from tests.decision_service.commands.servers import Start
from tests.decision_service.commands.shell import Shell, run_copy, sentence
from tests.decision_service.letting_out import promote_in

pytestmark = pytest.mark.postgres


@pytest.fixture
def house(empty: Shell, postgres_url: str, bundle: Path) -> Shell:
    """A shell on an installation whose database is a server's."""
    empty.patch.setenv("COUNTERMAND_DATABASE_URL", postgres_url)
    empty.on_data("init")
    empty.on_data("bundle", "add", bundle)
    promote_in(empty.data, "german-credit")
    empty.on_data("user", "add", "core", "--role", "service")
    return empty


def test_commands_work_on_a_database_server(house: Shell, tmp_path: Path) -> None:
    assert not (house.data / "countermand.sqlite3").exists()
    found = house.on_data("ledger", "verify", "--json").json
    assert (found["verdict"], found["size"]) == ("clean", 4)
    assert "4 entries" in house.on_data("ledger", "rebuild").out
    assert "already" in house.on_data("db", "upgrade").out
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


def test_roles_are_made_and_checked_by_a_command(
    empty: Shell, start: Start, postgres_url: str, bundle: Path
) -> None:
    empty.patch.setenv("COUNTERMAND_ADMIN_URL", postgres_url)
    empty.patch.setenv("COUNTERMAND_DATABASE_URL", postgres_url)
    stem = ("--name", "countermand_cli")
    assert empty("db", "roles", "--check", *stem, ok=False).status == 1
    made = empty("db", "roles", "--passwords", *stem, "--json").json
    assert made["missing"] == made["too_much"] == []
    assert len(set(made["passwords"].values())) == 3
    assert empty("db", "roles", "--check", *stem).status == 0

    service = postgres_url.replace("postgres:@", f"{made['roles']['service']}@")
    assert service != postgres_url
    empty.patch.setenv("COUNTERMAND_DATABASE_URL", service)
    empty.patch.delenv("COUNTERMAND_ADMIN_URL")
    empty.on_data("init")
    empty.on_data("bundle", "add", bundle)
    promote_in(empty.data, "german-credit")
    empty.on_data("user", "add", "core", "--role", "service")
    key = empty.on_data("key", "add", "--user", "core", "--json").json["key"]
    server = start(empty.data, "--workers", 2, environ={"COUNTERMAND_DATABASE_URL": service})
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "1"}
    body = {"application_id": "A-1", **empty("bundle", "example", bundle).json}
    assert server.ask("/v1/decisions", body, **headers)[0] == 201
    code, said = server.stop()
    assert code == 0
    assert "may change what was recorded" not in said
    assert "6 entries" in empty.on_data("ledger", "rebuild").out
    assert empty.on_data("ledger", "verify").status == 0
    assert "COUNTERMAND_ADMIN_URL" in empty.refused("db", "roles", *stem)

    as_superuser = {"COUNTERMAND_DATABASE_URL": postgres_url}
    ended = run_copy("serve", "--data", empty.data, "--port", 0, environ=as_superuser)
    assert "who may change what was recorded" in sentence(ended, 1)


def test_a_service_that_could_change_entries_says_so_where_there_are_no_roles(
    house: Shell, start: Start, postgres_url: str
) -> None:
    server = start(house.data, environ={"COUNTERMAND_DATABASE_URL": postgres_url})
    assert "may change what was recorded" in server.stop()[1]


def test_the_embedded_database_has_no_roles(empty: Shell) -> None:
    assert "has no roles" in empty.refused("db", "roles")
    empty.patch.setenv("COUNTERMAND_DATABASE_URL", "postgresql://nobody@nowhere/nothing")
    said = empty.refused("db", "roles", "--name", "x; DROP TABLE y", status=2)
    assert "no beginning for names" in said
