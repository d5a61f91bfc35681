"""A sheet of paper remembers where the ledger stood, and both verifiers take it for a memory."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from decision_service.app import create_app
from decision_service.receipt_pages import ReceiptPages
from decision_service.slips import slip_text
from overrides import countermand_verify as verifier
from overrides.countermand_verify import Key, Memory, Verdict, WrongUsage, check_export, read_memory
from overrides.examination import Trust
from overrides.export import export
from overrides.notes import Checkpoint, Signer
from overrides.signing_keys import trusted_keys
from overrides.slips import slip_line
from overrides.stores.engine import open_engine
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.qr_codes import read_letters, read_svg
from tests.tampering import rewrite
from ui.ports import Refused

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ROOT = bytes(range(32))
LINE = slip_line(Checkpoint("bank.example/loans", 4812, ROOT))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    with desk_house(tmp_path) as opened:
        opened.services.signer.checkpoint()
        yield opened


def pages_of(house: DeskHouse, who: str) -> TestClient:
    token = house.services.people.sign_in(who, "a long password", "here")
    app = create_app(house.services, warm=False)
    return TestClient(app, cookies={"countermand_session": token})


def held_against(house: DeskHouse, folder: Path, typed: str) -> verifier.Findings:
    """What the one-file verifier says of an export, by somebody who has a slip."""
    services = house.services
    if not folder.exists():
        export(services.ledger, folder, services.signer, services.clock)
    keys = (Key.read(services.signer.key.vkey),)
    return check_export(folder, Memory(keys=keys, notes=tuple(read_memory(typed))))


def test_a_telephone_reads_the_signed_checkpoint_from_the_page(
    house: DeskHouse, tmp_path: Path
) -> None:
    signed = house.services.ledger.latest_checkpoint()
    assert signed is not None
    with pages_of(house, "kofi") as client:
        page = client.get("/ledger/slip").text
    scanned = read_svg(page)
    assert scanned == signed.note
    for text in (scanned, scanned.strip(), scanned.replace("\n", "\r\n")):
        found = held_against(house, tmp_path / "export", text)
        assert (found.verdict, found.remembered) == (Verdict.CLEAN, signed.size)


def test_what_is_typed_from_the_page_is_a_memory_for_both_verifiers(
    house: DeskHouse, tmp_path: Path
) -> None:
    slip = ReceiptPages(house.services).slip(house.viewer("kofi"))
    with pages_of(house, "kofi") as client:
        assert slip.line in unescape(client.get("/ledger/slip").text)
    house.apply()
    found = held_against(house, tmp_path / "export", slip.line)
    assert (found.verdict, found.remembered) == (Verdict.CLEAN, slip.size)
    ((typed, _),) = read_memory(slip.line)
    assert isinstance(typed, verifier.Checkpoint)
    keys = trusted_keys(house.services.settings.keys)
    trust = Trust(keys=keys, keys_from="here", remembered=[Checkpoint(*typed)])
    own = house.services.verify(trust)
    assert (own.verdict, own.remembered) == (Verdict.CLEAN, slip.size)


def test_who_rewrites_and_signs_anew_is_found_out_by_paper(
    house: DeskHouse, tmp_path: Path
) -> None:
    slip = ReceiptPages(house.services).slip(house.viewer("kofi"))
    other = Checkpoint(slip.log, slip.size, bytes(32))
    for line in (slip_line(other), slip_line(other).lower()):
        found = held_against(house, tmp_path / "export", line)
        assert found.verdict is Verdict.ALTERED
        assert "a slip you typed in over" in str(found.found[0])
        assert "has another root: one was changed" in str(found.found[0])
    keys = trusted_keys(house.services.settings.keys)
    engine = open_engine(house.services.settings.url)
    rewrite(engine, "DELETE FROM ledger_checkpoint")
    engine.dispose()
    trust = Trust(keys=keys, keys_from="here", remembered=[other])
    own = house.services.verify(trust)
    assert own.verdict is Verdict.ALTERED
    assert any("a slip you typed in" in str(one) for one in own.found)


def test_a_slip_of_another_ledger_is_told_and_compared_with_nothing(
    house: DeskHouse, tmp_path: Path
) -> None:
    found = held_against(house, tmp_path / "export", LINE)
    assert found.verdict is Verdict.INCOMPLETE
    assert "a slip you typed in cannot be compared" in str(found.found[0])
    ((typed, _),) = read_memory(LINE)
    keys = trusted_keys(house.services.settings.keys)
    trust = Trust(keys=keys, keys_from="here", remembered=[Checkpoint(*typed)])
    own = house.services.verify(trust)
    assert own.verdict is Verdict.INCOMPLETE


def test_a_printed_text_holds_the_same_for_telephones_and_verifiers(house: DeskHouse) -> None:
    slip = ReceiptPages(house.services).slip(house.viewer("kofi"))
    text = slip_text(slip)
    assert read_letters(text) == slip.note
    ((typed, seen_at),) = read_memory(text)
    assert isinstance(typed, verifier.Checkpoint)
    assert (typed.origin, typed.size, seen_at) == (slip.log, slip.size, None)
    assert max(map(len, text.splitlines())) <= 100


@settings(max_examples=300)
@given(place=st.integers(0, 55), letter=st.sampled_from(LETTERS))
def test_one_letter_typed_wrong_is_called_a_typing_mistake(place: int, letter: str) -> None:
    head, groups = LINE.split(" ", 2)[:2], LINE.split(" ", 2)[2].replace(" ", "")
    typed = groups[:place] + letter + groups[place + 1 :]
    spaced = " ".join(typed[at : at + 4] for at in range(0, 56, 4))
    if typed == groups:
        assert read_memory(" ".join([*head, spaced]))
    else:
        with pytest.raises(WrongUsage, match="typed wrong"):
            read_memory(" ".join([*head, spaced]))


@given(size=st.integers(0, 10**18 - 1), root=st.binary(min_size=32, max_size=32))
def test_every_slip_is_read_as_it_was_written(size: int, root: bytes) -> None:
    point = Checkpoint("bank.example/loans", size, root)
    line = slip_line(point)
    for typed in (line, line.lower(), line.replace(" ", "\n"), f"Ledger\n\n{line}\n\nName"):
        assert read_memory(typed) == [(("bank.example/loans", size, root), None)]


def test_letters_that_look_alike_may_be_mixed_up() -> None:
    head, _, groups = LINE.partition(" 4812 ")
    assert {"0", "1"} <= set(groups)
    for digit, letters in (("0", "Oo"), ("1", "IiLl")):
        for letter in letters:
            alike = f"{head} 4812 {groups.replace(digit, letter)}"
            assert read_memory(alike) == read_memory(LINE)


@pytest.mark.parametrize(
    "typed",
    [
        LINE.replace("4812", "4813"),
        LINE.replace("4812", "04812"),
        LINE.replace("bank", "tank"),
        "".join(LINE.rsplit(" ", 1)),
        LINE.rsplit(" ", 1)[0],
        LINE.replace(LINE[-4:], "UUUU"),
    ],
    ids=["size", "zero in front", "name", "run together", "cut off", "no letter"],
)
def test_a_line_with_another_number_or_name_is_none(typed: str) -> None:
    with pytest.raises(WrongUsage):
        read_memory(typed)


def test_a_scanned_note_of_another_key_is_no_memory(house: DeskHouse, tmp_path: Path) -> None:
    slip = ReceiptPages(house.services).slip(house.viewer("kofi"))
    text = slip.note.partition("\n\n")[0] + "\n"
    forged = Signer(slip.log, b"x" * 32).sign(text)
    found = held_against(house, tmp_path / "export", forged)
    assert (found.verdict, found.remembered) == (Verdict.INCOMPLETE, 0)
    assert "signed by none of the keys" in str(found.found[0])


def test_a_note_that_nobody_signed_is_no_memory_because_slips_need_none() -> None:
    bare = f"bank.example/loans\n4812\n{'A' * 43}=\n"
    with pytest.raises(WrongUsage):
        read_memory(bare)


def test_a_long_text_without_a_slip_is_read_in_no_time() -> None:
    with pytest.raises(WrongUsage):
        read_memory("a" * 1_000_000)
    with pytest.raises(WrongUsage):
        read_memory("a 1 " * 250_000)


def test_only_who_reads_the_ledger_gets_a_slip(house: DeskHouse) -> None:
    with pages_of(house, "asha") as client:
        assert client.get("/ledger/slip").status_code == 403
    with pytest.raises(Refused):
        ReceiptPages(house.services).slip(house.viewer("asha"))


def test_before_anything_is_signed_there_is_no_slip(house: DeskHouse) -> None:
    engine = open_engine(house.services.settings.url)
    rewrite(engine, "DELETE FROM ledger_checkpoint")
    engine.dispose()
    with pytest.raises(Refused, match="Nothing is signed yet"):
        ReceiptPages(house.services).slip(house.viewer("kofi"))


def test_the_picture_on_a_receipt_says_its_line(house: DeskHouse) -> None:
    house.apply()
    pages, kofi = ReceiptPages(house.services), house.viewer("kofi")
    with pages_of(house, "kofi") as client:
        assert read_svg(client.get("/ledger/receipts/3").text) == pages.receipt(kofi, 3).line
