"""What a connection to SQLite may do at all, while nothing but appending is meant to happen.

Triggers can be dropped by whoever may write the schema. A confined connection may not: SQLite asks
it before it prepares any statement. This holds against mistakes and injected statements; other
programs and the file's owner are not asked.
"""

import sqlite3
from collections.abc import Callable, Mapping
from types import MappingProxyType

from overrides.guarded import APPEND_ONLY, HEAD

READ_BY_NAME = frozenset(
    {"foreign_keys", "freelist_count", "journal_mode", "page_count", "page_size"}
    | {"read_uncommitted", "recursive_triggers", "secure_delete", "synchronous", "user_version"}
)
"""Settings that may be read, and not set."""

WITH_ARGUMENT = frozenset(
    {"foreign_key_list", "index_info", "index_list", "index_xinfo", "integrity_check"}
    | {"quick_check", "table_info", "table_list", "table_xinfo", "wal_checkpoint"}
)
"""Pragmas whose argument says what to look at, not what to set."""

_ALWAYS = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
        sqlite3.SQLITE_RECURSIVE,
    }
)
_SCHEMA = frozenset({"sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"})
_NEVER_UPDATED = frozenset(APPEND_ONLY) | _SCHEMA
_NEVER_DELETED = _NEVER_UPDATED | {HEAD}
_LOADS_CODE = frozenset({"load_extension"})

_JUDGED: Mapping[int, Callable[[str | None, str | None], bool]] = MappingProxyType(
    {
        sqlite3.SQLITE_INSERT: lambda table, _: table not in _SCHEMA,
        sqlite3.SQLITE_UPDATE: lambda table, _: table not in _NEVER_UPDATED,
        sqlite3.SQLITE_DELETE: lambda table, _: table not in _NEVER_DELETED,
        sqlite3.SQLITE_FUNCTION: lambda _, function: function not in _LOADS_CODE,
        sqlite3.SQLITE_PRAGMA: lambda name, value: (
            name in WITH_ARGUMENT or (value is None and name in READ_BY_NAME)
        ),
    }
)
"""By step: whether it may be taken with these two names. A step that is not listed may not."""


def confine(connection: sqlite3.Connection) -> None:
    """Refuse from now on whatever is not needed to read, append, and keep projections."""
    connection.set_authorizer(_judge)


def _judge(
    action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None
) -> int:
    """SQLite's question about one step of a statement."""
    judged = _JUDGED.get(action)
    allowed = action in _ALWAYS or (judged is not None and judged(first, second))
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
