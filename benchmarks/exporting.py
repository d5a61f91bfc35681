"""Exports out of real databases: how fast, and in how much memory.

A whole check reads an export, so it is the same whatever database the ledger was in; what depends
on the database is to write one. The ledger is a real one of the same mix of entries, with its tree,
but nothing in it is personal: parts that are disclosed would have to be decrypted besides. Each
export is written by a process of its own, at two lengths of the same ledger, and then checked.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update

from benchmarks.appends import fsync_us
from benchmarks.databases import DATABASES, database, put
from benchmarks.ledger_sample import ACTS, ID, LOG, SIGNER, START, STEP, SampleBook
from benchmarks.memory import Watch
from benchmarks.proofs import EVENT, SUBTREE
from overrides import countermand_verify
from overrides.export import export
from overrides.instants import instant_text
from overrides.merkle import Frontier, Subtree, leaf_hash
from overrides.stores.append import ensure_head
from overrides.stores.engine import create_all, open_engine, writing
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.stores.ledger_tables import LedgerEvent, LedgerHead, LedgerSubtree

SIZES = (15_000, 60_000)


def grow(url: str, tree: Frontier, size: int) -> None:
    """Let the ledger go on to so many entries, with its subtree roots and its head."""
    head = LedgerHead.__table__  # type: ignore[attr-defined] # SQLModel adds it
    whole: list[Subtree] = []

    def entries() -> Iterator[tuple[Any, ...]]:
        """Rows of the entries that are to come."""
        bodies = SampleBook(1, SIGNER).bodies(tree.size, size - tree.size)
        for seq, body in enumerate(bodies, tree.size):
            leaf = leaf_hash(body)
            whole.extend(tree.append(leaf))
            kind = ACTS[seq % len(ACTS)][0] if seq else "ledger_opened"
            yield LOG, seq, ID.format(seq), kind, at(seq), "service", body, leaf

    engine = open_engine(url)
    create_all(engine)
    with writing(engine) as connection:
        ensure_head(connection, LOG)
        put(connection, LedgerEvent.__table__, EVENT, entries())  # type: ignore[attr-defined] # SQLModel adds it
        subtrees = ((LOG, one.level, one.index, one.hash) for one in whole)
        put(connection, LedgerSubtree.__table__, SUBTREE, subtrees)  # type: ignore[attr-defined] # SQLModel adds it
        stands = {"size": size, "root": tree.root(), "frontier": tree.to_bytes()}
        connection.execute(update(head).values({**stands, "last_ts": at(size - 1)}))
    engine.dispose()


def at(seq: int) -> str:
    """When an entry was recorded."""
    return instant_text(START + STEP * seq)


def write(url: str, out: Path) -> float:
    """Export the ledger in this process; seconds."""
    engine = open_engine(url)
    book = SqlLedgerBook(engine, log=LOG, vault=None)  # type: ignore[arg-type] # nothing is sealed
    started = time.perf_counter()
    export(book, out, SIGNER, lambda: datetime.now(UTC))
    taken = time.perf_counter() - started
    engine.dispose()
    return taken


def check_words(out: Path) -> list[str]:
    """The command that checks an export whole, with the key that signed it in a file beside."""
    key = out.with_name("key")
    key.write_text(SIGNER.key.vkey + "\n")
    program = countermand_verify.__file__
    return [sys.executable, program, str(out), "--key", str(key), "--json"]


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Entries a second and megabytes of each export, by database and length."""
    found: dict[str, dict[str, float]] = {}
    for name in DATABASES:
        own = folder / "exports" / name
        own.mkdir(parents=True)
        with database(name, own) as opened:
            tree = Frontier()
            for size in SIZES:
                grow(opened.url, tree, size)
                found[f"{name}, {size:,}"] = in_own_process(opened.url, own / str(size), size)
    return found


def in_own_process(url: str, out: Path, size: int) -> dict[str, float]:
    """One export by a process of its own, and the check that it is whole."""
    words = ["-m", "benchmarks.exporting", "--url", url, "--out", str(out)]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)
    watch = Watch(process.pid)
    seconds = json.loads(process.communicate()[0])
    memory = watch.stop()
    checked = subprocess.run(check_words(out), capture_output=True, text=True, check=False)
    said = json.loads(checked.stdout)
    assert (said["verdict"], said["size"]) == ("clean", size), said
    return {
        "events": size,
        "events_per_s": size / seconds,
        "memory_mb": memory,
        "fsync_us": fsync_us(),
    }


def show(found: dict[str, dict[str, float]]) -> None:
    """Print the table."""
    print(f"\n{'export, nothing disclosed':46}{'entries/s':>10}{'MB':>10}")
    for name, one in found.items():
        print(
            f"{name:46}{one['events_per_s']:10,.0f}{one['memory_mb']:10.0f}"
            f"   fsync {one['fsync_us']:.0f} us"
        )


def main() -> None:
    """Export what is in a database, as a process of its own."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--url", required=True)
    words.add_argument("--out", type=Path, required=True)
    chosen = words.parse_args()
    json.dump(write(chosen.url, chosen.out), sys.stdout)


if __name__ == "__main__":
    main()
