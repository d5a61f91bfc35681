"""The one place where parts are chosen: settings in, services out.

Nothing else imports the stores, reads the machine's clock or draws its chance.
"""

import logging
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import IO

from sqlalchemy import Engine

from decision_service.access import HOST
from decision_service.assigning import Assigner
from decision_service.calendars import calendar_at
from decision_service.decisions import DecisionReader
from decision_service.errors import AlreadyServed
from decision_service.housekeeping import Housekeeping
from decision_service.loading import Loader
from decision_service.oversight import Oversight
from decision_service.passwords import LockOut, Passwords
from decision_service.people import People
from decision_service.pipeline import Pipeline
from decision_service.preparing import Preparer
from decision_service.publishers import Publishers
from decision_service.registry import Registry
from decision_service.scoring import Scorer
from decision_service.services import Chance, Services
from decision_service.sessions import Sessions
from decision_service.settings import Settings
from decision_service.signer_wiring import key_at_hand, memory_at
from decision_service.stores.opening import check_keys, open_database
from decision_service.stores.people_projection import PeopleProjector
from decision_service.stores.people_store import SqlAttemptStore, SqlPeopleStore, SqlSessionStore
from decision_service.viewing import Viewings
from overrides.erasure_memory import ErasureMemory
from overrides.erasure_replay import Replaying
from overrides.events import SIMULATED_CLOCK
from overrides.ids import id_maker
from overrides.journal import Decided, Draft, Journal, OnceOnly, Projector
from overrides.kek_files import KekFile
from overrides.key_rotation import KeyRotation, copied_keys
from overrides.keyfiles import (
    create_keys,
    has_public,
    has_signer,
    open_public,
    open_signer,
    open_vault,
)
from overrides.ledger import LedgerBook
from overrides.notes import PublicKey
from overrides.signing import Signing
from overrides.signing_desk import AskedSigner, SigningDesk
from overrides.stores.case_book import SqlCaseBook
from overrides.stores.data_keys import SqlDataKeys
from overrides.stores.drafts import SqlDrafts
from overrides.stores.erasure_projection import ErasureProjector
from overrides.stores.erasure_store import SqlErasures
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.stores.letter_tables import LetterProjector, SqlLetterBook
from overrides.stores.projections import CaseProjector
from overrides.stores.rebuild import rebuild
from overrides.stores.signing_desk import SqlSigningDesk
from overrides.stores.stamps import SqlStamps
from overrides.stores.verifying import verify_engine
from overrides.stores.writer import SqlJournal
from overrides.values import Clock, NewId
from overrides.vault import Vault

LOGGER = logging.getLogger(__name__)
SCHEMA = 1
LOG_STEM = "countermand"
LOG_RANDOM_BYTES = 5
LOCK_FILE = "serve.lock"
OLDER_DATABASE = (
    "%d data keys do not open: this database is older than the keys beside it, as after a copy was"
    " put back by hand. Put the newest of both in place, or use 'countermand db restore'"
)

OTHER_PROJECTORS = (LetterProjector(), PeopleProjector(), ErasureProjector())

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    new_id: NewId
    random_bytes: RandomBytes
    key: PublicKey
    vault: Vault
    engine: Engine

    @property
    def log(self) -> str:
        """Name of the log."""
        return self.key.name


def build(
    settings: Settings,
    *,
    serving: bool,
    clock: Clock | None = None,
    new_id: NewId | None = None,
    chance: Chance | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
    demo_note: str = "",
    replay: bool = True,
) -> Services:
    """Open an installation, making whatever is missing of it.

    ``serving`` groups commits, leaves signing to the signer's own process and keeps others from
    serving the embedded database; without it every write is a transaction of its own, as commands
    need it beside a running server. A ledger opened with a ``demo_note`` says in its first entry
    that it is a demo, and what is written until it is closed says that its clock was simulated.
    Without ``replay`` whoever opens it sees to what an older database brought back.
    Raises AlreadyServed, and what ``installation_errors`` lists.
    """
    clock = clock or (lambda: datetime.now(UTC))
    settings.data.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        if serving and settings.embedded:
            opened.callback(_lock(settings).close)
        engine = open_database(settings, serving=serving)
        opened.callback(engine.dispose)
        key, vault = _keys(settings, engine, random_bytes)
        ground = _Ground(
            settings=settings,
            clock=clock,
            new_id=new_id or id_maker(clock, random_bytes),
            random_bytes=random_bytes,
            key=key,
            vault=vault,
            engine=engine,
        )
        chance = chance or random.SystemRandom().random
        return _furnish(ground, opened, chance, serving=serving, demo_note=demo_note, replay=replay)


def _furnish(
    ground: _Ground,
    opened: ExitStack,
    chance: Chance,
    *,
    serving: bool,
    demo_note: str,
    replay: bool,
) -> Services:
    """Everything that stands on the ground; what is opened here is closed in turn."""
    ledger = SqlLedgerBook(ground.engine, log=ground.log, vault=ground.vault)
    cases = CaseProjector(ground.vault.lookup_hash, log=ground.log)
    projectors: tuple[Projector, ...] = (cases, *OTHER_PROJECTORS)
    journal = SqlJournal(
        ground.engine,
        log=ground.log,
        vault=ground.vault,
        clock=ground.clock,
        new_id=ground.new_id,
        projectors=projectors,
        states=cases,
        grouped=serving,
        clock_word=SIMULATED_CLOCK if demo_note else "ok",
    )
    opened.callback(journal.close)
    if not ledger.head().size:
        _open_ledger(journal, ground, demo_note)
    rotation, replaying = _personal_data(ground, ledger, journal, replay=replay)
    desk = SqlSigningDesk(ground.engine, log=ground.log)
    opened.callback((housekeeping := Housekeeping()).close)
    pipeline = _pipeline(ground, opened, journal, ledger, chance)
    return Services(
        settings=ground.settings,
        clock=ground.clock,
        new_id=ground.new_id,
        chance=chance,
        journal=journal,
        vault=ground.vault,
        rotation=rotation,
        erasures=replaying.erasures,
        replaying=replaying,
        viewings=Viewings(journal, ground.new_id, ground.clock),
        housekeeping=housekeeping,
        signer=_signing(ground, ledger, desk, serving=serving),
        signing_desk=desk,
        stamps=SqlStamps(ground.engine, log=ground.log),
        ledger=ledger,
        cases=pipeline.reader.cases,
        letters=SqlLetterBook(ground.engine),
        drafts=SqlDrafts(ground.engine, ground.vault),
        people=_people(ground),
        registry=pipeline.registry,
        decisions=pipeline,
        rows_scorer=_scorer(ground, opened, ground.settings.rows_deadline_s),
        rebuild=lambda: rebuild(
            ground.engine, log=ground.log, vault=ground.vault, projectors=projectors
        ),
        verify=lambda trust: verify_engine(ground.engine, log=ground.log, trust=trust),
        closers=(opened.pop_all().close,),
    )


def _personal_data(
    ground: _Ground, ledger: LedgerBook, journal: Journal, *, replay: bool
) -> tuple[KeyRotation, Replaying]:
    """Keys and erasures. What an older database brought back is erased again before it is used."""
    folder = ground.settings.keys
    rotation = KeyRotation(
        file=KekFile(folder),
        keys=SqlDataKeys(ground.engine, ground.vault),
        vault=ground.vault,
        journal=journal,
        ledger=ledger,
        new_id=ground.new_id,
    )
    replaying = Replaying(
        memory=ErasureMemory(folder),
        erasures=SqlErasures(ground.engine, log=ground.log, vault=ground.vault),
        ledger=ledger,
        journal=journal,
        new_id=ground.new_id,
        epoch=lambda: ground.vault.epoch,
        opens=ground.vault.knows,
    )
    _, closed = rotation.keys.adopt(copied_keys(folder))
    for words in replaying.replay(HOST).told if replay else ():
        LOGGER.warning(words)
    if closed and (closed := rotation.keys.adopt(())[1]):
        LOGGER.warning(OLDER_DATABASE, closed)
    return rotation, replaying


def _signing(ground: _Ground, ledger: LedgerBook, desk: SigningDesk, *, serving: bool) -> Signing:
    """Who signs: this process where it is a command that has the key, or the signer's own."""
    keys = ground.settings.keys
    if not serving and has_signer(keys):
        return key_at_hand(ground.settings, ledger, ground.clock, open_signer(keys))
    return AskedSigner(ground.key, ledger, desk, ground.clock, ground.new_id, sleep)


def _pipeline(
    ground: _Ground,
    opened: ExitStack,
    journal: Journal,
    ledger: LedgerBook,
    chance: Chance,
) -> Pipeline:
    """The path of an application, from the registry to the record."""
    settings = ground.settings
    oversight = Oversight(ledger, settings.keys)
    assigner = Assigner(SqlPeopleStore(ground.engine).everyone, chance, oversight.training)
    checks = (ground.vault, ground.clock, calendar_at(settings.calendar), assigner)
    registry = Registry(
        folder=settings.bundles,
        events=ledger,
        journal=journal,
        new_id=ground.new_id,
        loader=Loader(settings.model_hosts, Publishers(settings.publishers)),
    )
    return Pipeline(
        registry=registry,
        scorer=_scorer(ground, opened, settings.score_deadline_s),
        journal=journal,
        preparer=Preparer(*checks, oversight),
        reader=DecisionReader(ledger, SqlCaseBook(ground.engine, log=ground.log), registry),
        new_id=ground.new_id,
        chance=chance,
    )


def _scorer(ground: _Ground, opened: ExitStack, deadline_s: float) -> Scorer:
    """Lanes of models, with a deadline of their own."""
    scorer = Scorer(deadline_s=deadline_s, rows_max=ground.settings.score_rows_max)
    opened.callback(scorer.close)
    return scorer


def _keys(settings: Settings, engine: Engine, random_bytes: RandomBytes) -> tuple[PublicKey, Vault]:
    """The installation's keys, made at the first start; the public key's name is the log's."""
    check_keys(engine, settings.keys)
    if not has_public(settings.keys):
        name = settings.log or f"{LOG_STEM}/{random_bytes(LOG_RANDOM_BYTES).hex()}"
        create_keys(settings.keys, name=name, random_bytes=random_bytes)
    vault = open_vault(settings.keys, random_bytes=random_bytes)
    return open_public(settings.keys), vault


def _people(ground: _Ground) -> People:
    """Who may come in, and how they prove it."""
    engine, clock = ground.engine, ground.clock
    return People(
        store=SqlPeopleStore(engine),
        sessions=Sessions(SqlSessionStore(engine), clock, ground.random_bytes),
        passwords=Passwords(),
        lock_out=LockOut(SqlAttemptStore(engine), clock, ground.vault.lookup_hash),
        random_bytes=ground.random_bytes,
    )


def _open_ledger(journal: Journal, ground: _Ground, demo_note: str) -> None:
    """Write the first entry: which log this is, whose signatures it has, whether it is a demo."""
    memory_at(ground.settings.signer).let_begin()
    draft = Draft(
        event_id=ground.new_id(),
        type="ledger_opened",
        actor=HOST.ref,
        role=HOST.role.value,
        data={
            "log": ground.log,
            "demo": bool(demo_note),
            "demo_note": demo_note,
            "schema": SCHEMA,
            "keys": [ground.key.vkey],
        },
    )
    once = OnceOnly(HOST.ref, "open", ground.log, "")
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


@contextmanager
def closed_to_servers(settings: Settings) -> Iterator[None]:
    """Keep the installation from being served meanwhile; raises AlreadyServed."""
    with _lock(settings):
        yield
