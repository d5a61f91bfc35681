"""``countermand db``: migrations, backups, and what is done with them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands import database_roles
from decision_service.commands.grammar import YES, Verbs, refuse
from decision_service.commands.installation import existing, installed

if TYPE_CHECKING:
    from decision_service.settings import Settings


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    database = verbs.noun("db", "the database: migrations and backups")
    database.verb("upgrade", upgrade)
    parser = database.verb("backup", backup)
    parser.add_argument("file", metavar="FILE", type=Path, help="new file for the copy")
    parser = database.verb("restore", restore)
    parser.add_argument("file", metavar="FILE", type=Path, help="a copy made by db backup")
    database_roles.declare(database)


def upgrade(args: argparse.Namespace) -> int:
    """Bring the database's tables to this release; nothing changes when they are."""
    from decision_service import database_wiring

    before, after = database_wiring.upgrade_database(existing(args))
    if before == after:
        print(f"The database is at step {after} already.")
    else:
        print(f"The database went from step {before or 'none'} to {after}.")
    return YES


def backup(args: argparse.Namespace) -> int:
    """Copy the database into a file, consistently, also while it is served.

    The keys and the models' folders are not in it: keep copies of both, and the keys apart.
    """
    from decision_service.backups import back_up

    settings = existing(args)
    try:
        size = back_up(_file_of(settings), args.file)
    except FileExistsError as taken:
        refuse(f"{taken}: name a new file")
    print(f"{args.file} holds the database ({size} bytes).")
    print(f"Not in it: {settings.keys} (keep a copy apart from this one) and {settings.bundles}.")
    return YES


def restore(args: argparse.Namespace) -> int:
    """Put a backup in the place of the database, and record that in the ledger.

    Refused while the installation is served, and for a copy that was altered or is not of this
    installation. The database that was there is kept beside it.
    """
    from datetime import UTC, datetime

    from decision_service import backups, database_wiring, wiring
    from overrides.countermand_verify import Verdict
    from overrides.keyfiles import open_public

    settings = existing(args)
    database = _file_of(settings)
    with wiring.closed_to_servers(settings):
        findings = backups.examine(args.file, settings.keys)
        if findings.verdict is Verdict.ALTERED:
            refuse(f"{args.file} is not put back: {findings.found[0]}")
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        log = open_public(settings.keys).name
        replaced = backups.put_back(args.file, database, log=log, stamp=stamp)
        database_wiring.upgrade_database(settings)
        with installed(args) as services:
            backups.record_restore(services, replaced)
            services.rebuild()
    print(f"The ledger of {findings.size} entries is back; entry {findings.size} records it.")
    if replaced.size > findings.size:
        lost = replaced.size - findings.size
        print(
            f"{lost} later entries are not in it. People locked and keys revoked by them are not."
        )
    if replaced.kept:
        print(f"What was there before is in {replaced.kept}.")
    return YES


def _file_of(settings: "Settings") -> Path:
    """The embedded database's file."""
    scheme, _, path = settings.url.partition(":///")
    if not scheme.startswith("sqlite"):
        refuse("this is for the embedded database: use pg_dump and pg_restore with PostgreSQL")
    return Path(path)
