"""A witness tells the ledger that they remember it; what contradicts it is refused aloud."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from decision_service.anchors import LOOKED_AT, anchors
from overrides.instants import parse_instant
from overrides.notes import claimed_checkpoint
from overrides.values import Role
from tests.decision_service.service_house import House, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"))
    opened.headers("kofi", Role.COMPLIANCE)
    opened.headers()
    yield opened
    opened.close()


def tell(
    house: House, body: object, who: str = "kofi", role: Role = Role.COMPLIANCE, key: str = ""
) -> Any:
    headers = {**house.headers(who, role), "Idempotency-Key": key or house.fresh_key()}
    return house.client.post("/v1/ledger/anchors", json=body, headers=headers)


def memory(house: House, size: int = 0) -> dict[str, Any]:
    size = size or house.size
    return {"size": size, "root": house.services.ledger.frontier(size).root().hex()}


def test_a_memory_is_an_entry_once(house: House) -> None:
    told, size = memory(house), house.size
    answer = tell(house, told, key="once")
    assert (answer.status_code, answer.json()) == (201, told)
    assert house.size == size + 1
    newest = anchors(house.services)[0]
    kofi = house.services.people.named("kofi").ref
    assert (newest.size, newest.actor) == (size, kofi)
    again = tell(house, told, key="once")
    assert (again.status_code, again.json()) == (200, told)
    assert tell(house, told).status_code == 200
    assert house.size == size + 1


def test_what_only_visits_left_is_not_recorded_again(house: House) -> None:
    house.decide()
    assert tell(house, memory(house)).status_code == 201
    size = house.size
    for _ in range(3):
        assert tell(house, memory(house)).status_code == 200
    assert house.size == size
    house.decide()
    assert tell(house, memory(house)).status_code == 201


def test_each_witness_is_recorded(house: House) -> None:
    house.decide()
    told = memory(house)
    assert tell(house, told).status_code == 201
    assert tell(house, told, "ruth", Role.RISK).status_code == 201
    assert tell(house, told, "core", Role.SERVICE).status_code == 201
    assert len({one.actor for one in anchors(house.services)}) == 3
    assert len(anchors(house.services)) <= LOOKED_AT


@pytest.mark.parametrize(
    "body", [{"size": 3, "root": "00" * 32}, {"size": 10**9, "root": "00" * 32}]
)
def test_a_memory_of_another_history_is_refused_and_not_recorded(
    house: House, body: dict[str, Any]
) -> None:
    size = house.size
    answer = tell(house, body)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith(":other-history")
    assert "one of the two was changed" in answer.json()["detail"]
    assert house.size == size


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"size": 3},
        {"size": 0, "root": "00" * 32},
        {"size": -1, "root": "00" * 32},
        {"size": True, "root": "00" * 32},
        {"size": "3", "root": "00" * 32},
        {"size": 3, "root": "00"},
        {"size": 3, "root": "zz" * 32},
        {"size": 3, "root": "00" * 32, "more": 1},
    ],
    ids=range(11),
)
def test_what_is_no_memory_is_refused(house: House, body: object) -> None:
    assert tell(house, body).status_code == 422


def test_an_officer_is_no_witness(house: House) -> None:
    assert tell(house, memory(house), "asha", Role.OFFICER).status_code == 403


def test_a_checkpoint_says_when_it_was_signed(house: House) -> None:
    answer = house.get("/v1/ledger/checkpoint", "kofi", Role.COMPLIANCE)
    assert answer.headers["last-modified"].endswith("GMT")


def test_a_checkpoint_says_how_many_entries_there_are(house: House) -> None:
    def shown() -> tuple[int, int, str]:
        answer = house.get("/v1/ledger/checkpoint", "kofi", Role.COMPLIANCE)
        signed, told = claimed_checkpoint(answer.text).size, answer.headers
        return signed, int(told["ledger-size"]), told["ledger-time"]

    services = house.services
    services.signer.checkpoint()
    signed, there, at = shown()
    assert signed == there == services.ledger.head().size
    assert abs(services.clock() - parse_instant(at)) < timedelta(minutes=1)
    tell(house, memory(house))
    assert shown()[:2] == (signed, there + 1)
