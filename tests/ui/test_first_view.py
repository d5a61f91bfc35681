"""A case whose score is hidden: what its page has, and what was typed is never lost."""

from tests.ui.conftest import Visit
from tests.ui.fake_cases import DECLINE
from tests.ui.fake_first_views import HIDDEN
from tests.ui.fake_office import FakeOffice

ADDRESS = f"/cases/{HIDDEN}/first-view"


def form(who: str, **fields: str) -> dict[str, str]:
    """A form as this person's browser sends it."""
    return {"person": f"person-{who}", "csrf": f"csrf-{who}", **fields}


def test_the_page_has_what_was_stated_and_a_form_and_no_score(visit: Visit) -> None:
    page = visit("asha").get(f"/cases/{HIDDEN}").text
    for said in ("Your own view first", "41", "Income is older than 90 days.", "Cannot tell"):
        assert said in page
    for hidden in ("recommends", "Main reasons", "How the score adds up", "History", "Override"):
        assert hidden not in page


def test_a_view_that_is_sent_opens_the_case(visit: Visit, office: FakeOffice) -> None:
    fields = {"view": "approve", "confidence": "4", "note": "Long in her job."}
    answer = visit("asha").post(ADDRESS, data=form("asha", **fields))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{HIDDEN}")
    (sent,) = office.first_views.recorded
    assert (sent.view, sent.confidence, sent.note) == tuple(fields.values())


def test_a_refused_form_comes_back_filled_in(visit: Visit) -> None:
    fields = {"view": "decline", "note": "High rent."}
    answer = visit("asha").post(ADDRESS, data=form("asha", **fields))
    assert answer.status_code == 422
    assert 'href="#confidence"' in answer.text
    assert "High rent." in answer.text
    assert 'value="decline" required checked' in answer.text


def test_a_view_that_nobody_asks_for_leads_to_the_case(visit: Visit, office: FakeOffice) -> None:
    address = f"/cases/{DECLINE.case_id}"
    fields = form("asha", view="approve", confidence="1")
    answer = visit("asha").post(f"{address}/first-view", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert not office.first_views.recorded
