"""An application sent once is decided once, completely, and on the record; nothing else is."""

import math
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from decision_service.access import HOST
from overrides.desk import decide_withdrawal
from overrides.events import read_event
from overrides.forms import WithdrawalForm
from overrides.journal import Decided, State
from overrides.values import Role
from tests.decision_service.service_house import BUNDLE, House, officer, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One service for the tests of this module; none of them leaves it changed."""
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.close()


def event_of(house: House, body: dict[str, Any]) -> Any:
    entry = house.services.ledger.entry(body["ledger"]["seq"])
    assert entry is not None
    return read_event(entry.body)


def test_a_decision_has_every_part_that_the_interface_promises(house: House) -> None:
    answer = house.decide(application_id="shape")
    assert answer.status_code == 201
    body = answer.json()
    assert body["application_id"] == "shape"
    assert body["supersedes"] is None
    assert body["model"]["bundle"] == BUNDLE
    assert set(body["score"]) == {"probability_of_bad", "raw", "scale"}
    assert body["score"]["scale"] == "log-odds"
    assert set(body["cutoffs"]) >= {"approve_up_to", "decline_above"}
    assert body["recommendation"] in {"approve", "refer", "decline"}
    assert body["status"] == "in_review"
    assert all(why["text"] for why in body["routing"]["why"])
    for reason in body["reasons"]["adverse"] + body["reasons"]["favourable"]:
        assert {"concept", "text", "contribution", "value"} <= set(reason)
    assert body["reasons"]["reliable"] is True
    assert set(body["ledger"]) == {"log", "seq", "leaf_hash", "checkpoint"}
    assert answer.headers["location"] == f"/v1/decisions/{body['decision_id']}"
    assert "score;dur=" in answer.headers["server-timing"]


def test_base_and_all_contributions_add_up_to_the_score(house: House) -> None:
    made = house.decide().json()
    body = house.get(f"/v1/decisions/{made['decision_id']}").json()
    parts = [float(part["contribution"]) for part in body["contributions"]]
    total = math.fsum([float(body["reasons"]["base"]), *parts])
    assert abs(total - float(body["score"]["raw"])) <= 1e-9
    assert {part["feature"] for part in body["contributions"]} == {
        field.name for field in house.bundle.contract.features
    }


def test_a_decision_read_back_is_the_decision_that_was_told(house: House) -> None:
    made = house.decide().json()
    read = house.get(f"/v1/decisions/{made['decision_id']}").json()
    del read["contributions"]
    made["ledger"]["checkpoint"] = read["ledger"]["checkpoint"]
    assert read == made


def test_the_record_is_the_entry_that_the_answer_names(house: House) -> None:
    body = house.decide(application_id="entry").json()
    event = event_of(house, body)
    assert event.type == "decision_made"
    assert event.data["decision_id"] == body["decision_id"]
    assert event.case == body["case_id"]
    assert event.data["probability"] == body["score"]["probability_of_bad"]
    assert event.model.sha256 == body["model"]["sha256"]
    assert "entry" not in str(event.data), "the application's id is personal"


def test_protected_attributes_lie_apart_from_what_officers_see(house: House) -> None:
    body = house.decide().json()
    event = event_of(house, body)
    opened = house.opened(event.event_id)
    apart = {f.name for f in house.bundle.contract.fields if f.role == "monitor_only"}
    assert apart
    assert apart.isdisjoint(opened["inputs"]["fields"])
    assert apart.isdisjoint(opened["inputs"]["context"])
    assert set(opened["monitor"]["fields"]) == apart


def test_the_same_request_again_is_told_the_same_and_writes_nothing(house: House) -> None:
    first = house.decide(key="again-1", application_id="again")
    size = house.size
    second = house.decide(key="again-1", application_id="again")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert house.size == size


def test_the_same_key_with_another_body_is_refused(house: House) -> None:
    house.decide(key="other-1", application_id="other")
    size = house.size
    refused = house.decide(key="other-1", application_id="another")
    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:countermand:problem:key-reused"
    assert house.size == size


def test_the_same_key_of_another_caller_is_another_request(house: House) -> None:
    house.decide(key="shared", application_id="of-core")
    body = {"application_id": "of-branch", "fields": house.example}
    headers = {**house.headers("branch-system"), "Idempotency-Key": "shared"}
    assert house.client.post("/v1/decisions", json=body, headers=headers).status_code == 201


def test_a_request_without_a_key_is_refused(house: House) -> None:
    body = {"application_id": "keyless", "fields": house.example}
    refused = house.client.post("/v1/decisions", json=body, headers=house.headers())
    assert refused.status_code == 400
    assert refused.json()["type"] == "urn:countermand:problem:idempotency-key-missing"


def test_two_requests_with_one_key_at_once_have_one_effect(house: House) -> None:
    size = house.size
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: house.decide(key="race", application_id="race"), range(8)))
    assert sorted(answer.status_code for answer in told) == [200] * 7 + [201]
    assert len({answer.json()["decision_id"] for answer in told}) == 1
    assert house.size == size + 1


def test_one_application_sent_twice_at_once_is_one_case_scored_twice(house: House) -> None:
    started, go_on = threading.Event(), threading.Event()

    def wait(_state: State) -> Decided:
        started.set()
        go_on.wait(10)
        return Decided(())

    with ThreadPoolExecutor(6) as pool:
        house.services.journal.submit(wait)  # so that all six are written as one group
        started.wait(10)
        sent = [pool.submit(house.decide, application_id="at once") for _ in range(6)]
        time.sleep(0.3)
        go_on.set()
        told = [answer.result().json() for answer in sent]
    assert len({body["case_id"] for body in told}) == 1
    assert sorted(body["attempt"] for body in told) == [1, 2, 3, 4, 5, 6]
    follows = {body["supersedes"] for body in told}
    last = max(told, key=lambda body: body["attempt"])
    assert follows == {None, *(b["decision_id"] for b in told)} - {last["decision_id"]}


def test_scoring_an_open_case_again_supersedes_its_decision(house: House) -> None:
    first = house.decide(application_id="twice").json()
    fields = {**house.example, "duration_months": 12}
    second = house.decide(application_id="twice", fields=fields).json()
    assert second["case_id"] == first["case_id"]
    assert second["supersedes"] == first["decision_id"]
    assert (first["attempt"], second["attempt"]) == (1, 2)
    third = house.decide(application_id="twice").json()
    assert (third["attempt"], third["supersedes"]) == (3, second["decision_id"])


def test_a_closed_case_is_not_scored_again_and_the_refusal_names_it(house: House) -> None:
    made = house.decide(application_id="closed").json()
    case_id = made["case_id"]
    services = house.services

    def withdraw(state: State) -> Decided:
        case = state.case(case_id)
        assert case is not None
        return decide_withdrawal(case, officer(), WithdrawalForm(), state.now, services.new_id)

    services.journal.submit(withdraw).result()
    refused = house.decide(application_id="closed")
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"] == "urn:countermand:problem:already-decided"
    assert problem["case_id"] == case_id
    assert problem["decision_id"] == made["decision_id"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"duration_months": None}, "missing"),
        ({"duration_months": "24"}, "wrong_type"),
        ({"duration_months": True}, "wrong_type"),
        ({"duration_months": -4}, "out_of_range"),
        ({"duration_months": 10**30}, "out_of_range"),
        ({"checking_account": "unheard of"}, "unknown_level"),
        ({"checking_account": ["overdrawn"]}, "wrong_type"),
        ({"shoe_size": 42}, "unknown_field"),
    ],
)
def test_a_contract_fault_names_its_field_and_repeats_no_value(
    house: House, change: dict[str, Any], code: str
) -> None:
    house.headers()  # so that its sender is there before entries are counted
    size = house.size
    refused = house.decide(fields={**house.example, **change})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    (fault,) = refused.json()["errors"]
    assert fault["pointer"] == f"/fields/{next(iter(change))}"
    assert fault["code"] == code
    assert "unheard of" not in refused.text
    assert house.size == size


def test_every_faulty_field_is_named_at_once(house: House) -> None:
    fields = {**house.example, "duration_months": "x", "credit_amount": -1, "shoe_size": 42}
    named = {fault["pointer"] for fault in house.decide(fields=fields).json()["errors"]}
    assert named == {"/fields/duration_months", "/fields/credit_amount", "/fields/shoe_size"}


def test_an_unknown_bundle_is_not_found(house: House) -> None:
    refused = house.decide(bundle="nobody-knows")
    assert refused.status_code == 404
    assert refused.json()["type"] == "urn:countermand:problem:unknown-bundle"


def test_what_the_sender_says_of_the_application_is_recorded(house: House) -> None:
    body = house.decide(
        application_id="told",
        branch="river",
        channel="broker",
        amount={"minor": 123_456, "currency": "EUR"},
        received_at="2026-01-02T03:04:05+01:00",
        parties=[{"ref": "P-1", "role": "applicant"}, {"ref": "P-2", "role": "guarantor"}],
    ).json()
    event = event_of(house, body)
    assert (event.data["branch"], event.data["channel"]) == ("river", "broker")
    assert (event.data["amount_minor"], event.data["currency"]) == (123_456, "EUR")
    assert event.data["received_at"] == "2026-01-02T02:04:05.000000Z"
    assert event.data["parties"] == [["party.0", "applicant"], ["party.1", "guarantor"]]
    opened = house.opened(event.event_id)
    assert opened["party.1"] == {"ref": "P-2", "role": "guarantor"}
    assert "P-2" not in str(event.data)


def test_a_time_to_come_is_refused_and_a_little_clock_skew_is_not(house: House) -> None:
    for name in ("received_at", "completed_at"):
        refused = house.decide(**{name: "2999-01-01T00:00:00Z"})
        assert refused.status_code == 422
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [f"/{name}"]
    soon = house.services.clock() + timedelta(minutes=4)
    assert house.decide(received_at=soon.isoformat()).status_code == 201


def test_without_more_the_amount_is_the_field_that_holds_it(house: House) -> None:
    event = event_of(house, house.decide().json())
    assert event.data["amount_minor"] == house.example["credit_amount"] * 100
    assert event.data["currency"] == "DEM"


@pytest.mark.parametrize(("minor", "counts"), [(100, "scored"), (99_999_900, "named")])
def test_of_two_amounts_the_larger_counts_and_a_person_is_told(
    house: House, minor: int, counts: str
) -> None:
    body = house.decide(amount={"minor": minor, "currency": "DEM"}).json()
    scored = house.example["credit_amount"] * 100
    event = event_of(house, body)
    assert event.data["amount_minor"] == (scored if counts == "scored" else minor)
    assert "data_quality" in event.data["routing"]
    (warning,) = house.opened(event.event_id)["inputs"]["warnings"]
    assert warning[:2] == ["credit_amount", "amount_differs"]
    equal = house.decide(amount={"minor": scored, "currency": "DEM"}).json()
    assert "data_quality" not in event_of(house, equal).data["routing"]


def test_a_service_reads_its_own_decisions_and_no_others(house: House) -> None:
    made = house.decide().json()
    path = f"/v1/decisions/{made['decision_id']}"
    assert house.get(path).status_code == 200
    assert house.get(path, "other-system").status_code == 404
    assert house.get(path, "kofi", Role.COMPLIANCE).status_code == 200
    assert house.get("/v1/decisions/none").status_code == 404


def test_a_drawn_case_is_marked_as_audit_sample_with_its_probability(house: House) -> None:
    house.chance.number = 0.0
    drawn = house.decide().json()
    house.chance.number = 1.0
    assert "audit_sample" in [why["code"] for why in drawn["routing"]["why"]]
    sampled = event_of(house, drawn)
    assert sampled.data["sampled"]["audit"] is True
    assert sampled.data["sampled"]["p_routed"] == "1", "automation none sends everyone to a person"


def test_a_knock_out_declines_and_says_its_rule(house: House) -> None:
    body = house.decide(fields={**house.example, "credit_amount": 18_001}).json()
    assert body["recommendation"] == "decline"
    (why,) = [why for why in body["routing"]["why"] if why["code"] == "knock_out"]
    assert "18,000" in why["text"]
    read = house.get(f"/v1/decisions/{body['decision_id']}").json()
    assert read["routing"] == body["routing"]


def test_a_suspended_bundle_sends_cases_to_people_unscored_until_resumed(house: House) -> None:
    registry = house.services.registry
    registry.suspend(BUNDLE, HOST, "looks odd")
    try:
        body = house.decide(application_id="stopped").json()
    finally:
        registry.resume(BUNDLE, HOST)
    assert body["score"] is None
    assert body["recommendation"] == "refer"
    assert body["status"] == "in_review"
    assert body["reasons"]["reliable"] is False
    assert [why["code"] for why in body["routing"]["why"]] == ["suspended"]
    assert event_of(house, body).data["cause"] == "suspended"
    again = house.decide(application_id="stopped").json()
    assert again["score"] is not None
    assert again["supersedes"] == body["decision_id"]


def test_an_altered_file_scores_nothing_and_loses_no_application(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    try:
        scored = house.decide(application_id="before").json()
        model = next(house.folder.glob("*.txt"))
        good = model.read_bytes()
        model.write_bytes(good.replace(b"1", b"2", 1))
        house.services.registry._loader._monotonic = lambda: math.inf  # time to look again
        answer = house.decide(application_id="after")
        assert answer.status_code == 201
        body = answer.json()
        assert body["score"] is None
        assert event_of(house, body).data["cause"] == "bundle_unavailable"
        assert event_of(house, body).data["routing"] == ["model_unavailable"]
        (why,) = body["routing"]["why"]
        assert why["text"] == (
            "The model could not be used: its files are not the registered ones."
        )
        assert event_of(house, body).data["amount_minor"] > 0, "the contract is still known"
        assert house.get(f"/v1/decisions/{scored['decision_id']}").status_code == 200
        ready = house.client.get("/readyz")
        assert ready.status_code == 503
        assert f"the champion {BUNDLE} cannot be used (" in ready.json()["detail"]
        assert model.name in ready.json()["detail"]
    finally:
        house.close()


def test_a_bundle_altered_before_the_start_keeps_every_field_apart(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    folder = house.folder
    house.close()
    with (folder / "policy.yaml").open("a") as file:
        file.write("# more\n")
    house = open_house(tmp_path)
    try:
        body = house.decide(fields={"sex": "female", "income": 1.5}, application_id="blind").json()
        event = event_of(house, body)
        assert event.type == "decision_failed"
        opened = house.opened(event.event_id)
        assert opened["inputs"]["fields"] == {}
        assert opened["monitor"]["fields"] == {"sex": "female", "income": "1.5"}
        assert house.get("/v1/bundles/german-credit").status_code == 503
    finally:
        house.close()


def test_a_whole_other_bundle_in_the_place_of_the_registered_one_is_not_used(
    tmp_path: Path,
) -> None:
    house = open_house(tmp_path)
    folder = house.folder
    house.close()
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "incoming", folder)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text() + "\n")  # still true, but not the one approved
    house = open_house(tmp_path)
    try:
        assert house.decide(application_id="x", fields={}).json()["score"] is None
    finally:
        house.close()


def test_policy_may_decide_clear_cases_at_once(tmp_path: Path) -> None:
    lines = {"automation": "both", "audit_sample_rate": '"0.25"', "near_cutoff": '"0"'}
    house = open_house(
        tmp_path, policy=lines | {"approve_up_to": '"0.9"', "decline_above": '"0.9"'}
    )
    try:
        fields = {**house.example}
        body = house.decide(application_id="clear", fields=fields).json()
        doubts = {why["code"] for why in body["routing"]["why"]}
        if doubts:  # a surprising reason always goes to a person
            assert body["status"] == "in_review"
        else:
            assert body["status"] == "decided"
            last = house.services.ledger.entry(house.size - 1)
            assert last is not None
            end = read_event(last.body)
            assert (end.type, end.data["by"]) == ("case_decided", "policy")
            assert end.data["rests_on"] == [body["decision_id"]]
            refused = house.decide(application_id="clear")
            assert refused.status_code == 409
            house.chance.number = 0.2
            drawn = house.decide(fields=fields).json()
            assert drawn["status"] == "in_review"
            assert event_of(house, drawn).data["sampled"]["p_routed"] == "0.25"
    finally:
        house.close()
