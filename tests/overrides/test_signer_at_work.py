"""A signer at work: when it signs, what it answers, what it finds, and what it says of itself."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from overrides.errors import SigningRefused
from overrides.ledger import HEARTBEAT
from overrides.merkle import leaf_hash
from overrides.notes import Checkpoint, open_checkpoint
from overrides.signer_at_work import ENTRIES_MAX, EVERY, REFUSED_FOR, SignerAtWork
from overrides.signer_memory import FileMemory
from overrides.signing import KeyAtHand
from overrides.signing_desk import REPORT_EVERY, SILENT_AFTER, Answer, AskedSigner, Report, Wanted
from overrides.stores.signing_desk import SqlSigningDesk
from overrides.sweep import AGAIN_AFTER, DOUBT_AFTER, Sweep
from tests.ledgers import LOG, NOON, SteadyClock, TestLedger, ledger_at
from tests.tampering import changed, forge, rewrite


@dataclass
class Works:
    """A ledger, its signer, and the desk between them."""

    ledger: TestLedger
    clock: SteadyClock
    desk: SqlSigningDesk
    memory: FileMemory
    told: list[str]

    @property
    def signing(self) -> KeyAtHand:
        """The key and its memory."""
        return KeyAtHand(self.ledger.book, self.ledger.signer, self.clock, self.memory)

    def signer(self) -> SignerAtWork:
        """A signer that starts now."""
        return SignerAtWork(self.signing, self.desk, self.told.append)

    def write(self, count: int = 1) -> None:
        """Record something."""
        self.ledger.write(*(self.ledger.open.viewed(str(n)) for n in range(count)))

    @property
    def sizes(self) -> list[int]:
        """What was signed."""
        return [note.size for note in self.ledger.book.checkpoints()]


# For faults that are made with SQLite's own means.
SQLITE = pytest.mark.parametrize("works", ["sqlite"], indirect=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def works(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Works]:
    """A ledger of seven entries, none of them signed."""
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    if request.param == "postgres":
        url = request.getfixturevalue("new_postgres")()
    clock = SteadyClock()
    with ledger_at(url, tmp_path / "keys", clock=clock) as ledger:
        desk = SqlSigningDesk(ledger.engine, log=LOG)
        memory = FileMemory(tmp_path / "signer", os.urandom)
        memory.let_begin()
        found = Works(ledger, clock, desk, memory, [])
        ledger.begin()
        found.write(6)
        yield found


def test_a_new_signer_signs_at_once_and_then_after_a_while_or_after_many_entries(
    works: Works,
) -> None:
    signer = works.signer()
    signer.look()
    assert works.sizes == [7]
    works.write()
    signer.look()
    assert works.sizes == [7]
    works.clock.at += EVERY
    signer.look()
    assert works.sizes == [7, 8]
    works.clock.at += EVERY
    signer.look()
    works.write(ENTRIES_MAX)
    signer.look()
    assert works.sizes == [7, 8, 8 + ENTRIES_MAX]
    assert not works.told


def test_nothing_new_is_signed_once_an_hour(works: Works) -> None:
    signer = works.signer()
    for _ in range(3):
        signer.look()
        works.clock.at += HEARTBEAT
    assert works.sizes == [7, 7, 7]
    first, *others = {note.note for note in works.ledger.book.checkpoints()}
    assert not others
    assert open_checkpoint(first, LOG, [works.ledger.signer.key]).size == 7


def test_what_is_left_is_signed_at_the_end(works: Works) -> None:
    signer = works.signer()
    looks = iter([False, False, True])

    def wait(_seconds: float) -> bool:
        works.write()
        return next(looks)

    signer.run(wait)
    assert works.sizes == [7, 10]
    report = works.desk.last_report()
    assert report is not None
    assert (report.standing, report.signed_size, report.problem) == ("stopped", 10, "")


def test_whoever_asks_gets_a_checkpoint_over_everything(works: Works) -> None:
    signer = works.signer()
    asked = asking(works, signer)
    signed = asked.checkpoint()
    assert signed is not None
    assert signed.size == 7
    works.write()
    again = asked.checkpoint()
    assert again is not None
    assert again.size == 8
    assert works.desk.wanted() == []


def asking(works: Works, signer: SignerAtWork | None) -> AskedSigner:
    """Somebody without the key, to whom the signer listens while they wait."""
    key, new_id = works.ledger.signer.key, works.ledger.open.new_id

    def pause(_seconds: float) -> None:
        if signer is not None:
            signer.look()

    return AskedSigner(key, works.ledger.book, works.desk, works.clock, new_id, pause)


def test_a_signer_that_does_not_answer_is_told_and_the_request_taken_away(works: Works) -> None:
    with pytest.raises(SigningRefused, match="did not answer; none ever ran"):
        asking(works, None).checkpoint()
    works.signer().look()
    assert works.sizes == [7]
    with pytest.raises(SigningRefused, match="it last reported at 2026-01-02 12:00"):
        asking(works, None).checkpoint()
    assert works.desk.wanted() == []


def test_a_text_that_is_no_manifest_is_never_signed(works: Works) -> None:
    asked = asking(works, works.signer())
    for text in ("anything\n", Checkpoint(LOG, 900, bytes(32)).text):
        with pytest.raises(SigningRefused, match="not the manifest"):
            asked.sign(text)


@SQLITE
def test_a_refusal_reaches_whoever_asked_the_report_and_the_operator(works: Works) -> None:
    signer = works.signer()
    signer.look()
    works.write(3)
    rewrite(works.ledger.engine, "UPDATE ledger_event SET leaf_hash = zeroblob(32) WHERE seq = 8")
    works.clock.at += EVERY
    signer.look()
    signer.look()
    works.clock.at += EVERY
    signer.look()
    sentence = (
        "Entry 8 does not match what was recorded: the stored bytes are not those that were hashed."
    )
    assert works.told == [sentence]
    report = works.desk.last_report()
    assert report is not None
    assert (report.standing, report.signed_size, report.problem) == ("running", 7, sentence)
    with pytest.raises(SigningRefused, match="Entry 8 does not match"):
        asking(works, signer).checkpoint()
    works.write()  # nothing keeps a decision from being recorded
    assert works.sizes == [7]


@SQLITE
def test_an_older_copy_of_the_database_is_called_that_by_whoever_sweeps(works: Works) -> None:
    works.write(20)
    signer = works.signer()
    signer.look()
    remembered = works.signing.remembered()
    forge(works.ledger, works.ledger.signer, keep=10, change=False)
    sweep = Sweep(works.ledger.book)
    for _ in range(2):  # as far as there are entries, and on
        sweep.step(remembered, NOON)
    told = str(sweep.problem)
    assert "entries were signed and 10 are left" in told
    assert "an older copy of the database was put back by hand" in told


@SQLITE
def test_a_row_rewritten_long_ago_stops_the_signer_whatever_was_made_to_fit(works: Works) -> None:
    works.write(300)
    signer = works.signer()
    signer.look()
    body = works.ledger.book.entries(9, 1)[0].body
    rewrite(works.ledger.engine, changed(works.ledger, 9, actor="somebody else"))
    # The block's own root still says what it did, so what is signed next would fit it.
    works.write()
    works.clock.at += AGAIN_AFTER
    signer.look()
    assert len(works.told) == 1
    assert "one of the first 307 entries is not the one that was signed" in works.told[0]
    before = works.sizes
    works.write()
    works.clock.at += EVERY + REFUSED_FOR
    signer.look()
    assert works.sizes == before
    put_back = f"UPDATE ledger_event SET body = x'{body.hex()}' WHERE seq = 9"
    rewrite(works.ledger.engine, put_back)
    works.clock.at += DOUBT_AFTER
    signer.look()
    assert "Entry 9 " in works.told[-1], "body and hash do not fit each other"
    digest = leaf_hash(body).hex()
    rewrite(works.ledger.engine, f"UPDATE ledger_event SET leaf_hash = x'{digest}' WHERE seq = 9")
    works.clock.at += DOUBT_AFTER + EVERY
    signer.look()
    signer.look()
    assert signer.problem == ""
    assert works.sizes[-1] == works.ledger.book.head().size


def test_a_clock_that_went_back_is_told_and_signing_goes_on_when_it_has_caught_up(
    works: Works,
) -> None:
    signer = works.signer()
    signer.look()
    works.write()
    works.clock.at -= timedelta(hours=3)
    signer.look()
    works.clock.at += EVERY
    signer.look()
    assert "the clock says 2026-01-02T09:" in works.told[-1]
    works.clock.at += timedelta(hours=3)
    signer.look()
    assert signer.problem == ""
    assert works.sizes == [7, 8]


@SQLITE
def test_a_database_that_is_gone_for_a_while_is_told_once(works: Works, tmp_path: Path) -> None:
    signer = works.signer()
    signer.look()
    with closing(sqlite3.connect(tmp_path / "countermand.sqlite3")) as stranger:
        stranger.execute("ALTER TABLE ledger_head RENAME TO elsewhere")
        for _ in range(3):
            signer.look()
        stranger.execute("ALTER TABLE elsewhere RENAME TO ledger_head")
    assert len(works.told) == 1
    works.write()
    works.clock.at += EVERY
    signer.look()
    works.clock.at += EVERY
    signer.look()
    assert signer.problem == ""
    assert works.sizes == [7, 8]


def test_it_is_said_how_the_signer_stands_when_that_changes_and_every_so_often(
    works: Works,
) -> None:
    signer = works.signer()
    signer.look()
    first = works.desk.last_report()
    assert first is not None
    assert first.home == works.memory.home
    signer.look()
    assert works.desk.last_report() == first
    works.clock.at += REPORT_EVERY
    signer.look()
    second = works.desk.last_report()
    assert second is not None
    assert replace(second, at=first.at) == first
    assert not second.silent(second.at + SILENT_AFTER)
    assert second.silent(second.at + SILENT_AFTER + timedelta(seconds=1))


def test_a_signer_with_another_memory_does_not_start_beside_one_that_works(
    works: Works, tmp_path: Path
) -> None:
    works.signer().look()
    other = replace_memory(works, tmp_path / "other")
    with pytest.raises(SigningRefused, match="another signer of this log"):
        other.run(lambda _: True)
    works.clock.at += SILENT_AFTER
    other.run(lambda _: True)


def replace_memory(works: Works, folder: Path) -> SignerAtWork:
    """A signer with the same key and a memory of its own."""
    memory = FileMemory(folder, os.urandom)
    memory.let_begin()
    signing = replace(works.signing, memory=memory)
    return SignerAtWork(signing, works.desk, works.told.append)


def test_after_a_clean_stop_another_may_start_at_once(works: Works, tmp_path: Path) -> None:
    works.signer().run(lambda _: True)
    replace_memory(works, tmp_path / "other").run(lambda _: True)
    assert works.told == []


def test_a_desk_keeps_requests_in_order_and_answers_apart(works: Works) -> None:
    desk = works.desk
    for place, name in enumerate("cab"):
        desk.ask(Wanted(name, f"text {name}"), NOON + timedelta(seconds=place))
    assert [wanted.request_id for wanted in desk.wanted()] == ["c", "a", "b"]
    assert desk.answer("a") is None
    desk.settle("a", Answer("note", ""))
    desk.settle("b", Answer("", "why"))
    assert desk.answer("a") == Answer("note", "")
    assert desk.answer("b") == Answer("", "why")
    assert [wanted.request_id for wanted in desk.wanted()] == ["c"]
    desk.withdraw("a")
    desk.settle("a", Answer("late", ""))
    assert desk.answer("a") is None
    desk.report(Report("h", NOON, "running", 3, "p"))
    assert SqlSigningDesk(works.ledger.engine, log="other").last_report() is None
