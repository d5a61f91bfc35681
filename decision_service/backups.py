"""Copies of the embedded database: taken while it is served, read back before they are used.

A copy holds the ledger and everything beside it, but neither the keys, which must never lie beside
what they open, nor the models' folders.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from decision_service.installation_errors import BackupBesideKeys, BackupFailed, BackupRefused
from overrides.countermand_verify import Findings, Verdict
from overrides.examination import Trust
from overrides.keyfiles import open_public, open_vault
from overrides.signing_keys import trusted_keys
from overrides.verify import verify_database, whose_key

PRIVATE = 0o600
INCOMING, REPLACED, PARTIAL = ".incoming", ".replaced-", ".partial"
BESIDE = ("-wal", "-shm", "-journal")
MAGIC = b"SQLite format 3\0"
WRITE_VERSION, WAL_VERSION = 18, 2  # where the header says how the file is written, and how
SIZE_AND_ROOT = "SELECT size, root FROM ledger_head WHERE log = ?"
HASHES = "SELECT leaf_hash FROM ledger_event WHERE log = ? ORDER BY seq"
PLAIN_COPY = (
    "it was copied while something wrote, or without the -wal file that belonged to it: "
    "'countermand db backup' makes copies that are whole"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the ledger in a database stands."""

    size: int
    root: str


def back_up(database: Path, target: Path, *, keys: Path) -> int:
    """Copy the database as it is at one moment, whole or not at all; bytes of the copy.

    Raises FileExistsError when the target is there, ``BackupBesideKeys`` for one among the keys,
    and ``BackupFailed``.
    """
    check_target(target, keys)
    if not database.is_file():
        raise BackupFailed(cause=f"there is no database {database}")
    source_uri = f"{database.resolve().as_uri()}?mode=ro"
    with whole_or_nothing(target) as partial:
        partial.touch(PRIVATE)
        try:
            with (
                closing(sqlite3.connect(source_uri, uri=True)) as source,
                closing(sqlite3.connect(partial)) as copy,
            ):
                source.backup(copy)  # in one go: writers go on, the copy is of one moment
                copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as failure:
            raise BackupFailed(cause=f"{failure}, from {database} to {target}") from failure
    return target.stat().st_size


def check_target(target: Path, keys: Path) -> None:
    """Refuse to write over anything, or to lay a copy beside the keys that open it."""
    if target.exists():
        msg = f"{target} exists already"
        raise FileExistsError(msg)
    if target.resolve().is_relative_to(keys.resolve()):
        raise BackupBesideKeys(file=str(target), keys=str(keys))


@contextmanager
def whole_or_nothing(target: Path) -> Iterator[Path]:
    """A file to write beside the target, which takes the target's name when all went well."""
    partial = target.with_name(target.name + PARTIAL)
    partial.unlink(missing_ok=True)
    try:
        yield partial
        to_disk(partial)
        partial.replace(target)
        to_disk(target.parent)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def brought_in(copy: Path, database: Path) -> Iterator[Path]:
    """A backup copied beside the database, with its log if it has one; gone when anything fails.

    What is looked at from here on is what will be used. Raises ``BackupRefused``.
    """
    incoming = database.with_name(database.name + INCOMING)
    _remove(incoming)
    try:
        shutil.copyfile(copy, incoming)
        incoming.chmod(PRIVATE)
        log = copy.with_name(copy.name + "-wal")
        if log.is_file():
            shutil.copyfile(log, incoming.with_name(incoming.name + "-wal"))
        _see_whole(copy, incoming)
        yield incoming
    finally:
        _remove(incoming)


def examine(incoming: Path, keys: Path, *, name: str) -> Findings:
    """Check a copy of this installation's database. Raises ``BackupRefused`` for an altered one."""
    public = open_public(keys)
    vault = open_vault(keys, random_bytes=bytes)
    trust = Trust(keys=trusted_keys(keys), keys_from=whose_key(keys), vault=vault)
    findings = verify_database(incoming, trust, log=public.name)
    refuse_altered(findings, name)
    return findings


def refuse_altered(findings: Findings, name: str) -> None:
    """Raise ``BackupRefused`` for a copy that is not what was recorded."""
    if findings.verdict is Verdict.ALTERED:
        raise BackupRefused(file=name, cause=str(findings.found[0]).rstrip("."))


def standing(database: Path, log: str) -> Standing | None:
    """Where the ledger in a file stands; nothing where there is none that can be read."""
    if not database.is_file():
        return None
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            found = connection.execute(SIZE_AND_ROOT, (log,)).fetchone()
    except sqlite3.DatabaseError:
        return None  # a database that cannot be read is a good reason to restore
    return Standing(found[0], bytes(found[1]).hex()) if found else None


def in_common(one: Path, other: Path, log: str) -> int:
    """How many entries two databases have in common, from the first on."""
    with closing(sqlite3.connect(one)) as first, closing(sqlite3.connect(other)) as second:
        pairs = zip(first.execute(HASHES, (log,)), second.execute(HASHES, (log,)), strict=False)
        common = 0
        for mine, theirs in pairs:
            if mine != theirs:
                break
            common += 1
    return common


def settle(database: Path) -> None:
    """Bring everything into the one file."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    to_disk(database)


def put_in_place(incoming: Path, database: Path, stamp: str) -> Path | None:
    """Let one file take the database's place, in one step; where what was there is kept."""
    kept = None
    if database.is_file():
        kept = _kept(database, stamp)
        for end in BESIDE:  # before the step: a log must never meet a database it is not of
            beside = database.with_name(database.name + end)
            if beside.is_file():
                beside.replace(kept.with_name(kept.name + end))
    else:
        _remove(database)
    incoming.replace(database)
    to_disk(database.parent)
    return kept


def _kept(database: Path, stamp: str) -> Path:
    """Give what is there a second name, one that nothing has yet."""
    for number in count(1):
        again = f"-{number}" if number > 1 else ""
        kept = database.with_name(f"{database.name}{REPLACED}{stamp}{again}")
        with suppress(FileExistsError):
            os.link(database, kept)
            return kept
    raise AssertionError


def to_disk(path: Path) -> None:
    """See a file's bytes, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _see_whole(copy: Path, incoming: Path) -> None:
    """Bring a copy's log into it, and read every page of it."""
    try:
        with incoming.open("rb") as file:
            header = file.read(WRITE_VERSION + 1)
        if not header.startswith(MAGIC):
            raise BackupRefused(file=str(copy), cause="it is no copy of a database")
        in_use = header[WRITE_VERSION] == WAL_VERSION
        settle(incoming)
        with closing(sqlite3.connect(incoming)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as damaged:
        said, in_use = str(damaged), True
    if said != "ok":
        words = " ".join(said.split())
        cause = f"it is damaged ({words}); {PLAIN_COPY}" if in_use else f"it is damaged ({words})"
        raise BackupRefused(file=str(copy), cause=cause)


def _remove(database: Path) -> None:
    """Remove a database and what lies beside it."""
    for end in ("", *BESIDE):
        database.with_name(database.name + end).unlink(missing_ok=True)
