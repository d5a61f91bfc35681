"""Proofs from a ledger of ten million entries with nothing cached, on either database.

Every stored subtree root is in its table. Of the entries there are a thousand blocks; a block that
lies further ahead is read from one of them, so that a proof takes as many statements, rows and
pages as it would. Bytes and hashes of entries repeat every 256, and so the roots are known without
hashing ten million.

SQLite keeps pages with a connection: every proof is made over a new one, and the clock runs while
it opens. A PostgreSQL server keeps them for all: once loaded it is started again with room for 16
pages, which is fewer than one proof reads. Its proofs are made over a connection that is there, as
those of an installation are; what they take over a new one is timed besides. In either case the
operating system keeps the files in memory.
"""

import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine

from benchmarks.databases import DATABASES, database, put
from benchmarks.ledger_sample import LOG, SIGNER, SampleBook
from overrides.merkle import (
    BLOCK,
    STORED_LEVELS,
    Run,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from overrides.stores.append import ensure_head
from overrides.stores.engine import create_all, open_engine, reading, writing
from overrides.stores.ledger_book import StoredNodes
from overrides.stores.ledger_tables import LedgerEvent, LedgerSubtree

LARGE = 10_000_000
ROWS = 262_144  # entries that there really are: a thousand blocks
PROOFS, PROOFS_CONNECTING = 400, 100
SEED = 20_261_122
EVENT = ("log", "seq", "event_id", "type", "recorded_at", "actor_ref", "body", "leaf_hash")
SUBTREE = ("log", "level", "idx", "hash")

Spread = dict[str, float]


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


@cache
def repeated() -> tuple[list[bytes], list[bytes]]:
    """Bytes of the 256 entries that repeat, and their hashes."""
    bodies = list(SampleBook(1, SIGNER).bodies(0, BLOCK))
    return bodies, [leaf_hash(body) for body in bodies]


def fill(engine: Engine) -> None:
    """Put the rows there: entries as far as they go, and every stored subtree root."""
    create_all(engine)
    bodies, leaves = repeated()
    whole, roots = leaves, {}
    for level in range(1, STORED_LEVELS[-1] + 1):
        pairs = zip(whole[::2], whole[1::2], strict=True) if len(whole) > 1 else [(whole[0],) * 2]
        whole = [node_hash(left, right) for left, right in pairs]
        roots[level] = whole[0]
    with writing(engine) as connection:
        ensure_head(connection, LOG)
        entries = (
            (LOG, n, str(n), "outcome_observed", "", "service", bodies[at := n % BLOCK], leaves[at])
            for n in range(ROWS)
        )
        put(connection, LedgerEvent.__table__, EVENT, entries)  # type: ignore[attr-defined] # SQLModel adds it
        subtrees = (
            (LOG, level, idx, roots[level])
            for level in STORED_LEVELS
            for idx in range(LARGE >> level)
        )
        put(connection, LedgerSubtree.__table__, SUBTREE, subtrees)  # type: ignore[attr-defined] # SQLModel adds it


def measure(folder: Path) -> dict[str, Spread]:
    """Milliseconds that proofs take, by database and kind."""
    found: dict[str, Spread] = {}
    for name in DATABASES:
        with database(name, folder) as opened:
            engine = open_engine(opened.url)
            fill(engine)
            engine.dispose()
            opened.forget()
            found |= spreads(name, prove(engine, anew=name == "sqlite"))
            if name != "sqlite":
                found |= spreads(f"{name}, connecting", prove(engine, PROOFS_CONNECTING, anew=True))
            engine.dispose()
    return found


def prove(engine: Engine, times: int = PROOFS, *, anew: bool) -> dict[str, list[float]]:
    """Milliseconds of each proof, each held to its root; ``anew``: connecting is part of it."""
    chance, leaves = Random(SEED), repeated()[1]
    roots: dict[int, bytes] = {}

    def root(connection: Connection, size: int) -> bytes:
        """The root of so many entries, worked out once."""
        if size not in roots:
            roots[size] = frontier_at(FoldedNodes(connection, LOG), size).root()
        return roots[size]

    taken: dict[str, list[float]] = {"inclusion": [], "consistency": []}
    for _ in range(times):
        seq, first = chance.randrange(LARGE), chance.randrange(1, LARGE)
        for kind, make in proofs(seq, first).items():
            if anew:
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
    return taken


def proofs(seq: int, first: int) -> dict[str, Callable[[FoldedNodes], list[bytes]]]:
    """A proof of each kind, to be made from nodes."""
    return {
        "inclusion": lambda nodes: inclusion_proof(nodes, seq, LARGE),
        "consistency": lambda nodes: consistency_proof(nodes, first, LARGE),
    }


def spread(times: list[float]) -> Spread:
    """Median and 99th percentile."""
    ordered = sorted(times)
    return {"p50_ms": ordered[len(ordered) // 2], "p99_ms": ordered[len(ordered) * 99 // 100]}


def spreads(way: str, taken: dict[str, list[float]]) -> dict[str, Spread]:
    """The same for each kind of proof."""
    return {f"{way}, {kind}": spread(times) for kind, times in taken.items()}


def show(found: dict[str, Spread]) -> None:
    """Print the table."""
    print(f"\n{f'proof of {LARGE:,} entries, uncached':46}{'p50 ms':>10}{'p99 ms':>10}")
    for kind, times in found.items():
        print(f"{kind:46}{times['p50_ms']:10.2f}{times['p99_ms']:10.2f}")


def promises(found: dict[str, Any], limit: float) -> list[tuple[str, float, float, bool, str]]:
    """The goal of inclusion proofs for each database."""
    return [
        (
            f"inclusion proof, {LARGE // 1_000_000} million entries, {name}",
            found[f"{name}, inclusion"]["p50_ms"],
            limit,
            False,
            "ms",
        )
        for name in DATABASES
    ]
