"""Fields to check first: on the page, over the reasons, in the record, and over HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.app import create_app
from tests.decision_service.desk_house import applications, desk_house
from tests.decision_service.test_api_cases import Callers
from ui.reason_views import FieldFault
from ui.views import CaseView


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """An installation with the sample model, and who calls it."""
    with desk_house(tmp_path_factory.mktemp("quality") / "data") as house:
        yield Callers(house, TestClient(create_app(house.services)))


def page_of(callers: Callers, made: dict[str, Any], who: str = "asha") -> CaseView:
    """The case as its page shows it."""
    return callers.house.desk.case(callers.house.viewer(who), made["case_id"])


def fault(view: CaseView, field: str) -> FieldFault:
    """What is said against one field."""
    (found,) = [one for one in view.faults if one.field == field]
    return found


def strongest(callers: Callers) -> tuple[dict[str, Any], str]:
    """A fresh decline, and a field its first reason against rests on that has an agreed age."""
    house = callers.house
    while True:
        made = house.apply_until("decline")
        contract = house.services.registry.loaded("german-credit").bundle
        concept = made["reasons"]["adverse"][0]["concept"]
        features = next(one.features for one in contract.concepts if one.id == concept)
        dated = [name for name in features if contract.contract[name].freshness_days_max]
        if dated:
            return made, dated[0]


def test_a_stale_field_greys_the_reason_on_it_and_names_its_owner(callers: Callers) -> None:
    house = callers.house
    made, field = strongest(callers)
    assert not page_of(callers, made).adverse[0].weak
    old = (house.clock() - timedelta(days=400)).isoformat()
    again = house.again(made["application_id"], fields_meta={field: {"as_of": old}})
    view = page_of(callers, again)
    said = fault(view, field)
    assert said.code == "stale"
    assert "is 400 days old; at most " in said.text
    assert said.owner.startswith("Loan Origination")
    assert view.adverse[0].concept in said.concepts
    assert view.adverse[0].weak.endswith("(out of date).")
    whole = [reason for reason in view.adverse if reason.concept not in said.concepts]
    assert not any(reason.weak for reason in whole)


def test_the_interface_says_the_same_as_the_page(callers: Callers) -> None:
    made, field = strongest(callers)
    meta = {field: {"source": "Imputed"}}
    again = callers.house.again(made["application_id"], fields_meta=meta)
    view = page_of(callers, again)
    body = callers.get("asha", f"/cases/{again['case_id']}").json()["data_quality"]
    assert [(one["field"], one["code"], one["text"], one["owner"]) for one in body] == [
        (one.field, one.code, one.text, one.owner) for one in view.faults
    ]
    assert fault(view, field).code == "imputed"
    assert view.adverse[0].concept in body[0]["concepts"]


def test_a_value_ages_while_its_case_waits_and_no_more_once_it_is_decided(
    tmp_path: Path,
) -> None:
    with desk_house(tmp_path / "data") as house:
        callers = Callers(house, TestClient(create_app(house.services)))
        fresh = {"checking_account": {"as_of": house.clock().isoformat()}}
        waiting = house.apply_until("decline", fields_meta=fresh)
        decided = house.apply_until("decline", fields_meta=fresh)
        form = house.form("asha", decided["case_id"], decision="decline")
        house.desk.review(house.viewer("asha"), decided["case_id"], form)
        assert not page_of(callers, waiting).faults
        house.clock.passes(days=8)
        assert fault(page_of(callers, waiting), "checking_account").code == "stale"
        assert not page_of(callers, decided).faults


def test_what_stood_there_is_on_the_record_for_each_person(callers: Callers) -> None:
    made, field = strongest(callers)
    meta = {field: {"source": "imputed"}}
    again = callers.house.again(made["application_id"], fields_meta=meta)
    view = page_of(callers, again)
    ledger = callers.house.services.ledger
    shown = next(
        act
        for act in callers.house.services.cases.acts(again["case_id"])
        if act.type == "reasons_shown" and act.data["decision_id"] == again["decision_id"]
    )
    opened = ledger.open_slots(shown.event_id, ("shown",))["shown"]
    assert isinstance(opened, dict)
    assert opened["data_quality"] == [
        {"field": one.field, "code": one.code, "concepts": list(one.concepts)}
        for one in view.faults
    ]


def test_what_is_about_another_party_is_not_written_with_the_applicant(callers: Callers) -> None:
    made, field = strongest(callers)
    parties = [
        {"ref": "P-1", "role": "applicant"},
        {"ref": "P-2", "role": "co-applicant", "fields": [field]},
    ]
    meta = {field: {"source": "imputed"}}
    again = callers.house.again(made["application_id"], fields_meta=meta, parties=parties)
    view = page_of(callers, again)
    assert fault(view, field).code == "imputed"
    ledger, cases = callers.house.services.ledger, callers.house.services.cases
    shown = [act for act in cases.acts(again["case_id"]) if act.type == "reasons_shown"][-1]
    opened = ledger.open_slots(shown.event_id, ("shown",))["shown"]
    assert isinstance(opened, dict)
    assert field not in [one["field"] for one in opened["data_quality"]]


def test_a_value_no_pinned_applicant_comes_near_is_named(callers: Callers) -> None:
    house = callers.house
    made = house.apply_until("decline")
    sent = {one["application_id"]: one["fields"] for one in applications()}
    fields = sent[made["application_id"]]
    odd = house.again(made["application_id"], fields={**fields, "credit_amount": 45_000})
    said = fault(page_of(callers, odd), "credit_amount")
    assert said.code == "outside"
