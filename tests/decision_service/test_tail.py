"""The end of the ledger that nobody remembers yet is said in numbers."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from decision_service.anchors import read_told, record_anchor
from decision_service.app import create_app
from decision_service.auditing import Auditing
from decision_service.cosigning import book_of, take
from decision_service.signer_words import NEVER_RAN
from decision_service.tail import tail_of, unanchored
from overrides.cosigner_book import Pinned
from overrides.cosigning import Cosigner
from overrides.journal import Decided, Draft
from overrides.keyfiles import open_signer
from overrides.notes import Checkpoint
from overrides.signing_desk import Report
from tests.decision_service.desk_house import DeskHouse, desk_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    with desk_house(tmp_path) as opened:
        yield opened


def remember(house: DeskHouse, who: str, size: int = 0) -> None:
    ledger = house.services.ledger
    size = size or ledger.head().size
    told = read_told({"size": size, "root": ledger.frontier(size).root().hex()})
    record_anchor(house.services, house.actors[who], told, house.key())


def test_without_a_signature_and_a_witness_everything_is_the_tail(house: DeskHouse) -> None:
    tail, size = tail_of(house.services), house.services.ledger.head().size
    assert (tail.unsigned, tail.unanchored) == (size, size)
    opened = house.services.ledger.entry(0)
    assert opened is not None
    assert tail.unsigned_since == tail.unanchored_since == opened.recorded_at
    assert tail.witnesses == ()
    assert not tail.only_visits


def test_what_is_signed_and_what_is_remembered_are_two_things(house: DeskHouse) -> None:
    remember(house, "kofi")
    signed = house.services.signer.checkpoint()
    assert signed is not None
    tail = tail_of(house.services)
    assert (tail.unsigned, tail.unsigned_since) == (0, None)
    assert (tail.unanchored, tail.only_visits) == (1, True)
    house.clock.at += timedelta(hours=1)
    house.apply()
    later = tail_of(house.services)
    assert later.unsigned == house.services.ledger.head().size - signed.size
    entry = house.services.ledger.entry(signed.size)
    assert entry is not None
    assert later.unsigned_since == entry.recorded_at
    assert not later.only_visits
    assert unanchored(house.services) == later.unanchored == later.unsigned + 1


def test_a_time_stamp_is_no_memory(house: DeskHouse) -> None:
    before = tail_of(house.services)
    size = house.services.ledger.head().size
    data = {"size": size, "root": "00" * 32, "kind": "stamp", "witness": "Notary", "at": "now"}
    draft = Draft(
        event_id=house.services.new_id(),
        type="checkpoint_anchored",
        actor="host",
        role="operations",
        data=data,
    )
    house.services.journal.submit(lambda _: Decided((draft,))).result()
    after = tail_of(house.services)
    assert (after.witnesses, after.unanchored) == ((), before.unanchored + 1)


def test_each_witness_is_told_once_with_what_they_remember_now(house: DeskHouse) -> None:
    remember(house, "kofi")
    house.clock.at += timedelta(hours=1)
    house.apply()
    remember(house, "kofi")
    house.clock.at += timedelta(hours=1)
    house.apply()
    remember(house, "core", 5)
    tail = tail_of(house.services)
    assert [line.name for line in tail.witnesses] == ["core", "kofi"]
    assert tail.witnesses[0].size == 5
    assert tail.unanchored == house.services.ledger.head().size - tail.witnesses[1].size


def test_what_witnesses_signed_counts_and_so_does_what_went_wrong(house: DeskHouse) -> None:
    services, hq = house.services, Cosigner("hq.example/w1", b"h" * 32, b"q" * 32)
    book = book_of(services)
    book.pin(Pinned("hq", hq.keys))
    assert tail_of(services).unanchored == services.ledger.head().size
    signed = services.signer.checkpoint()
    assert signed is not None
    at = Checkpoint(signed.log, signed.size, services.ledger.frontier(signed.size).root())
    assert take(services, signed.note + hq.lines(at, services.clock()))[1] == ["hq"]
    assert (tail_of(services).unanchored, unanchored(services)) == (0, 0)
    house.apply()
    assert unanchored(services) == services.ledger.head().size - signed.size
    book.report("hq", services.clock(), "it answered 404")
    (line,) = tail_of(services).cosigners
    assert (line.name, line.size, line.by_file) == ("hq", signed.size, True)
    assert line.problem == "it answered 404"
    (services.settings.cosigners / "standing.json").write_text("{")
    assert tail_of(services).cosigners == (), "the page is there all the same"


def test_what_a_witness_signed_of_a_history_that_was_lost_covers_nothing_here(
    house: DeskHouse,
) -> None:
    """After a restore, and again when the ledger has grown past what the witness signed."""
    services, hq = house.services, Cosigner("hq.example/w1", b"h" * 32, b"q" * 32)
    book, signer = book_of(services), open_signer(services.settings.keys)
    book.pin(Pinned("hq", hq.keys))
    kept, root = services.ledger.head().size, services.ledger.frontier
    lost = Checkpoint(signer.name, kept + 1, b"f" * 32)
    book.keep(signer.sign(lost.text) + hq.lines(lost, services.clock()))
    for _ in range(2):
        size = services.ledger.head().size
        assert (tail_of(services).unanchored, unanchored(services)) == (size, size)
        (line,) = tail_of(services).cosigners
        assert (line.size, line.at, line.lost) == (0, None, kept + 1)
        house.apply()
    house.clock.passes(days=-2)
    before = Checkpoint(signer.name, kept, root(kept).root())
    book.keep(signer.sign(before.text) + hq.lines(before, services.clock()))
    house.clock.passes(days=2)
    assert unanchored(services) == services.ledger.head().size - kept, "of an earlier day"
    (line,) = tail_of(services).cosigners
    assert (line.size, line.at, line.lost) == (kept, None, kept + 1)
    app = create_app(services, warm=False)
    token = services.people.sign_in("kofi", "a long password", "here")
    with TestClient(app, cookies={"countermand_session": token}) as client:
        page = client.get("/ledger").text
    assert f"hq signed the first {kept} entries, and is asked by file" in page
    assert f"What it signed last, {kept + 1} entries, is another history" in page


def test_why_nobody_signs_is_said(house: DeskHouse) -> None:
    desk, now = house.services.signing_desk, house.services.clock()
    assert tail_of(house.services).signer_problem == f"N{NEVER_RAN[1:]}."
    desk.report(Report("home", now, "running", 3, ""))
    assert tail_of(house.services).signer_problem == ""
    desk.report(Report("home", now, "running", 3, "Entry 3 is not what it was."))
    assert tail_of(house.services).signer_problem == "Entry 3 is not what it was."
    desk.report(Report("home", now - timedelta(minutes=5), "running", 3, ""))
    assert "No signer runs; one last reported at" in tail_of(house.services).signer_problem


def test_the_ledger_s_first_page_has_it(house: DeskHouse) -> None:
    audit = Auditing(house.services)
    assert audit.ledger(house.viewer("kofi"), "", "").tail is not None
    assert audit.ledger(house.viewer("kofi"), "3", "").tail is None
