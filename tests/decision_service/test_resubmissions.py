"""Other applications of the same applicant: counted within a window, told to who may see them."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from decision_service.app import create_app
from tests.decision_service.desk_house import desk_house
from tests.decision_service.test_api_cases import Callers

PARTY = [{"ref": "customer-7", "role": "applicant"}]


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """An installation with the sample model, and who calls it."""
    with desk_house(tmp_path_factory.mktemp("again") / "data") as house:
        yield Callers(house, TestClient(create_app(house.services)))


def test_applications_within_the_window_count_and_others_are_only_linked(
    callers: Callers,
) -> None:
    house = callers.house
    old = house.apply(parties=PARTY)
    alone = house.desk.case(house.viewer("asha"), old["case_id"])
    assert (alone.links, alone.links_words) == ((), "")
    house.clock.passes(days=91)
    first = house.apply(parties=PARTY)
    elsewhere = house.apply(parties=PARTY, branch="river")
    house.clock.passes(days=89)
    last = house.apply(parties=PARTY)
    view = house.desk.case(house.viewer("asha"), last["case_id"])
    assert [case_id for _, case_id in view.links] == [first["case_id"], old["case_id"]]
    assert (
        view.links_words == "1 application within 90 days of this one: counted as re-submissions."
    )
    told = callers.get("asha", f"/cases/{last['case_id']}")
    assert [(one["case_id"], one["resubmission"]) for one in told.json()["linked"]] == [
        (first["case_id"], True),
        (old["case_id"], False),
    ]
    assert elsewhere["case_id"] not in told.text, "another branch's case is told to nobody here"
    everything = callers.get("kofi", f"/cases/{last['case_id']}").json()["linked"]
    assert elsewhere["case_id"] in [one["case_id"] for one in everything]
