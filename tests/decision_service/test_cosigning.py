"""Witnesses are asked when there is something to show, and what they sign is of this ledger."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from decision_service import cosigning
from decision_service.api_witness import STATUS
from decision_service.cosigning import (
    ASK_EVERY,
    CONFLICT,
    SIZE_TYPE,
    _is_due,
    ask_all,
    book_of,
    take,
    witnessed_over,
)
from decision_service.errors import OtherHistory
from overrides.cosigner_book import Pinned, Standing
from overrides.cosigning import Cosigner, create_cosigner
from overrides.errors import MemoryUnusable, NoteInvalid
from overrides.keyfiles import open_signer
from overrides.ledger import HEARTBEAT
from overrides.notes import Checkpoint, PublicKey
from overrides.witness_post import WitnessPost
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


@dataclass
class AtHand:
    """A visit to a witness that is no further away than its folder, or to one that says things."""

    post: WitnessPost
    said: tuple[int, Mapping[str, str], bytes] | None = None

    def __call__(self, _address: str, **_: object) -> "AtHand":
        """Go there."""
        return self

    def show(self, text: str) -> tuple[int, Mapping[str, str], bytes]:
        """What it answers."""
        if self.said is not None:
            return self.said
        answer = self.post.add_checkpoint(text)
        size = f"{answer.size}\n".encode()
        body = size if STATUS[answer.outcome] == CONFLICT else answer.lines.encode()
        return STATUS[answer.outcome], {"content-type": SIZE_TYPE}, body


@pytest.fixture
def at_hand(house: DeskHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AtHand:
    """The witness of this ledger."""
    made = create_cosigner(tmp_path / "hq", "hq.example/w1", lambda n: bytes(range(n)))
    post = WitnessPost(tmp_path / "hq", house.clock)
    post.take_on(PublicKey.from_vkey(house.services.signer.key.vkey))
    book_of(house.services).pin(Pinned("hq", made.keys, "https://hq.example/witness"))
    visit = AtHand(post)
    monkeypatch.setattr(cosigning, "Visit", visit)
    return visit


@pytest.mark.usefixtures("at_hand")
def test_of_two_who_ask_at_once_the_one_with_less_does_not_speak_of_a_backup(
    house: DeskHouse,
) -> None:
    first = house.services.signer.checkpoint()
    assert first is not None
    house.clock.passes(seconds=5)
    house.apply()
    (newer,) = ask_all(house.services)
    assert (newer.problem, newer.size) == ("", house.services.ledger.head().size)
    (asked,) = ask_all(house.services, first)
    said = f"it was shown {newer.size} entries meanwhile, more than these {first.size}"
    assert asked.problem == said
    assert book_of(house.services).standings()["hq"].size == newer.size


def test_a_witness_that_remembers_more_than_there_is_speaks_of_a_backup(
    house: DeskHouse, at_hand: AtHand
) -> None:
    more = house.services.ledger.head().size + 1
    at_hand.said = (409, {"content-type": SIZE_TYPE}, f"{more}\n".encode())
    (asked,) = ask_all(house.services)
    assert f"it remembers {more} entries and there are {more - 1}: a backup" in asked.problem


@pytest.mark.parametrize(
    "said",
    [
        (500, {}, b"\x1b[2J\x1b[1;1Hhq signed 4,812 entries.\x1b]0;owned\x07"),
        (500, {}, "\x9b2J hq signed 4,812 \u202eentries.".encode()),
        (302, {"location": "\x1b[2J\x07"}, b""),
    ],
)
def test_what_a_witness_says_reaches_no_terminal_with_control_characters(
    house: DeskHouse, at_hand: AtHand, said: tuple[int, Mapping[str, str], bytes]
) -> None:
    at_hand.said = said
    (asked,) = ask_all(house.services)
    assert asked.problem
    assert asked.problem.isprintable()
    assert book_of(house.services).standings()["hq"].problem == asked.problem


def test_a_damaged_list_of_witnesses_is_told_before_anybody_is_asked(
    house: DeskHouse, at_hand: AtHand
) -> None:
    (house.services.settings.cosigners / "cosigners.json").write_text("{")
    with pytest.raises(MemoryUnusable, match=r"cosigners\.json .* name the witnesses again"):
        ask_all(house.services)
    (known,) = at_hand.post.ledgers()
    assert at_hand.post.seen(known).size == 0


@pytest.mark.usefixtures("at_hand")
def test_what_is_damaged_of_what_was_signed_keeps_nobody_from_signing(
    house: DeskHouse, caplog: pytest.LogCaptureFixture
) -> None:
    (first,) = ask_all(house.services)
    assert not first.problem
    folder = house.services.settings.cosigners
    (day,) = (folder / "signed").glob("*.jsonl")
    for damaged in (folder / "standing.json", day):
        damaged.write_text("{")
    house.apply()
    (again,) = ask_all(house.services)
    assert not again.problem
    assert book_of(house.services).standings()["hq"].size == again.size > first.size
    for name in ("standing.json", day.name):
        assert f"{name} is damaged, and is {name}.damaged-1 now" in caplog.text


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
