"""The one place where parts are chosen: settings in, services out.

Nothing else imports the stores, reads the machine's clock or draws its chance.
"""

import logging
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import Engine

from decision_service.access import HOST
from decision_service.decisions import DecisionReader
from decision_service.errors import AlreadyServed
from decision_service.loading import Loader
from decision_service.passwords import LockOut, Passwords
from decision_service.people import People
from decision_service.pipeline import Pipeline
from decision_service.preparing import Preparer
from decision_service.registry import Registry
from decision_service.scoring import Scorer
from decision_service.services import Chance, Services
from decision_service.sessions import Sessions
from decision_service.settings import Settings
from decision_service.stores.people_projection import PeopleProjector
from decision_service.stores.people_store import SqlAttemptStore, SqlPeopleStore, SqlSessionStore
from decision_service.stores.schema import prepare, upgrade
from overrides.checkpointer import Checkpointer
from overrides.ids import id_maker
from overrides.journal import Decided, Draft, Journal, OnceOnly, Projector
from overrides.keyfiles import SIGNING, create_keys, open_signer, open_vault
from overrides.ledger import sign_checkpoint
from overrides.notes import Signer
from overrides.stores.case_book import SqlCaseBook
from overrides.stores.engine import open_engine
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.stores.projections import CaseProjector
from overrides.stores.rebuild import rebuild
from overrides.stores.verifying import verify_engine
from overrides.stores.writer import SqlJournal
from overrides.values import Clock, NewId
from overrides.vault import Vault

LOGGER = logging.getLogger(__name__)
SCHEMA = 1
LOG_STEM = "countermand"
LOG_RANDOM_BYTES = 5
LOCK_FILE = "serve.lock"

RandomBytes = Callable[[int], bytes]


def build(
    settings: Settings,
    *,
    serving: bool,
    clock: Clock | None = None,
    new_id: NewId | None = None,
    chance: Chance | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
    demo_note: str = "",
) -> Services:
    """Open an installation, making whatever is missing of it.

    ``serving`` groups commits, signs checkpoints and keeps others from serving the embedded
    database; without it every write is a transaction of its own, as commands need it beside a
    running server. A ledger opened with a ``demo_note`` says in its first entry that it is a demo.
    Raises AlreadyServed.
    """
    clock = clock or _now
    new_id = new_id or id_maker(clock, random_bytes)
    settings.data.mkdir(parents=True, exist_ok=True)
    lock = _lock(settings) if serving and settings.embedded else None
    signer, vault = _keys(settings, random_bytes)
    engine = open_engine(settings.url)
    prepare(engine)
    cases = CaseProjector(vault.lookup_hash)
    projectors: tuple[Projector, ...] = (cases, PeopleProjector())
    journal = SqlJournal(
        engine,
        log=signer.name,
        vault=vault,
        clock=clock,
        new_id=new_id,
        projectors=projectors,
        states=cases,
        grouped=serving,
    )
    ledger = SqlLedgerBook(engine, log=signer.name, vault=vault)
    if not ledger.head().size:
        _open_ledger(journal, signer, new_id, demo_note)
    book = SqlCaseBook(engine, log=signer.name)
    registry = Registry(
        folder=settings.bundles, events=ledger, journal=journal, new_id=new_id, loader=Loader()
    )
    scorer = Scorer(deadline_s=settings.score_deadline_s, rows_max=settings.score_rows_max)
    chance = chance or random.SystemRandom().random
    pipeline = Pipeline(
        registry=registry,
        scorer=scorer,
        journal=journal,
        preparer=Preparer(vault, clock),
        reader=DecisionReader(ledger, book, registry),
        new_id=new_id,
        chance=chance,
    )
    checkpointer = Checkpointer(ledger, signer, clock, on_problem=_tell) if serving else None
    if checkpointer:
        if ledger.latest_checkpoint() is None:
            sign_checkpoint(ledger, signer, clock)
        checkpointer.start()
    return Services(
        settings=settings,
        clock=clock,
        new_id=new_id,
        chance=chance,
        journal=journal,
        vault=vault,
        signer=signer,
        ledger=ledger,
        cases=book,
        people=_people(engine, vault, clock, random_bytes),
        registry=registry,
        decisions=pipeline,
        rebuild=lambda: rebuild(engine, log=signer.name, vault=vault, projectors=projectors),
        verify=lambda trust: verify_engine(engine, log=signer.name, trust=trust),
        closers=(
            scorer.close,
            journal.close,
            *((checkpointer.close,) if checkpointer else ()),
            engine.dispose,
            *((lock.close,) if lock else ()),
        ),
    )


def _now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def _keys(settings: Settings, random_bytes: RandomBytes) -> tuple[Signer, Vault]:
    """The installation's keys, made at the first start; the signer's name is the log's."""
    if not (settings.keys / SIGNING).exists():
        name = settings.log or f"{LOG_STEM}/{random_bytes(LOG_RANDOM_BYTES).hex()}"
        create_keys(settings.keys, name=name, random_bytes=random_bytes)
    vault = open_vault(settings.keys, random_bytes=random_bytes)
    return open_signer(settings.keys), vault


def _people(engine: Engine, vault: Vault, clock: Clock, random_bytes: RandomBytes) -> People:
    """Who may come in, and how they prove it."""
    return People(
        store=SqlPeopleStore(engine),
        sessions=Sessions(SqlSessionStore(engine), clock, random_bytes),
        passwords=Passwords(),
        lock_out=LockOut(SqlAttemptStore(engine), clock, vault.lookup_hash),
        random_bytes=random_bytes,
    )


def _open_ledger(journal: Journal, signer: Signer, new_id: NewId, demo_note: str) -> None:
    """Write the first entry: which log this is, whose signatures it has, whether it is a demo."""
    draft = Draft(
        event_id=new_id(),
        type="ledger_opened",
        actor=HOST.ref,
        role=HOST.role.value,
        data={
            "log": signer.name,
            "demo": bool(demo_note),
            "demo_note": demo_note,
            "schema": SCHEMA,
            "keys": [signer.key.vkey],
        },
    )
    once = OnceOnly(HOST.ref, "open", signer.name, "")
    journal.submit(lambda _: Decided((draft,)), once=once).result()


def _lock(settings: Settings) -> IO[bytes]:
    """Hold the data directory's only place for a server; the lock goes with the process."""
    path: Path = settings.data / LOCK_FILE
    file = path.open("ab")
    with suppress(ImportError):  # where there are no such locks, nobody is kept out
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise AlreadyServed(data=str(settings.data)) from None
    return file


def _tell(failure: Exception) -> None:
    """Say on the server's log that no checkpoint could be signed."""
    LOGGER.error("no checkpoint could be signed: %s", failure)


def upgrade_database(settings: Settings) -> tuple[str, str]:
    """Take the steps the database lacks; the step before ("" if none) and after."""
    engine = open_engine(settings.url)
    try:
        return upgrade(engine)
    finally:
        engine.dispose()


@contextmanager
def closed_to_servers(settings: Settings) -> Iterator[None]:
    """Keep the installation from being served meanwhile; raises AlreadyServed."""
    with _lock(settings):
        yield
