"""Letters: the list says what is due, a step is recorded with what was typed, a refusal loses nothing."""  # noqa: E501

from tests.ui.conftest import Visit
from tests.ui.fake_letters import HELD_CASE, NONE_CASE, SENT_CASE
from tests.ui.fake_office import FakeOffice
from ui.ports import Refused

ADDRESS = f"/cases/{SENT_CASE.case_id}/letter"


def form(who: str, **fields: str) -> dict[str, str]:
    """A form as this person's browser sends it."""
    return {"person": f"person-{who}", "csrf": f"csrf-{who}", **fields}


def test_the_list_says_by_when_each_letter_is_due_and_why_one_is_held(visit: Visit) -> None:
    page = visit("asha").get("/letters").text
    for said in ("Due in 2 days", "Due 3 hours ago", "No native speaker", "Next page"):
        assert said in page
    assert "No letters here" in visit("asha").get("/letters?state=sent").text


def test_a_step_is_recorded_with_what_was_typed(visit: Visit, office: FakeOffice) -> None:
    fields = {"step": "sent", "letter_id": "letter-1", "channel": "post", "on": "2026-11-22"}
    answer = visit("asha").post(ADDRESS, data=form("asha", **fields), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, ADDRESS)
    ((case_id, sent),) = office.letters.done
    assert case_id == SENT_CASE.case_id
    assert (sent.step, sent.letter_id, sent.channel, sent.on) == tuple(fields.values())


def test_a_refused_step_comes_back_filled_in(visit: Visit, office: FakeOffice) -> None:
    faults = {"channel": "Choose how it was sent.", "on": "Give the day."}
    office.letters.trouble = Refused(422, "Nothing was recorded", "Put this right.", faults)
    fields = {"step": "sent", "letter_id": "letter-1", "on": "2026-11-20", "note": "By courier."}
    answer = visit("asha").post(ADDRESS, data=form("asha", **fields))
    assert answer.status_code == 422
    for said in (*faults.values(), 'value="2026-11-20"', 'href="#sent-channel"'):
        assert said in answer.text
    assert answer.text.count("By courier.") == 1, "only in the form that was sent"


def test_a_letter_that_cannot_be_made_says_so_and_offers_nothing(visit: Visit) -> None:
    page = visit("asha").get(f"/cases/{NONE_CASE.case_id}/letter").text
    assert "No letter can be made." in page
    assert 'name="step"' not in page


def test_a_held_letter_says_why_and_is_not_offered_for_issue(visit: Visit) -> None:
    page = visit("asha").get(f"/cases/{HELD_CASE.case_id}/letter").text
    assert "A person has to check it" in page
    assert 'value="issued"' not in page


def test_a_note_about_a_letter_is_kept_until_the_step_is_recorded(
    visit: Visit, office: FakeOffice
) -> None:
    fields = {"step": "sent", "letter_id": "letter-1", "note": "By courier."}
    visit("asha").post("/drafts", data=form("asha", draft_of=ADDRESS, **fields))
    assert "By courier.</textarea>" in visit("asha").get(ADDRESS).text
    assert "By courier." not in visit("ravi").get(ADDRESS).text
    typed = form("asha", channel="post", on="2026-11-22", **fields)
    assert visit("asha").post(ADDRESS, data=typed, follow_redirects=False).status_code == 303
    assert not office.drafts.kept


def test_a_note_for_a_step_that_is_past_is_told_apart_from_the_forms(visit: Visit) -> None:
    fields = {"step": "checked", "letter_id": "letter-1", "note": "Read twice."}
    visit("asha").post("/drafts", data=form("asha", draft_of=ADDRESS, **fields))
    page = visit("asha").get(ADDRESS).text
    assert "does not stand at" in page
    assert "<li>Read twice.</li>" in page
    assert "Read twice.</textarea>" not in page
