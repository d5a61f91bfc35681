"""The signer as a program: the server's child, or another user's, with its own key and memory."""

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest

from tests.decision_service.commands.readied import Program
from tests.decision_service.commands.servers import Server, Start
from tests.decision_service.commands.shell import Shell, copy, run_copy

LONGEST_S = 20.0


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def signer_of(server: Server) -> dict[str, object]:
    """What the server knows of its signer."""
    found: dict[str, object] = json.loads(server.ask("/readyz")[1])["signer"]
    return found


def children(pid: int) -> list[int]:
    """Processes that a process started."""
    texts = (path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(word) for text in texts for word in text.split()]


def memory(shell: Shell) -> dict[str, Any]:
    """What the signer remembers."""
    found: dict[str, Any] = json.loads((shell.data / "signer" / "memory.json").read_text())
    return found


@pytest.fixture
def signers() -> Iterator[Callable[..., Program]]:
    """Starts signers as programs, and ends those that are left."""
    started: list[Program] = []

    def start(*words: object) -> Program:
        process = copy(["signer", *words])
        started.append(process)
        assert process.stdout is not None
        assert "runs" in process.stdout.readline(), process.communicate()
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=60)


def test_a_server_runs_a_signer_that_signs_the_last_entry_when_both_stop(
    house: Shell, start: Start
) -> None:
    server = start(house.data)
    wait_for(lambda: signer_of(server)["runs"])
    assert signer_of(server)["problem"] == ""
    assert "countermand_ledger_signing 1.0" in server.ask("/metrics")[1].decode()
    assert "another signer runs" in house.refused_on_data("signer")
    (child,) = children(server.process.pid)
    house.on_data("user", "add", "asha", "--role", "officer", "--limit", "20000")
    assert server.stop() == (0, "")
    assert not Path(f"/proc/{child}").exists()
    found = house.on_data("ledger", "verify", "--json").json
    assert (found["verdict"], found["signed_size"]) == ("clean", found["size"])
    assert memory(house)["size"] == found["size"]


def another_than(killed: int, server: Server) -> bool:
    """Whether the server has a child, and not the one that was killed."""
    return children(server.process.pid) not in ([], [killed])


@pytest.mark.crash
def test_a_signer_that_is_killed_is_started_again_and_goes_on(house: Shell, start: Start) -> None:
    server = start(house.data)
    wait_for(lambda: signer_of(server)["runs"])
    for _ in range(2):
        (child,) = children(server.process.pid)
        os.kill(child, signal.SIGKILL)
        wait_for(partial(another_than, child, server))
    assert server.ask("/healthz")[0] == 200
    house.on_data("user", "add", "asha", "--role", "officer", "--limit", "20000")
    status, err = server.stop()
    assert status == 0
    assert err.count("the signer ended by itself (status -9); it is started again") == 2
    assert house.on_data("ledger", "verify", "--json").json["verdict"] == "clean"


@pytest.mark.crash
def test_a_server_that_is_killed_leaves_no_signer_behind(house: Shell, start: Start) -> None:
    server = start(house.data)
    wait_for(lambda: signer_of(server)["runs"])
    (child,) = children(server.process.pid)
    server.stop(signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{child}").exists())
    assert start(house.data).stop() == (0, "")


@pytest.mark.crash
def test_signers_killed_at_any_moment_never_sign_two_histories(
    house: Shell, signers: Callable[..., Program]
) -> None:
    for turn in range(8):
        process = signers("--data", house.data)
        house.on_data("user", "add", f"p{turn}", "--role", "officer", "--limit", "20000")
        time.sleep(0.03 * turn)
        process.kill()
        process.communicate(timeout=60)
    process = signers("--data", house.data)
    process.terminate()
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0
    found = house.on_data("ledger", "verify", "--json").json
    assert (found["verdict"], found["signed_size"]) == ("clean", found["size"])


def rewrite(shell: Shell, statements: str) -> None:
    """What the owner of the database can do."""
    with closing(connect(shell.data / "countermand.sqlite3")) as connection:
        names = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = names.fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.executescript(statements)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def test_whoever_rewrites_a_row_gets_no_signature_and_decisions_go_on(
    house: Shell, start: Start, bundle: Path
) -> None:
    server = start(house.data)
    wait_for(lambda: signer_of(server)["runs"])
    size = memory(house)["size"]
    rewrite(house, "UPDATE ledger_event SET body = CAST(replace(body, 'host', 'hoax') AS BLOB)")
    said = house.on_data("user", "add", "asha", "--role", "officer", "--limit", "20000")
    assert "recorded" not in said.err, "what is new was not touched"
    server.stop()
    server = start(house.data)
    wait_for(lambda: "not those that were hashed" in str(signer_of(server)["problem"]))
    assert "countermand_ledger_signing 0.0" in server.ask("/metrics")[1].decode()
    key = house.on_data("key", "add", "--user", "core", "--json").json["key"]
    example = house("bundle", "example", bundle).json
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
    status, body = server.ask("/v1/decisions", {"application_id": "A-1", **example}, **headers)
    assert status == 201, body
    signed = memory(house)["size"]
    status, err = server.stop()
    assert status == 0
    assert "not those that were hashed" in err
    assert memory(house)["size"] == signed
    assert isinstance(size, int)
    assert isinstance(signed, int)
    assert signed >= size


def test_a_command_says_that_what_it_recorded_is_not_signed(house: Shell) -> None:
    house.on_data("user", "add", "asha", "--role", "officer", "--limit", "20000")
    size = memory(house)["size"]
    rewrite(house, f"UPDATE ledger_event SET leaf_hash = zeroblob(32) WHERE seq = {size} - 1")
    said = house.on_data("user", "add", "ben", "--role", "officer", "--limit", "20000")
    assert said.status == 0
    assert said.err.count("\n") == 1
    assert "this is recorded, and not signed" in said.err
    assert "what was signed before is not what is stored now" in said.err
    assert memory(house)["size"] == size


def test_an_older_database_put_back_by_hand_is_refused_until_somebody_says_so(
    house: Shell, tmp_path: Path
) -> None:
    database, copy = house.data / "countermand.sqlite3", tmp_path / "copy"
    house.on_data("db", "backup", copy)
    house.on_data("user", "add", "asha", "--role", "officer", "--limit", "20000")
    size = memory(house)["size"]
    shutil.copyfile(copy, database)
    for name in ("-wal", "-shm"):
        database.with_name(database.name + name).unlink(missing_ok=True)
    assert "entries were signed and" in house.refused_on_data("ledger", "checkpoint")
    said = house.on_data("signer", "--start-anew").out
    assert "entries are gone" in said
    last = house.on_data("ledger", "show", str(memory(house)["size"] - 1), "--json").json["body"]
    assert last["type"] == "restore_performed"
    assert last["data"] == {"from_size": size, "reason": "signer_began_anew"}
    assert house.on_data("ledger", "verify").status == 0


def test_a_memory_that_was_taken_away_is_told_and_somebody_says_so(house: Shell) -> None:
    shutil.rmtree(house.data / "signer")
    refused = house.refused_on_data("ledger", "checkpoint")
    assert "its memory was lost or taken away" in refused
    assert "countermand signer --start-anew" in refused
    assert "is not known here any more" in house.on_data("signer", "--start-anew").out
    house.on_data("ledger", "checkpoint")
    assert house.on_data("ledger", "verify").status == 0


def test_a_restore_lets_the_signer_begin_anew_and_says_so(house: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    house.on_data("db", "backup", copy)
    assert "begins anew" not in house.on_data("db", "restore", copy).out
    house.on_data("user", "add", "asha", "--role", "officer", "--limit", "20000")
    size = memory(house)["size"]
    said = house.on_data("db", "restore", copy, "--over-newer")
    assert f"The signer had signed {size} entries and begins anew" in said.out
    assert said.err == ""
    assert list((house.data / "signer").glob("memory.json.aside-*"))
    assert house.on_data("ledger", "verify").status == 0


def test_another_user_s_signer_has_the_key_and_nobody_else_does(
    house: Shell, start: Start, tmp_path: Path, signers: Callable[..., Program]
) -> None:
    home = tmp_path / "signer"
    assert "--home" in house.refused_on_data("signer", "--separate")
    said = house.on_data("ledger", "verify").out
    assert "signed by a key on the same host" in said
    house.on_data("signer", "--separate", "--home", home)
    assert "moved already" in house.refused_on_data("signer", "--separate", "--home", home)
    assert not (house.data / "keys" / "signing.key").exists()
    assert (home / "signing.key").stat().st_mode & 0o77 == 0
    said = house.on_data("ledger", "verify").out
    assert "signed by a key that this installation can check with and does not hold" in said
    assert "same host" not in said
    assert "no signing.key" in house.refused_on_data("signer")

    server = start(house.data)
    assert children(server.process.pid) == []
    assert "no signer" in str(signer_of(server)["problem"])
    size = json.loads((home / "memory.json").read_text())["size"]
    process = signers("--data", house.data, "--home", home)
    wait_for(lambda: signer_of(server)["runs"])
    house.on_data("user", "add", "asha", "--role", "officer", "--limit", "20000")
    note = house.on_data("ledger", "checkpoint").out
    assert int(note.splitlines()[1]) > size
    house.on_data("ledger", "export", tmp_path / "export")
    found = house("ledger", "verify", tmp_path / "export", "--key", house.data / "keys/signing.pub")
    assert "that you gave" in found.out
    process.terminate()
    process.communicate(timeout=60)
    assert server.stop() == (0, "")


def test_a_signer_without_a_ledger_says_so(shell: Shell, tmp_path: Path) -> None:
    said = run_copy("signer", "--data", tmp_path / "nowhere")
    assert said.status == 1
    assert re.fullmatch(r"countermand: .*signing\.key.*\n", said.err)
    (shell.data / "countermand.sqlite3").unlink()
    assert shell.refused_on_data("signer")
