"""An officer's day: with scripts, without them, and with the keyboard alone."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Arrive, House
from tests.browser.filling import choose
from tests.ui.fake_cases import DECLINE, REFER, WAITING
from tests.ui.fake_office import PASSWORD
from ui.views import ActForm, Viewer

pytestmark = pytest.mark.browser

SCRIPTS = pytest.mark.parametrize("scripts", ["with scripts", "without scripts"])

NOTE = "Twelve months of statements show a second income of DM 1,150 a month."
CASE = f"/cases/{DECLINE.case_id}"


def fill_override(page: Page) -> None:
    """Fill in the override form as an officer would."""
    choose(page, "What the model did not know", "Verified income")
    page.get_by_label("Kind").select_option(label="Bank statement")
    page.get_by_label("Where it is filed").fill("DMS-2026-88131")
    page.get_by_label("What do you know that the model does not?").fill(NOTE)


@SCRIPTS
@pytest.mark.parametrize("width", [360, 1440])
def test_from_log_in_to_a_proposed_override(
    arrive: Arrive, house: House, width: int, scripts: str
) -> None:
    page = arrive("", width=width, java_script_enabled=scripts == "with scripts")
    page.goto("/desk")
    page.get_by_label("Name").fill("asha")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page).to_have_url(re.compile("/desk$"))
    page.get_by_role("button", name="Take the next case").click()
    expect(page.get_by_text("This case is yours now.")).to_be_visible()
    page.get_by_role("link", name="Override: approve").click()
    page.get_by_role("button", name="Check before recording").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a reason")
    fill_override(page)
    page.get_by_role("button", name="Check before recording").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Check and record")
    expect(page.get_by_text("must uphold it")).to_be_visible()
    page.get_by_role("button", name="Record override").click()
    expect(page).to_have_url(re.compile(f"{CASE}$"))
    expect(page.get_by_role("status")).to_contain_text("It waits for a second person.")
    pending = house.office.desk.cases[DECLINE.case_id].pending
    assert pending is not None
    assert pending.note == NOTE


@SCRIPTS
def test_a_referred_case_is_declined_with_reasons(
    arrive: Arrive, house: House, scripts: str
) -> None:
    page = arrive("asha", java_script_enabled=scripts == "with scripts")
    page.goto(f"/cases/{REFER.case_id}")
    reasons = page.get_by_role("group", name="Reasons to tell the applicant")
    expect(reasons).not_to_be_visible()
    page.get_by_label("Decline").check()
    reasons.get_by_label("Savings").check()
    page.get_by_role("button", name="Record decision").click()
    expect(page.get_by_role("status")).to_contain_text("Recorded: declined")
    assert house.office.desk.cases[REFER.case_id].final == "decline"


def test_the_second_person_upholds(arrive: Arrive, house: House) -> None:
    page = arrive("ravi")
    page.goto("/desk?status=waiting_approval")
    page.get_by_role("link", name=WAITING.application_id).click()
    page.get_by_role("link", name="Read it and give your verdict").click()
    page.get_by_label("Uphold it").check()
    page.get_by_role("button", name="Record verdict").click()
    expect(page.get_by_role("status")).to_contain_text("Recorded: approved")
    assert house.office.desk.cases[WAITING.case_id].final == "approve"


def tab_to(wanted: Locator, *, most: int) -> None:
    """Press Tab until this has the focus; a date field alone is three or four stops."""
    for _ in range(most):
        wanted.page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    expect(wanted).to_be_focused()


def test_the_whole_way_by_keyboard(arrive: Arrive, house: House) -> None:
    page = arrive("asha")
    keys = page.keyboard
    page.goto("/desk")
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("j")
    expect(page.get_by_role("link", name=DECLINE.application_id)).to_be_focused()
    keys.press("j")
    expect(page.get_by_role("link", name=REFER.application_id)).to_be_focused()
    keys.press("k")
    keys.press("Enter")
    expect(page).to_have_url(re.compile(f"{CASE}$"))
    page.wait_for_load_state()  # keys are for the page whose script has run
    keys.press("c")
    expect(page.get_by_text("This case is yours now.")).to_be_visible()
    page.wait_for_load_state()
    keys.press("a")
    expect(page.get_by_role("button", name="Agree: decline")).to_be_focused()
    keys.press("v")
    expect(page).to_have_url(re.compile("/override$"))
    page.wait_for_load_state()
    keys.type("31")
    expect(page.get_by_label("One-off cause, now resolved")).to_be_checked()
    keys.type("11")
    expect(page.get_by_label("Verified income")).to_be_checked()
    keys.press("e")
    keys.press("b")  # the first kind of evidence that begins so
    keys.press("Tab")
    keys.type("jkcav?1")  # letters in a field are letters
    for _ in ("the fingerprint", "another piece", "the note"):
        keys.press("Tab")
    keys.type(NOTE)
    expect(page.get_by_label("What do you know that the model does not?")).to_have_value(NOTE)
    tab_to(page.get_by_role("button", name="Check before recording"), most=8)
    keys.press("Enter")
    expect(page.get_by_text("jkcav?1")).to_be_visible()
    page.get_by_role("button", name="Record override").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It waits for a second person.")
    assert house.office.desk.cases[DECLINE.case_id].pending is not None


def test_shortcuts_can_be_switched_off_for_good(arrive: Arrive) -> None:
    page = arrive("asha")
    page.goto("/desk")
    page.keyboard.press("?")
    expect(page).to_have_url(re.compile("/help$"))
    page.get_by_role("button", name="Shortcuts are on").click()
    expect(page.get_by_role("button", name="Shortcuts are off")).to_be_visible()
    page.goto("/desk")
    for key in ("?", "/", "j", "c"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile("/desk$"))
    expect(page.locator("body")).to_be_focused()


def test_the_search_field_is_one_key_away(arrive: Arrive) -> None:
    page = arrive("asha")
    page.goto("/desk")
    page.keyboard.press("/")
    page.keyboard.type("GC-0731")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="GC-0731")).to_be_visible()


def test_with_scripts_a_filter_changes_the_list_in_place(arrive: Arrive) -> None:
    page = arrive("asha")
    page.goto("/desk")
    page.evaluate("window.same = true")
    page.get_by_label("Held by").select_option("free")
    expect(page).to_have_url(re.compile("holder=free"))
    expect(page.get_by_role("link", name="Clear filters")).to_be_visible()
    assert page.evaluate("window.same")
    assert page.evaluate("window.violations") == []
    page.get_by_label("Held by").select_option("me")
    expect(page.get_by_text("No case matches these filters.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name=DECLINE.application_id)).to_be_visible()


def test_with_scripts_the_form_says_what_it_will_do(arrive: Arrive, house: House) -> None:
    page = arrive("asha")
    page.goto(f"{CASE}/override")
    choose(page, "What the model did not know", "Verified income")
    expect(page.locator("#consequence")).to_contain_text("Still missing")
    expect(page.locator("#note-count")).to_contain_text("40 more characters wanted")
    choose(page, "Other", "Other X03")
    expect(page.locator("#note-count")).to_contain_text("200 more characters wanted")
    fill_override(page)
    expect(page.locator("#consequence")).to_contain_text("must uphold it")
    choose(page, "Wrong or old facts", "Record is out of date")
    expect(page.locator("#consequence")).to_contain_text("must uphold it")
    assert house.office.desk.done == {}
    assert page.evaluate("window.violations") == []


def usual_kinds(page: Page) -> list[str]:
    """The kinds of evidence that are offered first."""
    kinds = page.locator("#evidence_type optgroup[data-usual]:not([hidden]) option")
    return [text.strip() for text in kinds.all_text_contents()]


def test_the_kinds_of_evidence_follow_the_reason_and_a_choice_stays(arrive: Arrive) -> None:
    page = arrive("asha")
    page.goto(f"{CASE}/override")
    assert usual_kinds(page) == []
    choose(page, "What the model did not know", "Verified income")
    assert usual_kinds(page) == ["Payslip", "Bank statement"]
    page.get_by_label("Kind").select_option(label="Bank statement")
    choose(page, "The customer's situation", "Confirmed improvement")
    assert usual_kinds(page) == ["Payslip", "Letter or contract from the employer"]
    expect(page.get_by_label("Kind")).to_have_value("BANK_STMT")


@SCRIPTS
def test_several_pieces_of_evidence_are_named(arrive: Arrive, house: House, scripts: str) -> None:
    page = arrive("asha", width=360, java_script_enabled=scripts == "with scripts")
    page.goto(f"{CASE}/override")
    fill_override(page)
    page.get_by_role("button", name="Add another piece").click()
    second = page.get_by_label("Kind of piece 2")
    expect(second).to_be_focused()
    expect(page.get_by_label("What do you know that the model does not?")).to_have_value(NOTE)
    second.select_option(label="Payslip")
    page.get_by_label("Where it is filed (piece 2)").fill("DMS-2026-2")
    page.get_by_role("button", name="Check before recording").click()
    expect(page.get_by_text("Payslip: DMS-2026-2")).to_be_visible()
    page.get_by_role("button", name="Record override").click()
    expect(page.get_by_role("status")).to_contain_text("It waits for a second person.")
    pending = house.office.desk.cases[DECLINE.case_id].pending
    assert pending is not None
    assert len(pending.evidence) == 2


def test_a_summary_of_what_is_wrong_takes_the_focus_and_leads_to_the_field(arrive: Arrive) -> None:
    page = arrive("asha")
    page.goto(f"{CASE}/override")
    choose(page, "What the model did not know", "Verified income")
    page.get_by_role("button", name="Check before recording").click()
    expect(page.locator("#fault")).to_be_focused()
    page.get_by_role("link", name="Say where the evidence is filed.").click()
    expect(page.get_by_label("Where it is filed")).to_be_focused()


def test_the_time_a_case_was_read_is_sent(arrive: Arrive) -> None:
    page = arrive("asha")
    page.goto(CASE)
    page.wait_for_timeout(250)
    with page.expect_request(lambda request: request.url.endswith("/review")) as sent:
        page.get_by_role("button", name="Agree: decline").click()
    expect(page.get_by_text("Recorded: ")).to_be_visible()
    found = re.search(r"dwell_ms=(\d+)", sent.value.post_data or "")
    assert found is not None
    assert 200 <= int(found.group(1)) < 60_000


def test_the_time_of_all_steps_of_an_override_is_sent(arrive: Arrive) -> None:
    page = arrive("asha")
    page.goto(f"{CASE}/override")
    fill_override(page)
    page.wait_for_timeout(700)
    page.get_by_role("button", name="Check before recording").click()
    record = page.get_by_role("button", name="Record override")
    expect(record).to_be_visible()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        record.click()
    expect(page.get_by_role("status")).to_contain_text("It waits for a second person.")
    found = re.search(r"dwell_ms=(\d+)", sent.value.post_data or "")
    assert found is not None
    assert 700 <= int(found.group(1)) < 60_000


def test_a_form_is_sent_once_however_often_the_button_is_pressed(
    arrive: Arrive, house: House
) -> None:
    page = arrive("asha")
    page.goto(CASE)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    review = house.office.desk.review

    def slow(viewer: Viewer, case_id: str, form: ActForm) -> str:
        time.sleep(0.6)
        return review(viewer, case_id, form)

    house.office.desk.review = slow  # type: ignore[method-assign]
    press = "const agree = document.querySelector('[data-agree]'); agree.click();"
    page.evaluate(f"() => {{ {press} setTimeout(() => agree.click(), 150); }}")
    expect(page.get_by_text("Recorded: declined")).to_be_visible()
    posted = [request for request in sent if request.startswith("POST")]
    assert len([request for request in posted if not request.endswith("/drafts")]) == 1
    assert len(house.office.desk.done) == 1


def test_typed_text_is_not_left_behind_by_accident(arrive: Arrive) -> None:
    page = arrive("asha")
    page.goto(CASE)
    page.get_by_label("Note").fill("half a thought")
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    page.get_by_role("link", name="Help").click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(page.get_by_label("Note")).to_have_value("half a thought")


@SCRIPTS
def test_a_log_in_that_runs_out_costs_nothing_typed(
    arrive: Arrive, house: House, scripts: str
) -> None:
    page = arrive("asha", java_script_enabled=scripts == "with scripts")
    page.goto(f"{CASE}/override")
    fill_override(page)
    house.office.people.sign_out(house.office.people.token("asha"))
    page.get_by_role("button", name="Check before recording").click()
    expect(page.get_by_text("What you typed is kept.")).to_be_visible()
    page.get_by_label("Name").fill("asha")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_label("What do you know that the model does not?")).to_have_value(NOTE)
    expect(page).to_have_url(f"{house.address}{CASE}/override")
    page.get_by_role("button", name="Check before recording").click()
    page.get_by_role("button", name="Record override").click()
    expect(page.get_by_role("status")).to_contain_text("It waits for a second person.")


def test_verification_is_run_and_told(arrive: Arrive, house: House) -> None:
    page = arrive("meera")
    page.goto("/ledger/verify")
    page.get_by_role("button", name="Read back and check").click()
    expect(page.get_by_text("complete and unchanged up to entry 20,852")).to_be_visible()
    house.office.audit.broken = True
    page.get_by_role("button", name="Read back and check").click()
    expect(page.get_by_role("alert")).to_contain_text("The ledger was changed")
