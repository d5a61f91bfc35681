"""The hash tree and its verifier: growing in memory, proofs from a large ledger, whole checks.

Run as ``python -m benchmarks.ledger`` it prints the table of ``make bench`` alone: the tree in
memory, proofs and exports from either database, and whole checks. These run the file an auditor
gets, as a process, on exports of two sizes that no database was needed for.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import exporting, proofs
from benchmarks.ledger_sample import SIGNER, SampleBook, periodic_leaves
from benchmarks.memory import Watch
from overrides.export import export
from overrides.merkle import BLOCK, Frontier, node_hash

LEAVES = 1_000_000
SIZES = (250_000, 1_000_000)

APPENDS_MIN, INCLUSION_MS_MAX, EVENTS_MIN, MEMORY_RATIO_MAX = 300_000, 5.0, 200_000, 1.15


def hashes_per_s() -> float:
    """How many nodes this processor hashes a second at the moment: what the figures depend on."""
    left, right = periodic_leaves()[:2]
    started = time.perf_counter()
    for _ in range(LEAVES // 5):
        node_hash(left, right)
    return LEAVES / 5 / (time.perf_counter() - started)


def grow() -> float:
    """Leaves a second that a tree in memory takes."""
    leaves = periodic_leaves() * (LEAVES // BLOCK)
    best = 0.0
    for _ in range(3):
        tree = Frontier()
        started = time.perf_counter()
        for leaf in leaves:
            tree.append(leaf)
        best = max(best, len(leaves) / (time.perf_counter() - started))
    return best


def check(folder: Path, size: int) -> dict[str, float]:
    """What the auditor's file takes for an export of so many entries."""
    out = folder / str(size)
    started = time.perf_counter()
    export(SampleBook(size, SIGNER), out, SIGNER, lambda: datetime.now(UTC))  # type: ignore[arg-type]
    exported = time.perf_counter() - started
    words = exporting.check_words(out)
    best, memory = 0.0, 0.0
    for _ in range(3):
        started = time.perf_counter()
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        watch = Watch(process.pid)
        said = json.loads(process.communicate()[0])
        best = max(best, size / (time.perf_counter() - started))
        memory = max(memory, watch.stop())
        assert (said["verdict"], said["size"]) == ("clean", size), said
    body = sum(map(len, SampleBook(1_000, SIGNER).bodies(0, 1_000))) / 1_000
    return {
        "events": size,
        "events_per_s": best,
        "memory_mb": memory,
        "export_s": exported,
        "mean_entry_bytes": body,
    }


def measure(folder: Path) -> dict[str, Any]:
    """Everything, in a folder that is thrown away afterwards."""
    found: dict[str, Any] = {"hashes_per_s": [hashes_per_s()], "entries": proofs.LARGE}
    found |= {"leaves_per_s": grow(), "proofs": proofs.measure(folder)}
    found["hashes_per_s"].append(hashes_per_s())
    found["checks"] = [check(folder, size) for size in SIZES]
    found["exports"] = exporting.measure(folder)
    found["hashes_per_s"].append(hashes_per_s())
    return found


def show(found: dict[str, Any]) -> None:
    """Print what was found."""
    moments = ", ".join(f"{rate:,.0f}" for rate in found["hashes_per_s"])
    print(f"\nTree in memory: {found['leaves_per_s']:,.0f} leaves/s")
    print(f"Node hashes/s before, between and after, which is what the machine had: {moments}")
    proofs.show(found["proofs"])
    exporting.show(found["exports"])
    mean = found["checks"][0]["mean_entry_bytes"]
    print(f"\n{f'whole check, {mean:.0f} bytes an entry':46}{'entries/s':>10}{'MB':>10}")
    for one in found["checks"]:
        print(f"{one['events']:<46,}{one['events_per_s']:10,.0f}{one['memory_mb']:10.0f}")


def goals(found: dict[str, Any]) -> list[tuple[str, float, float, bool, str]]:
    """Every promise beside what was found: what, measured, limit, whether at least, unit."""
    small, large = found["checks"]
    rate = large["events_per_s"]
    rows = [
        ("tree in memory", found["leaves_per_s"], APPENDS_MIN, True, "leaves/s"),
        *proofs.promises(found["proofs"], INCLUSION_MS_MAX),
        ("whole check of an export", rate, EVENTS_MIN, True, "entries/s"),
    ]
    if small["memory_mb"]:
        ratio = large["memory_mb"] / small["memory_mb"]
        rows.append(
            ("its memory, export 4 times as large", ratio, MEMORY_RATIO_MAX, False, "times")
        )
    return rows


def main() -> int:
    """Measure and print; 0 when every promise holds."""
    argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(
        prefix="countermand-bench-", dir=os.environ.get("TMPDIR")
    ) as f:
        found = measure(Path(f))
    show(found)
    kept = True
    print()
    for what, measured, limit, at_least, unit in goals(found):
        met = measured >= limit if at_least else measured <= limit
        kept = kept and met
        side = "≥" if at_least else "≤"
        print(
            f"{what:48}{measured:12,.2f} {side}{limit:<8,g} {unit:10}{'met' if met else 'MISSED'}"
        )
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
