"""A signer with a memory: it never signs two histories, whoever owns the database."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from pathlib import Path

import pytest

from overrides.errors import LedgerAltered, LedgerError, NoteInvalid, SigningRefused
from overrides.ledger import HEARTBEAT, SignedCheckpoint
from overrides.merkle import verify_consistency
from overrides.notes import Signer, open_checkpoint
from overrides.signer_memory import MEMORY, FileMemory
from overrides.signing import KeyAtHand
from tests.ledgers import LOG, SteadyClock, TestLedger, ledger_at
from tests.tampering import changed, forge, rewrite


@pytest.fixture
def clock() -> SteadyClock:
    """A clock a test can turn."""
    return SteadyClock()


@pytest.fixture
def memory(tmp_path: Path) -> FileMemory:
    """The signer's own."""
    made = FileMemory(tmp_path / "signer", os.urandom)
    made.let_begin()
    return made


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/countermand.sqlite3"
    return str(request.getfixturevalue("new_postgres")())


@pytest.fixture
def ledger(tmp_path: Path, clock: SteadyClock, memory: FileMemory) -> Iterator[TestLedger]:
    """A ledger of twenty entries, thirteen of them signed."""
    with opened_at(f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path, clock) as ledger:
        begin(ledger, memory)
        yield ledger


def opened_at(url: str, folder: Path, clock: SteadyClock) -> AbstractContextManager[TestLedger]:
    return ledger_at(url, folder / "keys", clock=clock)


def begin(ledger: TestLedger, memory: FileMemory) -> None:
    ledger.begin()
    ledger.write(*(ledger.open.viewed(str(n)) for n in range(12)))
    assert sign(ledger, memory).size == 13
    ledger.write(*(ledger.open.viewed(str(n)) for n in range(7)))


def at_hand(ledger: TestLedger, memory: FileMemory) -> KeyAtHand:
    return KeyAtHand(ledger.book, ledger.signer, ledger.clock, memory)


def sign(ledger: TestLedger, memory: FileMemory) -> SignedCheckpoint:
    signed = at_hand(ledger, memory).checkpoint()
    assert signed is not None
    return signed


def test_what_is_signed_continues_what_was_signed(
    url: str, tmp_path: Path, clock: SteadyClock, memory: FileMemory
) -> None:
    with opened_at(url, tmp_path, clock) as ledger:
        begin(ledger, memory)
        assert sign(ledger, memory).size == 20
        notes = [note.note for note in ledger.book.checkpoints()]
        older, newer = (open_checkpoint(note, LOG, [ledger.signer.key]) for note in notes)
        proof = ledger.book.consistency(13, 20)
        verify_consistency(older.size, newer.size, older.root, newer.root, proof)
        kept = memory.read()
        assert kept is not None
        assert (kept.size, kept.root, kept.note) == (20, newer.root, notes[1])
        assert sign(ledger, memory).note == notes[1]
        assert len(ledger.book.checkpoints()) == 2
        clock.at += HEARTBEAT
        assert sign(ledger, memory).size == 20
        assert len(ledger.book.checkpoints()) == 3


ATTACKS = {
    "a row since the last signature": "UPDATE ledger_event SET body = CAST(body || 'x' AS BLOB)"
    " WHERE seq = 15",
    "a row is text now": "UPDATE ledger_event SET body = body || 'x' WHERE seq = 15",
    "a hash since the last signature": "UPDATE ledger_event SET leaf_hash = zeroblob(32)"
    " WHERE seq = 15",
    "a hash before the last signature": "UPDATE ledger_event SET leaf_hash = zeroblob(32)"
    " WHERE seq = 3",
    "a row is gone": "DELETE FROM ledger_event WHERE seq = 15",
    "an old row is gone": "DELETE FROM ledger_event WHERE seq = 3",
    "the head": "UPDATE ledger_head SET root = zeroblob(32)",
    "the tail is cut": "DELETE FROM ledger_event WHERE seq >= 10; UPDATE ledger_head SET size = 10",
    "the tail is cut with its checkpoint": "DELETE FROM ledger_event WHERE seq >= 10;"
    " UPDATE ledger_head SET size = 10; DELETE FROM ledger_checkpoint",
    "the checkpoints and an old row": "DELETE FROM ledger_checkpoint;"
    " UPDATE ledger_event SET leaf_hash = zeroblob(32) WHERE seq = 3",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_who_changed_the_database_gets_no_signature(
    ledger: TestLedger, memory: FileMemory, attack: str
) -> None:
    rewrite(ledger.engine, attack)
    before = memory.read()
    with pytest.raises(LedgerAltered):
        sign(ledger, memory)
    assert memory.read() == before


def test_a_row_that_is_gone_is_named(ledger: TestLedger, memory: FileMemory) -> None:
    rewrite(ledger.engine, ATTACKS["a row is gone"])
    with pytest.raises(LedgerAltered, match=r"^Entry 15 .*the entry is missing"):
        sign(ledger, memory)


@pytest.mark.parametrize("keep", [13, 16, 20])
def test_a_history_written_anew_whole_gets_no_signature(
    ledger: TestLedger, memory: FileMemory, keep: int
) -> None:
    forge(ledger, None, keep=keep)
    rewrite(ledger.engine, "DELETE FROM ledger_checkpoint")
    with pytest.raises(LedgerAltered, match="what was signed before"):
        sign(ledger, memory)


def test_an_older_database_put_back_gets_no_signature_until_somebody_says_so(
    ledger: TestLedger, memory: FileMemory, tmp_path: Path, clock: SteadyClock
) -> None:
    copy = tmp_path / "copy.sqlite3"
    with (
        closing(sqlite3.connect(ledger.engine.url.database or "")) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    ledger.write(*(ledger.open.viewed(str(n)) for n in range(3)))
    assert sign(ledger, memory).size == 23
    with opened_at(f"sqlite:///{copy}", tmp_path, clock) as older:
        with pytest.raises(LedgerAltered, match="23 entries were signed and 20 are left"):
            sign(older, memory)
        # Nor is it marked: once somebody says that it is to be believed, the signer goes on.
        assert [note.size for note in older.book.checkpoints()] == [13]
        memory.put_aside("then")
        older.write(older.open.viewed("again"))
        assert sign(older, memory).size == 21
    assert (memory.folder / "memory.json.aside-then").exists()


@pytest.mark.usefixtures("ledger")
def test_another_ledger_of_the_same_name_gets_no_signature(
    memory: FileMemory, tmp_path: Path, clock: SteadyClock
) -> None:
    with opened_at(f"sqlite:///{tmp_path}/other.sqlite3", tmp_path, clock) as other:
        other.begin()
        other.write(*(other.open.viewed(str(n)) for n in range(30)))
        with pytest.raises(LedgerAltered, match="what was signed before"):
            sign(other, memory)


def test_a_memory_of_another_log_is_not_used(ledger: TestLedger, memory: FileMemory) -> None:
    path = memory.folder / MEMORY
    path.write_text(path.read_text().replace(f'"log": "{LOG}"', '"log": "other.example/log"'))
    with pytest.raises(SigningRefused, match=r"memory is of the log other\.example"):
        sign(ledger, memory)


def test_a_memory_put_back_from_a_copy_signs_nothing(
    ledger: TestLedger, memory: FileMemory, tmp_path: Path
) -> None:
    shutil.copytree(memory.folder, tmp_path / "copied")
    assert sign(ledger, memory).size == 20
    ledger.write(ledger.open.viewed("more"))
    copied = FileMemory(tmp_path / "copied", os.urandom)
    with pytest.raises(SigningRefused, match="put back from a copy, or the key signs elsewhere"):
        sign(ledger, copied)
    assert sign(ledger, memory).size == 21


@pytest.mark.parametrize("spoil", [b"", b"{", b"null", b'{"log": "x"}', b"\xff"])
def test_a_damaged_memory_is_named_and_nothing_is_signed(
    ledger: TestLedger, memory: FileMemory, spoil: bytes
) -> None:
    (memory.folder / MEMORY).write_bytes(spoil)
    with pytest.raises(SigningRefused, match="cannot be read"):
        sign(ledger, memory)


def test_a_memory_whose_peaks_were_changed_is_named(ledger: TestLedger, memory: FileMemory) -> None:
    path = memory.folder / MEMORY
    kept = json.loads(path.read_text())
    kept["peaks"][0] = kept["root"]
    path.write_text(json.dumps(kept))
    with pytest.raises(SigningRefused, match="do not lead to the root"):
        sign(ledger, memory)


def test_a_clock_behind_the_last_signature_signs_nothing(
    ledger: TestLedger, memory: FileMemory, clock: SteadyClock
) -> None:
    clock.at -= timedelta(minutes=1)
    with pytest.raises(SigningRefused, match=r"the clock says 2026-01-02T11:59.*is of 2026-01-02"):
        sign(ledger, memory)
    clock.at += timedelta(minutes=1)
    assert sign(ledger, memory).size == 20


class DyingBook:
    """A log whose database takes no checkpoint any more."""

    def __init__(self, ledger: TestLedger) -> None:
        self._book = ledger.book

    def __getattr__(self, name: str) -> object:
        """Everything else is the log's own."""
        return getattr(self._book, name)

    def save_checkpoint(self, size: int, note: str, at: object) -> None:  # noqa: ARG002
        """As if the process died here."""
        raise KeyboardInterrupt


def test_a_signer_that_dies_before_it_hands_out_does_so_when_it_lives_again(
    ledger: TestLedger, memory: FileMemory
) -> None:
    book: object = DyingBook(ledger)
    dying = KeyAtHand(book, ledger.signer, ledger.clock, memory)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        dying.checkpoint()
    assert len(ledger.book.checkpoints()) == 1
    kept = memory.read()
    assert kept is not None
    assert kept.size == 20
    ledger.write(ledger.open.viewed("after"))
    assert sign(ledger, memory).size == 21
    assert [note.size for note in ledger.book.checkpoints()] == [13, 20, 21]
    assert ledger.book.checkpoints()[1].note == kept.note


def test_a_signer_that_died_does_not_sign_what_was_changed_meanwhile(
    ledger: TestLedger, memory: FileMemory
) -> None:
    book: object = DyingBook(ledger)
    with pytest.raises(KeyboardInterrupt):
        KeyAtHand(book, ledger.signer, ledger.clock, memory).checkpoint()  # type: ignore[arg-type]
    # What was signed was not seen yet, so the owner of the database tries another end.
    rewrite(ledger.engine, changed(ledger, 19, actor="somebody else"))
    with pytest.raises(LedgerAltered):
        sign(ledger, memory)
    forge(ledger, None, keep=20)
    with pytest.raises(LedgerAltered, match="what was signed before"):
        sign(ledger, memory)


def test_a_first_memory_believes_a_log_that_was_signed_with_the_same_key(
    ledger: TestLedger, tmp_path: Path
) -> None:
    new = FileMemory(tmp_path / "new", os.urandom)
    new.let_begin()
    assert sign(ledger, new).size == 20
    assert not new.may_begin, "once"
    kept = new.read()
    assert kept is not None
    assert kept.size == 20


@pytest.mark.parametrize("emptied", [False, True])
def test_a_memory_that_was_lost_believes_nothing_until_somebody_says_so(
    ledger: TestLedger, memory: FileMemory, *, emptied: bool
) -> None:
    """Taken away together with the checkpoints, so that a history written anew could be signed."""
    shutil.rmtree(memory.folder)
    if emptied:
        forge(ledger, None, keep=20)
        rewrite(ledger.engine, "DELETE FROM ledger_checkpoint")
    with pytest.raises(SigningRefused, match="its memory was lost or taken away") as refused:
        sign(ledger, memory)
    assert "signer --start-anew" in str(refused.value)
    assert memory.read() is None
    memory.let_begin()
    assert sign(ledger, memory).size == 20


def test_a_first_memory_does_not_believe_another_key(ledger: TestLedger, tmp_path: Path) -> None:
    thief = Signer(LOG, bytes(32))
    new = FileMemory(tmp_path / "new", os.urandom)
    new.let_begin()
    with pytest.raises(NoteInvalid):
        KeyAtHand(ledger.book, thief, ledger.clock, new).checkpoint()
    assert new.read() is None


def test_the_memory_is_for_its_owner_only_and_keeps_its_name(memory: FileMemory) -> None:
    name = memory.home
    assert len(name) == 16
    assert memory.home == name
    assert memory.folder.stat().st_mode & 0o77 == 0


def test_a_second_signer_on_one_memory_is_refused(memory: FileMemory) -> None:
    with memory.running(), pytest.raises(SigningRefused, match="another signer runs"):  # noqa: SIM117
        with FileMemory(memory.folder, os.urandom).running():
            raise AssertionError
    with memory.running():
        pass


def test_an_empty_ledger_is_not_signed(
    tmp_path: Path, clock: SteadyClock, memory: FileMemory
) -> None:
    with opened_at(f"sqlite:///{tmp_path}/empty.sqlite3", tmp_path, clock) as empty:
        assert at_hand(empty, memory).checkpoint() is None
        assert memory.read() is None


def test_refusals_are_sentences(ledger: TestLedger, memory: FileMemory) -> None:
    rewrite(ledger.engine, ATTACKS["the tail is cut"])
    with pytest.raises(LedgerError) as refused:
        sign(ledger, memory)
    assert str(refused.value) == (
        "Entry 10 does not match what was recorded: 13 entries were signed and 10 are left."
        " Either entries were cut off the end, or an older copy of the database was put back by"
        " hand; 'countermand ledger verify' says what to do."
    )
