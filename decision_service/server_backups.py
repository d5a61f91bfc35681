"""Copies of a database on a PostgreSQL server, made and read by the programs that come with it."""

import os
import subprocess
from pathlib import Path
from shutil import which

from sqlalchemy.engine import URL, make_url

from decision_service.backups import PRIVATE, check_target, whole_or_nothing
from decision_service.installation_errors import BackupFailed, BackupRefused, ProgramMissing

DUMP, LOAD = "pg_dump", "pg_restore"
_WHERE = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}


def dump(url: str, target: Path, *, keys: Path) -> int:
    """Copy the database as it is at one moment, whole or not at all; bytes of the copy.

    Raises FileExistsError, ``BackupBesideKeys``, ``ProgramMissing``, ``BackupFailed``.
    """
    check_target(target, keys)
    with whole_or_nothing(target) as partial:
        partial.touch(PRIVATE)
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={partial}")
        failed = _run(DUMP, options, make_url(url))
        if failed:
            raise BackupFailed(cause=failed.rstrip("."))
    return target.stat().st_size


def load(url: str, copy: Path) -> None:
    """Fill an empty database from a copy, all or nothing. Raises ``BackupRefused``."""
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    database = make_url(url).database or ""
    failed = _run(LOAD, (*options, f"--dbname={database}", str(copy)), make_url(url))
    if failed:
        raise BackupRefused(file=str(copy), cause=failed.rstrip("."))


def _run(program: str, options: tuple[str, ...], url: URL) -> str:
    """Run one of PostgreSQL's programs; what it complained of, empty when all went well.

    Where to connect goes through the environment, so that no list of processes shows a password.
    """
    found = which(program)
    if found is None:
        raise ProgramMissing(program=program)
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's, with our own arguments
        [found, *options],
        env={**os.environ, **_environment(url)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stderr.strip().splitlines() or [f"{program} ended with {done.returncode}"]
    return said[0] if done.returncode else ""


def _environment(url: URL) -> dict[str, str]:
    """An address as the programs of PostgreSQL read it."""
    told = url.translate_connect_args(username="user", database="dbname")
    told |= {name: str(value) for name, value in url.query.items()}
    named = {_WHERE.get(name, f"PG{name.upper()}"): str(value) for name, value in told.items()}
    if "PGDBNAME" in named:
        named["PGDATABASE"] = named.pop("PGDBNAME")
    return named
