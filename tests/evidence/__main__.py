"""``python -m tests.evidence``: gather evidence, whole or in parts, and go on where it stopped."""

import argparse
import sys
from collections.abc import Sequence

from tests.evidence.lots import Part
from tests.evidence.parts import PARTS
from tests.evidence.results import RESULTS, ROOT, Found, kept
from tests.evidence.table import write_table
from tests.evidence.working import cores, only, work

EVERYTHING = "all"
TABLE = "table"


def parser() -> argparse.ArgumentParser:
    """The words of the command."""
    words = argparse.ArgumentParser(prog="python -m tests.evidence", description=__doc__)
    chosen = words.add_subparsers(dest="part", metavar="PART")
    for part in PARTS.values():
        one = chosen.add_parser(part.name, help=f"{part.release:,} {part.unit}")
        names = ["--count", f"--{part.unit.split()[-1]}"]
        one.add_argument(*dict.fromkeys(names), dest="count", type=int, default=part.release)
        one.add_argument("--only", type=int, metavar="LOT", help="do one lot again, and no other")
        one.add_argument("--sabotage", default="", choices=["", *part.sabotages])
        _shared(one)
    _shared(chosen.add_parser(EVERYTHING, help="every part, at the counts of a release"))
    chosen.add_parser(TABLE, help="write the table of results into the documentation")
    return words


def say(text: str, end: str = "\n") -> None:
    """Tell whoever started this."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def _shared(words: argparse.ArgumentParser) -> None:
    """What may be said of any part."""
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--jobs", type=int, default=cores())
    words.add_argument("--minutes", type=float, default=1e6, help="stop after so long; go on later")
    words.add_argument("--fresh", action="store_true", help="forget what was found before")


def budget() -> str:
    """What a release gathers, and how long that takes on two cores."""
    lines = [f"{'part':20}{'release':>14}  {'unit':22}{'per core':>12}{'minutes':>9}"]
    for part in PARTS.values():
        missing = part.missing()
        lines.append(
            f"{part.name:20}{part.release:14,}  {part.unit:22}{part.rate:10,.0f}/s"
            f"{part.release_minutes:9.0f}{'  not here: ' + missing if missing else ''}"
        )
    total = sum(part.release_minutes for part in PARTS.values())
    return "\n".join([*lines, f"{'all, on two cores':70}{total:16.0f}"])


def gather(part: Part, said: argparse.Namespace, wanted: int) -> bool:
    """Do what is missing of one part, keep it, and say what came of it; whether nothing failed."""
    if missing := part.missing():
        say(f"{part.name}: left out, {missing}")
        return True
    found = Found(part.name, said.seed, "") if said.fresh else kept(part.name, said.seed)
    before = found.units

    def watch(so_far: Found) -> None:
        so_far.save(part)
        say(f"\r{part.name}: {so_far.units:,} of {wanted:,} {part.unit}", end="")

    work(part, found, wanted, jobs=said.jobs, minutes=said.minutes, watch=watch)
    say(
        f"\r{part.name}: {found.units:,} {part.unit} ({found.units - before:,} now) in"
        f" {found.seconds:,.0f} s, {found.rate:,.0f}/s per core, {found.failed} failures"
    )
    for name, number in found.counts.items():
        say(f"    {number:14,} {name}")
    _tell_failures(found)
    return not found.failed


def _tell_failures(found: Found) -> None:
    """Say each failure, and how to see it again."""
    for words in found.failures:
        say(f"    FAILED {words}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked for; 0 when nothing failed."""
    said = parser().parse_args(arguments)
    if said.part is None:
        say(budget())
        say("\nOne part: python -m tests.evidence PART [--count N] [--seed S] [--minutes M]")
        return 0
    if said.part == TABLE:
        say(f"written: {write_table().relative_to(ROOT)}")
        return 0
    if said.part == EVERYTHING:
        say(budget() + "\n")
        good = [gather(part, said, part.release) for part in PARTS.values()]
        say(f"\nResults: {RESULTS.relative_to(ROOT)}")
        return 0 if all(good) else 1
    part = PARTS[said.part]
    if said.only is None and not said.sabotage:
        return 0 if gather(part, said, said.count) else 1
    found = Found(part.name, said.seed, "")
    if said.only is None:
        work(part, found, said.count, jobs=said.jobs, sabotage=said.sabotage)
    else:
        only(part, found, said.only, min(said.count, part.lot), said.sabotage)
    say(f"{found.units:,} {part.unit}: {found.counts}")
    _tell_failures(found)
    return 1 if found.failed else 0


if __name__ == "__main__":
    sys.exit(main())
