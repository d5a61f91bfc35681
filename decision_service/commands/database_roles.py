"""``countermand db roles``: who may do what in a PostgreSQL database."""

import argparse
from typing import TYPE_CHECKING

from decision_service.commands.grammar import NO, USAGE, YES, Verbs, print_json, refuse
from decision_service.commands.installation import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from decision_service.database_roles import Finding, Roles
    from decision_service.settings import Settings

STEM = "countermand"
PASSWORD_BYTES = 24


def declare(database: Verbs) -> None:
    """Add the verb."""
    parser = database.verb("roles", roles, reads=True)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; say what is missing or too much"
    )
    parser.add_argument(
        "--name",
        metavar="STEM",
        default=STEM,
        help=f"what the names of the roles begin with (default: {STEM})",
    )
    parser.add_argument(
        "--passwords",
        action="store_true",
        help="give those that log in new passwords, printed once",
    )


def roles(args: argparse.Namespace) -> int:
    """Make the roles of a PostgreSQL database, with what each needs and no more.

    An owner that cannot log in, one role that changes tables, one that serves and one that signs.
    The service may add entries, and neither change one nor take a guard away. May be repeated;
    makes the tables of an empty database. COUNTERMAND_ADMIN_URL is the address of who may make
    roles. Exit status: 0 all is as it should be, 1 something is not.
    """
    from decision_service import database_wiring
    from decision_service.database_roles import Roles

    settings = settings_of(args)
    if settings.embedded:
        refuse("the embedded database has no roles: who may write its file may do everything")
    try:
        wanted = Roles(args.name)
    except ValueError as wrong:
        refuse(str(wrong), USAGE)
    given: dict[str, str] = {}
    if args.check:
        found = database_wiring.check_roles(settings, wanted)
    else:
        given = _passwords(wanted) if args.passwords else {}
        found = database_wiring.set_up_roles(settings, wanted, given)
    if args.json:
        print_json(_as_json(wanted, found, given))
    else:
        _tell(settings, wanted, found, given)
    return NO if found else YES


def _passwords(wanted: "Roles") -> dict[str, str]:
    """A new password for each role that logs in."""
    import secrets

    return {role: secrets.token_urlsafe(PASSWORD_BYTES) for role in wanted.logins}


def _tell(
    settings: "Settings",
    wanted: "Roles",
    found: "Sequence[Finding]",
    given: "Mapping[str, str]",
) -> None:
    """What was found, and what to do next."""
    for finding in found:
        print(f"{finding.kind}: {finding.text}")
    if found:
        return
    print(f"{', '.join(wanted.all)}: each has what it needs and no more.")
    print(f"Serve as {wanted.service}, in COUNTERMAND_DATABASE_URL.")
    print(f"Upgrade as {wanted.migrator}, in COUNTERMAND_ADMIN_URL.")
    if settings.url == settings.owner_url:
        print("Both are still the same address.")
    if given:
        print("Passwords, shown only here:")
        for role, password in given.items():
            print(f"{role} {password}")


def _as_json(
    wanted: "Roles", found: "Sequence[Finding]", given: "Mapping[str, str]"
) -> dict[str, object]:
    """The same as JSON."""
    by_kind = {
        kind: [finding.text for finding in found if finding.kind == kind]
        for kind in ("missing", "too much")
    }
    names = {
        "owner": wanted.owner,
        "migrator": wanted.migrator,
        "service": wanted.service,
        "signer": wanted.signer,
    }
    return {
        "roles": names,
        "missing": by_kind["missing"],
        "too_much": by_kind["too much"],
        "passwords": dict(given),
    }
