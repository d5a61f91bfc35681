"""Copies of the embedded database: taken while it is served, put back when it is not.

A copy holds the ledger and everything beside it, but neither the keys, which must never lie beside
what they open, nor the models' folders. A restore is an entry of the ledger it restores.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from decision_service.access import HOST
from decision_service.services import Services
from overrides.countermand_verify import Findings
from overrides.errors import LedgerUnavailable
from overrides.examination import Trust
from overrides.journal import Decided, Draft, Json
from overrides.keyfiles import open_public, open_vault
from overrides.verify import SAME_HOST, verify_database

PRIVATE = 0o600
SIZE_AND_ROOT = "SELECT size, root FROM ledger_head WHERE log = ?"


@dataclass(frozen=True, slots=True)
class Replaced:
    """The ledger that a restore put aside, and where it lies; nothing when there was none."""

    size: int
    root: str
    kept: Path | None


def back_up(database: Path, target: Path) -> int:
    """Copy the database as it is at one moment, whole or not at all; bytes of the copy.

    Raises FileExistsError when the target is there, LedgerUnavailable when the source is not.
    """
    if target.exists():
        msg = f"{target} exists already"
        raise FileExistsError(msg)
    if not database.is_file():
        raise LedgerUnavailable(cause=f"there is no database {database}")
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    partial.touch(PRIVATE)
    source_uri = f"{database.resolve().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(source_uri, uri=True)) as source,
            closing(sqlite3.connect(partial)) as copy,
        ):
            source.backup(copy)  # in one go: writers go on, the copy is of one moment
            copy.execute("PRAGMA journal_mode=DELETE")
        _to_disk(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def examine(copy: Path, keys: Path) -> Findings:
    """Check a copy of this installation's database before it is put back."""
    public = open_public(keys)
    vault = open_vault(keys, random_bytes=bytes)
    trust = Trust(keys=[public], keys_from=SAME_HOST, vault=vault)
    return verify_database(copy, trust, log=public.name)


def put_back(copy: Path, database: Path, *, log: str, stamp: str) -> Replaced:
    """Put a copy in the database's place; the database that was there is kept beside it."""
    incoming = database.with_name(database.name + ".incoming")
    shutil.copyfile(copy, incoming)
    incoming.chmod(PRIVATE)
    _to_disk(incoming)
    size, root, kept = 0, "", None
    if database.is_file():
        size, root = _settle(database, log)
        kept = database.with_name(f"{database.name}.replaced-{stamp}")
        database.replace(kept)
    for name in ("-wal", "-shm"):
        database.with_name(database.name + name).unlink(missing_ok=True)
    incoming.replace(database)
    return Replaced(size, root, kept)


def record_restore(services: Services, replaced: Replaced) -> None:
    """Write the restore into the restored ledger; log-ins of the copy's time end."""
    data: dict[str, Json] = {"from_size": replaced.size, "reason": "backup"}
    draft = Draft(
        event_id=services.new_id(),
        type="restore_performed",
        actor=HOST.ref,
        role=HOST.role.value,
        data=data | ({"root": replaced.root} if replaced.root else {}),
    )
    also = (
        lambda connection: connection.exec_driver_sql("UPDATE ledger_head SET epoch = epoch + 1"),
        lambda connection: connection.exec_driver_sql("DELETE FROM session"),
    )
    services.journal.submit(lambda _: Decided((draft,), also=also)).result()


def _settle(database: Path, log: str) -> tuple[int, str]:
    """Bring everything into the one file; size and root of its ledger, as far as it can be read."""
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            found = connection.execute(SIZE_AND_ROOT, (log,)).fetchone()
    except sqlite3.DatabaseError:
        return 0, ""  # a database that cannot be read is a good reason to restore
    return (found[0], bytes(found[1]).hex()) if found else (0, "")


def _to_disk(path: Path) -> None:
    """See a file's bytes to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
