"""Acts: a good form is recorded once and leads on; a refused one comes back as it was filled."""

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.datastructures import FormData

from overrides.forms import EVIDENCE_ITEMS_MAX
from tests.ui.conftest import Visit
from tests.ui.fake_cases import (
    APPROVE,
    DECIDED,
    DECLINE,
    HELD,
    OUTRUN,
    REFER,
    STOPPED,
    WAITING,
)
from tests.ui.fake_office import FakeOffice
from tests.ui.reading import Page, faults
from ui.ports import Refused
from ui.views import ActForm, EvidenceTyped
from ui.visit import act_form
from ui.words import EVIDENCE_TYPES

NOTE = "Twelve months of statements show a second income of DM 1,150 a month."
PREVIEW = {"HX-Request": "true", "HX-Request-Type": "partial"}


def hidden(client: TestClient, address: str) -> dict[str, str]:
    """The hidden fields of the page at an address."""
    page = Page(client.get(address).text)
    return {e["name"]: e.get("value") for e in page.all("input", type="hidden")}


def send(client: TestClient, address: str, page: str = "", **typed: str) -> Response:
    """Fill in the form of a page and send it."""
    return client.post(address, data={**hidden(client, page or address), **typed})


def said(answer: Response) -> str:
    """The notice that travels to the next page."""
    return unquote(answer.headers.get("set-cookie", ""))


def refused(answer: Response, status: int, *links: str) -> Page:
    """The form that came back, with a summary that links to each field at fault."""
    assert answer.status_code == status
    page = Page(answer.text)
    assert faults(page) == []
    assert page.one("title").text.startswith("Error: ")
    assert "autofocus" in page.one("div", id="fault").attributes
    targets = [a["href"] for a in page.all("a") if a.get("href").startswith("#")]
    assert [f"#{link}" for link in links] == [target for target in targets if target != "#content"]
    for link in links:
        wrong = page.one("p", id=f"{link}-wrong")
        assert wrong.text.startswith("Error: ")
        assert any(f"{link}-wrong" in e.get("aria-describedby") for e in page.elements)
    return page


def test_taking_the_next_case_opens_it(visit: Visit, office: FakeOffice) -> None:
    answer = send(visit("asha"), "/desk/next", "/desk")
    assert answer.headers["location"] == f"/cases/{DECLINE.case_id}"
    assert office.desk.cases[DECLINE.case_id].holder == "you"


def test_with_no_free_case_one_stays_on_the_desk(visit: Visit, office: FakeOffice) -> None:
    office.desk.cases = {HELD.case_id: HELD}
    answer = send(visit("asha"), "/desk/next", "/desk")
    assert answer.headers["location"] == "/desk"
    assert "No case is free" in said(answer)


def test_claiming_and_giving_back(visit: Visit, office: FakeOffice) -> None:
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}"
    assert send(client, f"{address}/claim", address).headers["location"] == address
    assert "Give it back" in client.get(address).text
    assert send(client, f"{address}/release", address).headers["location"] == "/desk"
    assert office.desk.cases[DECLINE.case_id].holder == ""


def test_a_claim_that_came_second_names_the_first(visit: Visit) -> None:
    address = f"/cases/{HELD.case_id}"
    answer = send(visit("asha"), f"{address}/claim", "/desk")
    assert answer.headers["location"] == address
    assert "Lena Kraus is working on it." in said(answer)


def test_agreeing_is_recorded_and_told(visit: Visit, office: FakeOffice) -> None:
    address = f"/cases/{DECLINE.case_id}"
    client = visit("asha")
    answer = send(client, f"{address}/review", address, note="Seen the payslip.", dwell_ms="5200")
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert "entry 20,853" in said(answer)
    assert office.desk.cases[DECLINE.case_id].final == "decline"
    assert "Recorded: declined" in client.get(address).text


def test_the_same_form_sent_twice_is_recorded_once(visit: Visit, office: FakeOffice) -> None:
    address = f"/cases/{DECLINE.case_id}"
    client = visit("asha")
    typed = hidden(client, address)
    answers = [client.post(f"{address}/review", data=typed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(office.desk.done) == 1


def test_declining_a_referred_case_wants_reasons(visit: Visit) -> None:
    address = f"/cases/{REFER.case_id}"
    client = visit("asha")
    answer = send(client, f"{address}/review", address, decision="decline", note=NOTE)
    page = refused(answer, 422, "concepts")
    assert "checked" in page.one("input", value="decline").attributes
    assert page.one("textarea", id="note").text == NOTE


def test_a_referred_case_without_a_decision_says_where_to_look(visit: Visit) -> None:
    address = f"/cases/{REFER.case_id}"
    refused(send(visit("asha"), f"{address}/review", address), 422, "decision-choice")


def test_a_case_that_changed_meanwhile_is_shown_as_it_stands(
    visit: Visit, office: FakeOffice
) -> None:
    address = f"/cases/{DECLINE.case_id}"
    client = visit("asha")
    typed = hidden(client, address)
    office.desk.claim(office.people.viewer("token-asha"), DECLINE.case_id)  # type: ignore[arg-type]
    answer = client.post(f"{address}/review", data={**typed, "note": NOTE})
    page = refused(answer, 409)
    assert page.value("seen_version") == "4"
    assert page.one("textarea", id="note").text == NOTE
    assert page.value("idempotency_key") != typed["idempotency_key"]


def test_when_the_ledger_is_shut_the_same_form_may_be_sent_again(
    visit: Visit, office: FakeOffice
) -> None:
    address = f"/cases/{DECLINE.case_id}"
    client = visit("asha")
    typed = hidden(client, address)
    office.desk.trouble = Refused(503, "Nothing was recorded", "Send it again in a minute.")
    page = refused(client.post(f"{address}/review", data=typed), 503)
    assert page.value("idempotency_key") == typed["idempotency_key"]


def test_above_the_limit_the_form_comes_back_and_the_case_can_be_given_back(
    visit: Visit, office: FakeOffice
) -> None:
    address = f"/cases/{DECLINE.case_id}"
    client = visit("asha")
    send(client, f"{address}/claim", address)
    office.desk.trouble = Refused(403, "Above your limit", "Hand it to a senior officer.")
    page = refused(send(client, f"{address}/review", address, note=NOTE), 403)
    assert "Above your limit" in page.one("div", id="fault").text
    assert page.one("textarea", id="note").text == NOTE
    assert len(page.all("form", action=f"{address}/release")) == 1


def test_who_may_not_agree_reads_why_and_may_still_override(
    visit: Visit, office: FakeOffice
) -> None:
    words = "Approving DM 1,424 is above your limit of DM 1,000."
    for case in (APPROVE, REFER):
        office.desk.cases[case.case_id] = replace(case, may_agree=False, agree_cannot_words=words)
    page = Page(visit("asha").get(f"/cases/{APPROVE.case_id}").text)
    assert words in page.one("section", id="decision").text
    assert "Agree" not in page.one("section", id="decision").text
    assert "Override: decline" in page.one("section", id="decision").text
    page = Page(visit("asha").get(f"/cases/{REFER.case_id}").text)
    assert "disabled" in page.one("input", value="approve").attributes
    assert "disabled" not in page.one("input", value="decline").attributes


def test_another_refusal_is_a_page_of_its_own(visit: Visit, office: FakeOffice) -> None:
    office.desk.trouble = Refused(404, "No such case", "It was moved.")
    address = f"/cases/{DECLINE.case_id}"
    answer = send(visit("asha"), f"{address}/review", address)
    assert answer.status_code == 404
    assert Page(answer.text).one("h1").text == "No such case"


@pytest.mark.parametrize("form", ["review", "override", "approval"])
def test_a_form_that_no_longer_fits_the_case_gives_the_note_back(
    visit: Visit, office: FakeOffice, form: str
) -> None:
    case = WAITING if form == "approval" else DECLINE
    client, address = visit("ravi"), f"/cases/{case.case_id}/{form}"
    page = f"/cases/{case.case_id}" if form == "review" else address
    typed = hidden(client, page) | {"note": NOTE, "code": "M01", "step": "record"}
    typed |= {"verdict": "reject", "evidence_reference": "DMS-1"}
    office.desk.cases[case.case_id] = replace(DECIDED, case_id=case.case_id)
    office.desk.trouble = Refused(409, "The case is closed", "Nothing more can be decided on it.")
    back = refused(client.post(address, data=typed), 409)
    assert "What you typed was not recorded" in back.one("section", id="decision").text
    assert NOTE in back.one("section", id="decision").text


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (f"/cases/{DECLINE.case_id}/review", f"/cases/{DECLINE.case_id}"),
        (f"/cases/{DECLINE.case_id}/claim", f"/cases/{DECLINE.case_id}"),
        ("/desk/next", "/desk"),
        ("/admin/people", "/admin"),
        ("/logout", "/"),
        ("/login", "/"),
    ],
)
def test_reloading_an_address_that_takes_a_form_leads_to_its_page(
    visit: Visit, address: str, place: str
) -> None:
    answer = visit("asha").get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, place)


def test_an_override_is_checked_then_shown_then_recorded(visit: Visit, office: FakeOffice) -> None:
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}/override"
    typed = {"code": "M01", "note": NOTE, "evidence_type": "BANK_STMT"}
    typed |= {"evidence_reference": "DMS-1", "dwell_ms": "100"}
    check = send(client, address, **typed, step="check")
    assert check.status_code == 200
    page = Page(check.text)
    assert faults(page) == []
    assert "Bank statement: DMS-1" in page.one("main").text
    assert "must uphold it" in page.one("main").text
    assert office.desk.cases[DECLINE.case_id].pending is None
    buttons = {button.get("value"): button.text for button in page.all("button", name="step")}
    assert buttons == {"record": "Record override", "change": "Change something"}
    kept = {e["name"]: e.get("value") for e in page.all("input", type="hidden")}
    done = client.post(address, data={**kept, "step": "record"})
    assert (done.status_code, done.headers["location"]) == (303, f"/cases/{DECLINE.case_id}")
    pending = office.desk.cases[DECLINE.case_id].pending
    assert pending is not None
    assert (pending.code, pending.note) == ("M01", NOTE)


def test_changing_something_goes_back_to_the_form_as_it_was(visit: Visit) -> None:
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}/override"
    sha = "ab" * 32
    answer = send(client, address, code="S02", note=NOTE, evidence_sha256=sha, step="change")
    page = Page(answer.text)
    assert "checked" in page.one("input", value="S02").attributes
    assert page.one("textarea", id="note").text == NOTE
    assert page.one("input", id="evidence_sha256")["value"] == sha


def test_an_empty_override_says_all_that_is_missing(visit: Visit) -> None:
    address = f"/cases/{DECLINE.case_id}/override"
    refused(send(visit("asha"), address, step="check"), 422, "code")


def test_a_thin_override_links_to_each_field(visit: Visit) -> None:
    address = f"/cases/{DECLINE.case_id}/override"
    answer = send(visit("asha"), address, code="M01", note="too short", step="check")
    refused(answer, 422, "evidence_reference", "note")


def test_declining_against_the_model_wants_reasons_for_the_applicant(
    visit: Visit, office: FakeOffice
) -> None:
    client, address = visit("asha"), f"/cases/{APPROVE.case_id}/override"
    typed = hidden(client, address) | {"code": "M05", "note": NOTE, "evidence_reference": "L-1"}
    refused(client.post(address, data=typed | {"step": "check"}), 422, "concepts")
    chosen = {"concepts": ["H01", "G06"]}
    page = Page(client.post(address, data=typed | chosen | {"step": "check"}).text)
    assert "Income not confirmed" in page.one("main").text
    assert [field["value"] for field in page.all("input", name="concepts")] == ["H01", "G06"]
    assert client.post(address, data=typed | chosen | {"step": "record"}).status_code == 303
    assert office.desk.cases[APPROVE.case_id].final == "decline"


def test_a_preview_says_what_is_missing_and_what_it_will_do(visit: Visit) -> None:
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}/override"
    typed = hidden(client, address) | {"code": "M01", "step": "preview"}
    missing = client.post(address, data=typed, headers=PREVIEW)
    assert missing.status_code == 200
    assert "Still missing: Write at least 40 characters." in missing.text
    typed |= {"note": NOTE, "evidence_reference": "DMS-1"}
    told = client.post(address, data=typed, headers=PREVIEW).text
    assert "must uphold it" in told
    assert "<form" not in told


def test_there_is_no_override_where_the_model_leaves_it_open(visit: Visit) -> None:
    answer = visit("asha").get(f"/cases/{REFER.case_id}/override")
    assert answer.headers["location"] == f"/cases/{REFER.case_id}"
    assert "no recommendation" in said(answer)


def test_two_keys_reach_every_reason_and_of_many_groups_only_the_chosen_one_is_open(
    visit: Visit,
) -> None:
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}/override"
    page = Page(client.get(address).text)
    groups = page.all("details", _class_="group")
    assert [group["data-key"] for group in groups] == ["1", "2", "3", "4", "5", "6"]
    assert not any("open" in group.attributes for group in groups)
    keys = [radio["data-key"] for radio in page.all("input", name="code")]
    assert keys == ["1", "2", "3", "1", "2", "1", "2", "1", "1", "1"]
    again = Page(send(client, address, code="C02", step="change").text)
    opened = ["open" in group.attributes for group in again.all("details", _class_="group")]
    assert opened == [False, False, True, False, False, False]
    few = Page(client.get(f"/cases/{APPROVE.case_id}/override").text)
    assert all("open" in group.attributes for group in few.all("details", _class_="group"))


def test_each_reason_says_its_evidence_and_its_usual_kinds_come_first(visit: Visit) -> None:
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}/override"
    page = Page(client.get(address).text)
    said = [label.text for label in page.all("label") if "Confirmed improvement" in label.text]
    assert "Evidence: Contract and the first payslip." in said[0]
    assert "Usually: Payslip, letter or contract from the employer." in said[0]
    assert "hidden" in page.one("optgroup", label="Usual for this reason").attributes
    chosen = Page(send(client, address, code="C02", step="change").text)
    values = [option.get("value") for option in chosen.all("option") if option.get("data-at")]
    assert set(values[:2]) == {"PAYSLIP", "EMPLOYER_LETTER"}
    assert sorted(values) == sorted(name for name, _ in EVIDENCE_TYPES)
    assert "hidden" not in chosen.one("optgroup", label="Usual for this reason").attributes


def two_papers(client: TestClient, address: str) -> dict[str, Any]:
    """An override that rests on two pieces of evidence."""
    return hidden(client, address) | {
        "code": "M01",
        "note": NOTE,
        "evidence_type": ["BANK_STMT", "PAYSLIP"],
        "evidence_reference": ["DMS-1", "DMS-2"],
        "evidence_sha256": ["", "ab" * 32],
    }


def test_several_pieces_of_evidence_are_named_checked_and_recorded(
    visit: Visit, office: FakeOffice
) -> None:
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}/override"
    typed = two_papers(client, address)
    more = Page(client.post(address, data=typed | {"step": "more"}).text)
    assert faults(more) == []
    named = [e["value"] for e in more.all("input", name="evidence_reference")]
    assert named == ["DMS-1", "DMS-2", ""]
    assert "autofocus" in more.one("select", id="evidence_type-3").attributes
    assert more.one("textarea", id="note").text == NOTE
    check = Page(client.post(address, data=typed | {"step": "check"}).text)
    for said in ("Bank statement: DMS-1", "Payslip: DMS-2", "ab" * 32):
        assert said in check.one("main").text
    kept: dict[str, Any] = {e["name"]: [] for e in check.all("input", type="hidden")}
    for field in check.all("input", type="hidden"):
        kept[field["name"]].append(field.get("value"))
    assert client.post(address, data=kept | {"step": "record"}).status_code == 303
    pending = office.desk.cases[DECLINE.case_id].pending
    assert pending is not None
    assert pending.evidence == ("BANK_STMT: DMS-1", "PAYSLIP: DMS-2")


def test_room_for_another_piece_of_evidence_is_made_without_loading_the_page_anew(
    visit: Visit,
) -> None:
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}/override"
    typed = two_papers(client, address) | {"step": "more"}
    block = client.post(address, data=typed, headers=PREVIEW).text
    assert "<html" not in block
    assert len(Page(block).all("select", name="evidence_type")) == 3
    full = typed | {
        f"evidence_{part}": ["x"] * EVIDENCE_ITEMS_MAX for part in ("type", "reference")
    }
    page = Page(client.post(address, data=full, headers=PREVIEW).text)
    assert len(page.all("select", name="evidence_type")) == EVIDENCE_ITEMS_MAX
    assert page.all("button", value="more") == []


def test_a_fault_in_a_later_piece_of_evidence_links_to_it(visit: Visit, office: FakeOffice) -> None:
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}/override"
    wrong = {"evidence_sha256-2": "A SHA-256 has 64 digits from 0 to f."}
    office.desk.trouble = Refused(422, "Please check", "Some answers are missing.", wrong)
    typed = two_papers(client, address) | {"step": "check"}
    refused(client.post(address, data=typed), 422, "evidence_sha256-2")


def test_the_enter_key_checks_and_does_not_add_evidence(visit: Visit) -> None:
    page = Page(visit("asha").get(f"/cases/{DECLINE.case_id}/override").text)
    buttons = [e["value"] for e in page.all("button", name="step")]
    assert buttons == ["check", "more", "check"]


def test_a_returned_proposal_is_filled_in_with_the_question_above_it(
    visit: Visit, office: FakeOffice
) -> None:
    typed = ActForm(
        decision="approve",
        code="M02",
        note=NOTE,
        evidence=(EvidenceTyped(kind="BANK_STMT", reference="DMS-7"), EvidenceTyped(kind="odd")),
    )
    asked = {"question": "Which account is it?", "question_by": "Ravi Saikia", "returned": typed}
    office.desk.cases[DECLINE.case_id] = replace(DECLINE, **asked)  # type: ignore[arg-type]
    client, address = visit("asha"), f"/cases/{DECLINE.case_id}/override"
    page = Page(client.get(address).text)
    assert faults(page) == []
    assert "Ravi Saikia asked: Which account is it?" in page.one("main").text
    assert "Filled in from your proposal" in page.one("main").text
    assert "checked" in page.one("input", value="M02").attributes
    assert page.one("textarea", id="note").text == NOTE
    assert [e["value"] for e in page.all("input", name="evidence_reference")] == ["DMS-7", ""]
    selected = [e.text for e in page.all("option") if "selected" in e.attributes]
    assert selected == ["Bank statement", "odd"]
    assert page.value("idempotency_key")
    other = Page(send(client, address, code="M01", step="change").text)
    assert "Filled in from your proposal" not in other.one("main").text


@pytest.mark.parametrize(
    ("verdict", "note", "status"), [("uphold", "", "decided"), ("reject", "No.", "in_review")]
)
def test_a_verdict_is_recorded(
    visit: Visit, office: FakeOffice, verdict: str, note: str, status: str
) -> None:
    address = f"/cases/{WAITING.case_id}/approval"
    answer = send(visit("ravi"), address, verdict=verdict, note=note)
    assert answer.headers["location"] == f"/cases/{WAITING.case_id}"
    assert office.desk.cases[WAITING.case_id].status == status


def test_a_question_without_words_comes_back(visit: Visit) -> None:
    address = f"/cases/{WAITING.case_id}/approval"
    refused(send(visit("ravi"), address, verdict="return"), 422, "note")
    refused(send(visit("ravi"), address), 422, "verdict")


def test_without_a_proposal_there_is_no_verdict(visit: Visit) -> None:
    answer = visit("ravi").get(f"/cases/{DECLINE.case_id}/approval")
    assert answer.headers["location"] == f"/cases/{DECLINE.case_id}"


def test_who_may_not_give_a_verdict_sees_why(visit: Visit) -> None:
    page = Page(visit("asha").get(f"/cases/{WAITING.case_id}/approval").text)
    assert "Only another person" in page.one("main").text
    assert not page.all("input", name="verdict")


def test_who_proposed_reads_of_themselves(visit: Visit, office: FakeOffice) -> None:
    assert WAITING.pending is not None
    address = f"/cases/{WAITING.case_id}"
    assert "Asha Boro wants to approve" in Page(visit("ravi").get(address).text).one("main").text
    own = replace(WAITING.pending, by="you", by_viewer=True)
    office.desk.cases[WAITING.case_id] = replace(WAITING, pending=own)
    assert "You want to approve" in Page(visit("asha").get(address).text).one("main").text


def test_a_question_stands_at_the_head_of_its_case(visit: Visit, office: FakeOffice) -> None:
    asked = replace(DECLINE, question="Which month is missing?", question_by="Ravi Saikia")
    unexpected = replace(DECLINE.adverse[0], unexpected=True)
    bar = replace(DECLINE.bars[0], unexpected=True)
    office.desk.cases[DECLINE.case_id] = replace(asked, adverse=(unexpected,), bars=(bar,))
    said = Page(visit("asha").get(f"/cases/{DECLINE.case_id}").text).one("main").text
    assert "Ravi Saikia asked: Which month is missing?" in said
    assert said.count("Unexpected direction") == 2


def test_reasons_of_about_equal_weight_say_so(visit: Visit, office: FakeOffice) -> None:
    first, *_ = DECLINE.adverse
    tied = replace(DECLINE, adverse=(first, replace(first, rank=2, tied=True)))
    office.desk.cases[DECLINE.case_id] = tied
    page = Page(visit("asha").get(f"/cases/{DECLINE.case_id}").text)
    assert faults(page) == []
    assert page.one("main").text.count("of about equal weight with the one before") == 1
    assert page.one("main").text.count("so their order means nothing.") == 1


def test_a_case_of_a_suspended_model_offers_a_re_score_and_no_decision(visit: Visit) -> None:
    address = f"/cases/{STOPPED.case_id}"
    page = Page(visit("asha").get(address).text)
    assert faults(page) == []
    actions = {form["action"] for form in page.all("form") if address in form["action"]}
    assert actions == {f"{address}/claim", f"{address}/rescore"}
    assert not [a for a in page.all("a") if a.get("href") == f"{address}/override"]
    button = next(b for b in page.all("button") if b.text == "Re-score this case")
    assert "primary" in button["class"]
    assert "Suspended: not to be used" in page.one("p", **{"class": "headline"}).text
    assert "nobody may rest on this score" in page.one("div", id="rescore").text
    assert "rescore" not in visit("meera").get(address).text


def test_re_scoring_shows_the_new_advice_and_what_it_replaced(
    visit: Visit, office: FakeOffice
) -> None:
    client, address = visit("asha"), f"/cases/{STOPPED.case_id}"
    answer = send(client, f"{address}/rescore", address)
    assert answer.headers["location"] == address
    assert "Re-scored. The recommendation is now" in said(answer)
    shown = client.get(address).text
    assert "This replaced the recommendation" in shown
    assert f"{address}/review" in shown
    assert office.desk.cases[STOPPED.case_id].rescore is None


def test_a_refused_re_score_says_why_on_the_case(visit: Visit, office: FakeOffice) -> None:
    client, address = visit("asha"), f"/cases/{STOPPED.case_id}"
    typed = hidden(client, address)
    why = "The fields of this application have been erased, so it cannot be re-scored."
    office.desk.trouble = Refused(409, "It cannot be re-scored", why)
    page = refused(client.post(f"{address}/rescore", data=typed), 409)
    assert why in page.one("div", id="fault").text


def test_a_newer_version_is_offered_beside_the_decision(visit: Visit) -> None:
    address = f"/cases/{OUTRUN.case_id}"
    page = Page(visit("asha").get(address).text)
    actions = [form["action"] for form in page.all("form")]
    assert actions.index(f"{address}/review") < actions.index(f"{address}/rescore")
    button = next(b for b in page.all("button") if b.text == "Re-score this case")
    assert "primary" not in button["class"]


def test_the_desk_leads_from_a_waiting_case_to_its_re_score(visit: Visit) -> None:
    page = Page(visit("asha").get("/desk").text)
    links = [a for a in page.all("a") if a.get("href") == f"/cases/{STOPPED.case_id}#rescore"]
    assert [link.text for link in links] == [f"re-score {STOPPED.application_id}"]
    assert "Waits for re-scoring" in visit("asha").get("/desk").text
    reader = visit("meera").get("/desk").text
    assert "Waits for re-scoring" not in reader or "#rescore" not in reader


def test_withdrawing_asks_first(visit: Visit, office: FakeOffice) -> None:
    address = f"/cases/{DECLINE.case_id}/withdrawal"
    client = visit("asha")
    office.desk.trouble = Refused(422, "There is a problem", "Say how.", {"note": "Say how."})
    refused(send(client, address), 422, "note")
    assert send(client, address, note="By telephone.").status_code == 303
    assert office.desk.cases[DECLINE.case_id].status == "withdrawn"


def test_a_run_of_verification_is_shown_at_once(visit: Visit, office: FakeOffice) -> None:
    client = visit("meera")
    good = Page(send(client, "/ledger/verify").text)
    assert "complete and unchanged" in good.one("section", role="status").text
    office.audit.broken = True
    bad = Page(send(client, "/ledger/verify").text)
    assert faults(bad) == []
    assert "Broken" in bad.one("section", role="alert").text


def test_an_export_is_written_and_its_files_are_handed_out(visit: Visit) -> None:
    client = visit("dev")
    answer = send(client, "/feedback")
    assert answer.headers["location"] == "/feedback?bundle=german-credit"
    assert "2026-11-22-german-credit-003" in said(answer)
    file = client.get("/feedback/2026-11-21-german-credit-002/manifest.json")
    assert file.json() == {"rows": 812}
    assert file.headers["content-disposition"].startswith("attachment; ")
    assert file.headers["x-content-type-options"] == "nosniff"


def test_a_person_is_added_and_the_password_is_shown_on_that_page_only(visit: Visit) -> None:
    client = visit("anil")
    answer = send(client, "/admin/people", "/admin", name="Nia", role="officer", limit="10000")
    assert answer.status_code == 200
    assert "river-tulip-41" in answer.text
    assert "set-cookie" not in answer.headers
    assert "river-tulip-41" not in client.get("/admin").text


def test_a_person_without_a_name_comes_back(visit: Visit) -> None:
    client = visit("anil")
    answer = send(client, "/admin/people", "/admin", role="risk", limit="a lot", branch="B 3")
    page = refused(answer, 422, "name", "limit")
    assert "selected" in page.one("option", value="risk").attributes
    assert page.one("input", id="branch")["value"] == "B 3"


@pytest.mark.parametrize(("change", "state"), [("lock", "locked"), ("leave", "left")])
def test_a_person_is_changed_after_a_question(
    visit: Visit, office: FakeOffice, change: str, state: str
) -> None:
    answer = send(visit("anil"), f"/admin/people/asha/{change}")
    assert answer.headers["location"] == "/admin"
    assert office.people.lines["asha"].state == state


def test_of_two_persons_of_one_name_the_one_who_has_not_left_is_changed(
    visit: Visit, office: FakeOffice
) -> None:
    asha = office.people.lines["asha"]
    left = replace(asha, state="left", told_apart="An earlier entry, added 3 May 2026")
    back = replace(asha, role_words="Team lead", told_apart="Added 22 Nov 2026")
    office.people.lines = {"earlier": left, **office.people.lines, "asha": back}
    client = visit("anil")
    page = Page(client.get("/admin").text)
    assert faults(page) == []
    rows = [row.text for row in page.all("tr") if row.text.startswith("asha")]
    assert len(rows) == 2
    assert "Added 22 Nov 2026" in rows[0]
    assert "An earlier entry, added 3 May 2026" in rows[1]
    assert "Team lead" in Page(client.get("/admin/people/asha/lock").text).one("main").text


def test_a_new_password_is_shown_on_that_page_only(visit: Visit) -> None:
    answer = send(visit("anil"), "/admin/people/asha/reset")
    assert "amber-stone-17" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_link_from_the_lenders_system_opens_the_case(visit: Visit) -> None:
    answer = visit("asha").get(f"/applications/{DECLINE.application_id}")
    assert answer.headers["location"] == f"/cases/{DECLINE.case_id}"


def test_what_is_typed_is_read_as_text_within_bounds() -> None:
    form = act_form(
        FormData(
            [
                ("note", "  one\r\ntwo\x00\ud800  "),
                ("seen_version", "-3"),
                ("dwell_ms", "99999999999"),
                ("concepts", "G01"),
                ("concepts", "G01"),
                ("evidence_type", ""),
                ("evidence_reference", ""),
                ("evidence_sha256", ""),
                ("evidence_type", "PAYSLIP"),
                ("evidence_reference", " DMS-1 "),
                ("evidence_sha256", "AB"),
                ("evidence_type", "TAX_RETURN"),
            ]
        )
    )
    assert form.note == "one\ntwo?"
    assert (form.seen_version, form.dwell_ms) == (0, 86_400_000)
    assert form.concepts == ("G01",)
    assert form.evidence == (
        EvidenceTyped(kind="PAYSLIP", reference="DMS-1", sha256="ab"),
        EvidenceTyped(kind="TAX_RETURN"),
    )
    assert act_form(FormData([("dwell_ms", "soon"), ("seen_version", "7")])).dwell_ms is None
    assert len(act_form(FormData([("note", "x" * 20_000)])).note) == 10_000
