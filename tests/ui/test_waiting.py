"""Forms that ask, answer, undo and reopen: what was typed is never lost, and says what it does."""

from tests.ui.conftest import Visit
from tests.ui.fake_cases import ASKED, DECIDED, DECLINE, INCOMPLETE, REFER, UNDOABLE
from tests.ui.fake_office import FakeOffice
from ui.ports import Refused
from ui.waiting_views import AnswerForm, AskForm, ReopenForm


def form(who: str, **fields: object) -> dict[str, object]:
    """A form as this person's browser sends it."""
    return {"person": f"person-{who}", "csrf": f"csrf-{who}", "seen_version": "7", **fields}


def test_the_applicant_is_asked_with_what_was_ticked(visit: Visit, office: FakeOffice) -> None:
    address = f"/cases/{REFER.case_id}/information-request"
    page = visit("asha").get(address).text
    assert "The legal limit does not stand still" in page
    assert "The service target stands still" in page
    fields = {"fields": ["savings"], "documents": ["PAYSLIP"], "until": "2026-12-01T10:00"}
    sent = visit("asha").post(address, data=form("asha", **fields), follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/cases/{REFER.case_id}")
    ((case_id, asked),) = office.waiting.done
    assert isinstance(asked, AskForm)
    assert (case_id, asked.fields, asked.documents) == (REFER.case_id, ("savings",), ("PAYSLIP",))
    assert (asked.until, asked.seen_version) == ("2026-12-01T10:00", 7)


def test_a_refused_request_comes_back_filled_in(visit: Visit, office: FakeOffice) -> None:
    faults = {"until": "Give a day and a time.", "fields": "Choose at least one."}
    office.waiting.trouble = Refused(422, "Nothing was recorded", "Put this right.", faults)
    address = f"/cases/{REFER.case_id}/information-request"
    answer = visit("asha").post(
        address, data=form("asha", note="The second page.", fields="savings")
    )
    assert answer.status_code == 422
    for said in (*faults.values(), "The second page.", 'href="#until"', 'href="#fields"'):
        assert said in answer.text
    assert 'value="savings" checked' in answer.text


def test_an_answer_has_what_was_filled_in_and_nothing_else(
    visit: Visit, office: FakeOffice
) -> None:
    address = f"/cases/{ASKED.case_id}/information"
    assert "Stated before: 48 months." in visit("asha").get(address).text
    typed = {"field-duration": "36", "field-savings": "", "document-PAYSLIP": "archive 12"}
    visit("asha").post(address, data=form("asha", **typed))
    ((_, said),) = office.waiting.done
    assert isinstance(said, AnswerForm)
    assert (said.fields, said.documents) == ({"duration": "36"}, {"PAYSLIP": "archive 12"})
    fault = {"field-duration": "Give a value from 4 to 72."}
    office.waiting.trouble = Refused(422, "Nothing was recorded", "Put this right.", fault)
    again = visit("asha").post(address, data=form("asha", **typed))
    assert 'href="#field-duration"' in again.text
    assert 'value="36"' in again.text


def test_a_waiting_case_says_what_for_and_which_clock_goes_on(visit: Visit) -> None:
    page = visit("asha").get(f"/cases/{ASKED.case_id}").text
    for said in ("The applicant answered …", "Payslip", "it runs out on 19 Dec 2026"):
        assert said in page


def test_an_undo_tells_the_time_left_and_too_late_says_so(visit: Visit, office: FakeOffice) -> None:
    page = visit("asha").get(f"/cases/{UNDOABLE.case_id}").text
    assert "waits until 10:42:31 UTC" in page
    assert "31 seconds were left" in page
    address = f"/cases/{UNDOABLE.case_id}/undo"
    visit("asha").post(address, data=form("asha", idempotency_key="k1"))
    assert office.waiting.done == [(UNDOABLE.case_id, "k1")]
    office.waiting.trouble = Refused(409, "Too late to undo", "60 seconds have passed.")
    late = visit("asha").post(address, data=form("asha"), follow_redirects=True)
    assert "Too late to undo. 60 seconds have passed." in late.text


def test_a_closed_case_is_reopened_with_a_reason(visit: Visit, office: FakeOffice) -> None:
    page = visit("ravi").get(f"/cases/{INCOMPLETE.case_id}").text
    assert "closed as incomplete" in page
    assert f"/cases/{INCOMPLETE.case_id}/reopening" in page
    address = f"/cases/{DECIDED.case_id}/reopening"
    assert "stays on the record" in visit("ravi").get(address).text
    visit("ravi").post(address, data=form("ravi", reason="error_found", note="A wrong payslip."))
    ((_, sent),) = office.waiting.done
    assert isinstance(sent, ReopenForm)
    assert (sent.reason, sent.note) == ("error_found", "A wrong payslip.")


def test_a_note_is_hinted_at_where_it_is_shown_and_the_hint_goes_along(visit: Visit) -> None:
    address = f"/cases/{DECLINE.case_id}/override"
    typed = form("asha", step="change", note="Her husband is ill: a disease.", decision="approve")
    page = visit("asha").post(address, data=typed).text
    for said in ("Look at your note once more.", "family or marriage", "Name the kind of event"):
        assert said in page
    assert 'name="hints" value="family"' in page
    assert "once more" not in visit("asha").get(address).text
