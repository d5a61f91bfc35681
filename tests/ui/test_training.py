"""The training register's page: the whole for who answers for it, one's own line for the others."""

from tests.ui.conftest import Visit
from tests.ui.fake_office import FakeOffice
from ui.views import Notice


def form(who: str, **fields: str) -> dict[str, str]:
    """The form as this person's browser sends it."""
    return {"person": f"person-{who}", "csrf": f"csrf-{who}", **fields}


def test_an_officer_sees_her_own_line_and_no_form(visit: Visit) -> None:
    page = visit("asha").get("/training")
    assert page.status_code == 200
    assert "Training: your own" in page.text
    assert "Runs out soon" in page.text
    assert 'method="post" aria-labelledby="record"' not in page.text


def test_the_team_lead_sees_everybody_and_records(visit: Visit, office: FakeOffice) -> None:
    page = visit("tilo").get("/training")
    for said in ("Missing", "Has run out", "Runs out soon", "Valid"):
        assert said in page.text
    fields = {"bundle": "taiwan-card", "ground": "course", "last_day": "2027-01-01"}
    sent = form("tilo", note="Saw her pass the course.", **fields)
    answer = visit("tilo").post("/training", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/training")
    assert office.training.recorded[0].last_day == "2027-01-01"


def test_a_refused_form_comes_back_filled_in(visit: Visit, office: FakeOffice) -> None:
    sent = form("tilo", bundle="taiwan-card", ground="course", last_day="2027-01-01", note="ok")
    answer = visit("tilo").post("/training", data=sent)
    assert answer.status_code == 422
    for said in ('href="#note"', "at least 10 characters", 'value="2027-01-01"', ">ok</textarea>"):
        assert said in answer.text
    assert not office.training.recorded


def test_a_past_day_offers_no_form(visit: Visit) -> None:
    page = visit("tilo").get("/training?as_of=2024-01-31")
    assert "Register on" in page.text
    assert "31 Jan 2024" in page.text
    assert "Record training" not in page.text


def test_the_desk_leads_who_has_no_training_to_practice(visit: Visit, office: FakeOffice) -> None:
    assert "/training/practice" not in visit("asha").get("/desk").text
    address, link = "/training/practice?bundle=a&b", "Practise on 10 past cases first"
    warned = Notice(tone="note", text="Your training: missing.", href=address, link=link)
    office.training.warned = (warned,)
    page = visit("asha").get("/desk").text
    assert f'Your training: missing. <a href="/training/practice?bundle=a&amp;b">{link}</a>' in page
