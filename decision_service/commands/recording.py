"""``countermand record``: a file of applications, decided and in the ledger."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import NO, YES, Verbs, refuse, whole
from decision_service.commands.installation import installed

if TYPE_CHECKING:
    from decision_service.bulk.file_decider import Counts, Told

WORKERS_MAX = 64
SECONDS_BETWEEN = 5.0  # words about how far it is


def declare(verbs: Verbs) -> None:
    """Add the command."""
    parser = verbs.verb("record", record)
    parser.add_argument("file", metavar="FILE", type=Path, help="applications: JSON lines")
    parser.add_argument(
        "--workers",
        type=whole(0, WORKERS_MAX),
        default=None,
        metavar="N",
        help="processes that score and explain (default: one for each processor; 0: none apart)",
    )


def record(args: argparse.Namespace) -> int:
    """Decide every application of a file and record it, one line of JSON for each.

    A line is what POST /v1/decisions/batch takes. One without an idempotency_key is known by its
    own bytes, so after an interruption the same command goes on: what is recorded is not recorded
    again. A line that is refused is answered by a problem that names every fault, and the others go
    in; then the exit status is 1.
    """
    from decision_service.application_files import form_of
    from decision_service.bulk.file_decider import FileDecider, Stopped

    if form_of(args.file) != "jsonl":
        refuse(f"{args.file} is not JSON lines: write each application as one line of JSON")
    workers = _processors() if args.workers is None else args.workers
    shown = _Shown()
    with installed(args) as services:
        decider = FileDecider(services, args.file, workers, shown.told)
        try:
            found = decider.decide()
        except Stopped as stopped:
            sys.stdout.flush()
            at = f"line {stopped.line}"
            refuse(f"stopped at {at}, and all before it is done: {stopped}; then run this again")
    sys.stdout.flush()
    before = f", {found.replayed:,} recorded before" if found.replayed else ""
    refused = f"{found.refused:,} refused" if found.refused else "none refused"
    sys.stderr.write(
        f"{found.recorded:,} applications recorded: {found.decided:,} decided by policy,"
        f" {found.in_review:,} for a person{before}; {refused}.\n"
    )
    return NO if found.refused else YES


def _processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Shown:
    """Prints the answers, and on standard error how far it is."""

    def __init__(self) -> None:
        from msgspec import json

        self._encode = json.Encoder().encode
        self._begun = self._told_at = time.monotonic()

    def told(self, counts: "Counts", answers: "Sequence[Told]") -> None:
        """After every group."""
        sys.stdout.write("".join([f"{self._encode(answer).decode()}\n" for answer in answers]))
        now = time.monotonic()
        if now - self._told_at >= SECONDS_BETWEEN:
            self._told_at = now
            done = counts.recorded + counts.refused
            taken = now - self._begun
            left = taken / counts.part - taken
            how = f"{done / taken:,.0f} a second, {left:,.0f} s to go"
            sys.stderr.write(f"{done:,} lines, {counts.part:.0%} of the file, {how}\n")
