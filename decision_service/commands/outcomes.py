"""``countermand outcomes``: what became of the loans."""

import argparse
import sys
from pathlib import Path

from decision_service.commands.grammar import NO, YES, Verbs, print_json
from decision_service.commands.installation import installed


def declare(verbs: Verbs) -> None:
    """Add the noun and its verb."""
    outcomes = verbs.noun("outcomes", "what became of the loans")
    parser = outcomes.verb("import", import_file, reads=True)
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV or JSON lines")


def import_file(args: argparse.Namespace) -> int:
    """Take in outcomes from a file; the same file again changes nothing.

    Lines that cannot be used are named by number on standard error and the others go in; then the
    exit status is 1.
    """
    from decision_service.access import HOST
    from decision_service.outcome_import import OutcomeImport

    with installed(args) as services:
        report = OutcomeImport(services).file(args.file, HOST)
    if args.file.stat().st_size == 0:
        sys.stderr.write(f"{args.file} is empty: not even column names came. Have it sent again.\n")
        return NO
    refused = [{"line": r.number, "problem": r.problem} for r in report.refused]
    if args.json:
        told = {"counts": dict(report.counts), "total": report.total, "refused": refused}
        print_json(told | ({"stopped": report.stopped} if report.stopped else {}))
    else:
        counts = ", ".join(f"{number} {result}" for result, number in report.counts.items())
        print(f"{report.total} records: {counts}.")
    sys.stdout.flush()
    for line in report.refused:
        sys.stderr.write(f"line {line.number}: {line.problem}\n")
    if report.stopped:
        sys.stderr.write(f"{report.stopped}\n")
    return NO if report.refused or report.stopped else YES
