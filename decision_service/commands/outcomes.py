"""``countermand outcomes``: what became of the loans."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import NO, YES, Verbs, print_json, refuse, whole
from decision_service.commands.installation import installed

if TYPE_CHECKING:
    from decision_service.outcome_folder import Taken

HOUR = 3_600
LINES_SHOWN = 20


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    outcomes = verbs.noun("outcomes", "what became of the loans")
    parser = outcomes.verb("import", import_file, reads=True)
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV or JSON lines")
    parser = outcomes.verb("watch", watch, reads=True)
    parser.add_argument("folder", metavar="DIR", type=Path, help="where files of outcomes arrive")
    parser.add_argument("--once", action="store_true", help="look once and end")
    parser.add_argument(
        "--every", type=whole(1, HOUR), default=30, metavar="SECONDS", help="default: 30"
    )
    parser.add_argument(
        "--settle",
        type=whole(0, HOUR),
        default=10,
        metavar="SECONDS",
        help="a file is whole when nothing was written to it for so long (default: 10)",
    )


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
        told["corrected_lines"] = list(report.corrected)
        print_json(told | ({"stopped": report.stopped} if report.stopped else {}))
    else:
        counts = ", ".join(f"{number} {result}" for result, number in report.counts.items())
        print(f"{report.total} records: {counts}.")
        if report.corrected:
            shown = ", ".join(map(str, report.corrected[:LINES_SHOWN]))
            more = " and more" if len(report.corrected) > LINES_SHOWN else ""
            print(f"Contradicting what was recorded before, and replacing it: lines {shown}{more}.")
    sys.stdout.flush()
    for line in report.refused:
        sys.stderr.write(f"line {line.number}: {line.problem}\n")
    if report.stopped:
        sys.stderr.write(f"{report.stopped}\n")
    return NO if report.refused or report.stopped else YES


def watch(args: argparse.Namespace) -> int:
    """Take in every file of outcomes that arrives in a folder, until interrupted.

    Files that were taken in are moved to DIR/taken with a report beside them; one whose import
    broke off stays for the next look. With --once the exit status is 1 where a line was refused or
    a file stays.
    """
    from decision_service.access import HOST
    from decision_service.outcome_folder import OutcomeFolder

    if not args.folder.is_dir():
        refuse(f"{args.folder} is not a folder: make it first")
    good = True
    with installed(args) as services:
        folder = OutcomeFolder(services, args.folder, HOST, args.settle, time.time)
        while True:
            for taken in folder.look():
                good = good and taken.good
                if args.json:
                    print_json(taken.as_json())
                else:
                    _print_taken(taken)
                sys.stdout.flush()
            if args.once:
                return YES if good else NO
            time.sleep(args.every)


def _print_taken(taken: "Taken") -> None:
    """One file in words."""
    if taken.report is not None:
        counts = ", ".join(f"{number} {result}" for result, number in taken.report.counts.items())
        print(f"{taken.name}: {counts}.")
        for line in taken.report.refused:
            sys.stderr.write(f"{taken.name} line {line.number}: {line.problem}\n")
    if taken.stays:
        sys.stderr.write(f"{taken.name} stays: {taken.stays}\n")
