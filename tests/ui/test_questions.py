"""Pages that ask about a score: what they offer, and what becomes of a refused form."""

from tests.ui.conftest import Visit
from tests.ui.fake_cases import AGAINST, DECLINE, REFER
from tests.ui.fake_office import FakeOffice
from tests.ui.test_sharing import form
from ui.ports import Refused

REASON = f"/cases/{DECLINE.case_id}/reasons/{AGAINST[0].concept}"
TRY = f"/cases/{DECLINE.case_id}/what-if"


def test_each_reason_has_a_button_that_records_and_opens_what_lies_under_it(
    visit: Visit, office: FakeOffice
) -> None:
    page = visit("asha").get(f"/cases/{DECLINE.case_id}")
    told = len(DECLINE.adverse) + len(DECLINE.favourable)
    assert page.text.count("This surprises me") == told
    answer = visit("asha").post(REASON, data=form("asha"), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, REASON)
    assert office.questions.asked == [(DECLINE.case_id, AGAINST[0].concept, "")]


def test_who_only_reads_follows_a_link_and_is_offered_no_button(visit: Visit) -> None:
    page = visit("meera").get(REASON)
    assert page.status_code == 200
    assert "This applicant" in page.text
    assert "Record that it surprises me" not in page.text


def test_a_reason_on_bad_data_is_grey_and_names_the_owner(visit: Visit) -> None:
    page = visit("asha").get(f"/cases/{DECLINE.case_id}").text
    assert "Data to check first" in page
    assert "Owner: Loan Origination" in page


def test_a_refused_note_comes_back(visit: Visit, office: FakeOffice) -> None:
    office.questions.trouble = Refused(422, "Please check", "Shorter.", {"note": "Shorter."})
    answer = visit("asha").post(REASON, data=form("asha", note="My long note"))
    assert answer.status_code == 422
    assert "My long note" in answer.text
    assert 'href="#note"' in answer.text


def test_what_was_typed_is_tried_and_refused_values_come_back_by_field(
    visit: Visit, office: FakeOffice
) -> None:
    fields = {"to_duration_months": "36.0", "to_credit_amount": "7000"}
    answer = visit("asha").post(TRY, data=form("asha", **fields), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, TRY)
    assert office.questions.tried == [{"duration_months": "36.0", "credit_amount": "7000"}]
    faults = {"credit_amount": "Give one of the declared steps."}
    office.questions.trouble = Refused(422, "Please check", "Nothing was tried.", faults)
    again = visit("asha").post(TRY, data=form("asha", **fields))
    assert again.status_code == 422
    for said in ('href="#to_credit_amount"', 'value="7000"', 'value="36.0" selected', "Only a try"):
        assert said in again.text


def test_where_nothing_can_be_tried_the_page_says_why(visit: Visit) -> None:
    page = visit("asha").get(f"/cases/{REFER.case_id}/what-if").text
    assert "nothing more is tried" in page
    assert "Nothing was tried yet." in page
    assert 'name="to_' not in page
