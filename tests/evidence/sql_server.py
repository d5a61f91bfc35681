"""The real ledger on disk, serving the simulated bank."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from overrides.cases import Case
from overrides.events import read_event
from overrides.journal import Command, OnceOnly
from overrides.stores.case_book import SqlCaseBook
from overrides.stores.engine import open_engine
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.stores.projections import CaseProjector
from overrides.stores.writer import SqlJournal
from tests.evidence.office import LOG, Office, prepare, sqlite_url
from tests.evidence.soundness import examined, stale_tables
from tests.evidence.world import Diverged, World


class SqlServer:
    """Serves from a database file; to fall is to lose what the journal keeps in memory."""

    def __init__(self, url: str, world: World, *, grouped: bool) -> None:
        engine = open_engine(url)
        self._world = world
        self._grouped = grouped
        self._cases = SqlCaseBook(engine, log=LOG)
        projector = CaseProjector(world.vault.lookup_hash, log=LOG)
        self.office = Office(
            engine,
            self._journal(engine, projector),
            SqlLedgerBook(engine, log=LOG, vault=world.vault),
            world.vault,
            lambda: world.now,
            world.new_id,
            projector,
        )

    def run(self, command: Command, once: OnceOnly) -> tuple[int, int]:
        """Place and number of the entries that the asking led to."""
        receipt = self.office.journal.submit(command, once=once).result()
        return receipt.entries[0].seq if receipt.entries else 0, len(receipt.entries)

    def case(self, ref: str) -> Case | None:
        """The case as it stands."""
        file = self._cases.case(ref)
        return None if file is None else file.case

    def restart(self) -> None:
        """Start another journal over the same file."""
        office = self.office
        office.journal.close()
        office.journal = self._journal(office.engine, office.projector)

    def size(self) -> int:
        """Entries in the ledger."""
        return self.office.book.head().size

    def close(self) -> None:
        """Stop."""
        self.office.journal.close()
        self.office.engine.dispose()

    def _journal(self, engine: Engine, projector: CaseProjector) -> SqlJournal:
        """A journal that knows nothing yet."""
        world = self._world
        return SqlJournal(
            engine,
            log=LOG,
            vault=world.vault,
            clock=lambda: world.now,
            new_id=world.new_id,
            projectors=[projector],
            states=projector,
            grouped=self._grouped,
        )


@contextmanager
def on_disk(folder: Path, seed: int) -> Iterator[World]:
    """A world over a ledger on disk, which is examined at the end."""
    url = sqlite_url(folder)
    prepare(url)
    world = World(seed, lambda world: SqlServer(url, world, grouped=bool(seed % 2)))
    server = world.server
    assert isinstance(server, SqlServer)
    # It was opened before: a clock that falls behind that falls behind the ledger.
    (opened,) = server.office.book.entries(0, 2)
    world.oracle.last = read_event(opened.body).recorded_at
    try:
        yield world
        wrong = examined(server.office) or stale_tables(server.office)
        if wrong:
            raise Diverged(folder.name, wrong, "a sound ledger")
    finally:
        server.close()
