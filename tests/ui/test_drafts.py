"""What was typed and not sent is there again for whoever typed it, and for nobody else."""

import pytest

from tests.ui.conftest import Visit
from tests.ui.fake_cases import APPROVE, ASKED, DECLINE, INCOMPLETE, REFER
from tests.ui.fake_office import FakeOffice
from tests.ui.reading import Page, faults
from tests.ui.test_acts import NOTE, hidden, send
from ui.ports import Refused

OVERRIDE = f"/cases/{DECLINE.case_id}/override"
REVIEW = f"/cases/{REFER.case_id}/review"


def test_a_form_that_was_left_is_shown_as_it_was_left(visit: Visit, office: FakeOffice) -> None:
    asha = visit("asha")
    answer = send(
        asha, "/drafts", OVERRIDE, draft_of=OVERRIDE, note=NOTE, evidence_reference="Box 4"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{DECLINE.case_id}")
    assert not office.desk.done, "nothing is recorded"
    page = Page(asha.get(OVERRIDE).text)
    assert faults(page) == []
    assert page.one("textarea", id="note").text == NOTE
    assert page.one("input", id="evidence_reference").get("value") == "Box 4"
    assert any("2026-11-22, 09:41 UTC" in said.text for said in page.all("div", role="status"))
    keys = {hidden(asha, OVERRIDE)["idempotency_key"] for _ in range(2)}
    assert len(keys) == 2, "each showing is an act of its own"
    other = Page(visit("ravi").get(OVERRIDE).text)
    assert other.one("textarea", id="note").text == ""


def test_a_draft_goes_when_its_form_was_sent_and_stays_when_it_was_refused(
    visit: Visit, office: FakeOffice
) -> None:
    asha = visit("asha")
    send(asha, "/drafts", f"/cases/{REFER.case_id}", draft_of=REVIEW, note=NOTE)
    assert Page(asha.get(f"/cases/{REFER.case_id}").text).one("textarea", id="note").text == NOTE
    office.desk.trouble = Refused(409, "Someone was faster", "Read the case again.")
    send(asha, REVIEW, f"/cases/{REFER.case_id}", decision="approve", note=NOTE)
    assert office.drafts.kept
    office.desk.trouble = None
    answer = send(asha, REVIEW, f"/cases/{REFER.case_id}", decision="approve", note=NOTE)
    assert answer.status_code == 303
    assert not office.drafts.kept


def test_a_draft_is_thrown_away_by_a_button_on_the_page_that_shows_it(
    visit: Visit, office: FakeOffice
) -> None:
    asha = visit("asha")
    send(asha, "/drafts", OVERRIDE, draft_of=OVERRIDE, note=NOTE)
    answer = send(asha, "/drafts/discard", OVERRIDE, draft_of=OVERRIDE)
    assert (answer.status_code, answer.headers["location"]) == (303, OVERRIDE)
    assert not office.drafts.kept


def test_the_script_is_answered_in_a_line_and_told_what_went_wrong(
    visit: Visit, office: FakeOffice
) -> None:
    asha = visit("asha")
    said = send(asha, "/drafts", OVERRIDE, draft_of=OVERRIDE, quietly="1", note=NOTE)
    assert (said.status_code, said.text) == (200, "Kept at 09:41 UTC. Nothing is recorded yet.")
    office.drafts.trouble = Refused(410, "Not kept", "It was erased.")
    said = send(asha, "/drafts", OVERRIDE, draft_of=OVERRIDE, quietly="1", note=NOTE)
    assert (said.status_code, said.text) == (410, "It was erased.")


def test_a_script_that_hands_over_a_form_that_was_sent_is_told_so_without_an_error(
    visit: Visit, office: FakeOffice
) -> None:
    asha = visit("asha")
    office.drafts.trouble = Refused(409, "Not kept", "You have acted since.")
    said = send(asha, "/drafts", OVERRIDE, draft_of=OVERRIDE, quietly="1", note=NOTE)
    assert (said.status_code, said.text) == (202, "You have acted since.")
    said = send(asha, "/drafts", OVERRIDE, draft_of=OVERRIDE, note=NOTE)
    assert said.status_code == 409, "a person who presses the button sees a page"
    assert not office.drafts.kept


def test_evidence_keeps_its_order_where_a_part_was_left_empty(
    visit: Visit, office: FakeOffice
) -> None:
    asha = visit("asha")
    typed = {
        **hidden(asha, OVERRIDE),
        "draft_of": OVERRIDE,
        "evidence_type": ["payslip", "id_document"],
        "evidence_reference": ["", "Box 4"],
        "evidence_sha256": ["", "ab" * 32],
    }
    asha.post("/drafts", data=typed)
    (draft,) = office.drafts.kept.values()
    rows = [value for name, value in draft.fields if name == "evidence_reference"]
    assert rows == ["", "Box 4"]
    assert not {"csrf", "person", "draft_of"} & {name for name, _ in draft.fields}


@pytest.mark.parametrize(
    "place",
    ["", "/admin", f"/cases/{APPROVE.case_id}", "//elsewhere/cases/a/review", "/cases/a/claim"],
)
def test_only_forms_about_a_case_are_kept(visit: Visit, office: FakeOffice, place: str) -> None:
    answer = send(visit("asha"), "/drafts", OVERRIDE, draft_of=place, note=NOTE)
    assert answer.status_code == 422
    assert not office.drafts.kept


FORMS: tuple[tuple[str, str, dict[str, str], str], ...] = (
    (
        "asha",
        f"/cases/{REFER.case_id}/information-request",
        {"fields": "savings"},
        'value="savings" checked',
    ),
    ("asha", f"/cases/{ASKED.case_id}/information", {"field-duration": "36"}, 'value="36"'),
    ("ravi", f"/cases/{INCOMPLETE.case_id}/reopening", {}, NOTE),
    (
        "asha",
        f"/cases/{DECLINE.case_id}/counter-offer",
        {"field-credit_amount": "2400"},
        'value="2400"',
    ),
    (
        "asha",
        f"/cases/{DECLINE.case_id}/correction",
        {"field-credit_amount": "2400"},
        'value="2400"',
    ),
)


@pytest.mark.parametrize(("who", "address", "typed", "shown"), FORMS)
def test_every_form_with_a_note_is_kept_shown_to_its_writer_and_forgotten_with_the_sending(
    visit: Visit, office: FakeOffice, who: str, address: str, typed: dict[str, str], shown: str
) -> None:
    writer = visit(who)
    assert "data-keep" in writer.get(address).text
    assert send(writer, "/drafts", address, draft_of=address, note=NOTE, **typed).status_code == 303
    page = writer.get(address).text
    assert faults(Page(page)) == []
    for said in (NOTE, shown, "Nothing of it was recorded", "Throw away what I had typed"):
        assert said in page, said
    assert NOTE not in visit("tilo").get(address).text
    trouble = Refused(409, "Someone was faster", "Read the case again.")
    office.waiting.trouble = office.changes.trouble = trouble
    lost = send(writer, address, step="record", note=NOTE, **typed)
    assert (lost.status_code, NOTE in lost.text) == (409, True)
    assert office.drafts.kept, "whoever was outrun keeps theirs"
    office.waiting.trouble = office.changes.trouble = None
    assert send(writer, address, step="record", note=NOTE, **typed).status_code == 303
    assert not office.drafts.kept
