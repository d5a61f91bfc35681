"""Triggers and checks with which the database itself refuses to change what was recorded.

They stop mistakes and casual tampering. An owner of the file can always drop them, which is what
the hash tree is for.
"""

from sqlalchemy import Connection

# REPLACE deletes a row without asking the DELETE trigger when the pragma is off, so rows that
# would be replaced are refused before they get there.
_SQLITE_KEYS = {
    "ledger_event": "event_id = NEW.event_id OR (log = NEW.log AND seq = NEW.seq)",
    "ledger_subtree": "log = NEW.log AND level = NEW.level AND idx = NEW.idx",
    "ledger_checkpoint": "log = NEW.log AND size = NEW.size AND signed_at = NEW.signed_at",
}
GUARDED = tuple(_SQLITE_KEYS)
_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb_lower} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_SQLITE_INSERT = """
CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {key})
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_SQLITE_NEXT = """
CREATE TRIGGER IF NOT EXISTS ledger_event_next BEFORE INSERT ON ledger_event
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq) + 1, 0) FROM ledger_event WHERE log = NEW.log)
BEGIN SELECT RAISE(ABORT, 'ledger_event grows by one at a time'); END
"""
_POSTGRES_REFUSE = """
CREATE OR REPLACE FUNCTION countermand_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRES_HASH = """
DO $$ BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM pg_constraint
    WHERE conname = 'ledger_event_hash' AND conrelid = 'ledger_event'::regclass
  ) THEN
    ALTER TABLE ledger_event ADD CONSTRAINT ledger_event_hash
    CHECK (leaf_hash = sha256('\\x00'::bytea || body));
  END IF;
END $$
"""
_POSTGRES = """
DROP TRIGGER IF EXISTS {table}_append_only ON {table};
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION countermand_append_only();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
DROP TRIGGER IF EXISTS {table}_no_truncate ON {table};
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION countermand_append_only();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
"""


def install_guards(connection: Connection) -> None:
    """Put the triggers in place, whether or not they are there. Needs the ledger's tables."""
    if connection.dialect.name == "sqlite":
        statements = [
            _SQLITE.format(table=table, verb=verb, verb_lower=verb.lower())
            for table in GUARDED
            for verb in ("UPDATE", "DELETE")
        ]
        statements += [
            _SQLITE_INSERT.format(table=table, key=_SQLITE_KEYS[table]) for table in GUARDED
        ]
        statements.append(_SQLITE_NEXT)
    else:
        statements = [_POSTGRES_REFUSE, _POSTGRES_HASH]
        statements += [_POSTGRES.format(table=table) for table in GUARDED]
    for statement in statements:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
