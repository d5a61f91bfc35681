"""Nothing typed is lost: not by a closed tab, not with the line down, not without scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive, House
from tests.ui.fake_cases import DECLINE, REFER

pytestmark = pytest.mark.browser

OVERRIDE = f"/cases/{DECLINE.case_id}/override"
NOTE = "Twelve months of statements show a second income."


def left_on_device(page: Page) -> list[str]:
    """Forms kept on this device."""
    found: list[str] = page.evaluate(
        "Object.keys(localStorage).filter((name) => name.startsWith('countermand-draft'))"
    )
    return found


def nothing_left_on_device(page: Page) -> bool:
    """Whether the device is empty soon: it lets go of a form once the server's answer is there."""
    for _ in range(100):
        if not left_on_device(page):
            return True
        page.wait_for_timeout(50)
    return False


def test_what_was_typed_in_a_tab_that_died_is_there_in_the_next(
    arrive: Arrive, house: House
) -> None:
    page = arrive("asha", width=1280)
    page.goto(OVERRIDE)
    page.get_by_label("What do you know that the model does not?").fill(NOTE)
    expect(page.get_by_text("Kept at 09:41 UTC")).to_be_visible()
    assert left_on_device(page) == []
    other = page.context.new_page()
    page.close()
    other.goto(OVERRIDE)
    expect(other.get_by_label("What do you know that the model does not?")).to_have_value(NOTE)
    expect(other.get_by_text("Nothing of it was recorded")).to_be_visible()
    other.get_by_role("button", name="Throw away what I had typed").click()
    expect(other.get_by_label("What do you know that the model does not?")).to_have_value("")
    assert not house.office.drafts.kept


def test_with_the_line_down_it_is_kept_on_the_device_until_the_line_is_back(
    arrive: Arrive, house: House
) -> None:
    page = arrive("asha", width=390)
    page.goto(OVERRIDE)
    page.context.set_offline(True)
    page.get_by_label("What do you know that the model does not?").fill(NOTE)
    expect(page.get_by_text("Kept on this device until it is back")).to_be_visible()
    assert left_on_device(page) == [f"countermand-draft {OVERRIDE}"]
    assert not house.office.drafts.kept
    page.context.set_offline(False)
    expect(page.get_by_text("Kept at 09:41 UTC")).to_be_visible()
    assert left_on_device(page) == []
    (draft,) = house.office.drafts.kept.values()
    assert ("note", NOTE) in draft.fields


def test_what_a_dead_tab_left_on_the_device_is_shown_when_the_form_is_opened_again(
    arrive: Arrive,
) -> None:
    page = arrive("asha", width=1280)
    page.goto(OVERRIDE)
    page.context.set_offline(True)
    page.get_by_label("What do you know that the model does not?").fill(NOTE)
    expect(page.get_by_text("Kept on this device until it is back")).to_be_visible()
    other = page.context.new_page()
    page.close()
    other.context.set_offline(False)
    other.goto(OVERRIDE)
    expect(other.get_by_label("What do you know that the model does not?")).to_have_value(NOTE)
    assert nothing_left_on_device(other)


def test_logging_out_leaves_nothing_on_the_device(arrive: Arrive) -> None:
    page = arrive("asha", width=1280)
    page.goto(OVERRIDE)
    page.evaluate("localStorage.setItem('countermand-draft /cases/x/review', 'note=secret')")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login**")
    assert left_on_device(page) == []


def test_without_scripts_a_button_keeps_the_form(arrive: Arrive, house: House) -> None:
    page = arrive("asha", width=390, java_script_enabled=False)
    page.goto(OVERRIDE)
    page.get_by_label("What do you know that the model does not?").fill(NOTE)
    page.get_by_role("button", name="Keep for later").click()
    expect(page.get_by_text("Nothing is recorded; open the form again")).to_be_visible()
    assert house.office.drafts.kept
    page.goto(OVERRIDE)
    expect(page.get_by_label("What do you know that the model does not?")).to_have_value(NOTE)


def test_a_form_that_was_sent_is_kept_no_more(arrive: Arrive, house: House) -> None:
    page = arrive("asha", width=1280)
    page.goto(f"/cases/{REFER.case_id}")
    page.get_by_label("Approve").check()
    page.get_by_label("Note").fill(NOTE)
    page.get_by_role("button", name="Record decision").click()
    page.wait_for_load_state()
    page.wait_for_timeout(1800)  # longer than the script waits before it keeps
    assert house.office.desk.done
    assert not house.office.drafts.kept
    assert left_on_device(page) == []
