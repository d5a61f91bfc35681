"""``countermand replay`` and ``countermand as-of``: a decision made again, and what held when."""

import argparse

from decision_service.commands.grammar import NO, YES, Verbs, instant, print_json, print_table
from decision_service.commands.installation import installed

SHOWN_MAX = 20


def declare(verbs: Verbs) -> None:
    """Add both commands."""
    parser = verbs.verb("replay", replay, reads=True)
    parser.add_argument("decision", metavar="DECISION_ID", help="id of a decision")
    parser = verbs.verb("as-of", as_of, reads=True)
    parser.add_argument("time", metavar="TIME", type=instant, help="RFC 3339 time, or a date")
    parser.add_argument("--case", metavar="CASE_ID", default="", help="what stood on this case")


def replay(args: argparse.Namespace) -> int:
    """Make an old decision again by the versions that made it, and compare with the record.

    Score, base, contributions and reasons are held against what was recorded, as text. That it was
    looked at is recorded. Exit status 1 where anything differs, or it cannot be made again.
    """
    from decision_service.replays import libraries
    from decision_service.replays import replay as make_again

    with installed(args) as services:
        found = make_again(services, args.decision)
    if args.json:
        print_json(found.as_json())
    elif found.why_not:
        print(f"It cannot be made again: {found.why_not}.")
    elif found.same:
        print(f"The same: {found.compared} numbers and reasons are as recorded.")
    else:
        print(f"{len(found.differences)} of {found.compared} numbers and reasons differ.")
        rows = [(one.what, one.recorded, one.replayed) for one in found.differences[:SHOWN_MAX]]
        print_table([("WHAT", "RECORDED", "NOW"), *rows])
        print("Here: " + ", ".join(f"{name} {number}" for name, number in libraries().items()))
    return YES if found.same else NO


def as_of(args: argparse.Namespace) -> int:
    """Show what held at a time: champion, versions, and everybody's authority.

    Only entries up to that time are read.
    """
    from decision_service.as_of import as_of as held_at

    with installed(args) as services:
        told = held_at(services, args.time, args.case)
    if args.json:
        print_json(told)
        return YES
    print(f"As of {told['as_of']}: champion {told['champion'] or 'none'}")
    if told["bundles"]:
        versions = (
            (one["name"], one["status"], *(one[part]["version"] for part in PARTS))
            for one in told["bundles"]
        )
        print_table([("MODEL", "STATUS", "MODEL", "POLICY", "CODEBOOK"), *versions])
    if told["people"]:
        people = (
            (one["name"], one["role"], one["branch"], str(one["limit_minor"]), one["state"])
            for one in told["people"]
        )
        print_table([("PERSON", "ROLE", "BRANCH", "LIMIT", "STATE"), *people])
    case = told.get("case")
    if case:
        print(f"Case {case['case_id']}: {case['status']}, decision {case['decision_id']}")
    elif args.case:
        print(f"Case {args.case} was not there.")
    return YES


PARTS = ("model", "policy", "codebook")
