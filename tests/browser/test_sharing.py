"""A case is passed on by keyboard, with scripts and without, and the team's view takes one back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive, House
from tests.ui.fake_cases import DECLINE, REFER

pytestmark = pytest.mark.browser


def test_a_case_is_set_aside_by_keyboard_alone(arrive: Arrive, house: House) -> None:
    page = arrive("asha", width=1280)
    page.goto(f"/cases/{REFER.case_id}")
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile("/pass$"))
    page.get_by_label("Why").first.focus()
    page.keyboard.press("s")  # "See the note"
    field = page.locator("#aside-until")
    field.fill("2026-11-24T09:00")
    page.locator("#aside-note").focus()
    page.keyboard.type("She calls back on Tuesday.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/desk$"))
    expect(page.get_by_text("comes back by itself")).to_be_visible()
    case_id, form = house.office.sharing.done[-1]
    assert (case_id, form.what, form.reason) == (REFER.case_id, "aside", "other")
    assert (form.until, form.note) == ("2026-11-24T09:00", "She calls back on Tuesday.")


def test_the_team_lead_takes_a_case_back_without_scripts(arrive: Arrive, house: House) -> None:
    page = arrive("tilo", width=390, java_script_enabled=False)
    page.goto("/team")
    page.get_by_role("button", name=f"Take back {DECLINE.application_id}").click()
    expect(page).to_have_url(re.compile("/team$"))
    assert house.office.sharing.taken == [DECLINE.case_id]
