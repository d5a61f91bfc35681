"""The signer put together: its key, its memory, and the log it watches. Knows nothing of the rest.

A signer needs the database and its own folder. It opens no personal data: it has none of those
keys, and is given others that fit nothing.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from decision_service.errors import NoSigningKey
from decision_service.settings import Settings
from decision_service.stores.schema import require
from overrides.keyfiles import has_signer, open_signer
from overrides.ledger import LedgerBook
from overrides.notes import Signer
from overrides.signer_at_work import SignerAtWork
from overrides.signer_memory import FileMemory
from overrides.signing import KeyAtHand
from overrides.signing_keys import former_keys
from overrides.stores.engine import open_engine
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.stores.signing_desk import SqlSigningDesk
from overrides.values import Clock
from overrides.vault import KEY_BYTES, Vault


def memory_at(folder: Path) -> FileMemory:
    """The signer's memory in a folder."""
    return FileMemory(folder, os.urandom)


def key_at_hand(settings: Settings, book: LedgerBook, clock: Clock, signer: Signer) -> KeyAtHand:
    """The installation's own signing key with the memory that belongs to it."""
    former = tuple(former_keys(settings.keys))
    return KeyAtHand(book, signer, clock, memory_at(settings.signer), former)


@contextmanager
def signer_at_work(
    settings: Settings,
    home: Path,
    *,
    on_problem: Callable[[str], None],
    words: Callable[[Exception], str],
) -> Iterator[SignerAtWork]:
    """A signer whose memory is in ``home``, and its key too unless the installation has it.

    Raises ``NoSigningKey`` where neither folder has one, and ``SchemaOutdated``.
    """
    signer = _signer(settings, home)
    engine = open_engine(settings.url, confined=True)
    try:
        require(engine)
        vault = Vault({0: os.urandom(KEY_BYTES)}, os.urandom(KEY_BYTES), os.urandom)
        book = SqlLedgerBook(engine, log=signer.name, vault=vault)
        former = tuple(former_keys(home if has_signer(home) else settings.keys))
        signing = KeyAtHand(book, signer, _now, memory_at(home), former)
        desk = SqlSigningDesk(engine, log=signer.name)
        yield SignerAtWork(signing, desk, on_problem, words)
    finally:
        engine.dispose()


def _signer(settings: Settings, home: Path) -> Signer:
    """The key of a signer: its own, or the installation's."""
    for folder in (home, settings.keys):
        if has_signer(folder):
            return open_signer(folder)
    raise NoSigningKey(home=str(home), keys=str(settings.keys))


def _now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)
