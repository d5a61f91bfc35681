"""``countermand feedback``: decisions joined with outcomes, for who trains the next model."""

import argparse
from pathlib import Path

from decision_service.commands.grammar import NO, YES, Verbs, instant, print_json, refuse
from decision_service.commands.installation import installed

SHOWN = 20
COLLECTED_EVERY = (200_000, 20, 50)  # rows leave no circles behind


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    feedback = verbs.noun("feedback", "labelled feedback sets")
    parser = feedback.verb("export", export, reads=True)
    parser.add_argument("directory", metavar="DIR", type=Path, help="new or empty folder")
    parser.add_argument(
        "--as-of", metavar="TIME", type=instant, help="as things stood then (default: now)"
    )
    parser.add_argument("--bundle", metavar="NAME", help="one model (default: all, a file each)")
    parser.add_argument(
        "--format", choices=("parquet", "csv"), default="parquet", help="default: parquet"
    )
    parser = feedback.verb("check", check, reads=True)
    parser.add_argument("directory", metavar="DIR", type=Path, help="folder of a set made before")


def export(args: argparse.Namespace) -> int:
    """Write a labelled feedback set: every closed case, with why its outcome is known or not.

    The same --as-of gives the same bytes, until a record is erased. Beside the rows lie a manifest,
    a data contract, metadata, a datasheet and a program that checks all of it.
    """
    import gc

    from decision_service.access import HOST
    from decision_service.feedback_export import FeedbackExport

    gc.set_threshold(*COLLECTED_EVERY)
    if args.directory.exists() and not args.directory.is_dir():
        refuse(f"{args.directory} is not a folder: name a new one")
    with installed(args) as services:
        manifest, _ = FeedbackExport(services).write(
            args.directory, HOST, bundle=args.bundle, as_of=args.as_of, form=args.format
        )
    if args.json:
        print_json(dict(manifest))
        return YES
    print(f"{manifest['rows']} rows as of {manifest['as_of']} are in {args.directory}.")
    for status, count in manifest["label_status"].items():
        print(f"  {status:<24} {count}")
    return YES


def check(args: argparse.Namespace) -> int:
    """Say whether a set made before is whole, and which of its rows were erased since.

    The exit status is 1 where something is wrong or erased: make a new set and destroy this one.
    """
    from decision_service.feedback_check import check_set

    with installed(args) as services:
        found = check_set(services, args.directory)
    if args.json:
        print_json(found.as_json())
        return YES if found.good else NO
    for fault in found.faults:
        print(f"WRONG: {fault}")
    if not found.known:
        print("WRONG: the ledger has no entry for this manifest: it was altered, or made elsewhere")
    for name, places in found.erased.items():
        if places:
            shown = ", ".join(map(str, places[:SHOWN]))
            more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
            print(f"{name}: {len(places)} rows erased since, of the entries {shown}{more}")
    gone = sum(map(len, found.erased.values()))
    print(f"{found.rows} rows, {gone} erased since, {found.erasures_since} erasures since.")
    if gone:
        print("Make a new set and destroy this one, and what was made of it where that is due.")
    return YES if found.good else NO
