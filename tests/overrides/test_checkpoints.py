"""Signing where the ledger stands, and refusing to when it does not stand where it did."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from overrides.checkpointer import ENTRIES_MAX, EVERY, Checkpointer
from overrides.errors import LedgerAltered, LedgerUnavailable, NoteInvalid
from overrides.ledger import HEARTBEAT, sign_checkpoint
from overrides.merkle import verify_consistency
from overrides.notes import Signer, open_checkpoint
from tests.ledgers import LOG, SteadyClock, TestLedger, ledger_at
from tests.tampering import forge, rewrite


@pytest.fixture
def clock() -> SteadyClock:
    """A clock a test can turn."""
    return SteadyClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: SteadyClock) -> Iterator[TestLedger]:
    """A ledger of twenty entries, thirteen of them signed."""
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    with ledger_at(url, tmp_path / "keys", clock=clock) as opened:
        opened.begin()
        opened.write(*(opened.open.viewed(str(n)) for n in range(12)))
        assert sign(opened)
        opened.write(*(opened.open.viewed(str(n)) for n in range(7)))
        yield opened


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.001)


def sign(ledger: TestLedger) -> int:
    signed = sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
    assert signed is not None
    return signed.size


def test_a_checkpoint_is_signed_over_what_is_stored(ledger: TestLedger) -> None:
    assert sign(ledger) == 20
    first, second = ledger.book.checkpoints()
    head = ledger.book.head()
    older, newer = (
        open_checkpoint(note.note, LOG, [ledger.signer.key]) for note in (first, second)
    )
    assert (newer.size, newer.root) == (head.size, head.root)
    proof = ledger.book.consistency(13, 20)
    verify_consistency(older.size, newer.size, older.root, newer.root, proof)
    assert ledger.book.latest_checkpoint() == second


def test_nothing_new_is_signed_once_an_hour(ledger: TestLedger, clock: SteadyClock) -> None:
    sign(ledger)
    sign(ledger)
    assert len(ledger.book.checkpoints()) == 2
    clock.at += HEARTBEAT
    assert sign(ledger) == 20
    assert len(ledger.book.checkpoints()) == 3


def test_an_empty_ledger_is_not_signed(tmp_path: Path) -> None:
    with ledger_at(f"sqlite:///{tmp_path}/empty.sqlite3", tmp_path / "keys") as empty:
        assert sign_checkpoint(empty.book, empty.signer, empty.clock) is None


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE ledger_event SET body = body || 'x' WHERE seq = 15",
        "UPDATE ledger_event SET body = CAST(body || 'x' AS BLOB) WHERE seq = 15",
        "UPDATE ledger_event SET leaf_hash = zeroblob(32) WHERE seq = 3",
        "UPDATE ledger_event SET leaf_hash = zeroblob(32) WHERE seq = 15",
        "DELETE FROM ledger_event WHERE seq = 15",
        "DELETE FROM ledger_event WHERE seq = 19",
        "UPDATE ledger_head SET root = zeroblob(32)",
        "DELETE FROM ledger_event WHERE seq >= 10; UPDATE ledger_head SET size = 10",
    ],
)
def test_a_ledger_that_was_changed_is_not_signed(ledger: TestLedger, attack: str) -> None:
    rewrite(ledger.engine, attack)
    with pytest.raises(LedgerAltered):
        sign(ledger)
    assert len(ledger.book.checkpoints()) == 1


def test_a_ledger_written_anew_is_not_signed_over_what_was_signed_before(
    ledger: TestLedger,
) -> None:
    forge(ledger, None, keep=20)
    with pytest.raises(LedgerAltered, match="what was signed before"):
        sign(ledger)


def test_another_key_does_not_go_on_where_this_one_stopped(ledger: TestLedger) -> None:
    thief = Signer(LOG, bytes(32))
    with pytest.raises(NoteInvalid):
        sign_checkpoint(ledger.book, thief, ledger.clock)


def test_a_clock_behind_the_last_checkpoint_signs_nothing(
    ledger: TestLedger, clock: SteadyClock
) -> None:
    clock.at -= timedelta(minutes=1)
    with pytest.raises(LedgerUnavailable, match="clock"):
        sign(ledger)


def test_the_checkpointer_signs_after_a_while_or_after_many_entries(
    ledger: TestLedger, clock: SteadyClock
) -> None:
    watcher = Checkpointer(ledger.book, ledger.signer, clock)
    watcher._look()
    assert len(ledger.book.checkpoints()) == 1
    clock.at += EVERY
    watcher._look()
    assert ledger.book.checkpoints()[-1].size == 20
    watcher._look()
    clock.at += EVERY
    watcher._look()
    assert len(ledger.book.checkpoints()) == 2
    ledger.write(*(ledger.open.viewed(str(n)) for n in range(ENTRIES_MAX)))
    watcher._look()
    assert ledger.book.checkpoints()[-1].size == 20 + ENTRIES_MAX
    clock.at += HEARTBEAT
    watcher._look()
    assert len(ledger.book.checkpoints()) == 4


def test_the_checkpointer_keeps_on_after_a_failure_and_tells_of_it_once(
    ledger: TestLedger, clock: SteadyClock
) -> None:
    told: list[Exception] = []
    watcher = Checkpointer(
        ledger.book, ledger.signer, clock, on_problem=told.append, poll_seconds=0.001
    )
    clock.step = EVERY
    database = ledger.engine.url.database or ""
    with closing(sqlite3.connect(database)) as stranger:
        stranger.execute("ALTER TABLE ledger_head RENAME TO elsewhere")
        watcher.start()
        wait_for(lambda: bool(told and watcher.problem))
        stranger.execute("ALTER TABLE elsewhere RENAME TO ledger_head")
    wait_for(lambda: watcher.problem is None and len(ledger.book.checkpoints()) > 1)
    ledger.write(ledger.open.viewed("unsigned yet"))
    watcher.close()
    assert ledger.book.checkpoints()[-1].size == ledger.book.head().size
    assert len(told) == 1
