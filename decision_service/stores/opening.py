"""Opening an installation's database: its tables there or made, and fit for its keys.

What serves is confined: it appends and keeps projections. Tables are made through a connection of
their own, on PostgreSQL by somebody else where that was said.
"""

from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from decision_service.installation_errors import (
    DatabaseLost,
    GuardsMissing,
    KeysLost,
    KeysOlder,
    OtherLedger,
)
from decision_service.settings import Settings
from decision_service.stores.role_work import not_permitted, see_modesty
from decision_service.stores.schema import is_current, is_empty, prepare
from overrides.kek_files import KEK, KekFile
from overrides.keyfiles import LOOKUP, PUBLIC, SIGNING, open_public, signs_elsewhere
from overrides.stores.engine import open_engine, reading
from overrides.stores.guards import missing_guards

KEY_FILES = (KEK, LOOKUP, SIGNING, PUBLIC)


def open_database(settings: Settings, *, serving: bool) -> Engine:
    """A confined engine over a database with the tables of this release, made if there are none.

    Raises ``DatabaseLost``, ``SchemaOutdated``, ``NotPermitted``; when ``serving``, also
    ``GuardsMissing`` and ``TooPowerful``.
    """
    if settings.embedded and not settings.database_file.is_file():
        _expect_none(settings)
    engine = open_engine(settings.url, confined=True)
    try:
        if not is_current(engine):
            if is_empty(engine):
                _expect_none(settings)
            _make(settings)
        if serving:
            _check_guards(engine)
            if engine.dialect.name == "postgresql":
                see_modesty(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def check_keys(engine: Engine, keys: Path) -> None:
    """Refuse keys that are not all there, or are not those of the ledger in the database.

    Raises ``KeysLost``, ``KeysOlder``, ``OtherLedger``. Where there is no ledger yet, any will do.
    """
    with reading(engine) as connection:
        logs = connection.execute(text("SELECT log FROM ledger_head WHERE size > 0")).scalars()
        held = sorted(logs)
        needed = connection.execute(text("SELECT MAX(kek_epoch) FROM data_key")).scalar() or 0
    if not held:
        return
    missing = tuple(name for name in KEY_FILES if not (keys / name).is_file())
    if signs_elsewhere(keys):
        missing = tuple(name for name in missing if name != SIGNING)
    if missing:
        raise KeysLost(log=held[0], keys=str(keys), missing=missing)
    newest = max(KekFile(keys).read())
    if newest < needed:
        raise KeysOlder(keys=str(keys), newest=newest, needed=needed)
    log = open_public(keys).name
    if log not in held:
        raise OtherLedger(held=held[0], keys=str(keys), log=log)


def _expect_none(settings: Settings) -> None:
    """Where there are keys, there was a ledger: it is not made up in another's place."""
    if (settings.keys / PUBLIC).is_file():
        raise DatabaseLost(keys=str(settings.keys))


def _make(settings: Settings) -> None:
    """Make the tables of a new installation."""
    maker = open_engine(settings.owner_url)
    try:
        prepare(maker)
    except ProgrammingError as refused:
        raise not_permitted(maker, refused) from refused
    finally:
        maker.dispose()


def _check_guards(engine: Engine) -> None:
    """Refuse to serve a ledger whose guards somebody took away."""
    with reading(engine) as connection:
        lost = missing_guards(connection)
    if lost:
        raise GuardsMissing(names=tuple(lost))
