"""Making and checking the roles of a PostgreSQL database, and seeing that a service is modest."""

import logging
from collections.abc import Mapping

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import ProgrammingError

from decision_service.database_roles import Finding, Roles
from decision_service.installation_errors import NotPermitted, TooPowerful
from decision_service.stores.role_checks import examine
from decision_service.stores.roles import hand_over, keep_password, make_roles, roles_of
from decision_service.stores.schema import FORMER_TABLES, is_empty, prepare, table_names
from overrides.stores.engine import open_engine, reading, writing

LOGGER = logging.getLogger(__name__)
_THERE = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname = ANY(%s)
"""
_MYSELF = """
SELECT r.rolname, r.rolsuper OR r.rolcreaterole OR pg_has_role(c.relowner, 'MEMBER')
FROM pg_roles r, pg_class c WHERE r.rolname = current_user
  AND c.relnamespace = current_schema()::regnamespace AND c.relname = 'ledger_event'
"""


def set_up_roles(url: str, roles: Roles, passwords: Mapping[str, str]) -> list[Finding]:
    """Make the roles and give them what they need and no more; what is still not as it should be.

    Makes the tables of a database that is empty. Raises ``NotPermitted``.
    """
    engine = open_engine(url)
    try:
        if is_empty(engine):
            prepare(engine)
        with writing(engine) as connection:
            make_roles(connection, roles)
            there = connection.exec_driver_sql(
                _THERE, ([*table_names(), *FORMER_TABLES],)
            ).scalars()
            hand_over(connection, roles, sorted(there))
            for role, password in passwords.items():
                keep_password(connection, role, _verifier(connection, role, password))
        return _examined(engine, roles)
    except ProgrammingError as refused:
        raise not_permitted(engine, refused) from refused
    finally:
        engine.dispose()


def check_roles(url: str, roles: Roles) -> list[Finding]:
    """What is not as ``set_up_roles`` would make it; changes nothing."""
    engine = open_engine(url)
    try:
        return _examined(engine, roles)
    finally:
        engine.dispose()


def see_modesty(engine: Engine) -> None:
    """See that a service logs in as somebody who cannot change what was recorded.

    Raises ``TooPowerful`` where roles were made for this database; where none were, the operator
    is told.
    """
    with reading(engine) as connection:
        role, powerful = connection.exec_driver_sql(_MYSELF).one()
        roles = roles_of(connection)
    if not powerful:
        return
    if roles is not None:
        raise TooPowerful(role=role, service=roles.service)
    LOGGER.warning(
        "the service logs in to its database as %s, who may change what was recorded: "
        "'countermand db roles' makes a role that may not",
        role,
    )


def not_permitted(engine: Engine, refused: ProgrammingError) -> NotPermitted:
    """A refusal of the database server in words."""
    cause = str(refused.orig).strip().partition("\n")[0]
    return NotPermitted(role=engine.url.username or "this user", cause=cause)


def _examined(engine: Engine, roles: Roles) -> list[Finding]:
    """Everything that is not as it should be."""
    with reading(engine) as connection:
        return examine(connection, roles, table_names())


def _verifier(connection: Connection, role: str, password: str) -> str:
    """What the server keeps of a password; the password itself does not travel."""
    made: bytes = connection.connection.driver_connection.pgconn.encrypt_password(  # type: ignore[union-attr]
        password.encode(), role.encode(), b"scram-sha-256"
    )
    return made.decode()
