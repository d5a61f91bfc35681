"""A process that writes to a ledger until it is killed, telling each entry once it is on disk."""

from collections import deque
from concurrent.futures import Future
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from overrides.checks import writes
from overrides.journal import Receipt
from tests.ledgers import ledger_at

AT_ONCE = 40


def write_until_killed(url: str, keys: Path, tell: Connection, *, grouped: bool) -> None:
    """Write pairs of entries, one of each pair with a personal part; tell the ids of each pair."""
    with ledger_at(url, keys, grouped=grouped, busy_seconds=60) as ledger:
        waiting: deque[Future[Receipt]] = deque()
        number = 0
        while True:
            pair = (ledger.open.viewed(f"{number}"), ledger.open.withdrawn(f"{number}", "note"))
            waiting.append(ledger.journal.submit(writes(*pair)))
            number += 1
            while waiting and (waiting[0].done() or len(waiting) > AT_ONCE):
                entries = waiting.popleft().result().entries
                tell.send_bytes(" ".join(entry.event_id for entry in entries).encode())


def write_some(url: str, keys: Path, tell: Connection, *, grouped: bool, pairs: int) -> None:
    """Write so many pairs from each of three threads, tell their ids, and end."""
    with ledger_at(url, keys, grouped=grouped, busy_seconds=60) as ledger:
        told: list[str] = []

        def write() -> None:
            for number in range(pairs):
                pair = (ledger.open.viewed(f"{number}"), ledger.open.withdrawn(f"{number}", "n"))
                told.extend(entry.event_id for entry in ledger.write(*pair).entries)

        threads = [Thread(target=write) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tell.send_bytes(" ".join(told).encode())
