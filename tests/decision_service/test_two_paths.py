"""What is fast changes nothing: a decision is the same bytes over HTTP in groups, and plainly."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from decision_service import wiring
from decision_service.access import HOST
from decision_service.services import Services
from decision_service.settings import Settings
from explain.values import Row
from overrides.canonical import canonical, read_canonical
from tests.decision_service.service_house import House, open_house

OF_THE_MOMENT = {"id", "seq", "ts", "req", "commit", "case", "actor", "role"}
TIMES = {"received_at", "completed_at", "due_at", "limit_at", "target_at", "latency_us"}
OF_THE_CASE = {"decision_id", "application", "subject", *TIMES}
NEAR = 1e-12


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("paths"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def plain(house: House) -> Iterator[Services]:
    """The same installation beside the server, which writes one command at a time."""
    settings = Settings(data=house.services.settings.data)
    services = wiring.build(settings, serving=False, chance=house.chance)
    yield services
    services.close()


def applications(house: House, count: int) -> list[dict[str, Any]]:
    """Applications as they are sent, of rows of the reference sample."""
    rows: list[Row] = house.bundle.reference[:count]
    return [{**house.example, **row} for row in rows]


def entry_of(house: House, decision_id: str) -> tuple[bytes, bytes]:
    """The entry without what no two entries share, and its personal parts without the number."""
    row = house.services.decisions.reader.cases.decision(decision_id)
    assert row is not None
    entry = house.services.ledger.entry(row.seq)
    assert entry is not None
    told = read_canonical(entry.body)
    kept: dict[str, Any] = {k: v for k, v in told.items() if k not in OF_THE_MOMENT}
    kept["data"] = {k: v for k, v in told["data"].items() if k not in OF_THE_CASE}
    opened = house.opened(decision_id)
    opened["inputs"] = {k: v for k, v in opened["inputs"].items() if k != "application_id"}
    return canonical(kept), canonical(opened)


def test_one_application_is_the_same_bytes_by_either_path(house: House, plain: Services) -> None:
    for place, fields in enumerate(applications(house, 8)):
        fast = house.decide(fields=fields).json()["decision_id"]
        body = {"application_id": f"plain-{place}", "fields": fields}
        slow = plain.decisions.decide_now(body, HOST).body["decision_id"]
        for one, other in zip(entry_of(house, fast), entry_of(house, slow), strict=True):
            assert read_canonical(one) == read_canonical(other)
            assert one == other


def test_applications_decided_together_are_told_what_each_alone_is(
    house: House, plain: Services
) -> None:
    house.key_of("core")  # who sends is known before they do
    fields = applications(house, 24)
    sent = [
        {"fields": told, "application_id": f"t-{n}", "key": f"t{n}"}
        for n, told in enumerate(fields)
    ]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(lambda told: house.decide(**told).json(), sent))
    for place, (fast, told) in enumerate(zip(together, fields, strict=True)):
        body = {"application_id": f"alone-{place}", "fields": told}
        slow = plain.decisions.decide_now(body, HOST).body
        assert _near(fast["reasons"], slow["reasons"])
        assert fast["recommendation"] == slow["recommendation"]


def _near(one: Any, other: Any) -> bool:
    """The same words in the same order, and numbers no further apart than sums of other orders."""
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_near(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_near, one, other))
    if one == other:
        return True
    return abs(float(one) - float(other)) <= NEAR
