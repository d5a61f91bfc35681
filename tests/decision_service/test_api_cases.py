"""Cases over HTTP: what a caller may see, acts that act once, refusals by name, and the feed."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.access import HOST
from decision_service.app import create_app
from decision_service.people_changes import people_changes
from overrides.merkle import leaf_hash, root_of_inclusion, verify_consistency
from overrides.notes import open_checkpoint
from overrides.signing import sign_checkpoint
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.decision_service.test_casework import NOTE

EVIDENCE = [{"type": "BANK_STMT", "reference": "archive/77"}]


@dataclass
class Callers:
    """People and services that call the interface of one house with keys of their own."""

    house: DeskHouse
    client: TestClient
    _keys: dict[str, str] = field(default_factory=dict)

    def headers(self, who: str, key: str = "") -> dict[str, str]:
        """Headers of a request; with a fresh Idempotency-Key unless one is given."""
        if who not in self._keys:
            changes = people_changes(self.house.services)
            self._keys[who] = changes.add_key(HOST, who)[1].text
        return {
            "Authorization": f"Bearer {self._keys[who]}",
            "Idempotency-Key": key or self.house.key(),
        }

    def get(self, who: str, path: str, **query: Any) -> Any:
        """Read."""
        return self.client.get(f"/v1{path}", headers=self.headers(who), params=query or None)

    def post(self, who: str, path: str, body: Any = None, key: str = "") -> Any:
        """Act."""
        return self.client.post(f"/v1{path}", headers=self.headers(who, key), json=body)

    def case(self, recommendation: str = "decline", **members: Any) -> tuple[str, int]:
        """A fresh case with this recommendation: its id and version."""
        case_id = self.house.apply_until(recommendation, **members)["case_id"]
        return case_id, self.get("asha", f"/cases/{case_id}").json()["version"]

    def override(self, who: str, case_id: str, version: int, **members: Any) -> Any:
        """An override that approves against the model."""
        body = {
            "decision": "approve",
            "justification_code": "X01",
            "note": NOTE,
            "evidence": EVIDENCE,
            "adverse_reasons": [],
            "seen_version": version,
        }
        return self.post(who, f"/cases/{case_id}/override", {**body, **members})


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """One house with its interface."""
    with (
        desk_house(tmp_path_factory.mktemp("api")) as house,
        TestClient(create_app(house.services, warm=False)) as client,
    ):
        yield Callers(house, client)


def test_a_case_has_its_decision_with_all_contributions_and_every_act(callers: Callers) -> None:
    case_id, _ = callers.case()
    body = callers.get("asha", f"/cases/{case_id}").json()
    assert body["case_id"] == case_id
    assert body["status"] == "in_review"
    assert body["decision"]["case_id"] == case_id
    total = float(body["decision"]["reasons"]["base"])
    total += sum(float(part["contribution"]) for part in body["decision"]["contributions"])
    assert abs(total - float(body["decision"]["score"]["raw"])) < 1e-9
    assert [act["type"] for act in body["acts"]] == ["decision_made"]
    assert body["amount"]["currency"] == "DEM"


def test_cases_are_listed_by_status_application_and_page(callers: Callers) -> None:
    made = callers.house.apply()
    found = callers.get("asha", "/cases", application_id=made["application_id"]).json()
    assert [case["case_id"] for case in found["cases"]] == [made["case_id"]]
    assert found["next"] is None
    opened = callers.get("asha", "/cases", status="in_review", queue="standard").json()["cases"]
    assert opened
    assert {(case["status"], case["queue"]) for case in opened} == {("in_review", "standard")}
    assert callers.get("asha", "/cases", application_id="unheard-of").json()["cases"] == []


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("kofi", "/cases"),
        ("kofi", "/cases/anything"),
        ("core", "/changes"),
        ("core", "/bundles"),
        ("kofi", "/ledger/entries"),
        ("core", "/ledger/checkpoint"),
        ("mina", "/metrics/board"),
    ],
)
def test_a_parameter_that_an_address_does_not_have_is_refused_by_name(
    callers: Callers, who: str, path: str
) -> None:
    answer = callers.get(who, path, stauts="decided", **{"pag/e": "2"})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith(":invalid-request")
    pointers = [fault["pointer"] for fault in answer.json()["errors"]]
    assert pointers == ["/pag~1e", "/stauts"]


@pytest.mark.parametrize("path", ["/decisions", "/decisions/batch", "/outcomes", "/cases/x/review"])
def test_an_act_takes_no_parameters(callers: Callers, path: str) -> None:
    who = "asha" if "cases" in path else "core"
    headers = callers.headers(who) | {"Content-Type": "application/json"}
    answer = callers.client.post(f"/v1{path}?dry_run=1", headers=headers, content=b"{}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/dry_run")


@pytest.mark.parametrize(
    "query", [{"status": "asleep"}, {"cursor": "made-up"}, {"application_id": "x" * 300}]
)
def test_a_parameter_that_cannot_be_is_named(callers: Callers, query: dict[str, str]) -> None:
    answer = callers.get("asha", "/cases", **query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(query))}"


def test_a_service_sees_what_it_sent_and_nothing_else(callers: Callers) -> None:
    case_id, _ = callers.case()
    application_id = callers.get("core", f"/cases/{case_id}").json()["application_id"]
    assert callers.get("other-core", f"/cases/{case_id}").status_code == 404
    listed = callers.get("other-core", "/cases", application_id=application_id).json()
    assert listed["cases"] == []
    assert callers.get("other-core", "/changes").json()["changes"] == []
    seen = callers.get("core", "/changes").json()["changes"]
    assert case_id in {change["case_id"] for change in seen}


@pytest.mark.parametrize(
    ("who", "status"),
    [("kofi", 200), ("greta", 200), ("chitra", 404), ("root", 403), ("mina", 403)],
)
def test_who_may_see_a_case(callers: Callers, who: str, status: int) -> None:
    case_id, _ = callers.case()
    assert callers.get(who, f"/cases/{case_id}").status_code == status


def test_a_review_is_recorded_once_for_one_key(callers: Callers) -> None:
    case_id, version = callers.case()
    body = {"decision": "decline", "seen_version": version, "note": "seen"}
    key = callers.house.key()
    first = callers.post("asha", f"/cases/{case_id}/review", body, key)
    assert first.status_code == 201
    assert first.json()["status"] == "decided"
    assert [place["type"] for place in first.json()["ledger"]] == [
        "review_recorded",
        "case_decided",
    ]
    again = callers.post("asha", f"/cases/{case_id}/review", body, key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = callers.post("asha", f"/cases/{case_id}/review", {**body, "note": "other"}, key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:countermand:problem:key-reused")
    assert callers.house.kinds(case_id).count("review_recorded") == 1


@pytest.mark.parametrize("act", ["claim", "review", "override", "approval", "withdrawal"])
def test_every_act_needs_an_idempotency_key(callers: Callers, act: str) -> None:
    case_id, _ = callers.case()
    headers = callers.headers("hanna")
    del headers["Idempotency-Key"]
    answer = callers.client.post(f"/v1/cases/{case_id}/{act}", headers=headers, json={})
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("idempotency-key-missing")


def refused(answer: Any, status: int, problem: str) -> None:
    """Hold an answer against the refusal it should be."""
    found = (answer.status_code, answer.json()["type"].rpartition(":")[2])
    assert found == (status, problem)
    assert answer.headers["content-type"] == "application/problem+json"


def test_contradicting_the_recommendation_is_sent_to_the_override(callers: Callers) -> None:
    case_id, version = callers.case()
    body = {"decision": "approve", "seen_version": version}
    refused(callers.post("asha", f"/cases/{case_id}/review", body), 409, "use-override")


def test_a_referred_case_declined_without_reasons_is_refused(callers: Callers) -> None:
    case_id, version = callers.case("refer")
    body: dict[str, Any] = {"decision": "decline", "seen_version": version}
    answer = callers.post("asha", f"/cases/{case_id}/review", body)
    refused(answer, 422, "adverse-reasons-missing")
    body["adverse_reasons"] = ["R23"]
    assert callers.post("asha", f"/cases/{case_id}/review", body).status_code == 201


def test_a_stale_version_is_refused_with_the_present_one(callers: Callers) -> None:
    case_id, version = callers.case()
    body = {"decision": "decline", "seen_version": version + 7}
    answer = callers.post("asha", f"/cases/{case_id}/review", body)
    refused(answer, 409, "stale-case")
    assert (answer.json()["seen"], answer.json()["now"]) == (version + 7, version)


def test_a_claim_names_its_holder_and_is_given_back(callers: Callers) -> None:
    case_id, version = callers.case()
    taken = callers.post("asha", f"/cases/{case_id}/claim")
    assert taken.status_code == 201
    assert taken.json()["until"]
    theirs = callers.post("bruno", f"/cases/{case_id}/claim")
    refused(theirs, 409, "claim-held")
    assert theirs.json()["holder_name"] == "asha"
    body = {"decision": "decline", "seen_version": version}
    refused(callers.post("bruno", f"/cases/{case_id}/review", body), 409, "claim-held")
    path = f"/v1/cases/{case_id}/claim"
    assert callers.client.delete(path, headers=callers.headers("asha")).status_code == 204
    assert callers.get("bruno", f"/cases/{case_id}").json()["claim"] is None
    assert callers.post("bruno", f"/cases/{case_id}/claim").status_code == 201


def test_an_override_is_proposed_and_upheld_by_another(callers: Callers) -> None:
    case_id, version = callers.case()
    proposed = callers.override("asha", case_id, version)
    assert proposed.status_code == 201
    assert (proposed.json()["status"], proposed.json()["needs"]) == ("waiting_approval", "approver")
    waiting = callers.get("hanna", f"/cases/{case_id}").json()
    assert waiting["proposal"]["justification_code"] == "X01"
    assert waiting["proposal"]["by"] == "asha"
    upheld = callers.post(
        "hanna", f"/cases/{case_id}/approval", {"verdict": "uphold", "note": "looked at it"}
    )
    assert upheld.status_code == 201
    done = callers.get("core", f"/cases/{case_id}").json()
    assert (done["final"], done["side"]) == ("approve", "approved_against_model")


def test_another_key_of_the_same_person_is_the_same_person(callers: Callers) -> None:
    case_id, version = callers.case()
    callers.override("hanna", case_id, version)
    second = people_changes(callers.house.services).add_key(HOST, "hanna")[1].text
    answer = callers.client.post(
        f"/v1/cases/{case_id}/approval",
        headers={"Authorization": f"Bearer {second}", "Idempotency-Key": "other-key"},
        json={"verdict": "uphold", "note": ""},
    )
    refused(answer, 403, "same-person")


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"justification_code": "M04"}, "code-not-allowed"),
        ({"evidence": []}, "evidence-missing"),
        ({"note": "short"}, "note-too-short"),
        ({"adverse_reasons": ["R99"]}, "unknown-concept"),
    ],
)
def test_what_an_override_lacks_is_a_problem_of_its_own(
    callers: Callers, members: dict[str, Any], problem: str
) -> None:
    case_id, version = callers.case()
    refused(callers.override("asha", case_id, version, **members), 422, problem)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (None, [""]),
        ([], [""]),
        ({}, ["/decision", "/seen_version"]),
        ({"decision": "maybe", "seen_version": 1}, ["/decision"]),
        ({"decision": "approve", "seen_version": "1"}, ["/seen_version"]),
        ({"decision": "approve", "seen_version": True}, ["/seen_version"]),
        ({"decision": "approve", "seen_version": 1, "extra": 1}, ["/extra"]),
        ({"decision": "approve", "seen_version": 1, "note": 5}, ["/note"]),
        ({"decision": "approve", "seen_version": 1, "note": "x" * 5000}, ["/note"]),
        ({"decision": "approve", "seen_version": 1, "evidence": {}}, ["/evidence"]),
        (
            {"decision": "approve", "seen_version": 1, "evidence": [{"type": "a b"}]},
            ["/evidence/0/reference", "/evidence/0/type"],
        ),
        ({"decision": "approve", "seen_version": 1, "adverse_reasons": "R1"}, ["/adverse_reasons"]),
    ],
)
def test_a_body_that_cannot_be_read_is_named_by_place(
    callers: Callers, body: Any, pointers: list[str]
) -> None:
    case_id, _ = callers.case()
    answer = callers.post("asha", f"/cases/{case_id}/review", body)
    assert answer.status_code == 422
    assert sorted(fault["pointer"] for fault in answer.json()["errors"]) == pointers


@pytest.mark.parametrize(
    ("who", "status"), [("kofi", 403), ("greta", 403), ("core", 403), ("mina", 403), ("root", 403)]
)
def test_who_decides_nothing_cannot_act(callers: Callers, who: str, status: int) -> None:
    case_id, version = callers.case()
    body = {"decision": "decline", "seen_version": version}
    assert callers.post(who, f"/cases/{case_id}/review", body).status_code == status


def test_an_application_can_be_withdrawn(callers: Callers) -> None:
    case_id, _ = callers.case()
    answer = callers.post("asha", f"/cases/{case_id}/withdrawal", {"reason": "duplicate"})
    assert (answer.status_code, answer.json()["status"]) == (201, "withdrawn")
    again = callers.post("asha", f"/cases/{case_id}/withdrawal")
    refused(again, 409, "case-closed")


def test_the_feed_tells_changes_in_order_and_goes_on_where_it_ended(callers: Callers) -> None:
    start = callers.get("core", "/changes").json()["next"]
    while True:
        following = callers.get("core", "/changes", after=start).json()["next"]
        if following == start:
            break
        start = following
    case_id, version = callers.case(branch="north")
    callers.get("asha", f"/cases/{case_id}")
    callers.post("asha", f"/cases/{case_id}/claim")
    body = {"decision": "decline", "seen_version": version}
    callers.post("asha", f"/cases/{case_id}/review", body)
    callers.house.clock.passes(seconds=91)
    seen: list[dict[str, Any]] = []
    while True:
        page = callers.get("core", "/changes", after=start, limit=2).json()
        seen += page["changes"]
        if page["next"] == start:
            break
        start = page["next"]
    assert [change["seq"] for change in seen] == sorted(change["seq"] for change in seen)
    mine = [change for change in seen if change["case_id"] == case_id]
    assert mine[0]["type"] == "decision_made"
    assert mine[0]["application_id"]
    assert (mine[-1]["type"], mine[-1]["final"]) == ("case_decided", "decline")


def test_outcomes_have_a_result_for_each_record(callers: Callers) -> None:
    made = callers.house.apply()
    callers.house.clock.passes(days=60)
    record = {
        "application_id": made["application_id"],
        "observed_at": "2026-04-01T00:00:00Z",
        "kind": "disbursed",
        "value": 250000,
    }
    key = callers.house.key()
    body = [record, {**record, "application_id": "unheard-of"}, {"kind": 5}, "text"]
    answer = callers.post("core", "/outcomes", body, key)
    assert answer.status_code == 201
    results = answer.json()["results"]
    assert [found["result"] for found in results] == ["recorded", *["refused"] * 3]
    assert [found["index"] for found in results] == [0, 1, 2, 3]
    assert results[0]["case_id"] == made["case_id"]
    again = callers.post("core", "/outcomes", body, key)
    assert (again.status_code, again.json()) == (200, answer.json())
    corrected = callers.post("core", "/outcomes", [{**record, "value": 260000}])
    assert corrected.json()["results"][0]["result"] == "corrected"
    unchanged = callers.post("core", "/outcomes", [{**record, "value": 260000}])
    assert unchanged.json()["results"][0]["result"] == "unchanged"
    assert callers.post("core", "/outcomes", []).status_code == 422
    assert callers.post("asha", "/outcomes", [record]).status_code == 403


def test_an_auditor_can_rebuild_the_signed_root_from_bytes_and_proofs(callers: Callers) -> None:
    services = callers.house.services
    sign_checkpoint(services.ledger, services.signer, services.clock)
    note = callers.get("kofi", "/ledger/checkpoint")
    assert note.headers["content-type"].startswith("text/plain")
    signed = open_checkpoint(note.text, services.ledger.log, [services.signer.key])
    entries = callers.get("kofi", "/ledger/entries", start=5, count=3).json()
    assert entries["start"] == 5
    for place, encoded in enumerate(entries["entries"], 5):
        proof = callers.get("core", "/ledger/proof", seq=place, size=signed.size).json()
        path = [b64decode(step) for step in proof["hashes"]]
        leaf = leaf_hash(b64decode(encoded))
        assert root_of_inclusion(leaf, place, signed.size, path) == signed.root
    early = services.ledger.frontier(7).root()
    found = callers.get("core", "/ledger/consistency", first=7, second=signed.size).json()
    path = [b64decode(step) for step in found["hashes"]]
    verify_consistency(7, signed.size, early, signed.root, path)


@pytest.mark.parametrize(
    "path",
    [
        "/ledger/proof?seq=99999999",
        "/ledger/proof?seq=5&size=3",
        "/ledger/proof?seq=0&size=99999999",
        "/ledger/proof?seq=-1",
        "/ledger/consistency?first=9&second=3",
        "/ledger/consistency?first=0&second=99999999",
        "/ledger/entries?start=x",
        "/ledger/entries?count=0",
    ],
)
def test_a_proof_that_cannot_be_is_refused(callers: Callers, path: str) -> None:
    assert callers.get("kofi", path).status_code == 422


def test_entries_are_for_oversight_and_proofs_for_everyone(callers: Callers) -> None:
    assert callers.get("asha", "/ledger/entries").status_code == 403
    assert callers.get("asha", "/ledger/proof", seq=0).status_code == 200


def test_the_board_is_one_set_of_numbers_with_denominators(callers: Callers) -> None:
    body = callers.get("otto", "/metrics/board").json()
    titles = [section["title"] for section in body["sections"]]
    assert sorted(titles) == [
        "Appeals",
        "Approvals by quarter",
        "Decision quality",
        "Drift",
        "Overrides",
        "Reasons and outcomes",
        "Review and costs",
        "Turnaround",
        "Watched month by month",
        "What was promised",
    ]
    for section in body["sections"]:
        for figure in section["figures"]:
            assert figure["denominator"]
    assert callers.get("otto", "/metrics/board", bundle="nothing").status_code == 404
    assert callers.get("core", "/metrics/board").status_code == 403


def test_whoever_asks_first_need_not_wait_for_a_checkpoint(tmp_path: Path) -> None:
    with (
        desk_house(tmp_path) as house,
        TestClient(create_app(house.services, warm=False)) as client,
    ):
        assert house.services.ledger.latest_checkpoint() is None
        answer = Callers(house, client).get("kofi", "/ledger/checkpoint")
        assert answer.status_code == 200
        signer = house.services.signer
        assert open_checkpoint(answer.text, house.services.ledger.log, [signer.key]).size > 0
