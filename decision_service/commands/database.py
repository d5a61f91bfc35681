"""``countermand db``: migrations, backups, and what is done with them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands import database_roles
from decision_service.commands.grammar import YES, Verbs, refuse
from decision_service.commands.installation import existing, installed, signed

if TYPE_CHECKING:
    from decision_service.restored_holds import LostHolds
    from decision_service.restoring import Restored
    from overrides.erasing import Hold


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    database = verbs.noun("db", "the database: migrations and backups")
    database.verb("upgrade", upgrade)
    parser = database.verb("backup", backup)
    parser.add_argument("file", metavar="FILE", type=Path, help="new file for the copy")
    parser = database.verb("restore", restore)
    parser.add_argument("file", metavar="FILE", type=Path, help="a copy made by db backup")
    parser.add_argument(
        "--over-newer",
        action="store_true",
        help="put it back although later entries of the ledger here are not in it",
    )
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
    With PostgreSQL the copy is made by pg_dump.
    """
    from decision_service.backups import back_up
    from decision_service.server_backups import dump

    settings = existing(args)
    try:
        if settings.embedded:
            size = back_up(settings.database_file, args.file, keys=settings.keys)
        else:
            size = dump(settings.url, args.file, keys=settings.keys)
    except FileExistsError as taken:
        refuse(f"{taken}: name a new file")
    print(f"{args.file} holds the database ({size} bytes).")
    print(f"Not in it: {settings.keys} (keep a copy apart from this one) and {settings.bundles}.")
    return YES


def restore(args: argparse.Namespace) -> int:
    """Put a backup in the place of the database, and record that in the ledger.

    Refused while the installation is served, for a copy that was altered, is damaged or is not of
    this installation, and where entries would be gone after it, unless --over-newer is said. The
    database that was there is kept beside it. With PostgreSQL the copy goes into an empty database.
    """
    from datetime import UTC, datetime

    from decision_service.restoring import restore as put_back
    from decision_service.restoring import restore_to_server
    from overrides.keyfiles import has_signer

    settings = existing(args)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    into = put_back if settings.embedded else restore_to_server
    restored = into(settings, args.file, over_newer=args.over_newer, stamp=stamp)
    with installed(args) as services:
        if has_signer(settings.keys):
            signed(services)
    print(f"The ledger of {restored.size} entries is back; entry {restored.size} records it.")
    if restored.lost:
        print(
            f"{restored.lost} later entries are not in it. People locked and keys revoked by them "
            "are not. Who kept a checkpoint can show that they are gone: tell them before they ask."
        )
    _say_holds(restored.holds)
    for erasure in restored.forgotten:
        print(f"What the entry {erasure} erased lies here again, as it could not be remembered:")
        print("have it erased again (countermand erase request, or erase remember with an export).")
    for words in restored.told:
        print(words)
    if not restored.erasures_known:
        _say_unknown_erasures(restored)
    if restored.signed:
        print(f"The signer had signed {restored.signed} entries and begins anew.")
    if restored.kept:
        print(f"What was there before is in {restored.kept}.")
    return YES


def _say_unknown_erasures(restored: "Restored") -> None:
    """Say that erasures since the backup may be missing, and how to find out and erase again."""
    print("No database was here that is known to have all that was erased after the backup was")
    print(
        f"taken. By the notes in the keys folder {restored.again} erasures were done again, and no"
    )
    print("others.")
    print(
        f"If an auditor's last checkpoint or a later export has more than {restored.size} entries,"
    )
    print(
        "what was erased by those lies here again. Erase it before anybody works with this ledger:"
    )
    print("countermand erase remember EXPORT, with the newest export; without one, ask for it anew")
    print("(countermand erase request) by the certificates that were printed.")


def _say_holds(holds: "LostHolds") -> None:
    """Say of each legal hold what the restore did to it."""
    for hold in holds.set_since:
        at = f"{hold.set_at:%Y-%m-%d}"
        print(f"The legal hold {_named(hold)}, set on {at} in an entry that is gone, is set again.")
    for hold in holds.lifted_since:
        at = f"{hold.lifted_at:%Y-%m-%d}"
        print(f"The legal hold {_named(hold)} stands again, as the entry of {at} that lifted it")
        print("is gone: lift it where it has ended (countermand hold lift).")
    if not holds.known:
        print("Which legal holds were set or lifted after the backup was taken cannot be told from")
        print("here: compare 'countermand hold list' with your own list and set again what lacks.")


def _named(hold: "Hold") -> str:
    """A hold by its id, ground and what it is on."""
    on = f"case {hold.case}" if hold.case else f"party {hold.subject[:12]}"
    return f"{hold.hold_id} ({hold.ground}, {on})"
