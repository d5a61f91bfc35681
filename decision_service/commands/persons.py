"""Commands that a person gives, not the host: who it is, and whose data is meant.

A person says who they are by a key of their own (``countermand key add``), in the environment
variable COUNTERMAND_KEY or as the first line of standard input.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from decision_service.commands.grammar import USAGE, Parser, refuse
from decision_service.commands.installation import installed

if TYPE_CHECKING:
    from decision_service.erasures import ErasureActs, Named
    from overrides.values import Actor

KEY = "COUNTERMAND_KEY"
CLASSES = ("application", "monitoring", "notes")


def target_options(parser: Parser) -> None:
    """Whose data, or which case's."""
    parser.add_argument("--party", metavar="REF", default="", help="as the lender names them")
    parser.add_argument("--application", metavar="ID", default="", help="the lender's own number")
    parser.add_argument("--bundle", metavar="NAME", default="", help="of that application")
    parser.add_argument("--case", metavar="ID", default="", help="with --party: of them alone")
    parser.add_argument(
        "--class",
        dest="classes",
        choices=CLASSES,
        action="append",
        default=[],
        help="only this class of records; may be repeated",
    )


def person_options(parser: Parser) -> None:
    """Who gives the command, and a note that is kept with it."""
    parser.add_argument("--note", metavar="TEXT", default="", help="why; names nobody")
    parser.add_argument(
        "--key-stdin",
        action="store_true",
        help=f"read your key from standard input (otherwise: {KEY})",
    )


def named(args: argparse.Namespace) -> "Named":
    """What was named."""
    from decision_service.erasures import Named

    return Named(
        application=args.application,
        bundle=args.bundle,
        case=args.case,
        party=args.party,
        classes=tuple(args.classes),
    )


@contextmanager
def acting(args: argparse.Namespace) -> Iterator[tuple["ErasureActs", "Actor"]]:
    """What may be done about erasures, and the person whose key was given."""
    from decision_service.erasures import ErasureActs

    key = sys.stdin.readline().strip() if args.key_stdin else os.environ.get(KEY, "")
    if not key:
        refuse(f"say who you are: give your key in {KEY}, or with --key-stdin", USAGE)
    with installed(args) as services:
        yield ErasureActs(services), services.people.authenticate(f"Bearer {key}")
