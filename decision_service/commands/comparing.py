"""``countermand bundle compare`` and ``preview``: what another version would mean on past cases."""

import argparse

from decision_service.commands.grammar import YES, Verbs, print_json, print_table
from decision_service.commands.installation import installed


def declare(bundle: Verbs) -> None:
    """Add the verbs to the noun."""
    parser = bundle.verb("compare", compare, reads=True)
    parser.add_argument("name", metavar="NAME", help="the bundle whose cases are scored again")
    parser.add_argument(
        "--with",
        dest="other",
        metavar="OTHER",
        default="",
        help="the challenger, another registered bundle (default: the newest version of NAME)",
    )
    parser = bundle.verb("preview", preview, reads=True)
    parser.add_argument("name", metavar="NAME", help="the bundle whose newest version may come")
    parser.add_argument(
        "--over",
        metavar="OTHER",
        default="",
        help="the bundle whose past cases are routed again (default: the champion)",
    )


def compare(args: argparse.Namespace) -> int:
    """Score the closed cases of a bundle again by a challenger, and show what would change.

    Which overrides vanish and which appear, how the loans went that only one of both would have
    made, and what they brought. Applications are read for it, which is recorded.
    """
    from decision_service.access import HOST
    from decision_service.compare_words import json_of, lines_of, table_of
    from decision_service.comparing import challenger_of, replayed, terms_of
    from overrides.analysis.challenge import challenged

    with installed(args) as services:
        challenger = challenger_of(services, args.name, args.other)
        replay = replayed(services, HOST, args.name, challenger)
    found = challenged(replay.cases, terms_of(challenger))
    if args.json:
        told = {"name": args.name, "challenger": challenger.bundle.sha256}
        print_json(told | dict(json_of(found, replay)))
        return YES
    print(f"{args.name} against {challenger.bundle.name}, version {challenger.bundle.sha256[:16]}.")
    print_table(table_of(found))
    for line in lines_of(found, replay):
        print(line)
    return YES


def preview(args: argparse.Namespace) -> int:
    """Show the extra cases and hours for people that a version would have meant in 90 days.

    Applications are read for it, which is recorded. Hours rest on recorded reading times alone.
    """
    from decision_service.access import HOST
    from decision_service.routing_preview import RoutingPreviews
    from decision_service.routing_words import json_of, lines_of, table_of

    with installed(args) as services:
        previews = RoutingPreviews(services, seconds=float("inf"))
        found = previews.of(HOST, args.name, args.over)
    if args.json:
        print_json(dict(json_of(found)))
        return YES
    for line in lines_of(found):
        print(line)
    print_table(table_of(found))
    return YES
