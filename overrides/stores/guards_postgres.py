"""The guards as triggers and a check of PostgreSQL.

The triggers fire ALWAYS, so that a session in replication mode meets them too. Functions name the
schema, so that a temporary table of the same name is not asked in place of the ledger.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, inspect

from overrides.guarded import APPEND_ONLY, HEAD, KEY_SCOPE, KEYS, PARTS

CHECK = "ledger_event_hash"
_EXPRESSION = r"(leaf_hash = sha256(('\x00'::bytea || body)))"  # as PostgreSQL writes it
_ROW, _BEFORE, _INSERT, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 4, 8, 16, 32  # bits of tgtype
_EVENTS = {"INSERT": _INSERT, "DELETE": _DELETE, "UPDATE": _UPDATE, "TRUNCATE": _TRUNCATE}

_FUNCTIONS = {
    "countermand_append_only": """
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END
""",
    "countermand_next": """
BEGIN
  IF NEW.seq <> 0 AND NOT EXISTS (
    SELECT 1 FROM {schema}.ledger_event WHERE log = NEW.log AND seq = NEW.seq - 1
  ) THEN
    RAISE EXCEPTION 'ledger_event grows by one at a time';
  END IF;
  IF NEW.seq = 0 AND NOT EXISTS (SELECT 1 FROM {schema}.ledger_head WHERE log = NEW.log) THEN
    RAISE EXCEPTION 'there is no such ledger';
  END IF;
  RETURN NEW;
END
""",
    "countermand_forward": """
BEGIN
  IF NEW.log <> OLD.log OR NEW.size < OLD.size OR NEW.epoch < OLD.epoch THEN
    RAISE EXCEPTION 'ledger_head moves forward only';
  END IF;
  RETURN NEW;
END
""",
    "countermand_scope": f"""
BEGIN
  IF {" OR ".join(f"NEW.{column} <> OLD.{column}" for column in KEY_SCOPE)} THEN
    RAISE EXCEPTION 'a key of % stays whose it is', TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END
""",
    "countermand_erased": """
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM {schema}.erased_slot WHERE event_id = OLD.event_id AND slot = OLD.slot
  ) THEN
    RAISE EXCEPTION 'a part of ledger_payload goes only with an erasure that names it';
  END IF;
  RETURN OLD;
END
""",
}
_FUNCTION = """
CREATE OR REPLACE FUNCTION {schema}.{name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$
"""
_TRIGGER = """
DROP TRIGGER IF EXISTS {name} ON {schema}.{table};
CREATE TRIGGER {name} BEFORE {events} ON {schema}.{table}
  FOR EACH {each} EXECUTE FUNCTION {schema}.{function}();
ALTER TABLE {schema}.{table} ENABLE ALWAYS TRIGGER {name};
"""
_HASH = """
ALTER TABLE {schema}.ledger_event DROP CONSTRAINT IF EXISTS {check};
ALTER TABLE {schema}.ledger_event ADD CONSTRAINT {check} CHECK {expression}
"""
_FOUND_TRIGGERS = """
SELECT t.tgname, c.relname, p.proname, t.tgtype::int, t.tgenabled = 'A' AND t.tgqual IS NULL
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = %s::regnamespace
"""
_FOUND_FUNCTIONS = """
SELECT proname, prosrc FROM pg_proc
WHERE pronamespace = %s::regnamespace AND proname LIKE 'countermand%%'
"""
_FOUND_CHECK = """
SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint
WHERE convalidated AND conname = %s AND conrelid = (%s || '.ledger_event')::regclass
"""


@dataclass(frozen=True, slots=True)
class _Trigger:
    """One trigger. ``events`` are verbs; TRUNCATE comes alone and for the whole statement."""

    name: str
    table: str
    events: tuple[str, ...]
    function: str

    @property
    def each(self) -> str:
        """What it is asked about."""
        return "STATEMENT" if "TRUNCATE" in self.events else "ROW"

    @property
    def bits(self) -> int:
        """How PostgreSQL writes down when it fires."""
        row = _ROW if self.each == "ROW" else 0
        return row | _BEFORE | sum(_EVENTS[verb] for verb in self.events)


class Guards:
    """The triggers, their functions and the check of this release."""

    def install(self, connection: Connection) -> None:
        """Put them in place where there are tables; nothing is locked when they are there."""
        if not self.missing(connection):
            return
        schema, tables = schema_of(connection), inspect(connection).get_table_names()
        statements = [
            _FUNCTION.format(schema=schema, name=name, body=body.format(schema=schema))
            for name, body in _FUNCTIONS.items()
        ]
        if not _is_checked(connection, schema):
            statements.append(_HASH.format(schema=schema, check=CHECK, expression=_EXPRESSION))
        statements += [
            _TRIGGER.format(
                schema=schema,
                name=trigger.name,
                table=trigger.table,
                events=" OR ".join(trigger.events),
                each=trigger.each,
                function=trigger.function,
            )
            for trigger in _triggers()
            if trigger.table in tables
        ]
        for statement in statements:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def remove(self, connection: Connection) -> None:
        """Take the functions away, and with them the triggers."""
        schema = schema_of(connection)
        for name in _FUNCTIONS:
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {schema}.{name} CASCADE")

    def missing(self, connection: Connection) -> list[str]:
        """Names of those that are not there as they should be."""
        schema = schema_of(connection)
        rows = connection.exec_driver_sql(_FOUND_TRIGGERS, (schema,))
        triggers = {tuple(row) for row in rows}
        functions = dict(
            tuple(row) for row in connection.exec_driver_sql(_FOUND_FUNCTIONS, (schema,))
        )
        lost = [
            trigger.name
            for trigger in _triggers()
            if (trigger.name, trigger.table, trigger.function, trigger.bits, True) not in triggers
        ]
        lost += [
            name
            for name, body in _FUNCTIONS.items()
            if functions.get(name) != body.format(schema=schema)
        ]
        if not _is_checked(connection, schema):
            lost.append(CHECK)
        return lost


def _is_checked(connection: Connection, schema: str) -> bool:
    """Whether a wrong hash is refused."""
    found = connection.exec_driver_sql(_FOUND_CHECK, (CHECK, schema)).scalar()
    return bool(found == _EXPRESSION)


def schema_of(connection: Connection) -> str:
    """Name of the schema in which tables are made, as it is written in statements."""
    found: str | None = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    return found or "public"


def _triggers() -> Iterator[_Trigger]:
    """Every trigger."""
    for table in APPEND_ONLY:
        refuse = "countermand_append_only"
        yield _Trigger(f"{table}_append_only", table, ("UPDATE", "DELETE"), refuse)
    for table in (*APPEND_ONLY, HEAD, PARTS):
        yield _Trigger(f"{table}_no_truncate", table, ("TRUNCATE",), "countermand_append_only")
    yield _Trigger("ledger_event_next", "ledger_event", ("INSERT",), "countermand_next")
    yield _Trigger(f"{HEAD}_forward", HEAD, ("UPDATE",), "countermand_forward")
    yield _Trigger(f"{HEAD}_no_delete", HEAD, ("DELETE",), "countermand_append_only")
    yield _Trigger(f"{PARTS}_no_update", PARTS, ("UPDATE",), "countermand_append_only")
    yield _Trigger(f"{KEYS}_scope", KEYS, ("UPDATE",), "countermand_scope")
    yield _Trigger(f"{PARTS}_erased", PARTS, ("DELETE",), "countermand_erased")
