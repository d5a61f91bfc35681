"""``countermand hold``: what must not be erased, and until somebody says so."""

import argparse
from typing import TYPE_CHECKING

from decision_service.commands.grammar import YES, Verbs, print_json, print_table
from decision_service.commands.installation import installed
from decision_service.commands.persons import acting, named, person_options, target_options

if TYPE_CHECKING:
    from overrides.erasing import Hold

GROUNDS = ("litigation", "investigation", "examination", "complaint")
LIFT_GROUNDS = ("ended", "set_in_error")
HEADING = ("HOLD", "SET", "BY", "WHAT", "GROUND", "LIFTED")


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    hold = verbs.noun("hold", "legal holds: what must not be erased")
    parser = hold.verb("set", set_hold, reads=True)
    target_options(parser)
    parser.add_argument("--ground", choices=GROUNDS, required=True, help="why")
    person_options(parser)
    parser = hold.verb("lift", lift)
    parser.add_argument("hold", metavar="HOLD", help="as hold list names it")
    parser.add_argument("--ground", choices=LIFT_GROUNDS, default="ended", help="default: ended")
    person_options(parser)
    hold.verb("list", list_holds, reads=True)


def set_hold(args: argparse.Namespace) -> int:
    """Keep a party's or a case's personal data from being erased."""
    with acting(args) as (acts, actor):
        made = acts.hold(actor, acts.target(named(args)), args.ground, args.note)
    if args.json:
        print_json({"hold": made})
    else:
        print(f"Held: {made}")
    return YES


def lift(args: argparse.Namespace) -> int:
    """End a legal hold; what it kept may be erased again."""
    with acting(args) as (acts, actor):
        acts.lift(actor, args.hold, args.ground, args.note)
    print(f"Lifted: {args.hold}")
    return YES


def list_holds(args: argparse.Namespace) -> int:
    """List legal holds, those that stand first."""
    with installed(args) as services:
        found = services.erasures.holds(limit=1_000)
        names = services.people.names({one.set_by for one in found})
    if args.json:
        print_json({"holds": [_as_json(one) for one in found]})
    elif found:
        print_table([HEADING, *(_as_row(one, names[one.set_by]) for one in found)])
    else:
        print("Nothing is held.")
    return YES


def _as_json(hold: "Hold") -> dict[str, object]:
    """A hold as JSON."""
    return {
        "hold": hold.hold_id,
        "seq": hold.seq,
        "scope": hold.scope.value,
        "case": hold.case,
        "party": hold.subject,
        "ground": hold.ground,
        "set_by": hold.set_by,
        "stands": hold.stands,
    }


def _as_row(hold: "Hold", who: str) -> tuple[str, ...]:
    """A hold as a row of the list."""
    return (
        hold.hold_id,
        f"{hold.set_at:%Y-%m-%d}",
        who,
        f"{hold.scope.value} {hold.case or hold.subject[:12]}",
        hold.ground,
        f"{hold.lifted_at:%Y-%m-%d}" if hold.lifted_at else "",
    )
