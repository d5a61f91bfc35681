"""``countermand explain``: a file of any length, explained row by row to Parquet."""

import argparse
import gc
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import NO, YES, Verbs, print_json, whole
from decision_service.commands.installation import model_hosts

if TYPE_CHECKING:
    from explain.bulk.progress import Progress

PART_ROWS = 20_000
PART_ROWS_MAX = 1_000_000


def declare(verbs: Verbs) -> None:
    """Add the command."""
    parser = verbs.verb("explain", explain, reads=True, data=False)
    parser.add_argument("bundle", metavar="BUNDLE_DIR", type=Path, help="folder of a bundle")
    parser.add_argument("file", metavar="FILE", type=Path, help="rows: Parquet or CSV")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="where parts go")
    parser.add_argument(
        "--part-rows",
        metavar="N",
        type=whole(1, PART_ROWS_MAX),
        default=PART_ROWS,
        help=f"rows of the file for each part (default: {PART_ROWS})",
    )


def explain(args: argparse.Namespace) -> int:
    """Explain every row of a file into Parquet files, or go on where a run was stopped.

    DIR gets part-00000.parquet and so on, refused.csv with every row that breaks the contract, and
    progress.json. Memory does not grow with the file. Nothing is recorded in a ledger. Columns that
    the model does not score are left aside. Where rows were refused or have no reasons the exit
    status is 1.
    """
    from explain import bundle
    from explain.bulk.files import explain_file

    loaded = bundle.load(args.bundle, apart=True, model_hosts=model_hosts())
    gc.freeze()  # what is loaded by now stays: looking through it again and again takes time
    shown = _Shown()
    found = explain_file(loaded, args.file, args.out, part_rows=args.part_rows, tell=shown.told)
    if args.json:
        print_json(
            {
                "rows": found.records,
                "refused": found.refused,
                "unexplained": found.unexplained,
                "parts": [part.file for part in found.parts],
                "left_aside": found.left_aside,
            }
        )
    else:
        refused = f"{found.refused:,} refused (refused.csv)" if found.refused else "none refused"
        without = f"{found.unexplained:,} without reasons" if found.unexplained else "all explained"
        print(f"{found.records:,} rows in {len(found.parts):,} parts: {refused}, {without}.")
    return NO if found.refused or found.unexplained else YES


class _Shown:
    """Tells on standard error how far a run is."""

    def __init__(self) -> None:
        self._begun_at = 0.0
        self._begun_with = 0

    def told(self, progress: "Progress", total: int | None) -> None:
        """After every part: rows, rows per second, and how long it may still take."""
        done = progress.records
        if not self._begun_at:
            self._begun_at, self._begun_with = time.monotonic(), done
            if progress.left_aside:
                _say(f"left aside, as the model does not score them: {_list(progress.left_aside)}")
            if done:
                _say(f"going on after {done:,} rows")
            return
        speed = (done - self._begun_with) / max(time.monotonic() - self._begun_at, 1e-9)
        of, rest = "", ""
        if total:
            of, rest = f" of {total:,}", f", {max(total - done, 0) / speed:,.0f} s to go"
        _say(f"{done:,}{of} rows, {speed:,.0f} a second{rest}")


def _say(text: str) -> None:
    """One line about the run itself."""
    sys.stderr.write(f"{text}\n")


def _list(names: tuple[str, ...], most: int = 10) -> str:
    """Names with commas, a few of them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
