"""An operator is told whether the service is up, ready, and what it does, without any secret."""

import re
import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from decision_service.access import HOST, ROUTES
from decision_service.app import create_app
from decision_service.operation import Readiness
from tests.decision_service.service_house import BUNDLE, House, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.close()


def test_the_process_answers(house: House) -> None:
    assert house.client.get("/healthz").json() == {"status": "ok"}


def test_the_service_is_ready_once_its_models_are_proven_and_warm(house: House) -> None:
    with TestClient(create_app(house.services)) as client:
        answer = client.get("/readyz")
        for _ in range(200):
            if answer.status_code == 200:
                break
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            time.sleep(0.05)
            answer = client.get("/readyz")
        assert answer.json()["bundles"] == {BUNDLE: "champion"}


def test_whatever_else_is_waited_for_keeps_the_service_from_being_ready() -> None:
    readiness = Readiness()
    readiness.wait_for("sample data")
    readiness.wait_for("models")
    readiness.done("models")
    assert readiness.waiting_for == "sample data"
    readiness.done("sample data")
    assert readiness.waiting_for == ""


def test_a_service_that_is_not_ready_names_what_it_waits_for(house: House) -> None:
    readiness: Readiness = house.client.app.state.readiness  # type: ignore[attr-defined]
    readiness.wait_for("sample data")
    try:
        answer = house.client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["type"].endswith(":not-ready")
        assert answer.json()["detail"] == "The service is not ready yet: sample data."
    finally:
        readiness.done("sample data")
    assert house.client.get("/readyz").status_code == 200


def test_a_suspended_champion_is_ready_to_send_cases_to_people(house: House) -> None:
    house.services.registry.suspend(BUNDLE, HOST)
    try:
        assert house.client.get("/readyz").json()["bundles"] == {BUNDLE: "suspended"}
    finally:
        house.services.registry.resume(BUNDLE, HOST)


def test_counters_say_what_was_done_and_name_no_case(house: House) -> None:
    made = house.decide(application_id="counted").json()
    house.decide(key="again", application_id="counted-twice")
    house.decide(key="again", application_id="counted-twice")
    house.get(f"/v1/decisions/{made['decision_id']}")
    house.client.get("/nowhere")
    text = house.client.get("/metrics").text
    counted = re.findall(r"countermand_decisions_total\{.*\} (\d+)", text)
    assert sum(map(int, counted)) == 2
    assert f"countermand_ledger_entries {house.size}.0" in text
    assert f"countermand_ledger_unanchored_entries {house.size}.0" in text
    assert 'route="/v1/decisions/{decision_id}"' in text
    assert made["decision_id"] not in text
    assert 'route="none",status="404"' in text


def test_the_description_has_every_route_of_the_interface(house: House) -> None:
    described = house.client.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    listed = {
        (method.upper(), path) for path, item in described["paths"].items() for method in item
    }
    interface = ("/v1/", "/v2", "/invocations", "/witness/")
    assert listed == {(method, path) for method, path in ROUTES if path.startswith(interface)}
    names = [op["operationId"] for item in described["paths"].values() for op in item.values()]
    assert len(set(names)) == len(names)


def test_a_bundle_says_what_it_wants_to_be_told(house: House) -> None:
    (line,) = house.get("/v1/bundles").json()["bundles"]
    assert {"name", "version", "status"} <= set(line)
    assert (line["name"], line["status"]) == (BUNDLE, "champion")
    whole = house.get(f"/v1/bundles/{BUNDLE}").json()
    assert whole["example"] == {"fields": house.example}
    fields = {field["name"]: field for field in whole["contract"]["fields"]}
    assert set(house.example) <= set(fields)
    assert fields["checking_account"]["levels"]
    assert fields["credit_amount"]["unit"] == "DM"
    assert {"approve_up_to", "decline_above"} <= set(whole["cutoffs"])
    assert all(code["label"] for code in whole["justification_codes"])
    assert house.get("/v1/bundles/nobody").status_code == 404


def test_the_example_of_a_bundle_is_always_the_same_and_is_decided(house: House) -> None:
    first, second = (house.get(f"/v1/bundles/{BUNDLE}").json()["example"] for _ in range(2))
    assert first == second
    assert house.decide(**first).status_code == 201
