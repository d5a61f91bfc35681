"""The guards as triggers of SQLite.

SQLite keeps whatever type it is given and lets REPLACE delete a row without asking the DELETE
trigger when ``recursive_triggers`` is off, so both are refused before a row gets there.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sqlalchemy import Connection, inspect

from overrides.guarded import APPEND_ONLY, HEAD, KEY_SCOPE, KEYS, PARTS, UNIQUE

INTEGER, TEXT, BLOB = "'integer'", "'text'", "'blob'"
TYPES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ledger_event": {
            "seq": INTEGER,
            "event_id": TEXT,
            "type": TEXT,
            "recorded_at": TEXT,
            "case_ref": f"{TEXT}, 'null'",
            "actor_ref": TEXT,
            "body": BLOB,
            "leaf_hash": BLOB,
        },
        "ledger_subtree": {"level": INTEGER, "idx": INTEGER, "hash": BLOB},
        "ledger_checkpoint": {"size": INTEGER, "note": TEXT, "signed_at": TEXT},
        "ledger_stamp": {"digest": TEXT, "size": INTEGER, "note": TEXT, "reply": BLOB},
        PARTS: {"seq": INTEGER, "slot": TEXT, "nonce": BLOB, "ciphertext": BLOB},
    }
)
"""Types by column, as a strict table would hold them."""

_REFUSE = "SELECT RAISE(ABORT, '{words}');"
_STAYS = "{table} is append-only"


class Guards:
    """The triggers of this release."""

    def install(self, connection: Connection) -> None:
        """Put them in place where there are tables; one that says something else is replaced."""
        there, tables = _triggers(connection), inspect(connection).get_table_names()
        for name, statement in _statements():
            if there.get(name) == statement or _table_of(statement) not in tables:
                continue
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            connection.exec_driver_sql(statement)

    def remove(self, connection: Connection) -> None:
        """Take them away."""
        for name, _ in _statements():
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")

    def missing(self, connection: Connection) -> list[str]:
        """Names of those that are not there as they should be."""
        there = _triggers(connection)
        return [name for name, statement in _statements() if there.get(name) != statement]


def _triggers(connection: Connection) -> dict[str, str]:
    """Every trigger there is, by name."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return dict(tuple(row) for row in rows)


def _table_of(statement: str) -> str:
    """The table that a trigger is on."""
    return statement.partition(" ON ")[2].partition(" ")[0]


def _statements() -> Iterator[tuple[str, str]]:
    """Name and statement of every trigger."""
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            yield _refusal(f"{table}_no_{verb.lower()}", verb, table, _STAYS)
    for table in UNIQUE:
        yield _newcomer(table)
    back = "NEW.log <> OLD.log OR NEW.size < OLD.size OR NEW.epoch < OLD.epoch"
    yield _refusal(f"{HEAD}_forward", "UPDATE", HEAD, "{table} moves forward only", back)
    yield _refusal(f"{HEAD}_no_delete", "DELETE", HEAD, "{table} is never removed")
    yield _refusal(f"{PARTS}_no_update", "UPDATE", PARTS, "{table} never changes")
    other = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in KEY_SCOPE)
    yield _refusal(f"{KEYS}_scope", "UPDATE", KEYS, "a key of {table} stays whose it is", other)
    named = "SELECT 1 FROM erased_slot WHERE event_id = OLD.event_id AND slot = OLD.slot"
    words = "a part of {table} goes only with an erasure that names it"
    yield _refusal(f"{PARTS}_erased", "DELETE", PARTS, words, f"NOT EXISTS ({named})")


def _refusal(name: str, verb: str, table: str, words: str, when: str = "") -> tuple[str, str]:
    """A trigger that refuses, always or when something is so."""
    condition = f" WHEN {when}" if when else ""
    refuse = _REFUSE.format(words=words.format(table=table))
    return name, f"CREATE TRIGGER {name} BEFORE {verb} ON {table}{condition} BEGIN {refuse} END"


def _newcomer(table: str) -> tuple[str, str]:
    """One trigger for all that a new row may not be: several would cost a writer several times."""
    same = " OR ".join(
        "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")"
        for key in UNIQUE[table]
    )
    wrong = {f"a row of {table} is not replaced": f"EXISTS (SELECT 1 FROM {table} WHERE {same})"}  # noqa: S608 - names of ours
    if table == "ledger_event":
        after = f"(SELECT COALESCE(MAX(seq) + 1, 0) FROM {table} WHERE log = NEW.log)"  # noqa: S608 - the same
        wrong[f"{table} grows by one at a time"] = f"NEW.seq <> {after}"
        head = f"EXISTS (SELECT 1 FROM {HEAD} WHERE log = NEW.log)"  # noqa: S608 - the same
        wrong["there is no such ledger"] = f"NEW.seq = 0 AND NOT {head}"
    types = [f"typeof(NEW.{name}) NOT IN ({kind})" for name, kind in TYPES.get(table, {}).items()]
    if types:
        wrong[f"{table} holds other types"] = " OR ".join(types)
    cases = " ".join(f"WHEN {so} THEN RAISE(ABORT, '{words}')" for words, so in wrong.items())
    name = f"{table}_insert"
    return (
        name,
        f"CREATE TRIGGER {name} BEFORE INSERT ON {table} BEGIN SELECT CASE {cases} END; END",
    )
