"""``countermand feedback``: decisions joined with outcomes, for who trains the next model."""

import argparse
from pathlib import Path

from decision_service.commands.grammar import YES, Verbs, instant, print_json, refuse
from decision_service.commands.installation import installed


def declare(verbs: Verbs) -> None:
    """Add the noun and its verb."""
    feedback = verbs.noun("feedback", "labelled feedback sets")
    parser = feedback.verb("export", export, reads=True)
    parser.add_argument("directory", metavar="DIR", type=Path, help="new or empty folder")
    parser.add_argument(
        "--as-of", metavar="TIME", type=instant, help="as things stood then (default: now)"
    )
    parser.add_argument("--bundle", metavar="NAME", help="one model (default: all, a file each)")


def export(args: argparse.Namespace) -> int:
    """Write a labelled feedback set: every closed case, with why its outcome is known or not.

    The same --as-of gives the same bytes, until a record is erased.
    """
    from decision_service.access import HOST
    from decision_service.feedback_export import FeedbackExport

    if args.directory.exists() and not args.directory.is_dir():
        refuse(f"{args.directory} is not a folder: name a new one")
    with installed(args) as services:
        manifest, _ = FeedbackExport(services).write(
            args.directory, HOST, bundle=args.bundle, as_of=args.as_of
        )
    if args.json:
        print_json(dict(manifest))
        return YES
    print(f"{manifest['rows']} rows as of {manifest['as_of']} are in {args.directory}.")
    for status, count in manifest["label_status"].items():
        print(f"  {status:<24} {count}")
    return YES
