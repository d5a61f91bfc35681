"""Making the roles of PostgreSQL: statements that bring what is there to what should be."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import Connection

from decision_service.database_roles import STEM_SHAPE, Roles

ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "rolsuper": "SUPERUSER",
        "rolcreaterole": "CREATEROLE",
        "rolcreatedb": "CREATEDB",
        "rolreplication": "REPLICATION",
        "rolbypassrls": "BYPASSRLS",
    }
)
"""Attributes by their column in ``pg_roles``; none of our roles has any."""

_FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE 'countermand%'
"""
_IS_SUPER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
_OWNER = """
SELECT pg_get_userbyid(relowner) FROM pg_class
WHERE relname = 'ledger_event' AND relnamespace = current_schema()::regnamespace
"""


def roles_of(connection: Connection) -> Roles | None:
    """The roles of this database, told by who owns its ledger; none where they were not made."""
    owner = connection.exec_driver_sql(_OWNER).scalar()
    stem, _, rest = str(owner or "").rpartition("_")
    if rest != "owner" or not STEM_SHAPE.fullmatch(stem):
        return None
    roles = Roles(stem)
    return roles if roles.service in existing(connection, roles.all) else None


def existing(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those of the roles that exist."""
    found = connection.exec_driver_sql(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (list(names),)
    )
    return set(found.scalars())


def become_owner(connection: Connection) -> None:
    """Act as the owner of the tables until the transaction ends, where one was made."""
    roles = roles_of(connection) if connection.dialect.name == "postgresql" else None
    if roles is not None:
        connection.exec_driver_sql(f"SET LOCAL ROLE {roles.owner}")


def give_rights(connection: Connection, tables: Sequence[str]) -> None:
    """Give the roles what they need on these tables, where roles were made."""
    roles = roles_of(connection) if connection.dialect.name == "postgresql" else None
    if roles is not None:
        _run(connection, _grants(roles, tables))


def make_roles(connection: Connection, roles: Roles) -> None:
    """Make the roles that are missing, and take from those that are there what is too much."""
    there = existing(connection, roles.all)
    for role in roles.all:
        if role not in there:
            login = "NOLOGIN" if role == roles.owner else "LOGIN"
            inherit = "NOINHERIT" if role == roles.migrator else "INHERIT"
            _run(connection, [f"CREATE ROLE {role} {login} {inherit}"])
    _run(connection, _corrections(connection, roles))
    schema, database = connection.exec_driver_sql(
        "SELECT quote_ident(current_schema()), quote_ident(current_database())"
    ).one()
    logins = ", ".join(roles.logins)
    _run(
        connection,
        [
            f"GRANT {roles.owner} TO {roles.migrator}",
            f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {logins}",
            f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {roles.owner}",
            f"GRANT USAGE ON SCHEMA {schema} TO {logins}",
            f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC, {logins}",
            f"GRANT CONNECT ON DATABASE {database} TO {logins}",
        ],
    )


def hand_over(connection: Connection, roles: Roles, tables: Sequence[str]) -> None:
    """Give tables and the guards' functions to the owner, and the others their rights."""
    functions = connection.exec_driver_sql(_FUNCTIONS, execution_options={"no_parameters": True})
    super_user = connection.exec_driver_sql(_IS_SUPER).scalar_one()
    _run(
        connection,
        [
            *([] if super_user else [f"GRANT {roles.owner} TO CURRENT_USER"]),
            *(f"ALTER TABLE {name} OWNER TO {roles.owner}" for name in tables),
            *(f"ALTER FUNCTION {name} OWNER TO {roles.owner}" for name in functions.scalars()),
            *_grants(roles, tables),
            *([] if super_user else [f"REVOKE {roles.owner} FROM CURRENT_USER"]),
        ],
    )


def keep_password(connection: Connection, role: str, verifier: str) -> None:
    """Give a role a password, of which the server gets to see no more than its verifier."""
    literal = connection.exec_driver_sql("SELECT quote_literal(%s)", (verifier,)).scalar_one()
    _run(connection, [f"ALTER ROLE {role} PASSWORD {literal}"])


def _grants(roles: Roles, tables: Sequence[str]) -> Iterator[str]:
    """Take every right on the tables away and give those that are needed."""
    for table in tables:
        yield f"REVOKE ALL ON TABLE {table} FROM PUBLIC, {', '.join(roles.logins)}"
        for role in roles.logins:
            if rights := roles.rights(role, table):
                yield f"GRANT {', '.join(sorted(rights))} ON TABLE {table} TO {role}"


def _corrections(connection: Connection, roles: Roles) -> Iterator[str]:
    """What takes attributes and memberships away that none of the roles should have."""
    columns = ", ".join(ATTRIBUTES)
    for role in roles.all:
        query = f"SELECT rolcanlogin, {columns} FROM pg_roles WHERE rolname = %s"  # noqa: S608
        logs_in, *had = connection.exec_driver_sql(query, (role,)).one()
        if logs_in is (role == roles.owner):
            yield f"ALTER ROLE {role} {'NOLOGIN' if logs_in else 'LOGIN'}"
        for word, has in zip(ATTRIBUTES.values(), had, strict=True):
            if has:
                yield f"ALTER ROLE {role} NO{word}"
        for group in memberships(connection, role):
            if (role, group) != (roles.migrator, roles.owner):
                yield f"REVOKE {group} FROM {role}"


def memberships(connection: Connection, role: str) -> list[str]:
    """Roles that a role is a member of itself, quoted where that is needed."""
    query = (
        "SELECT quote_ident(g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
        " JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %s ORDER BY 1"
    )
    return list(connection.exec_driver_sql(query, (role,)).scalars())


def _run(connection: Connection, statements: Iterator[str] | Sequence[str]) -> None:
    """Carry out statements one after the other."""
    for statement in list(statements):
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
