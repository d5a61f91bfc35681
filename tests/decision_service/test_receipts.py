"""An officer keeps a receipt of what they recorded, and it is found out when the ledger changes."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from decision_service.app import create_app
from decision_service.receipt_pages import (
    BROKEN,
    HOLDS,
    NOT_ALL,
    OTHER,
    TOO_MANY,
    UNREADABLE,
    ReceiptPages,
)
from overrides.countermand_verify import read_receipts
from overrides.notes import open_checkpoint
from overrides.stores.engine import open_engine
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.tampering import rewrite
from ui.memory_views import ReceiptView
from ui.ports import Refused

SEQ = re.compile(r" \d+ ")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    with desk_house(tmp_path) as opened:
        yield opened


@pytest.fixture
def pages(house: DeskHouse) -> ReceiptPages:
    return ReceiptPages(house.services)


def override(house: DeskHouse) -> str:
    """A case that asha decided against the model; its id."""
    case_id = str(house.apply_until("decline")["case_id"])
    house.desk.claim(house.viewer("asha"), case_id)
    house.desk.withdraw(house.viewer("asha"), case_id, house.form("asha", case_id))
    return case_id


def receipt_of(house: DeskHouse, pages: ReceiptPages, case_id: str) -> ReceiptView:
    return pages.of_case(house.viewer("asha"), case_id)[0]


def test_a_receipt_is_pending_until_a_signed_checkpoint_covers_it(
    house: DeskHouse, pages: ReceiptPages
) -> None:
    assert house.services.signer.checkpoint() is not None, (
        "of an earlier day, it covers nothing new"
    )
    case_id = override(house)
    pending = receipt_of(house, pages, case_id)
    assert (pending.what, pending.who) == ("Application withdrawn", "asha")
    assert (pending.signed_size, pending.note) == (0, "")
    assert "".join(pending.groups) == pending.leaf_hash
    house.services.signer.checkpoint()
    signed = receipt_of(house, pages, case_id)
    assert signed.signed_size > signed.seq
    at = open_checkpoint(signed.note, signed.log, [house.services.signer.key])
    assert at.size == signed.signed_size
    plain = replace(signed, signed_size=0, signed_at=None, note="")
    assert plain == pending


def test_the_line_is_what_verifiers_read(house: DeskHouse, pages: ReceiptPages) -> None:
    receipt = receipt_of(house, pages, override(house))
    (read,) = read_receipts(receipt.line)
    assert (read.log, read.seq, read.leaf.hex()) == (receipt.log, receipt.seq, receipt.leaf_hash)


def test_receipts_are_of_one_s_own_acts_and_not_of_reading_or_taking(
    house: DeskHouse, pages: ReceiptPages
) -> None:
    case_id = override(house)
    assert {entry.type for entry in house.services.ledger.entries_of_case(case_id)} >= {
        "decision_made",
        "case_claimed",
        "case_withdrawn",
    }
    assert [one.what for one in pages.of_case(house.viewer("asha"), case_id)] == [
        "Application withdrawn"
    ]
    assert pages.of_case(house.viewer("bruno"), case_id) == ()


def test_one_receipt_is_for_who_made_the_entry_and_who_reads_the_ledger(
    house: DeskHouse, pages: ReceiptPages
) -> None:
    seq = receipt_of(house, pages, override(house)).seq
    assert pages.receipt(house.viewer("asha"), seq) == pages.receipt(house.viewer("kofi"), seq)
    for who, other in (("bruno", seq), ("asha", 0), ("asha", 10**9)):
        with pytest.raises(Refused) as refused:
            pages.receipt(house.viewer(who), other)
        assert refused.value.status == 404


def test_a_receipt_that_is_brought_holds(house: DeskHouse, pages: ReceiptPages) -> None:
    receipt = receipt_of(house, pages, override(house))
    asha = house.viewer("asha")
    pending = pages.check(asha, receipt.line)
    assert (pending.ok, pending.headline) == (True, HOLDS)
    assert "no signed checkpoint covers it yet" in pending.steps[0][1]
    house.services.signer.checkpoint()
    found = pages.check(asha, f"\n  {receipt.line}  \n")
    assert found.ok
    assert f"entry {receipt.seq} is the one, and under the checkpoint" in found.steps[0][1]
    both = pages.check(asha, f"{receipt.line}\n{receipt.line}")
    assert both.ok
    assert both.headline.startswith("They hold")


def test_it_is_not_said_that_all_hold_where_one_was_not_compared(
    house: DeskHouse, pages: ReceiptPages
) -> None:
    asha, line = house.viewer("asha"), receipt_of(house, pages, override(house)).line
    elsewhere = line.replace("test.example/desk", "other.example/desk")
    found = pages.check(asha, f"{line}\n{elsewhere}")
    assert (found.ok, found.headline) == (False, NOT_ALL)
    assert [kind for kind, _ in found.steps] == ["checked", "note"]
    found = pages.check(asha, f"{elsewhere}\n{line[:-4]}0000")
    assert (found.ok, found.headline) == (False, BROKEN)


def test_more_receipts_than_are_looked_at_are_refused_whole(
    house: DeskHouse, pages: ReceiptPages
) -> None:
    asha, line = house.viewer("asha"), receipt_of(house, pages, override(house)).line
    assert pages.check(asha, "\n".join([line] * 20)).ok
    found = pages.check(asha, "\n".join([*[line] * 20, line[:-4] + "0000"]))
    assert (found.ok, found.headline) == (False, TOO_MANY)
    assert found.steps == (("note", "None of the 21 were looked at: bring at most 20."),)


@pytest.mark.parametrize(
    ("change", "headline", "kind"),
    [
        (lambda line: line.replace("test.example/desk", "other.example/desk"), OTHER, "note"),
        (lambda line: line[:-4] + "0000", BROKEN, "broken"),
        (
            lambda line: line.rsplit(" ", 2)[0] + " 999999 " + line.rsplit(" ", 1)[1],
            BROKEN,
            "broken",
        ),
        (lambda line: line.rsplit(" ", 2)[0] + " 0 " + line.rsplit(" ", 1)[1], BROKEN, "broken"),
        (lambda line: line[:-1], UNREADABLE, "note"),
        (lambda _: "nonsense", UNREADABLE, "note"),
    ],
    ids=["other ledger", "other hash", "gone", "other entry", "cut off", "nonsense"],
)
def test_a_receipt_that_does_not_hold_is_told(  # type: ignore[no-untyped-def]
    house: DeskHouse,
    pages: ReceiptPages,
    change,  # noqa: ANN001
    headline: str,
    kind: str,
) -> None:
    line = receipt_of(house, pages, override(house)).line
    found = pages.check(house.viewer("asha"), change(line))
    assert (found.ok, found.headline) == (False, headline)
    assert {said for said, _ in found.steps} == {kind}


def test_an_entry_changed_by_the_owner_of_the_database_is_found_out_by_its_receipt(
    house: DeskHouse, pages: ReceiptPages
) -> None:
    receipt = receipt_of(house, pages, override(house))
    house.services.signer.checkpoint()
    engine = open_engine(house.services.settings.url)
    # The leaf hash stays, so that only who hashes the bytes anew sees it.
    rewrite(
        engine,
        "UPDATE ledger_event SET body = CAST(replace(body, 'withdrawn', 'decidedxx') AS BLOB)"
        f" WHERE seq = {receipt.seq}",
    )
    found = pages.check(house.viewer("asha"), receipt.line)
    assert (found.ok, found.headline) == (False, BROKEN)
    rewrite(engine, f"UPDATE ledger_subtree SET hash = zeroblob(32) WHERE idx = {receipt.seq}")
    engine.dispose()


def test_over_the_pages_it_is_shown_printed_saved_and_checked(house: DeskHouse) -> None:
    app = create_app(house.services, warm=False)
    token = house.services.people.sign_in("asha", "a long password", "here")
    with TestClient(app, cookies={"countermand_session": token}) as client:
        case_id = override(house)
        case = client.get(f"/cases/{case_id}").text
        assert "Your receipt" in case
        assert "<strong>pending</strong>" in case
        seq = ReceiptPages(house.services).of_case(house.viewer("asha"), case_id)[0].seq
        assert f'href="/ledger/receipts/{seq}"' in case
        assert "Receipt of entry" in client.get(f"/ledger/receipts/{seq}").text
        saved = client.get(f"/ledger/receipts/{seq}/file")
        assert saved.headers["content-disposition"] == f'attachment; filename="receipt-{seq}.txt"'
        assert saved.headers["content-type"].startswith("text/plain")
        (line,) = saved.text.splitlines()
        checked = client.get("/ledger/receipt", params={"receipt": line})
        assert HOLDS in checked.text
        assert client.get("/ledger/receipts/0").status_code == 404
        assert client.get("/ledger/receipt").status_code == 200
