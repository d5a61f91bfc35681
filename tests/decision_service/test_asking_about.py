"""Asking about a score: evidence under a reason, surprises counted, other values tried and kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.app import create_app
from decision_service.model_pages import ModelPages
from decision_service.question_pages import QuestionPages
from decision_service.what_if import TRIES_MAX
from tests.decision_service.desk_house import BUNDLE, applications, desk_house
from tests.decision_service.test_api_cases import Callers
from ui.question_views import WhatIf


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """An installation with the sample model, and who calls it."""
    with desk_house(tmp_path_factory.mktemp("asking") / "data") as house:
        yield Callers(house, TestClient(create_app(house.services)))


@pytest.fixture(scope="module")
def declined(callers: Callers) -> dict[str, Any]:
    """A decision that recommends to decline."""
    return callers.house.apply_until("decline")


def first_reason(made: dict[str, Any]) -> str:
    """Path of the strongest reason against."""
    return f"/cases/{made['case_id']}/reasons/{made['reasons']['adverse'][0]['concept']}"


def test_the_evidence_gives_back_the_recorded_contribution_at_the_own_value(
    callers: Callers, declined: dict[str, Any]
) -> None:
    for side in ("adverse", "favourable"):
        for reason in declined["reasons"][side]:
            path = f"/cases/{declined['case_id']}/reasons/{reason['concept']}"
            told = callers.get("asha", path).json()
            assert told["side"] == side
            own = [one for field in told["fields"] for one in field["effect"] if one["own"]]
            assert len(own) == len(told["fields"])
            total = sum(float(one["contribution"]) for one in own)
            assert total == pytest.approx(float(reason["contribution"]), abs=1e-9)
            for field in told["fields"]:
                assert sum(one["pinned"] for one in field["effect"]) == told["pinned"]
                assert field["owner"]


def test_another_value_gets_the_contribution_that_it_gets_when_it_is_sent(
    callers: Callers, declined: dict[str, Any]
) -> None:
    reason = next(
        one
        for one in declined["reasons"]["adverse"]
        if len(
            callers.get("asha", f"/cases/{declined['case_id']}/reasons/{one['concept']}").json()[
                "fields"
            ]
        )
        == 1
    )
    told = callers.get("asha", f"/cases/{declined['case_id']}/reasons/{reason['concept']}").json()
    (field,) = told["fields"]
    other = next(one for one in field["effect"] if not one["own"])
    sent = {one["application_id"]: one["fields"] for one in applications()}
    value = other["asked"]
    typed = float(value) if value.replace(".", "", 1).isdigit() else value
    twin = next(
        one for one in applications() if one["application_id"] == declined["application_id"]
    )
    fields = {**sent[twin["application_id"]], field["field"]: typed}
    answer = callers.post(
        "core", "/decisions", {"application_id": "TWIN-1", "branch": "north", "fields": fields}
    )
    assert answer.status_code == 201, answer.text
    whole = callers.get("asha", f"/decisions/{answer.json()['decision_id']}").json()
    (got,) = [one for one in whole["contributions"] if one["feature"] == field["field"]]
    assert float(got["contribution"]) == pytest.approx(float(other["contribution"]), abs=1e-9)


def test_a_surprise_is_recorded_sealed_and_counted_once_for_each_person(callers: Callers) -> None:
    house = callers.house
    made = house.apply_until("decline")
    case_id, path = made["case_id"], first_reason(made)
    concept = path.rpartition("/")[2]
    version = house.desk.case(house.viewer("asha"), case_id).version
    before = house.services.cases.surprises(BUNDLE)
    first = callers.post("asha", path, {"note": "His salary comes in on the 3rd."}, key="one")
    assert first.status_code == 201, first.text
    assert (
        callers.post(
            "asha", path, {"note": "His salary comes in on the 3rd."}, key="one"
        ).status_code
        == 200
    )
    assert callers.post("asha", path).status_code == 201
    assert house.kinds(case_id).count("reason_questioned") == 2
    counted = {one.concept: one.asked for one in house.services.cases.surprises(BUNDLE).by_concept}
    old = {one.concept: one.asked for one in before.by_concept}
    assert counted[concept].count == (old[concept].count if concept in old else 0) + 1
    view = house.desk.case(house.viewer("asha"), case_id)
    assert view.version == version
    assert any("3rd" in dict(act.details).get("Note", "") for act in view.history)
    entry = house.services.ledger.entry(first.json()["ledger"][0]["seq"])
    assert entry is not None
    assert b"salary" not in entry.body
    assert callers.get("asha", path).json()["questioned"] == 2


def test_the_owner_of_the_model_reads_the_count_with_its_denominator(callers: Callers) -> None:
    house = callers.house
    made = house.apply_until("decline")
    house.desk.case(house.viewer("bruno"), made["case_id"])
    callers.post("bruno", first_reason(made))
    page = ModelPages(house.services).bundle(house.viewer("mina"), BUNDLE)
    lines = {line[0]: line for line in page.surprises[1:]}
    line = lines[first_reason(made).rpartition("/")[2]]
    count, _, of = line[2].partition(" of ")
    assert 1 <= int(count) <= int(of) <= 2_000
    assert "one person and one decision count once" in page.surprises_words


def test_who_may_not_see_the_case_is_told_nothing_and_who_reads_records_nothing(
    callers: Callers, declined: dict[str, Any]
) -> None:
    paths = (first_reason(declined), f"/cases/{declined['case_id']}/what-if")
    for path in paths:
        assert callers.get("chitra", path).status_code == 404
        assert callers.get("other-core", path).status_code == 404
        assert callers.get("mina", path).status_code == 403
        assert callers.get("kofi", path).status_code == 200
        assert callers.post("kofi", path, {"changes": {}}).status_code == 403
        assert (
            callers.post(
                "chitra", path, {} if "reasons" in path else {"changes": {"x": 1}}
            ).status_code
            == 404
        )
    unknown = callers.get("asha", f"/cases/{declined['case_id']}/reasons/R99")
    assert (unknown.status_code, unknown.json()["type"].rpartition(":")[2]) == (
        404,
        "unknown-reason",
    )


def some_change(callers: Callers, case_id: str) -> dict[str, Any]:
    """A declared step of the term, away from what was stated."""
    told = callers.get("asha", f"/cases/{case_id}/what-if").json()
    field = next(one for one in told["fields"] if one["field"] == "credit_amount")
    return {"credit_amount": float(field["values"][0])}


def test_a_try_is_scored_as_a_decision_would_be_kept_sealed_and_changes_nothing(
    callers: Callers,
) -> None:
    house = callers.house
    made = house.apply_until("decline")
    case_id = made["case_id"]
    changes = some_change(callers, case_id)
    before = callers.get("asha", f"/cases/{case_id}").json()
    answer = callers.post("asha", f"/cases/{case_id}/what-if", {"changes": changes})
    assert answer.status_code == 201, answer.text
    tried = answer.json()["try"]
    after = callers.get("asha", f"/cases/{case_id}").json()
    assert {**after, "acts": 0, "decision": 0} == {**before, "acts": 0, "decision": 0}
    assert after["decision"]["score"] == before["decision"]["score"]
    assert house.kinds(case_id)[-1] == "what_if_tried"
    entry = house.services.ledger.entry(answer.json()["ledger"][0]["seq"])
    assert entry is not None
    assert tried["probability"].encode() not in entry.body
    sent = next(a for a in applications() if a["application_id"] == made["application_id"])
    twin = {
        "application_id": f"T-{case_id}",
        "branch": "north",
        "fields": {**sent["fields"], **changes},
    }
    decided = callers.post("core", "/decisions", twin).json()
    assert tried["raw"] == decided["score"]["raw"]
    assert tried["probability"] == decided["score"]["probability_of_bad"]
    assert tried["recommendation"] == decided["recommendation"]
    page = house_page(callers, case_id)
    assert page.tries[0].changes[0][0] == "Amount requested"
    assert page.left == TRIES_MAX - 1


def house_page(callers: Callers, case_id: str) -> WhatIf:
    """The page with the tries of a case, for the officer who made them."""
    return QuestionPages(callers.house.services).what_if(callers.house.viewer("asha"), case_id)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"credit_amount": 777.77}, "/changes/credit_amount"),
        ({"credit_amount": 9_000_000}, "/changes/credit_amount"),
        ({"checking_account": "none"}, "/changes/checking_account"),
        ({"other_plans": "nonsense"}, "/changes/other_plans"),
        ({"duration_months": [6]}, "/changes/duration_months"),
        ({}, "/changes"),
    ],
)
def test_what_is_no_declared_step_is_refused_by_field(
    callers: Callers, declined: dict[str, Any], changes: dict[str, Any], place: str
) -> None:
    path = f"/cases/{declined['case_id']}/what-if"
    kinds = callers.house.kinds(declined["case_id"])
    answer = callers.post("asha", path, {"changes": changes})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [place]
    assert callers.house.kinds(declined["case_id"]) == kinds


def test_tries_are_limited_in_number_and_end_with_the_case(tmp_path: Path) -> None:
    with desk_house(tmp_path / "data") as house:
        callers = Callers(house, TestClient(create_app(house.services)))
        made = house.apply_until("decline")
        path = f"/cases/{made['case_id']}/what-if"
        changes = {"changes": some_change(callers, made["case_id"])}
        for _ in range(TRIES_MAX):
            assert callers.post("asha", path, changes).status_code == 201
        over = callers.post("asha", path, changes)
        assert (over.status_code, over.json()["type"].rpartition(":")[2]) == (409, "tries-used-up")
        assert callers.post("bruno", path, changes).status_code == 201, "each person has their own"
        form = house.form("asha", made["case_id"], decision="decline")
        house.desk.review(house.viewer("asha"), made["case_id"], form)
        assert callers.post("bruno", path, changes).status_code == 409
        assert callers.post("bruno", first_reason(made)).status_code == 409


def test_tries_sent_at_once_are_counted_one_after_another(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = callers.house.apply_until("decline")
    changes = {"changes": some_change(callers, made["case_id"])}
    monkeypatch.setattr("decision_service.asking_about.tries_by", lambda *_: 0)  # read before
    asked = range(TRIES_MAX + 1)
    answers = [
        callers.post("asha", f"/cases/{made['case_id']}/what-if", changes).status_code
        for _ in asked
    ]
    assert answers == [201] * TRIES_MAX + [409]
