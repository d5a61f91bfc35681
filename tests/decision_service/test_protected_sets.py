"""Protected attributes go to compliance alone, in rows that lead back to no case."""

import csv
import io
import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from decision_service.access import HOST
from decision_service.app import create_app
from decision_service.people_changes import people_changes
from decision_service.protected_export import COLUMNS
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house

ASKED = {"bundle": BUNDLE}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation with three decided cases."""
    with desk_house(tmp_path_factory.mktemp("protected")) as made:
        for _ in range(3):
            decision = made.apply_until("approve")
            form = made.form("hanna", decision["case_id"], decision="approve")
            made.desk.review(made.viewer("hanna"), decision["case_id"], form)
        made.clock.passes(days=2)
        yield made


@pytest.fixture(scope="module")
def client(house: DeskHouse) -> Iterator[TestClient]:
    """The installation over HTTP."""
    with TestClient(create_app(house.services, warm=False)) as made:
        yield made


def headers(house: DeskHouse, name: str, key: str) -> dict[str, str]:
    """Headers of a request by somebody, with a key of its own."""
    added = people_changes(house.services).add_key(HOST, name)[1]
    return {"Authorization": f"Bearer {added.text}", "Idempotency-Key": key}


def test_compliance_gets_attributes_beside_decisions_and_the_ledger_says_so(
    house: DeskHouse, client: TestClient
) -> None:
    told = headers(house, "kofi", "k1")
    answer = client.post("/v1/protected-sets", json=ASKED, headers=told)
    assert answer.status_code == 201, answer.text
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 3
    assert set(COLUMNS) < set(rows[0])
    held = [row[name] for row in rows for name in row if name.startswith("protected_")]
    assert len(held) >= 6
    assert all(held)
    entry = house.services.ledger.latest(None, 1, ("feedback_exported",))[0]
    data = json.loads(entry.body)["data"]
    assert (data["rows"], data["bundle"]) == (3, BUNDLE)
    assert "protected" in data["purpose"]
    assert not house.services.settings.feedback.exists()


def test_no_row_leads_back_to_a_case(house: DeskHouse, client: TestClient) -> None:
    answer = client.post("/v1/protected-sets", json=ASKED, headers=headers(house, "kofi", "k2"))
    lines = answer.text.splitlines()[1:]
    assert lines == sorted(lines)
    for fact in house.services.cases.feedback_facts(house.clock()):
        for hidden in (fact.fact.case_ref, str(fact.decision.probability), fact.decision.subject):
            assert hidden not in answer.text


@pytest.mark.parametrize("name", ["mina", "asha", "core", "root", "hanna"])
def test_nobody_else_gets_them(house: DeskHouse, client: TestClient, name: str) -> None:
    told = headers(house, name, "k3")
    assert client.post("/v1/protected-sets", json=ASKED, headers=told).status_code == 403


def test_a_model_has_to_be_named(house: DeskHouse, client: TestClient) -> None:
    told = headers(house, "kofi", "k4")
    refused = client.post("/v1/protected-sets", json={}, headers=told)
    assert refused.json()["errors"][0]["pointer"] == "/bundle"
    unknown = client.post("/v1/protected-sets", json={"bundle": "none"}, headers=told)
    assert unknown.status_code == 404
