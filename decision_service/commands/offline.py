"""``countermand decide``: score and explain a file where no server runs."""

import argparse
from pathlib import Path

from decision_service.commands.grammar import NO, YES, Verbs
from decision_service.commands.installation import model_hosts


def declare(verbs: Verbs) -> None:
    """Add the command."""
    parser = verbs.verb("decide", decide, data=False)
    parser.add_argument("bundle", metavar="BUNDLE_DIR", type=Path, help="folder of a bundle")
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="applications: CSV, JSON lines or Parquet"
    )


def decide(args: argparse.Namespace) -> int:
    """Score and explain a file of applications, one line of JSON for each.

    Needs no server and no database and records nothing. A line that cannot be decided is answered
    by a problem that names every fault; then the exit status is 1.
    """
    import json
    import sys
    from datetime import UTC, datetime

    from decision_service.application_files import read_applications
    from decision_service.loading import Loader
    from decision_service.offline import OfflineDecider

    loaded = Loader(model_hosts()).prove(args.bundle)
    decider = OfflineDecider(loaded, lambda: datetime.now(UTC))
    refused = 0
    for told in decider.decide(read_applications(args.file, loaded.bundle.contract)):
        refused += told.refused
        print(json.dumps(told.said, ensure_ascii=False, separators=(",", ":")))
    if refused:
        sys.stdout.flush()
        sys.stderr.write(f"countermand: lines that could not be decided: {refused}\n")
    return NO if refused else YES
