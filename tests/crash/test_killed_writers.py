"""A writer killed at any moment: what it told is there, whole, and the ledger goes on."""

import os
import random
import signal
import time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

from overrides.countermand_verify import Verdict
from overrides.examination import Trust
from overrides.signing import sign_checkpoint
from overrides.stores.verifying import verify_engine
from overrides.verify import SAME_HOST
from tests.crash.writing import write_some, write_until_killed
from tests.ledgers import LOG, TestLedger, ledger_at
from tests.nursery import nursery

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "12"))

pytestmark = pytest.mark.crash


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """A server that has everything imported and makes processes quickly."""
    return nursery()


def told_by(listen: Connection) -> list[str]:
    """Everything a process told before its end."""
    ids: list[str] = []
    while True:
        try:
            ids += listen.recv_bytes().decode().split()
        except EOFError:
            return ids


def start(
    processes: ForkServerContext, url: str, keys: Path, *, grouped: bool
) -> tuple[ForkServerProcess, Connection]:
    """A process that writes until it is killed."""
    listen, tell = processes.Pipe(duplex=False)
    process = processes.Process(
        target=write_until_killed, args=(url, keys, tell), kwargs={"grouped": grouped}
    )
    process.start()
    tell.close()
    return process, listen


def check(ledger: TestLedger, told: set[str]) -> None:
    """Everything told is there, nothing is half there, and the whole ledger verifies."""
    size = ledger.book.head().size
    entries = ledger.book.entries(0, size)
    assert not told - {entry.event_id for entry in entries}, "something acknowledged is lost"
    kinds = [entry.type for entry in entries if entry.type != "clock_adjusted"]
    assert kinds == ["ledger_opened"] + ["record_viewed", "case_withdrawn"] * (len(kinds) // 2)
    sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
    trust = Trust(keys=[ledger.signer.key], keys_from=SAME_HOST, vault=ledger.vault)
    found = verify_engine(ledger.engine, log=LOG, trust=trust)
    assert found.verdict == Verdict.CLEAN, found.sentences()
    with ledger.engine.connect() as connection:
        seen = [row[0] for row in connection.exec_driver_sql("SELECT seq FROM seen ORDER BY seq")]
    assert seen == list(range(size)), "the projection is not that of the ledger"


@pytest.mark.parametrize("kind", ["inline", "grouped"])
def test_a_writer_killed_at_any_moment_loses_nothing_it_acknowledged(
    processes: ForkServerContext, tmp_path: Path, kind: str
) -> None:
    url, keys = f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys"
    chance, told = random.Random(20261122), set[str]()
    with ledger_at(url, keys) as ledger:
        ledger.begin()
        for _ in range(ROUNDS):
            process, listen = start(processes, url, keys, grouped=kind == "grouped")
            assert listen.poll(60)
            time.sleep(chance.uniform(0, 0.15))
            process.kill()
            process.join()
            told |= set(told_by(listen))
            process.close()
        check(ledger, told)
    assert len(told) >= 2 * ROUNDS


def test_one_of_two_writers_killed_does_not_harm_the_other(
    processes: ForkServerContext, tmp_path: Path
) -> None:
    url, keys = f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys"
    told = set[str]()
    with ledger_at(url, keys) as ledger:
        ledger.begin()
        server, from_server = start(processes, url, keys, grouped=True)
        for _ in range(3):
            command, from_command = start(processes, url, keys, grouped=False)
            assert from_command.poll(60)
            command.kill()
            command.join()
            told |= set(told_by(from_command))
            command.close()
        assert server.is_alive()
        server.kill()
        server.join()
        told |= set(told_by(from_server))
        server.close()
        check(ledger, told)


def test_a_server_and_a_command_write_one_file_at_the_same_time(
    processes: ForkServerContext, tmp_path: Path
) -> None:
    url, keys = f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys"
    told: list[str] = []
    with ledger_at(url, keys) as ledger:
        ledger.begin()
        pipes = []
        for grouped in (True, False):
            listen, tell = processes.Pipe(duplex=False)
            process = processes.Process(
                target=write_some, args=(url, keys, tell), kwargs={"grouped": grouped, "pairs": 30}
            )
            process.start()
            tell.close()
            pipes.append((process, listen))
        for process, listen in pipes:
            told += told_by(listen)
            process.join()
            assert process.exitcode == 0
            process.close()
        assert len(told) == len(set(told)) == 2 * 3 * 2 * 30
        assert ledger.book.head().size == 1 + len(told)
        check(ledger, set(told))


def test_a_writer_that_is_only_told_to_stop_stops_in_good_order(
    processes: ForkServerContext, tmp_path: Path
) -> None:
    url, keys = f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys"
    with ledger_at(url, keys) as ledger:
        ledger.begin()
        process, listen = start(processes, url, keys, grouped=True)
        assert listen.poll(60)
        os.kill(process.pid or 0, signal.SIGTERM)
        process.join()
        check(ledger, set(told_by(listen)))
        process.close()
