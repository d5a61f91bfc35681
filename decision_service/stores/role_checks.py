"""Comparing the roles of PostgreSQL with what they should be: what is missing, what is too much."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from decision_service.database_roles import PRIVILEGES, Finding, Kind, Roles
from decision_service.stores.roles import ATTRIBUTES, existing, memberships
from overrides.stores.guards import missing_guards

MISSING, TOO_MUCH = Kind.MISSING, Kind.TOO_MUCH
REPLICATION = "session_replication_role"  # whoever may set it goes past ordinary triggers
PARAMETERS_SINCE = 150_000  # version of PostgreSQL

_OWNERS = """
SELECT relname, pg_get_userbyid(relowner) FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
"""
_RIGHTS = """
SELECT r.rolname, c.relname, p.name, has_table_privilege(r.oid, c.oid, p.name),
  p.name IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
  AND has_any_column_privilege(r.oid, c.oid, p.name)
FROM pg_class c CROSS JOIN pg_roles r CROSS JOIN unnest(%s::text[]) AS p (name)
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
  AND r.rolname = ANY(%s) AND c.relname = ANY(%s)
ORDER BY c.relname, r.rolname
"""
_OTHERS = """
SELECT COALESCE(r.rolname, 'PUBLIC'), a.privilege_type, c.relname
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)
  AND (r.rolname IS NULL OR (
    a.privilege_type <> 'SELECT' AND a.grantee <> c.relowner AND r.rolname <> ALL(%s)))
ORDER BY 3, 1, 2
"""
_COULD_BECOME = """
SELECT rolname FROM pg_roles
WHERE NOT rolsuper AND NOT rolcreaterole AND rolname <> ALL(%s)
  AND pg_has_role(oid, %s, 'MEMBER') ORDER BY 1
"""
_PLACES: tuple[tuple[str, str, bool], ...] = (
    ("connect to the database", "has_database_privilege(%s, current_database(), 'CONNECT')", True),
    ("use the schema", "has_schema_privilege(%s, current_schema(), 'USAGE')", True),
    ("create in the schema", "has_schema_privilege(%s, current_schema(), 'CREATE')", False),
    ("create schemas", "has_database_privilege(%s, current_database(), 'CREATE')", False),
    ("make temporary tables", "has_database_privilege(%s, current_database(), 'TEMP')", False),
)
_PARAMETER = (f"set {REPLICATION}", f"has_parameter_privilege(%s, '{REPLICATION}', 'SET')", False)


def examine(connection: Connection, roles: Roles, tables: Sequence[str]) -> list[Finding]:
    """Everything that is not as ``db roles`` makes it; nothing when all is well."""
    there = existing(connection, roles.all)
    found = [Finding(MISSING, f"there is no role {r}") for r in roles.all if r not in there]
    for role in (role for role in roles.all if role in there):
        found += [*_attributes(connection, roles, role), *_groups(connection, roles, role)]
        found += _place(connection, roles, role)
    found += _owners(connection, roles, tables)
    found += _rights(connection, roles, list(tables))
    return found


def _attributes(connection: Connection, roles: Roles, role: str) -> Iterator[Finding]:
    """Whether a role can log in, and what stands above every right."""
    columns = ", ".join(ATTRIBUTES)
    query = f"SELECT rolcanlogin, {columns} FROM pg_roles WHERE rolname = %s"  # noqa: S608
    logs_in, *had = connection.exec_driver_sql(query, (role,)).one()
    if logs_in is (role == roles.owner):
        yield (
            Finding(TOO_MUCH, f"{role} can log in")
            if logs_in
            else Finding(MISSING, f"{role} cannot log in")
        )
    for word, has in zip(ATTRIBUTES.values(), had, strict=True):
        if has:
            yield Finding(TOO_MUCH, f"{role} has {word}")


def _groups(connection: Connection, roles: Roles, role: str) -> Iterator[Finding]:
    """What a role can become, and who can become the owner."""
    groups = set(memberships(connection, role))
    wanted = {roles.owner} if role == roles.migrator else set()
    for group in sorted(groups - wanted):
        yield Finding(TOO_MUCH, f"{role} is a member of {group}")
    for group in wanted - groups:
        yield Finding(MISSING, f"{role} is not a member of {group}")
    if role == roles.owner:
        known = list(roles.all)
        for other in connection.exec_driver_sql(_COULD_BECOME, (known, role)).scalars():
            yield Finding(TOO_MUCH, f"{other} can become {role}")


def _place(connection: Connection, roles: Roles, role: str) -> Iterator[Finding]:
    """Rights on the schema, the database and the server's settings."""
    version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    places = (*_PLACES, _PARAMETER) if version >= PARAMETERS_SINCE else _PLACES
    if role == roles.owner:
        places = tuple((what, how, True) for what, how, _ in places if what.endswith("the schema"))
    for what, how, should in places:
        may = connection.exec_driver_sql(f"SELECT {how}", (role,)).scalar_one()
        if may is not should:
            yield Finding(
                TOO_MUCH if may else MISSING, f"{role} {'may' if may else 'may not'} {what}"
            )


def _owners(connection: Connection, roles: Roles, tables: Sequence[str]) -> Iterator[Finding]:
    """Whose the tables are, and whether they are guarded."""
    owners = dict(tuple(row) for row in connection.exec_driver_sql(_OWNERS))
    for table in tables:
        if table not in owners:
            yield Finding(MISSING, f"there is no table {table}: 'countermand db upgrade' makes it")
        elif owners[table] != roles.owner:
            yield Finding(TOO_MUCH, f"{table} belongs to {owners[table]}, not to {roles.owner}")
    if "ledger_event" in owners:
        for name in missing_guards(connection):
            yield Finding(MISSING, f"the guard {name} is not there or not as it should be")


def _rights(connection: Connection, roles: Roles, tables: list[str]) -> Iterator[Finding]:
    """Who may do what with the tables."""
    asked = (list(PRIVILEGES), list(roles.logins), tables)
    for role, table, right, may, column in connection.exec_driver_sql(_RIGHTS, asked):
        wanted = right in roles.rights(role, table)
        if wanted and not may:
            yield Finding(MISSING, f"{role} may not {right} {table}")
        elif may and not wanted:
            yield Finding(TOO_MUCH, f"{role} may {right} {table}")
        elif column and not wanted:
            yield Finding(TOO_MUCH, f"{role} may {right} columns of {table}")
    for other, right, table in connection.exec_driver_sql(_OTHERS, (tables, list(roles.all))):
        yield Finding(TOO_MUCH, f"{other} may {right} {table}")
