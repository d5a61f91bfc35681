"""Proofs come from stored subtree roots: one query a level, however large the tree."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from overrides.merkle import (
    BLOCK,
    STORED_LEVELS,
    Frontier,
    Run,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from overrides.stores.engine import writing
from tests.ledgers import LOG, TestLedger, ledger_at

SIZE = 66_000  # just enough for a stored root of level 16
LEVELS = (0, *STORED_LEVELS)


class Asked:
    """Nodes of a tree of any size, their hashes noise, that remember what was asked for."""

    def __init__(self) -> None:
        self.runs: list[Sequence[Run]] = []

    def __call__(self, runs: Sequence[Run]) -> list[list[bytes]]:
        """As many hashes as each run has nodes."""
        self.runs.append(runs)
        return [[bytes(32)] * (stop - start) for _, start, stop in runs]

    def blocks(self, level: int) -> set[int]:
        """Blocks of 256 nodes of one level that were asked for."""
        return {
            block
            for runs in self.runs
            for run in runs
            if run.level == level
            for block in range(run.start // BLOCK, (run.stop - 1) // BLOCK + 1)
        }


def check(asked: Asked) -> None:
    assert len(asked.runs) <= 1, "all is asked for at once"
    assert {run.level for runs in asked.runs for run in runs} <= set(LEVELS)
    for level in LEVELS:
        assert len(asked.blocks(level)) <= 2, "around the entry, and at the edge of the tree"


@given(st.data())
def test_a_proof_needs_two_blocks_of_256_nodes_of_each_stored_level_at_most(
    data: st.DataObject,
) -> None:
    size = data.draw(st.integers(1, 2**32 - 1))
    place = data.draw(st.integers(0, size - 1))
    for prove in (
        lambda nodes: inclusion_proof(nodes, place, size),
        lambda nodes: consistency_proof(nodes, place + 1, size),
        lambda nodes: frontier_at(nodes, size),
    ):
        asked = Asked()
        prove(asked)
        check(asked)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestLedger, list[bytes]]]:
    """A ledger of 66,000 entries, put there in bulk, and its leaf hashes."""
    folder = tmp_path_factory.mktemp("large")
    with ledger_at(f"sqlite:///{folder}/countermand.sqlite3", folder / "keys") as opened:
        bodies = [b"%d" % n for n in range(SIZE)]
        leaves = [leaf_hash(body) for body in bodies]
        tree = Frontier()
        whole = [subtree for leaf in leaves for subtree in tree.append(leaf)]
        rows = [
            (LOG, n, str(n), "viewed", "", "p", body, leaf)
            for n, (body, leaf) in enumerate(zip(bodies, leaves, strict=True))
        ]
        with writing(opened.engine) as connection:
            cursor = connection.connection.cursor()
            columns = "log, seq, event_id, type, recorded_at, actor_ref, body, leaf_hash"
            cursor.executemany(
                f"INSERT INTO ledger_event ({columns}) VALUES (?,?,?,?,?,?,?,?)", rows
            )
            cursor.executemany(
                "INSERT INTO ledger_subtree (log, level, idx, hash) VALUES (?,?,?,?)",
                [(LOG, subtree.level, subtree.index, subtree.hash) for subtree in whole],
            )
            cursor.execute(
                "UPDATE ledger_head SET size = ?, root = ?, frontier = ?",
                (tree.size, tree.root(), tree.to_bytes()),
            )
        yield opened, leaves


def test_a_proof_reads_the_database_four_times_at_most(
    large: tuple[TestLedger, list[bytes]],
) -> None:
    ledger, leaves = large
    roots = {size: root_of(leaves[:size]) for size in (1, 255, 256, 257, 4_000, 65_536, SIZE)}
    for size, root in roots.items():
        for place in {0, size // 3, size - 1}:
            with reads(ledger) as statements:
                path = ledger.book.inclusion(place, size)
            assert len(statements) <= len(LEVELS)
            verify_inclusion(leaves[place], place, size, path, root)
        for first in (other for other in roots if other <= size):
            with reads(ledger) as statements:
                path = ledger.book.consistency(first, size)
            assert len(statements) <= len(LEVELS)
            verify_consistency(first, size, roots[first], root, path)


def root_of(leaves: Sequence[bytes]) -> bytes:
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


@contextmanager
def reads(ledger: TestLedger) -> Iterator[list[str]]:
    """The statements that read entries or subtrees while this is open."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "ledger_event" in statement or "ledger_subtree" in statement:
            statements.append(statement)

    event.listen(ledger.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(ledger.engine, "before_cursor_execute", note)


def test_the_reads_that_are_counted_are_all_there_are(
    large: tuple[TestLedger, list[bytes]],
) -> None:
    ledger, _ = large
    with reads(ledger) as statements:
        ledger.book.inclusion(SIZE - 1, SIZE)
    assert len(statements) == 3, "levels 0, 8 and 16"
