"""A session is kept by the server, and ends at once when its person may not come in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from decision_service.access import HOST
from overrides.stores.engine import writing
from tests.decision_service.people_house import House

RIGHT = "a long password"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.add("asha")
    yield made
    made.close()


def sign_in(house: House) -> str:
    return house.people.sign_in("asha", RIGHT, "10.0.0.1")


def test_a_session_knows_its_person(house: House) -> None:
    found = house.people.signed_in(sign_in(house))
    assert found is not None
    person, session = found
    assert person.name == "asha"
    assert session.person == person.ref
    assert len(session.csrf) == 64


def test_each_log_in_has_a_token_of_its_own(house: House) -> None:
    first, second = sign_in(house), sign_in(house)
    assert first != second
    house.people.sign_out(first)
    assert house.people.signed_in(first) is None
    assert house.people.signed_in(second) is not None


def test_a_token_that_was_never_given_opens_nothing(house: House) -> None:
    for token in ("", "0" * 64, sign_in(house) + "0"):
        assert house.people.signed_in(token) is None


def test_the_database_holds_no_token(house: House, tmp_path: Path) -> None:
    token = sign_in(house)
    house.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in held


def test_an_idle_session_ends_after_half_an_hour(house: House) -> None:
    token = sign_in(house)
    house.clock.passes(minutes=29)
    assert house.people.signed_in(token) is not None
    house.clock.passes(minutes=29)
    assert house.people.signed_in(token) is not None
    house.clock.passes(minutes=30)
    assert house.people.signed_in(token) is None


def test_a_session_in_use_ends_after_twelve_hours(house: House) -> None:
    token = sign_in(house)
    for _ in range(12 * 4 - 1):
        house.clock.passes(minutes=15)
        assert house.people.signed_in(token) is not None
    house.clock.passes(minutes=15)
    assert house.people.signed_in(token) is None


@pytest.mark.parametrize("act", ["lock", "reset", "leave"])
def test_locking_resetting_and_leaving_end_every_session(house: House, act: str) -> None:
    tokens = [sign_in(house), sign_in(house)]
    change: Callable[..., object] = getattr(house.changes, act)
    change(HOST, "asha")
    assert [house.people.signed_in(token) for token in tokens] == [None, None]


def test_unlocking_does_not_bring_a_session_back(house: House) -> None:
    token = sign_in(house)
    house.changes.lock(HOST, "asha")
    house.changes.unlock(HOST, "asha")
    assert house.people.signed_in(token) is None
    assert house.people.signed_in(sign_in(house)) is not None


def test_over_sessions_are_swept_out_at_the_next_log_in(house: House) -> None:
    sign_in(house)
    house.clock.passes(hours=13)
    sign_in(house)
    with house.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM session").scalar() == 1


def test_a_page_is_shown_although_another_program_writes(tmp_path: Path) -> None:
    house = House(tmp_path, busy_seconds=0.05)
    house.add("asha")
    token = sign_in(house)
    house.clock.passes(minutes=2)
    with writing(house.engine):
        assert house.people.signed_in(token) is not None
    house.close()
