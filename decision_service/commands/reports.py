"""``countermand report``: the shared numbers, outside the browser."""

import argparse

from decision_service.commands.grammar import YES, Verbs


def declare(verbs: Verbs) -> None:
    """Add the noun and its verb."""
    report = verbs.noun("report", "the shared numbers")
    parser = report.verb("board", board, reads=True)
    parser.add_argument("--bundle", metavar="NAME", help="default: the champion")


def board(args: argparse.Namespace) -> int:
    """Decision quality, turnaround and overrides, each with its denominator."""
    return YES
