"""Witnesses are asked when there is something to show, and what they sign is of this ledger."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from decision_service.cosigning import ASK_EVERY, _is_due, ask_all, book_of, take, witnessed_over
from decision_service.errors import OtherHistory
from overrides.cosigner_book import Pinned, Standing
from overrides.cosigning import Cosigner
from overrides.errors import NoteInvalid
from overrides.keyfiles import open_signer
from overrides.ledger import HEARTBEAT
from overrides.notes import Checkpoint
from tests.decision_service.desk_house import START, DeskHouse, desk_house

HQ = Cosigner("hq.example/w1", b"h" * 32, b"q" * 32)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    with desk_house(tmp_path) as opened:
        book_of(opened.services).pin(Pinned("hq", HQ.keys))
        yield opened


def signed_by_both(house: DeskHouse, size: int, root: bytes) -> str:
    """A note with the ledger's own signature and the witness's, whatever is in it."""
    signer = open_signer(house.services.settings.keys)
    point = Checkpoint(signer.name, size, root)
    return signer.sign(point.text) + HQ.lines(point, house.services.clock())


@pytest.mark.parametrize(
    ("standing", "size", "later", "due"),
    [
        (Standing(), 5, timedelta(), True),
        (Standing(problem="x", asked_at=START), 5, ASK_EVERY / 2, False),
        (Standing(problem="x", asked_at=START), 5, ASK_EVERY, True),
        (Standing(5, START, START), 5, ASK_EVERY, False),
        (Standing(5, START, START), 5, HEARTBEAT, True),
        (Standing(5, START, START), 6, ASK_EVERY / 2, False),
        (Standing(5, START, START), 6, ASK_EVERY, True),
        (Standing(5, START, START, "x"), 5, ASK_EVERY, True),
        (Standing(5, START, START), 6, -timedelta(days=1), True),
    ],
)
def test_a_witness_is_asked_when_something_is_new_and_not_too_often(
    standing: Standing, size: int, later: timedelta, *, due: bool
) -> None:
    assert _is_due(standing, size, START + later) is due


def test_nobody_is_asked_where_nobody_has_an_address(house: DeskHouse) -> None:
    assert ask_all(house.services) == ask_all(house.services, due=True) == []


def test_what_is_not_of_this_ledger_is_not_kept_whoever_signed_it(house: DeskHouse) -> None:
    """With the ledger's own key, stolen, and a witness that signs everything."""
    size = house.services.ledger.head().size
    for note in (
        signed_by_both(house, size, b"f" * 32),
        signed_by_both(house, size + 1, b"f" * 32),
    ):
        with pytest.raises(OtherHistory):
            take(house.services, note)
    assert book_of(house.services).newest() is None


def test_a_time_that_is_still_to_come_is_not_kept(house: DeskHouse) -> None:
    ledger = house.services.ledger
    size = ledger.head().size
    house.clock.passes(minutes=10)
    note = signed_by_both(house, size, ledger.frontier(size).root())
    house.clock.passes(minutes=-10)
    with pytest.raises(NoteInvalid, match="still to come"):
        take(house.services, note)


def test_a_witnessed_checkpoint_is_found_for_entries_under_it_and_of_this_ledger(
    house: DeskHouse,
) -> None:
    services = house.services
    size = services.ledger.head().size
    assert witnessed_over(services, 0) is None
    book_of(services).keep(signed_by_both(house, size, b"f" * 32))
    assert witnessed_over(services, 0) is None, "it is of another ledger"
    take(services, signed_by_both(house, size, services.ledger.frontier(size).root()))
    found = witnessed_over(services, size - 1)
    assert found is not None
    assert found.size == size
    assert witnessed_over(services, size) is None
    book_of(services).keep(signed_by_both(house, size + 9, b"f" * 32))
    assert witnessed_over(services, 0) is None, "of a ledger that was put back"
