"""What a restore would bring back: erasures of the database it replaces, remembered before it goes.

Erasing and remembering are two steps, so a process can end between them. What is not remembered
beside the keys when an older database takes the place would lie there again, and nobody would know.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from decision_service import wiring
from decision_service.settings import Settings
from decision_service.signer_wiring import memory_at
from overrides.erasure_memory import ErasureMemory
from overrides.errors import OverridesError
from overrides.keyfiles import open_public
from overrides.merkle import Frontier

_HASHES = "SELECT leaf_hash FROM ledger_event WHERE log = ? AND seq < ? ORDER BY seq"
_ERASURES = "SELECT event_id FROM ledger_event WHERE log = ? AND type = 'record_erased'"


def remember_erasures(settings: Settings) -> tuple[str, ...] | None:
    """Remember every erasure of the database that is here; those that could not be, by entry.

    None for a database that cannot be read: what was erased in it cannot be told.
    One that no signed checkpoint covers, and of which none can be signed, is remembered without a
    proof, and an older database is not used then: ``ErasureUnproven`` says so.
    """
    memory, log = ErasureMemory(settings.keys), open_public(settings.keys).name
    recorded = _recorded(settings.database_file, log)
    if recorded is None:
        return None
    if all(memory.proves(erasure, log) for erasure in recorded):
        return ()
    with (
        suppress(OverridesError, SQLAlchemyError, ValueError),
        closing(wiring.build(settings, serving=False, replay=False)) as services,
    ):
        if services.replaying.remember():
            services.signer.checkpoint()
            services.replaying.remember()
    return tuple(sorted(set(recorded) - memory.known()))


def is_newest(settings: Settings, database: Path, log: str) -> bool:
    """Whether a database has all that was signed here, as the signer remembers it.

    One that lacks some was put here by hand, and one that nobody remembers may have been.
    """
    remembered = memory_at(settings.signer).read()
    if remembered is None:
        return False
    tree = Frontier()
    try:
        with closing(sqlite3.connect(database)) as connection:
            for (leaf,) in connection.execute(_HASHES, (log, remembered.size)):
                tree.append(bytes(leaf))
    except sqlite3.DatabaseError:
        return False
    return tree.size == remembered.size and tree.root() == remembered.root


def _recorded(database: Path, log: str) -> list[str] | None:
    """The erasures in a database; None where it cannot be read."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            return [row[0] for row in connection.execute(_ERASURES, (log,))]
    except sqlite3.DatabaseError:
        return None
