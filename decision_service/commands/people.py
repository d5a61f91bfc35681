"""``countermand user``: who may come in, and what they may decide."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from decision_service.commands.grammar import (
    USAGE,
    YES,
    Verbs,
    print_json,
    print_table,
    refuse,
)
from decision_service.commands.installation import installed

if TYPE_CHECKING:
    from decision_service.people import Person
    from decision_service.people_changes import PeopleChanges
    from decision_service.services import Services

ROLES = (
    "officer",
    "senior_officer",
    "team_lead",
    "credit_manager",
    "compliance",
    "risk",
    "operations",
    "data_scientist",
    "model_owner",
    "admin",
    "service",
)
NO_CURRENCY_KNOWN = (
    "a limit needs its currency, and no champion says which one: "
    "name it, as in --currency EUR, or promote a bundle first"
)
HEADING = ("NAME", "ROLE", "BRANCH", "LIMIT", "STATE", "LAST SEEN")


def declare(verbs: Verbs) -> None:
    """Add the nouns and their verbs."""
    user = verbs.noun("user", "people and services: who they are and what they may decide")
    parser = user.verb("add", add, reads=True)
    parser.add_argument("name", metavar="NAME", help="name to log in with")
    parser.add_argument("--role", required=True, choices=ROLES, help="what they do")
    parser.add_argument(
        "--limit",
        metavar="AMOUNT",
        default="0",
        help="largest amount they may approve, in the currency's main unit (default: 0)",
    )
    parser.add_argument("--currency", metavar="CODE", help="of the limit (default: the champion's)")
    parser.add_argument("--branch", metavar="B", default="", help="without one: every branch")
    _password_option(parser)
    user.verb("list", list_people, reads=True)
    for run in (lock, unlock, reset, leave):
        parser = user.verb(run.__name__, run, reads=run is reset)
        parser.add_argument("name", metavar="NAME", help="whom")
        if run is reset:
            _password_option(parser)


def add(args: argparse.Namespace) -> int:
    """Add a person or a service.

    Without --password-stdin a first password is made and printed once, alone on the last line.
    """
    from decision_service.access import HOST
    from decision_service.people_changes import NewPerson
    from overrides.values import DECIDING_ROLES, Role

    password = _password(args)
    with installed(args) as services:
        currency, limit = _limit(services, args)
        new = NewPerson(
            name=args.name,
            role=Role(args.role),
            branch=args.branch.strip(),
            limit_minor=limit,
            currency=currency,
            password=password,
        )
        added = _changes(services).add(HOST, new)
    if args.json:
        print_json({"name": added.name, "person": added.ref, "password": added.password})
        return YES
    print(f"{added.name} was added as {args.role}.")
    if new.role in DECIDING_ROLES and not limit:
        print("Without --limit this person may decline and refer, and approve nothing.")
    if added.password is not None:
        print("First password, shown only here:")
        print(added.password)
    return YES


def list_people(args: argparse.Namespace) -> int:
    """List everyone there ever was."""
    with installed(args) as services:
        people = services.people.everyone()
    if args.json:
        print_json({"people": [_as_json(person) for person in people]})
    elif people:
        print_table([HEADING, *(_as_row(person) for person in people)])
    else:
        print("Nobody is there yet: countermand user add NAME --role ROLE")
    return YES


def lock(args: argparse.Namespace) -> int:
    """Keep a person out until unlocked."""
    from decision_service.access import HOST

    with installed(args) as services:
        person = _changes(services).lock(HOST, args.name)
    print(f"{person.name} is locked out: log-ins have ended, keys open nothing.")
    return YES


def unlock(args: argparse.Namespace) -> int:
    """Let a locked person in again, and forget failed attempts."""
    from decision_service.access import HOST

    with installed(args) as services:
        person = _changes(services).unlock(HOST, args.name)
    print(f"{person.name} may come in again.")
    return YES


def reset(args: argparse.Namespace) -> int:
    """Give a person another password; every log-in of theirs ends."""
    from decision_service.access import HOST

    given = _password(args)
    with installed(args) as services:
        person, password = _changes(services).reset(HOST, args.name, password=given)
    if args.json:
        print_json({"name": person.name, "password": None if given else password})
    elif given:
        print(f"{person.name} has another password.")
    else:
        print(f"New password of {person.name}, shown only here:")
        print(password)
    return YES


def leave(args: argparse.Namespace) -> int:
    """A person leaves: claims go back to the queue, what they did stays theirs."""
    from decision_service.access import HOST

    with installed(args) as services:
        person, released = _changes(services).leave(HOST, args.name)
    print(f"{person.name} has left. Cases given back to the queue: {released}.")
    return YES


def _changes(services: "Services") -> "PeopleChanges":
    """What can be changed about people."""
    from decision_service.people_changes import people_changes

    return people_changes(services)


def _password_option(parser: argparse.ArgumentParser) -> None:
    """A password comes through standard input, so that no list of processes shows it."""
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input, its first line",
    )


def _password(args: argparse.Namespace) -> str | None:
    """The password that was given, if one was."""
    if not args.password_stdin:
        return None
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        refuse("standard input holds no password: give it as the first line")
    return password


def _limit(services: "Services", args: argparse.Namespace) -> tuple[str, int]:
    """Currency and limit in minor units."""
    from decision_service.amounts import accepted_currency, minor_units
    from decision_service.wording import NO_CURRENCY

    registry = services.registry
    champion = registry.standings(fresh=True).champion
    known = champion and not args.currency
    usual = registry.described(champion).policy_spec.limits.currency if known else NO_CURRENCY
    try:
        currency = accepted_currency(args.currency or usual)
        limit = minor_units(args.limit, currency)
    except ValueError as wrong:
        refuse(str(wrong), USAGE)
    if limit and currency == NO_CURRENCY:
        refuse(NO_CURRENCY_KNOWN, USAGE)
    return currency, limit


def _as_json(person: "Person") -> dict[str, object]:
    """A person as JSON."""
    return {
        "name": person.name,
        "person": person.ref,
        "role": person.role.value,
        "branch": person.branch,
        "limit_minor": person.limit_minor,
        "currency": person.currency,
        "state": person.state.value,
        "added_at": person.added_at.isoformat(),
        "last_seen": person.last_seen.isoformat() if person.last_seen else None,
    }


def _as_row(person: "Person") -> tuple[str, ...]:
    """A person as a row of the table."""
    from decision_service.wording import amount

    limit = amount(person.limit_minor, person.currency) if person.limit_minor else ""
    seen = f"{person.last_seen:%Y-%m-%d %H:%M}" if person.last_seen else ""
    return (person.name, person.role.value, person.branch, limit, person.state.value, seen)
