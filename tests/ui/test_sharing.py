"""Passing a case on: what was typed is never lost, and who leads the team sees who holds what."""

import pytest

from tests.ui.conftest import Visit
from tests.ui.fake_office import FakeOffice
from tests.ui.fake_sharing import FREE, HELD
from ui.ports import Refused

ADDRESS = f"/cases/{FREE.case_id}/pass"


def form(who: str, **fields: str) -> dict[str, str]:
    """A form as this person's browser sends it."""
    return {"person": f"person-{who}", "csrf": f"csrf-{who}", **fields}


def test_a_case_is_passed_on_with_what_was_typed(visit: Visit, office: FakeOffice) -> None:
    fields = {"what": "aside", "reason": "other", "until": "2026-11-23T10:42", "note": "Call her."}
    answer = visit("asha").post(ADDRESS, data=form("asha", **fields), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    ((case_id, sent),) = office.sharing.done
    assert case_id == FREE.case_id
    assert (sent.what, sent.reason, sent.until, sent.note) == tuple(fields.values())


def test_a_refused_form_comes_back_filled_in_with_its_faults(
    visit: Visit, office: FakeOffice
) -> None:
    faults = {"until": "Give a day and a time.", "to": "Choose a colleague."}
    office.sharing.trouble = Refused(422, "Nothing was recorded", "Put this right.", faults)
    fields = {"what": "hand", "reason": "workload", "until": "", "to": "", "note": "For Monday."}
    answer = visit("asha").post(ADDRESS, data=form("asha", **fields))
    assert answer.status_code == 422
    for said in (*faults.values(), "For Monday.", 'href="#hand-until"', 'href="#hand-to"'):
        assert said in answer.text
    assert answer.text.count("For Monday.") == 1, "only in the form that was sent"


def test_a_case_somebody_else_holds_offers_nothing_and_says_who(visit: Visit) -> None:
    page = visit("asha").get(f"/cases/{HELD.case_id}/pass")
    assert "Held by Ravi Saikia" in page.text
    assert "cannot be passed on now" in page.text
    assert "<select" not in page.text


def test_the_team_view_names_who_holds_what_and_takes_it_back(
    visit: Visit, office: FakeOffice
) -> None:
    page = visit("tilo").get("/team")
    for said in ("Asha Menon", "Service target passed 3 hours ago", "May not come in", "11,204"):
        assert said in page.text
    address = f"/cases/{FREE.case_id}/take-back"
    answer = visit("tilo").post(address, data=form("tilo"), follow_redirects=False)
    assert answer.headers["location"] == "/team"
    assert office.sharing.taken == [FREE.case_id]
    office.sharing.trouble = Refused(409, "Nobody holds this case", "It is free.")
    answer = visit("tilo").post(address, data=form("tilo"), follow_redirects=True)
    assert "Nobody holds this case. It is free." in answer.text


def test_an_empty_team_says_so(visit: Visit, office: FakeOffice) -> None:
    office.sharing.empty = True
    page = visit("tilo").get("/team")
    for said in ("Nobody decides cases", "Nothing was referred", "Nobody holds a case"):
        assert said in page.text


@pytest.mark.parametrize("who", ["asha", "meera"])
def test_only_who_leads_sees_the_link_to_the_team(visit: Visit, who: str) -> None:
    assert 'href="/team"' not in visit(who).get("/help").text
    assert 'href="/team"' in visit("tilo").get("/help").text
