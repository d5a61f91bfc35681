"""``countermand bundle watch`` and ``looks``: do matured outcomes still fit a model's scores."""

import argparse

from decision_service.commands.grammar import NO, YES, Verbs, print_json, print_table, whole
from decision_service.commands.installation import installed
from decision_service.commands.persons import acting, person_options

STATISTICS = ("calibration", "discrimination")
LAG_MAX = 24


def declare(bundle: Verbs) -> None:
    """Add the verbs to the noun."""
    parser = bundle.verb("watch", watch)
    parser.add_argument("name", metavar="NAME", help="name of a registered bundle")
    parser.add_argument(
        "--statistic",
        dest="statistics",
        action="append",
        choices=STATISTICS,
        help="what is watched; may be repeated (default: both)",
    )
    parser.add_argument(
        "--odds", type=float, default=1.5, help="the ratio of odds to be seen (default: 1.5)"
    )
    parser.add_argument(
        "--shock",
        type=float,
        default=0.1,
        help="how far a month's luck moves the log-odds without any change (default: 0.1)",
    )
    parser.add_argument(
        "--alarm",
        type=float,
        default=0.05,
        help="the chance that it ever alarms although nothing changed (default and most: 0.05)",
    )
    parser.add_argument(
        "--lag",
        type=whole(0, LAG_MAX),
        default=2,
        metavar="MONTHS",
        help="waited after the performance window until a month counts (default: 2)",
    )
    person_options(parser)
    parser = bundle.verb("looks", looks, reads=True)
    parser.add_argument("name", metavar="NAME", help="name of a registered bundle")


def watch(args: argparse.Namespace) -> int:
    """Declare what is watched of the version that decides, before anything of it is seen.

    By the model owner, risk or compliance, once for each version. Loans of a month count once their
    window and the lag have passed; the server looks every month, and proposes retraining on a
    feedback set when the scores no longer fit.
    """
    from decision_service.watch_words import watch_words
    from decision_service.watching import Watching
    from overrides.watches import Statistic

    said = {
        "statistics": tuple(Statistic(one) for one in args.statistics or STATISTICS),
        "odds": args.odds,
        "shock": args.shock,
        "alarm": args.alarm,
        "lag_months": args.lag,
    }
    with acting(args) as (acts, actor):
        Watching(acts.services).declare(actor, args.name, said, args.note)
        print(watch_words(acts.services.watches.known(fresh=True).held(args.name)))
    return YES


def looks(args: argparse.Namespace) -> int:
    """Look at the months whose time has come, and show every look.

    Exit status 1 where the scores no longer fit, or where nobody declared a watch.
    """
    from decision_service.watch_words import watch_json, watch_table, watch_words
    from decision_service.watching import Watching

    with installed(args) as services:
        services.registry.standings(fresh=True).standing(args.name)
        Watching(services).look(args.name)
        held = services.watches.known(fresh=True).held(args.name)
    if args.json:
        print_json(dict(watch_json(held)) if held else {"name": args.name, "looks": []})
    else:
        if table := watch_table(held):
            print_table(table)
        print(watch_words(held))
    return YES if held and held.alarm is None else NO
