"""A witness that was asked by file at first, and is given an address later."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from decision_service.cosigning import book_of, take
from decision_service.late_signatures import timely
from overrides.cosigner_book import Pinned, policy_text
from overrides.cosigning import Cosigner
from overrides.countermand_verify import Findings, Memory, Policy, Verdict, check_export
from overrides.errors import NoteInvalid
from overrides.export import export
from overrides.instants import EARLIEST
from overrides.notes import claimed_checkpoint
from tests.decision_service.desk_house import DeskHouse, desk_house

HQ = Cosigner("hq.example/w1", b"h" * 32, b"q" * 32)
ADDRESS = "https://hq.example/witness"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    with desk_house(tmp_path / "data") as opened:
        book_of(opened.services).pin(Pinned("hq", HQ.keys))
        yield opened


def signed(house: DeskHouse, *, minutes: int) -> str:
    """A checkpoint that the witness signs so much later; an application comes in meanwhile."""
    kept = house.services.signer.checkpoint()
    assert kept is not None
    house.clock.passes(seconds=30)
    house.apply()
    house.clock.passes(minutes=minutes)
    take(house.services, kept.note + HQ.lines(claimed_checkpoint(kept.note), house.clock()))
    return kept.note


def verified(house: DeskHouse, folder: Path) -> Findings:
    """What somebody finds in an export, with the policy that the ledger prints."""
    services = house.services
    last = services.signer.checkpoint()
    assert last is not None
    take(services, last.note + HQ.lines(claimed_checkpoint(last.note), house.clock()))
    export(
        services.ledger,
        folder,
        services.signer,
        services.clock,
        witnessed=lambda _: timely(services),
    )
    return check_export(folder, Memory(policy=Policy.read(policy_text(book_of(services)))))


def test_a_witness_that_gets_an_address_does_not_make_older_entries_backdated(
    house: DeskHouse, tmp_path: Path
) -> None:
    """Whoever verifies takes the time of a witness with an address for that of the end."""
    late = signed(house, minutes=60)
    house.clock.passes(days=1)
    before = verified(house, tmp_path / "before")
    assert (before.verdict, before.found) == (Verdict.CLEAN, ())
    assert timely(house.services)(late) != late
    book_of(house.services).pin(Pinned("hq", HQ.keys, ADDRESS))
    assert timely(house.services)(late) == late
    house.apply()
    house.clock.passes(minutes=5)
    after = verified(house, tmp_path / "after")
    assert (after.verdict, after.found) == (Verdict.CLEAN, ())
    assert "hq.example/w1 saw the ledger end after" in str(after.checked)


def test_a_witness_whose_clock_is_behind_is_refused_at_once(house: DeskHouse) -> None:
    """Else every verifier would find the entries under it dated ahead."""
    kept = house.services.signer.checkpoint()
    assert kept is not None
    point, now = claimed_checkpoint(kept.note), house.clock()
    behind = kept.note + HQ.lines(point, now - timedelta(minutes=5))
    with pytest.raises(NoteInvalid, match="before the last of these entries: a clock is wrong"):
        take(house.services, behind)
    untold = kept.note + HQ.lines(point, EARLIEST)
    assert take(house.services, untold)[1] == ["hq"], "second 0 says nothing of the time"
    assert take(house.services, kept.note + HQ.lines(point, now))[1] == ["hq"]


def test_what_a_witness_with_an_address_signed_at_once_is_enclosed(house: DeskHouse) -> None:
    soon = signed(house, minutes=1)
    book_of(house.services).pin(Pinned("hq", HQ.keys, ADDRESS))
    assert timely(house.services)(soon).count("hq.example/w1") == len(HQ.keys)


def test_one_bit_of_a_witness_s_signature_spoils_no_export(
    house: DeskHouse, tmp_path: Path
) -> None:
    signed(house, minutes=0)
    book = book_of(house.services)
    (day,) = (book.folder / "signed").glob("*.jsonl")
    row = json.loads(day.read_text())
    key = str(HQ.keys[0])
    line = row["by"][key]
    row["by"][key] = bad = line.replace("A", "B") if "A" in line else line.replace("B", "A")
    row["note"] = row["note"].replace(line, bad)
    day.write_text(json.dumps(row) + "\n")
    book.pin(Pinned("hq", HQ.keys, ADDRESS))
    found = verified(house, tmp_path / "export")
    assert found.verdict is Verdict.CLEAN
    assert book.mend() == [], "it was put aside when the next signature came"
    assert list(day.parent.glob("*.damaged-1"))
