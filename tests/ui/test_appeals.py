"""Recording that an applicant contests a decision: what its page has, and what comes back."""

from tests.ui.conftest import Visit
from tests.ui.fake_appeals import TOLD
from tests.ui.fake_cases import DECIDED
from tests.ui.fake_first_views import CONTESTED
from tests.ui.fake_office import FakeOffice
from ui.ports import Refused

ADDRESS = f"/cases/{DECIDED.case_id}/appeal"


def form(who: str, **fields: str) -> dict[str, str]:
    """A form as this person's browser sends it."""
    return {"person": f"person-{who}", "csrf": f"csrf-{who}", **fields}


def test_the_page_says_by_when_it_is_answered_and_who_cannot_decide(visit: Visit) -> None:
    page = visit("ravi").get(ADDRESS).text
    for said in ("28 calendar days, by law", "3 people of this branch", "cannot", "Payslip"):
        assert said in page


def test_an_appeal_that_is_sent_leads_to_the_case(visit: Visit, office: FakeOffice) -> None:
    fields = {"view": "Look again.", "evidence_type": "PAYSLIP", "evidence_reference": "a/7"}
    answer = visit("ravi").post(ADDRESS, data=form("ravi", seen_version="9", **fields))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{DECIDED.case_id}")
    ((case_id, sent),) = office.appeals.recorded
    assert (case_id, sent.view, sent.evidence_reference) == (DECIDED.case_id, "Look again.", "a/7")
    assert sent.seen_version == 9


def test_a_refused_form_comes_back_filled_in(visit: Visit, office: FakeOffice) -> None:
    fault = {"received_at": "Give a day and a time."}
    office.appeals.trouble = Refused(422, "Nothing was recorded", "Put this right.", fault)
    answer = visit("ravi").post(ADDRESS, data=form("ravi", view="Look again."))
    assert answer.status_code == 422
    assert 'href="#received_at"' in answer.text
    assert "Look again." in answer.text


def test_what_was_typed_and_not_sent_is_there_again_until_it_is_sent(
    visit: Visit, office: FakeOffice
) -> None:
    ravi = visit("ravi")
    ravi.post("/drafts", data=form("ravi", draft_of=ADDRESS, view="Look again."))
    page = ravi.get(ADDRESS).text
    assert "Look again." in page
    assert "Throw away what I had typed" in page
    assert "Look again." not in visit("asha").get(ADDRESS).text
    ravi.post(ADDRESS, data=form("ravi", seen_version="9", view="Look again."))
    assert not office.drafts.kept


def test_whoever_decides_again_reads_the_appeal_and_is_asked_first(visit: Visit) -> None:
    page = visit("asha").get(f"/cases/{CONTESTED}").text
    assert TOLD.said in page
    assert "show the earlier decision" in page
    assert "drawn at random" not in page
