"""``countermand feedback``: decisions joined with outcomes, for who trains the next model."""

import argparse
from pathlib import Path

from decision_service.commands.grammar import YES, Verbs


def declare(verbs: Verbs) -> None:
    """Add the noun and its verb."""
    feedback = verbs.noun("feedback", "labelled feedback sets")
    parser = feedback.verb("export", export)
    parser.add_argument("directory", metavar="DIR", type=Path, help="new or empty folder")
    parser.add_argument("--as-of", metavar="TIME", help="RFC 3339, UTC (default: now)")
    parser.add_argument("--bundle", metavar="NAME", help="default: the champion")


def export(args: argparse.Namespace) -> int:
    """Write a labelled feedback set: every closed case, with why its outcome is or is not known."""
    return YES
