"""What is handed to a check by mistake is named in plain words, and never passes as clean."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from overrides.countermand_verify import Findings, Key, Memory, Sight, Verdict, check_export
from overrides.examination import Trust
from overrides.export import export
from overrides.notes import Checkpoint, PublicKey, Signer
from overrides.signing import sign_checkpoint
from overrides.verify import SAME_HOST, verify_database
from tests.ledgers import LOG, NOON, TestLedger, ledger_at

OTHER = Signer("other.example/ledger", b"o" * 32)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    """Forty entries, signed."""
    with ledger_at(f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys") as opened:
        opened.begin()
        opened.write(*(opened.open.viewed(str(n)) for n in range(39)))
        sign_checkpoint(opened.book, opened.signer, opened.clock)
        yield opened


def both(
    ledger: TestLedger, folder: Path, *notes: str, key: PublicKey | None = None
) -> list[Findings]:
    """What a check of the database finds, and one of its export, with the same memory and key."""
    path = Path(ledger.engine.url.database or "")
    pinned = key or ledger.signer.key
    trust = Trust(keys=[pinned], keys_from=SAME_HOST, remembered=notes)
    export(ledger.book, folder / "out", ledger.signer, ledger.clock)
    memory = Memory(keys=(Key.read(pinned.vkey),), notes=tuple((note, None) for note in notes))
    return [verify_database(path, trust, log=LOG), check_export(folder / "out", memory)]


def test_a_checkpoint_of_another_ledger_is_named(ledger: TestLedger, tmp_path: Path) -> None:
    foreign = OTHER.sign(Checkpoint(OTHER.name, 30, bytes(32)).text)
    for found in both(ledger, tmp_path, foreign):
        assert found.verdict == Verdict.INCOMPLETE
        assert "a checkpoint you remembered can" in str(found.found[0])
    assert "is of the ledger other.example/ledger, and this is test.example/ledger" in str(
        found.found[0]
    )


def test_a_checkpoint_that_nobody_signed_is_named(ledger: TestLedger, tmp_path: Path) -> None:
    real = ledger.book.checkpoints()[0].note
    forged = Signer(LOG, bytes(32)).sign(Checkpoint(LOG, 40, bytes(32)).text)
    for note in (forged, real.replace("\n40\n", "\n41\n"), real + "x"):
        for found in both(ledger, tmp_path, note):
            assert found.verdict == Verdict.INCOMPLETE, note
        shutil.rmtree(tmp_path / "out")


def test_keys_of_another_ledger_are_named(ledger: TestLedger, tmp_path: Path) -> None:
    _, found = both(ledger, tmp_path, key=OTHER.key)
    assert found.verdict == Verdict.ALTERED
    text = "its manifest is not signed by the key it should be, other.example/ledger"
    assert text in str(found.found[0])


def test_a_checkpoint_from_the_future_is_a_cut_ledger_or_an_old_copy(
    ledger: TestLedger, tmp_path: Path
) -> None:
    later = ledger.signer.sign(Checkpoint(LOG, 50, bytes(32)).text)
    own, copy = both(ledger, tmp_path, later)
    assert own.verdict == Verdict.ALTERED
    assert "has 50 entries, here are 40: entries were removed from the end" in str(own.found)
    assert copy.verdict == Verdict.STALE
    assert "10 entries are missing from it (40 of 50)" in str(copy.found)
    pinned = Memory(keys=(Key.read(ledger.signer.key.vkey),))
    seen = replace(pinned, notes=((later, Sight("you", NOON - timedelta(days=1), ended=False)),))
    assert check_export(tmp_path / "out", seen).verdict == Verdict.ALTERED


def copied(ledger: TestLedger, tmp_path: Path) -> Path:
    """The database's file alone, as somebody copies it who knows nothing of its -wal file."""
    copy = tmp_path / "copy" / "countermand.sqlite3"
    copy.parent.mkdir()
    shutil.copy(ledger.engine.url.database or "", copy)
    return copy


def test_a_database_copied_without_its_wal_before_anything_reached_it_is_named(
    ledger: TestLedger, tmp_path: Path
) -> None:
    copy = copied(ledger, tmp_path)
    with closing(sqlite3.connect(copy)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert not tables, "everything was still in the -wal file"
    found = verify_database(copy, Trust(keys=[ledger.signer.key], keys_from=SAME_HOST))
    assert found.verdict == Verdict.INCOMPLETE
    assert "there is no ledger in countermand.sqlite3" in str(found.found[0])
    assert "without the file that ends in -wal" in str(found.found[0])


def test_a_database_copied_without_its_wal_says_what_may_be_missing(
    ledger: TestLedger, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(ledger.engine.url.database or "")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.write(*(ledger.open.viewed(str(n)) for n in range(10)))
    sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
    newest = ledger.book.checkpoints()[-1].note
    trust = Trust(keys=[ledger.signer.key], keys_from=SAME_HOST)
    copy = copied(ledger, tmp_path)
    found = verify_database(copy, trust)
    assert (found.verdict, found.size) == (Verdict.CLEAN, 40)
    assert "No file countermand.sqlite3-wal lies beside it" in str(found.sentences())
    remembered = verify_database(copy, replace(trust, remembered=[newest]))
    assert remembered.verdict == Verdict.ALTERED
    whole = verify_database(Path(ledger.engine.url.database or ""), trust)
    assert (whole.verdict, whole.size) == (Verdict.CLEAN, 50)
    assert "-wal lies beside it" not in str(whole.sentences())


def test_a_database_torn_in_the_middle_is_named(ledger: TestLedger, tmp_path: Path) -> None:
    ledger.journal.close()
    with closing(sqlite3.connect(ledger.engine.url.database or "")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = copied(ledger, tmp_path)
    data = copy.read_bytes()
    copy.write_bytes(data[: len(data) // 2])
    found = verify_database(copy, Trust(keys=[ledger.signer.key], keys_from=SAME_HOST))
    assert found.verdict == Verdict.ALTERED
    assert "the database cannot be read" in str(found.found[0])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a file lost": lambda folder: (folder / "tile/entries/000.p/40").unlink(),
    "a file cut": lambda folder: cut(folder / "tile/entries/000.p/40"),
    "a folder lost": lambda folder: shutil.rmtree(folder / "tile"),
    "the manifest lost": lambda folder: (folder / "manifest").unlink(),
    "the list cut": lambda folder: cut(folder / "files"),
    "the checkpoint empty": lambda folder: (folder / "checkpoint").write_bytes(b""),
    "noise in the manifest": lambda folder: (folder / "manifest").write_bytes(b"\xff\x00"),
    "a folder for a file": lambda folder: swap(folder / "keys"),
}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def swap(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_export_is_named_and_never_an_accident(
    ledger: TestLedger, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "out"
    export(ledger.book, folder, ledger.signer, ledger.clock)
    DAMAGE[name](folder)
    for memory in (Memory(), Memory(keys=(Key.read(ledger.signer.key.vkey),))):
        found = check_export(folder, memory)
        assert found.verdict == Verdict.ALTERED
        assert found.sentences()[0].startswith("ALTERED")
