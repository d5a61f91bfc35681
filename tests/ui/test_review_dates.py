"""When overrides are looked at again: on the form, on the case, on desk and team."""

from dataclasses import replace
from typing import Any

from tests.ui.conftest import Visit
from tests.ui.fake_cases import DECLINE
from tests.ui.fake_office import FakeOffice
from tests.ui.fake_review_dates import NOTHING_SAID, a_date

CASE = DECLINE.case_id
ADDRESS = f"/cases/{CASE}/review-date"


def form(**fields: str) -> dict[str, str]:
    """The form as asha's browser sends it."""
    return {"person": "person-asha", "csrf": "csrf-asha", "idempotency_key": "k-1", **fields}


def decided(office: FakeOffice, **more: Any) -> None:
    """The case, approved against the model and to be looked at again."""
    office.desk.cases[CASE] = replace(
        office.desk.cases[CASE],
        final="approve",
        final_words="Approved.",
        may_decide=False,
        review_date=a_date(CASE, may_close=True, **more),
    )


def test_the_desk_and_the_team_list_what_is_due(visit: Visit) -> None:
    desk = visit("asha").get("/desk").text
    assert "Overrides to look at again" in desk
    assert desk.count("The day has passed") == 1
    team = visit("tilo").get("/team").text
    assert "overridden by Asha Menon" in team
    assert "And 3 more with later days." in team
    assert "Overrides to look at again" not in visit("tilo").get("/desk").text


def test_the_form_asks_for_the_day_and_keeps_it_to_the_last_check(visit: Visit) -> None:
    client = visit("asha")
    shown = client.get(f"/cases/{CASE}/override").text
    assert "within 365 days" in shown
    assert 'type="date"' in shown
    sent = form(
        decision="approve",
        seen_version=str(DECLINE.version),
        code="C02",
        note="x" * 60,
        evidence_type="PAYSLIP",
        evidence_reference="a/1",
        evidence_sha256="",
        review_on="2027-05-01",
    )
    check = client.post(f"/cases/{CASE}/override", data={**sent, "step": "check"}).text
    assert '<input type="hidden" name="review_on" value="2027-05-01">' in check
    assert "1 May 2027" in check
    back = client.post(f"/cases/{CASE}/override", data={**sent, "step": "change"}).text
    assert 'value="2027-05-01"' in back


def test_it_is_closed_with_a_note_and_a_refused_note_comes_back(
    visit: Visit, office: FakeOffice
) -> None:
    decided(office)
    page = visit("asha").get(f"/cases/{CASE}").text
    assert "To be looked at again by" in page
    refused = visit("asha").post(ADDRESS, data=form(note="fine"))
    assert refused.status_code == 422
    for said in (NOTHING_SAID, 'href="#found"', ">fine</textarea>"):
        assert said in refused.text
    answer = visit("asha").post(ADDRESS, data=form(note="He has paid four instalments."))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{CASE}")
    assert office.review_dates.closed == [CASE]


def test_a_closed_one_says_who_looked_and_has_no_form(visit: Visit, office: FakeOffice) -> None:
    decided(office, late=False, closed_by="Ravi Saikia", closed_at=DECLINE.received_at)
    page = visit("asha").get(f"/cases/{CASE}").text
    assert "Ravi Saikia did on" in page
    assert ADDRESS not in page
