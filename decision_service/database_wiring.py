"""The wiring of work on the database as a whole: its steps and its roles.

Apart from ``wiring``, which puts services together over a database that is ready for them.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from decision_service.database_roles import Finding, Roles
from decision_service.installation_errors import DatabaseInUse
from decision_service.settings import Settings
from decision_service.stores import role_work, schema
from overrides.signing_keys import keys_of
from overrides.stores.engine import open_engine, reading
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.vault import KEY_BYTES, Vault

_LOG = "SELECT log FROM ledger_head WHERE size > 0 ORDER BY log"
_EPOCHS = "SELECT DISTINCT kek_epoch FROM data_key"


def upgrade_database(settings: Settings) -> tuple[str, str]:
    """Take the steps the database lacks; the step before ("" if none) and after.

    Raises ``NotPermitted``.
    """
    engine = open_engine(settings.owner_url)
    try:
        return schema.upgrade(engine)
    except ProgrammingError as refused:
        raise role_work.not_permitted(engine, refused) from refused
    finally:
        engine.dispose()


def set_up_roles(settings: Settings, roles: Roles, passwords: Mapping[str, str]) -> list[Finding]:
    """Make the roles of a database server; what is still not as it should be.

    Raises ``NotPermitted``.
    """
    return role_work.set_up_roles(settings.owner_url, roles, passwords)


def check_roles(settings: Settings, roles: Roles) -> list[Finding]:
    """What is not as ``set_up_roles`` would make it; changes nothing."""
    return role_work.check_roles(settings.owner_url, roles)


def give_back_roles(settings: Settings) -> None:
    """Give the roles their tables, where the service logs in as one that ``set_up_roles`` made."""
    roles = Roles.of_service(make_url(settings.url).username or "")
    if roles is not None:
        role_work.set_up_roles(settings.owner_url, roles, {})


def require_empty(settings: Settings) -> None:
    """Refuse a database that has tables of ours; raises ``DatabaseInUse``."""
    engine = open_engine(settings.owner_url)
    try:
        if not schema.is_empty(engine):
            raise DatabaseInUse(database=engine.url.database or "")
    finally:
        engine.dispose()


def make_empty(settings: Settings) -> None:
    """Take back out what a backup that was refused put into an empty database."""
    engine = open_engine(settings.owner_url)
    try:
        schema.drop(engine)
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True)
class BareLedger:
    """What a database says of its ledger to somebody who has none of its keys."""

    log: str
    key: str  # the public key that it says signs it, "" where it says nothing
    epochs: frozenset[int]  # of the data keys


@contextmanager
def bare_ledger(settings: Settings) -> Iterator[BareLedger]:
    """The ledger of an installation whose keys may be lost. Raises ``SchemaOutdated``."""
    engine = open_engine(settings.url, confined=True)
    try:
        schema.require(engine)
        with reading(engine) as connection:
            log = connection.execute(text(_LOG)).scalar() or ""
            epochs = connection.execute(text(_EPOCHS)).scalars().all()
        vault = Vault({0: os.urandom(KEY_BYTES)}, os.urandom(KEY_BYTES), os.urandom)
        told = keys_of(SqlLedgerBook(engine, log=log, vault=vault))
        yield BareLedger(log, told[-1][0] if told else "", frozenset(epochs))
    finally:
        engine.dispose()
