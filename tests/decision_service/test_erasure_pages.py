"""Erasures through the pages of a real installation: two people, two log-ins, one erasure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.access import HOST
from decision_service.app import create_app
from decision_service.erasure_finishing import finish_erasures
from decision_service.people_changes import NewPerson, people_changes
from overrides.values import Role
from tests.decision_service.erasure_house import ErasureHouse, erasure_house
from ui.visit import SESSION_COOKIE

ALL: dict[str, Any] = {"classes": ["application", "monitoring", "notes"]}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Browsers:
    """Browsers of the people of a house."""

    house: ErasureHouse
    app: Any

    def at(self, name: str) -> TestClient:
        """A browser in which somebody has just logged in."""
        client = TestClient(self.app, follow_redirects=False)
        token = self.house.services.people.sign_in(name, "a long password", name)
        client.cookies.set(SESSION_COOKIE, token)
        client.headers["Accept"] = "text/html"
        return client

    def send(self, client: TestClient, page: str, address: str = "", **fields: Any) -> Any:
        """Fill in the last form of a page and send it."""
        shown = client.get(page).text
        form = shown[shown.rindex("<form") :]
        hidden = dict(HIDDEN.findall(form))
        return client.post(address or page, data={**hidden, **fields})


@pytest.fixture
def browsers(tmp_path: Path) -> Iterator[Browsers]:
    """An installation with pages."""
    with erasure_house(tmp_path / "data") as house:
        yield Browsers(house, create_app(house.services, warm=False))


def test_a_party_is_erased_by_two_people_and_the_certificate_is_printed(browsers: Browsers) -> None:
    house = browsers.house
    made = house.closed("C-4711")
    carla, dora = browsers.at("carla"), browsers.at("dora")
    fields = {"party": "C-4711", "ground": "person_asked", "note": "letter 17", **ALL}
    asked = browsers.send(carla, "/erasures/new", **fields)
    assert asked.status_code == 303, asked.text
    request = asked.headers["location"]
    assert "C-4711" not in carla.get(request).text, "nothing of the party is shown"
    assert "letter 17" in dora.get(request).text
    other_browser = browsers.at("carla")
    refused = browsers.send(other_browser, request, act="approve")
    assert refused.status_code == 403
    assert "another person must" in refused.text
    approved = browsers.send(dora, request, act="approve", note="seen")
    assert (approved.status_code, approved.headers["location"]) == (303, request)
    paper = dora.get(f"{request}/certificate").text
    assert "could still be opened" in paper
    finish_erasures(house.services)
    paper = dora.get(f"{request}/certificate").text
    assert "and is destroyed" in paper
    assert "C-4711" not in paper
    case = dora.get(f"/cases/{made['case_id']}").text
    assert "This part has been erased." in case
    assert "personal parts went" in case
    assert "The personal parts of this application have been erased." in case


def test_who_was_added_since_reads_why_another_must_approve(browsers: Browsers) -> None:
    house = browsers.house
    house.closed("C-4711")
    asked = house.ask(party="C-4711")
    new = NewPerson(name="nora", role=Role.RISK, currency="DEM", password="a long password")
    people_changes(house.services).add(HOST, new)
    nora, page = browsers.at("nora"), f"/erasures/{asked.request_id}"
    shown = nora.get(page).text
    assert "You were added after this was asked for." in shown
    assert "Approve and erase" not in shown
    assert browsers.send(nora, page, act="approve").status_code == 403
    assert "Approve and erase" in browsers.at("dora").get(page).text
    assert browsers.send(nora, page, act="refuse", note="no letter").status_code == 303


def test_what_is_wrong_with_a_request_is_said_at_its_field(browsers: Browsers) -> None:
    carla = browsers.at("carla")
    for fields, said in (
        ({"ground": "ordered"}, "Name a case, an application or a party."),
        ({"ground": "ordered", "case": "none"}, "none"),
        ({"ground": "ordered", "party": "nobody"}, "Nothing is recorded"),
        ({"party": "nobody"}, "Nothing is recorded"),
        ({"party": "nobody", "classes": []}, "Choose what of it is to go."),
    ):
        answer = browsers.send(carla, "/erasures/new", **{"note": "kept", **ALL, **fields})
        assert answer.status_code == 422, fields
        assert said in answer.text
        assert ">kept</textarea>" in answer.text
    browsers.house.closed("C-1")
    answer = browsers.send(carla, "/erasures/new", party="C-1", **ALL)
    assert "Choose why." in answer.text
    opened = browsers.house.desk.apply(parties=[{"ref": "C-2", "role": "applicant"}])
    answer = browsers.send(carla, "/erasures/new", party="C-2", ground="ordered", **ALL)
    assert answer.status_code == 409
    assert opened["case_id"] in answer.text


def test_a_hold_and_what_is_due_through_the_pages(browsers: Browsers) -> None:
    house = browsers.house
    held, free = house.closed("C-1"), house.closed("C-2")
    carla, rita = browsers.at("carla"), browsers.at("rita")
    assert "Nothing is due." in carla.get("/erasures/due").text
    fields = {"case": held["case_id"], "party": "C-1", "ground": "litigation", "note": ""}
    assert "with a case the whole case is held" in carla.get("/erasures/hold").text
    assert browsers.send(carla, "/erasures/hold", **fields).status_code == 303
    assert f"Case {held['case_id']}" in carla.get("/erasures").text
    house.desk.clock.passes(days=7 * 366)
    carla, rita = browsers.at("carla"), browsers.at("rita")
    page = rita.get("/erasures/due").text
    assert "Ask for all of it" not in page, "risk does not ask"
    listed = re.search(r'href="(/erasures/due/list[^"]*)"', page)
    assert listed is not None
    lines = rita.get(listed[1]).text
    assert held["case_id"] in lines
    asked = browsers.send(carla, "/erasures/due", note="2033")
    assert asked.status_code == 303
    request = asked.headers["location"]
    assert browsers.send(rita, request, act="approve").status_code == 303
    assert set(house.parts(free["case_id"]).values()) == {"erased"}
    assert set(house.parts(held["case_id"]).values()) == {"read"}
    overview = carla.get("/erasures").text
    lift = re.search(r'href="(/erasures/holds/[^"]*)"', overview)
    assert lift is not None
    assert browsers.send(carla, lift[1], ground="ended").status_code == 303
    assert "Nothing waits." in carla.get("/erasures").text


def test_officers_do_not_get_there(browsers: Browsers) -> None:
    asha = browsers.at("asha")
    assert "/erasures" not in asha.get("/desk").text
    for address in ("/erasures", "/erasures/new", "/erasures/due", "/erasures/hold"):
        assert asha.get(address).status_code == 403
