"""A ledger opened for a test, with a projection of its own that is as small as one can be."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text, delete, insert
from sqlalchemy import select as select_rows

from overrides.checks import OpenLedger, writes
from overrides.ids import id_maker
from overrides.journal import Command, Draft, Event, Opened, Receipt
from overrides.keyfiles import create_keys, open_signer, open_vault
from overrides.notes import Signer
from overrides.stores.engine import create_all, open_engine, writing
from overrides.stores.hot_path import HotPath
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.stores.writer import SqlJournal
from overrides.values import Clock
from overrides.vault import Vault

LOG = "test.example/ledger"
NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)

_METADATA = MetaData()
SEEN = Table(
    "seen",
    _METADATA,
    Column("seq", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("slots", Text, nullable=False),
)


class SteadyClock:
    """A clock that moves a millisecond each time it is read, and where it is told to."""

    def __init__(self, start: datetime = NOON, step: timedelta = timedelta(milliseconds=1)) -> None:
        self.at = start
        self.step = step
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The time."""
        with self._lock:
            self.at += self.step
            return self.at


@dataclass(frozen=True, slots=True)
class NoState:
    """A state that knows the time and nothing else; the ledger's own checks need no more."""

    now: datetime

    def __getattr__(self, name: str) -> Any:
        """Nothing here knows of cases."""
        raise AttributeError(name)


class SeenProjector:
    """Notes each event's place, kind, and the names of the slots that could be read."""

    def tables(self) -> Sequence[str]:
        """The one table."""
        return [SEEN.name]

    def apply(self, path: HotPath, event: Event, opened: Opened) -> None:
        """Add a row."""
        row = {"seq": event.seq, "type": event.type, "slots": ",".join(sorted(opened))}
        path.connection.execute(insert(SEEN), row)

    def clear(self, connection: Connection) -> None:
        """Remove all rows."""
        connection.execute(delete(SEEN))

    def ahead(self, _path: HotPath, commands: Sequence[Command]) -> None:
        """Nothing here knows of cases."""

    def state(self, _path: HotPath, now: datetime) -> Any:
        """A state without cases."""
        return NoState(now)

    def rows(self, connection: Connection) -> list[tuple[int, str, str]]:
        """What was noted, in order."""
        return [tuple(row) for row in connection.execute(select_rows(SEEN).order_by(SEEN.c.seq))]


@dataclass(frozen=True, slots=True)
class TestLedger:
    """Everything a test may want of a ledger."""

    __test__ = False

    engine: Engine
    journal: SqlJournal
    book: SqlLedgerBook
    vault: Vault
    signer: Signer
    clock: Clock
    seen: SeenProjector
    open: OpenLedger

    def write(self, *drafts: Draft) -> Receipt:
        """Write drafts as one command."""
        return self.journal.submit(writes(*drafts)).result()

    def begin(self) -> None:
        """Write the opening entry."""
        self.write(
            Draft(
                event_id=self.open.new_id(),
                type="ledger_opened",
                actor="system",
                role="service",
                data={"log": LOG, "demo": False, "demo_note": "", "schema": 1, "keys": []},
            )
        )


@contextmanager
def ledger_at(
    url: str, keys: Path, *, grouped: bool = False, clock: Clock | None = None, **engine: Any
) -> Iterator[TestLedger]:
    """A ledger in the database at ``url``, made if missing; ``keys`` is where its keys lie."""
    clock = clock or SteadyClock()
    create_keys(keys, name=LOG, random_bytes=os.urandom)
    vault = open_vault(keys, random_bytes=os.urandom)
    opened = open_engine(url, **engine)
    create_all(opened)
    with writing(opened) as connection:
        _METADATA.create_all(connection)
    seen = SeenProjector()
    new_id = id_maker(clock, os.urandom)
    journal = SqlJournal(
        opened,
        log=LOG,
        vault=vault,
        clock=clock,
        new_id=new_id,
        projectors=[seen],
        states=seen,
        grouped=grouped,
    )
    book = SqlLedgerBook(opened, log=LOG, vault=vault)
    try:
        yield TestLedger(
            opened,
            journal,
            book,
            vault,
            open_signer(keys),
            clock,
            seen,
            OpenLedger(journal, book, new_id),
        )
    finally:
        journal.close()
        opened.dispose()
