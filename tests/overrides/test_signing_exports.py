"""Manifests are signed for exports made just now, of an end that was the newest just before."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from overrides.countermand_verify import Checkpoint as Told
from overrides.countermand_verify import Manifest
from overrides.errors import LedgerAltered, SigningRefused
from overrides.notes import open_note
from overrides.signer_at_work import SignerAtWork
from overrides.signer_memory import APART, EXPORT_MAX, MEMORY, FileMemory
from overrides.signing import KeyAtHand
from overrides.signing_desk import AskedSigner
from overrides.stores.signing_desk import SqlSigningDesk
from tests.ledgers import LOG, SteadyClock, TestLedger, ledger_at

LONGER = EXPORT_MAX + APART


class Signs:
    """A signer with a memory, and the exports that it is asked to sign."""

    def __init__(self, ledger: TestLedger, clock: SteadyClock, memory: FileMemory) -> None:
        self.ledger, self.clock, self.memory = ledger, clock, memory

    @property
    def key(self) -> KeyAtHand:
        """The key and its memory, as a process that starts now has them."""
        return KeyAtHand(self.ledger.book, self.ledger.signer, self.clock, self.memory)

    def grow(self, count: int, after: timedelta = timedelta()) -> int:
        """Record something later, and have it signed; how many entries there are then."""
        self.clock.at += after
        self.ledger.write(*(self.ledger.open.viewed(str(n)) for n in range(count)))
        signed = self.key.checkpoint()
        assert signed is not None
        return signed.size

    def manifest(self, size: int, made: timedelta = timedelta()) -> str:
        """The manifest of an export of so many entries, made so much later than now."""
        told = Told(LOG, size, self.ledger.book.frontier(size).root())
        return Manifest(told, self.clock.at + made, frozenset(), 1, "00" * 32).text

    def signed(self, size: int, made: timedelta = timedelta()) -> None:
        """Have such a manifest signed, and see that it is."""
        text = self.manifest(size, made)
        assert open_note(self.key.sign(text), [self.ledger.signer.key]).text == text


@pytest.fixture
def signs(tmp_path: Path) -> Iterator[Signs]:
    """A ledger of seven entries, all of them signed."""
    clock, memory = SteadyClock(), FileMemory(tmp_path / "signer", os.urandom)
    memory.let_begin()
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    with ledger_at(url, tmp_path / "keys", clock=clock) as ledger:
        ledger.begin()
        found = Signs(ledger, clock, memory)
        assert found.grow(6) == 7
        yield found


def test_an_export_of_the_end_is_signed_however_old_the_end_is(signs: Signs) -> None:
    signs.clock.at += timedelta(days=30)
    signs.signed(7)


def test_a_ledger_that_grows_while_it_is_exported_is_signed_as_it_was_when_that_began(
    signs: Signs,
) -> None:
    """The end may have stood for days: what counts is for how long it is no more the end."""
    signs.clock.at += timedelta(days=3)
    signs.grow(5)
    signs.grow(5, after=EXPORT_MAX - APART)
    signs.signed(7)
    signs.signed(12)
    signs.signed(17)


def test_an_end_that_was_cut_off_gets_no_signature_of_today(signs: Signs) -> None:
    """Whoever owns the database asks for it, as anybody may ask."""
    signs.grow(5)
    signs.grow(5, after=LONGER)
    with pytest.raises(SigningRefused, match="has 7 entries, and for over an hour there were more"):
        signs.key.sign(signs.manifest(7))
    signs.signed(12)
    signs.grow(5, after=LONGER)
    with pytest.raises(SigningRefused, match="make the export again"):
        signs.key.sign(signs.manifest(12))
    signs.signed(17)


@pytest.mark.parametrize("off", [timedelta(minutes=-3), timedelta(minutes=3), -timedelta(days=20)])
def test_an_export_is_not_dated_back_nor_ahead(signs: Signs, off: timedelta) -> None:
    with pytest.raises(SigningRefused, match="the export says that it was made at 2"):
        signs.key.sign(signs.manifest(7, made=off))
    signs.signed(7, made=off / abs(off) * timedelta(minutes=1))


def test_many_signatures_in_an_hour_are_remembered_in_few_lines(signs: Signs) -> None:
    for _ in range(5):
        signs.grow(1, after=timedelta(seconds=1))
    kept = signs.memory.read()
    assert kept is not None
    assert [size for size, _ in kept.before] == [7]
    signs.grow(1, after=LONGER)
    kept = signs.memory.read()
    assert kept is not None
    assert [size for size, _ in kept.before] == [12], "and what is older is forgotten"


def test_a_memory_of_an_earlier_release_is_read_and_knows_one_end(signs: Signs) -> None:
    signs.grow(5)
    path = signs.memory.folder / MEMORY
    told = json.loads(path.read_text())
    del told["before"]
    path.write_text(json.dumps(told))
    signs.signed(12)
    with pytest.raises(SigningRefused, match="for over an hour there were more"):
        signs.key.sign(signs.manifest(7))
    signs.grow(1)
    signs.signed(12)


def test_a_memory_with_ends_that_are_none_is_named(signs: Signs) -> None:
    signs.grow(5)
    path = signs.memory.folder / MEMORY
    path.write_text(path.read_text().replace('"before": [\n', '"before": [7,\n'))
    with pytest.raises(SigningRefused, match="cannot be read"):
        signs.key.checkpoint()


def test_whoever_asks_the_signer_at_its_desk_gets_the_same_answers(signs: Signs) -> None:
    desk = SqlSigningDesk(signs.ledger.engine, log=LOG)
    working = SignerAtWork(signs.key, desk)
    new_id = signs.ledger.open.new_id
    key, book = signs.ledger.signer.key, signs.ledger.book
    asked = AskedSigner(key, book, desk, signs.clock, new_id, lambda _: working.look())
    text = signs.manifest(7)
    assert open_note(asked.sign(text), [key]).text == text
    signs.grow(3)
    signs.grow(3, after=LONGER)
    for refused in (signs.manifest(7), signs.manifest(13, made=timedelta(days=-1))):
        with pytest.raises(SigningRefused):
            asked.sign(refused)


def test_what_was_never_signed_gets_no_manifest(signs: Signs) -> None:
    good = Manifest.read(signs.manifest(7))
    others = (Told("other", 7, good.checkpoint.root), Told(LOG, 900, good.checkpoint.root))
    for told in others:
        with pytest.raises(SigningRefused, match="7 entries of"):
            signs.key.sign(good._replace(checkpoint=told).text)
    with pytest.raises(LedgerAltered, match="what was signed before"):
        signs.key.sign(good._replace(checkpoint=Told(LOG, 7, bytes(32))).text)
