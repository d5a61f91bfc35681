"""The hash tree and its verifier: growing in memory, proofs from a large ledger, whole checks.

Run as ``python -m benchmarks.ledger`` it prints the table of ``make bench`` alone. Proofs come from
a ledger of ten million entries with every stored subtree root in place. Its leaf hashes repeat
every 256 entries, so that the roots are known without hashing ten million, and blocks of leaves are
read from a table of fewer rows, as long as real ones: a proof takes as many statements, rows and
pages as it would. Whole checks run the file an auditor gets, as a process, on exports of two sizes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine

from benchmarks.ledger_sample import LOG, SampleBook, periodic_leaves
from overrides import countermand_verify
from overrides.export import export
from overrides.merkle import (
    BLOCK,
    STORED_LEVELS,
    Frontier,
    Run,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from overrides.notes import Signer
from overrides.stores.append import ensure_head
from overrides.stores.engine import create_all, open_engine, reading, writing
from overrides.stores.ledger_book import StoredNodes

LEAVES = 1_000_000
LARGE = 10_000_000
ROWS = 262_144  # entries that there really are: a thousand blocks
PROOFS = 400
SIZES = (250_000, 1_000_000)
SIGNER = Signer(LOG, bytes(range(32)))
SEED = 20_261_122
SAMPLE_SECONDS = 0.02

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


class FoldedNodes(StoredNodes):
    """Stored nodes whose blocks of leaves lie further ahead in the table than they should."""

    def _read(self, level: int, runs: Sequence[Run]) -> dict[int, bytes]:
        """Nodes of a level, leaves from the block that stands for theirs."""
        if level:
            return super()._read(level, runs)
        found: dict[int, bytes] = {}
        folded, shifts = [], []
        for run in runs:
            if run.level == 0:
                shift = run.start // BLOCK * BLOCK - run.start // BLOCK % (ROWS // BLOCK) * BLOCK
                folded.append(Run(0, run.start - shift, run.stop - shift))
                shifts.append(shift)
        rows = super()._read(0, folded)
        for run, shift in zip(folded, shifts, strict=True):
            for place in range(run.start, run.stop):
                found[place + shift] = rows[place]
        return found


def fill(engine: Engine) -> None:
    """Put the rows there: entries as far as they go, and every stored subtree root."""
    create_all(engine)
    leaves = periodic_leaves()
    whole = leaves
    roots = {}
    for level in range(1, STORED_LEVELS[-1] + 1):
        pairs = zip(whole[::2], whole[1::2], strict=True) if len(whole) > 1 else [(whole[0],) * 2]
        whole = [node_hash(left, right) for left, right in pairs]
        roots[level] = whole[0]
    bodies = enumerate(SampleBook(ROWS, SIGNER).bodies(0, ROWS))
    with writing(engine) as connection:
        ensure_head(connection, LOG)
        cursor = connection.connection.cursor()
        cursor.executemany(
            "INSERT INTO ledger_event"
            " (log, seq, event_id, type, recorded_at, actor_ref, body, leaf_hash)"
            " VALUES (?, ?, ?, 'outcome_observed', '', 'service', ?, ?)",
            [(LOG, seq, str(seq), body, leaves[seq % BLOCK]) for seq, body in bodies],
        )
        cursor.executemany(
            "INSERT INTO ledger_subtree (log, level, idx, hash) VALUES (?, ?, ?, ?)",
            [
                (LOG, level, idx, roots[level])
                for level in STORED_LEVELS
                for idx in range(LARGE >> level)
            ],
        )


def prove(folder: Path) -> dict[str, dict[str, float]]:
    """Milliseconds that a proof takes, each over a connection of its own with nothing cached."""
    engine = open_engine(f"sqlite:///{folder}/large.sqlite3")
    fill(engine)
    chance, leaves = Random(SEED), periodic_leaves()
    roots: dict[int, bytes] = {}

    def root(connection: Connection, size: int) -> bytes:
        """The root of so many entries, worked out once."""
        if size not in roots:
            roots[size] = frontier_at(FoldedNodes(connection, LOG), size).root()
        return roots[size]

    taken: dict[str, list[float]] = {"inclusion": [], "consistency": []}
    for _ in range(PROOFS):
        seq, first = chance.randrange(LARGE), chance.randrange(1, LARGE)
        for kind, make in proofs(seq, first).items():
            engine.dispose()
            started = time.perf_counter()
            with reading(engine) as connection:
                path = make(FoldedNodes(connection, LOG))
            taken[kind].append((time.perf_counter() - started) * 1000)
            with reading(engine) as connection:
                if kind == "inclusion":
                    leaf = leaves[seq % BLOCK]
                    verify_inclusion(leaf, seq, LARGE, path, root(connection, LARGE))
                else:
                    older, newer = root(connection, first), root(connection, LARGE)
                    verify_consistency(first, LARGE, older, newer, path)
    engine.dispose()
    return {kind: spread(times) for kind, times in taken.items()}


def proofs(seq: int, first: int) -> dict[str, Callable[[FoldedNodes], list[bytes]]]:
    """A proof of each kind, to be made from nodes."""
    return {
        "inclusion": lambda nodes: inclusion_proof(nodes, seq, LARGE),
        "consistency": lambda nodes: consistency_proof(nodes, first, LARGE),
    }


def spread(times: list[float]) -> dict[str, float]:
    """Median and 99th percentile."""
    ordered = sorted(times)
    return {"p50_ms": ordered[len(ordered) // 2], "p99_ms": ordered[len(ordered) * 99 // 100]}


def check(folder: Path, size: int) -> dict[str, float]:
    """What the auditor's file takes for an export of so many entries."""
    out, key = folder / str(size), folder / "key"
    started = time.perf_counter()
    export(SampleBook(size, SIGNER), out, SIGNER, lambda: datetime.now(UTC))  # type: ignore[arg-type]
    exported = time.perf_counter() - started
    key.write_text(SIGNER.key.vkey + "\n")
    words = [sys.executable, countermand_verify.__file__, str(out), "--key", str(key), "--json"]
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


class Watch:
    """The most memory that a process and its children have had at once, where that can be told."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Megabytes."""
        self._over.set()
        self._thread.join()
        return self._peak / 1024

    def _look(self) -> None:
        """Look every now and then."""
        while not self._over.wait(SAMPLE_SECONDS):
            self._peak = max(self._peak, self._kilobytes())

    def _kilobytes(self) -> int:
        """Proportional share of memory of the process and its children (Linux)."""
        proc, total = Path("/proc"), 0
        try:
            own = proc / str(self._pid)
            children = (own / "task" / str(self._pid) / "children").read_text().split()
            for pid in (str(self._pid), *children):
                for line in (proc / pid / "smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        except OSError:
            return 0
        return total


def measure(folder: Path) -> dict[str, Any]:
    """Everything, in a folder that is thrown away afterwards."""
    found: dict[str, Any] = {"hashes_per_s": [hashes_per_s()], "entries": LARGE}
    found |= {"leaves_per_s": grow(), "proofs": prove(folder)}
    found["hashes_per_s"].append(hashes_per_s())
    found["checks"] = [check(folder, size) for size in SIZES]
    found["hashes_per_s"].append(hashes_per_s())
    return found


def show(found: dict[str, Any]) -> None:
    """Print what was found."""
    moments = ", ".join(f"{rate:,.0f}" for rate in found["hashes_per_s"])
    print(f"\nTree in memory: {found['leaves_per_s']:,.0f} leaves/s")
    print(f"Node hashes/s before, between and after, which is what the machine had: {moments}")
    print(f"\n{f'proof of {LARGE:,} entries, uncached':46}{'p50 ms':>10}{'p99 ms':>10}")
    for kind, times in found["proofs"].items():
        print(f"{kind:46}{times['p50_ms']:10.2f}{times['p99_ms']:10.2f}")
    mean = found["checks"][0]["mean_entry_bytes"]
    print(f"\n{f'whole check, {mean:.0f} bytes an entry':46}{'entries/s':>10}{'MB':>10}")
    for one in found["checks"]:
        print(f"{one['events']:<46,}{one['events_per_s']:10,.0f}{one['memory_mb']:10.0f}")


def goals(found: dict[str, Any]) -> list[tuple[str, float, float, bool, str]]:
    """Every promise beside what was found: what, measured, limit, whether at least, unit."""
    small, large = found["checks"]
    inclusion = found["proofs"]["inclusion"]["p50_ms"]
    rate = large["events_per_s"]
    rows = [
        ("tree in memory", found["leaves_per_s"], APPENDS_MIN, True, "leaves/s"),
        ("inclusion proof, 10 million entries", inclusion, INCLUSION_MS_MAX, False, "ms"),
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
            f"{what:46}{measured:12,.2f} {side}{limit:<8,g} {unit:10}{'met' if met else 'MISSED'}"
        )
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
