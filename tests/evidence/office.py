"""A ledger with its case tables, opened the way the service opens it, for being attacked.

Keys are fixed and chance comes from a seed, so that whoever checks can open everything.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Engine, event

from overrides.checks import writes
from overrides.ids import id_maker
from overrides.journal import Draft, Projector
from overrides.stores.engine import create_all, open_engine
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.stores.projections import CaseProjector
from overrides.stores.writer import SqlJournal
from overrides.values import Clock, NewId
from overrides.vault import Vault

LOG = "ledger.example/evidence"
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
FILE = "countermand.sqlite3"


@dataclass
class Ticking:
    """A clock that moves a millisecond each time it is read."""

    at: datetime = START

    def __call__(self) -> datetime:
        """The time."""
        self.at += timedelta(milliseconds=1)
        return self.at


def vault_of(chance: Random) -> Vault:
    """The vault, which has the same keys everywhere; only nonces and salts differ."""
    return Vault({1: bytes(32)}, bytes(range(32)), chance.randbytes)


@dataclass(slots=True)
class Office:
    """An open ledger with the tables of the cases."""

    engine: Engine
    journal: SqlJournal
    book: SqlLedgerBook
    vault: Vault
    clock: Clock
    new_id: NewId
    projector: CaseProjector


@contextmanager
def open_office(
    url: str,
    chance: Random,
    *,
    grouped: bool = False,
    clock: Clock | None = None,
    pragmas: Sequence[str] = (),
    more: Sequence[Projector] = (),
    busy_seconds: float = 5.0,
) -> Iterator[Office]:
    """The ledger at ``url``, whose tables exist; ``pragmas`` are set after the engine's own.

    ``more`` are projections besides that of the cases.
    """
    clock = clock or Ticking()
    engine = open_engine(url, busy_seconds=busy_seconds)
    if pragmas:

        @event.listens_for(engine, "connect")
        def _set(raw: object, _record: object) -> None:
            for pragma in pragmas:
                raw.execute(f"PRAGMA {pragma}").close()  # type: ignore[attr-defined]

    vault = vault_of(chance)
    projector = CaseProjector(vault.lookup_hash, log=LOG)
    new_id = id_maker(clock, chance.randbytes)
    try:
        journal = SqlJournal(
            engine,
            log=LOG,
            vault=vault,
            clock=clock,
            new_id=new_id,
            projectors=[projector, *more],
            states=projector,
            grouped=grouped,
        )
        try:
            book = SqlLedgerBook(engine, log=LOG, vault=vault)
            yield Office(engine, journal, book, vault, clock, new_id, projector)
        finally:
            journal.close()
    finally:
        engine.dispose()


def prepare(url: str) -> None:
    """Make the tables of an empty database, and the first entry."""
    engine = open_engine(url)
    create_all(engine)
    engine.dispose()
    with open_office(url, Random(0)) as office:
        opening = Draft(
            event_id=office.new_id(),
            type="ledger_opened",
            actor="system",
            role="service",
            data={"log": LOG, "demo": False, "demo_note": "", "schema": 1, "keys": []},
        )
        office.journal.submit(writes(opening)).result()


def sqlite_url(folder: Path) -> str:
    """Address of the database in a folder."""
    return f"sqlite:///{folder}/{FILE}"
