"""What would change a recommendation: in its place on the case page, or on a page of its own."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive, House
from tests.ui.fake_cases import DECLINE
from ui.change_views import OutlookView
from ui.ports import Refused
from ui.views import Viewer

pytestmark = pytest.mark.browser

CASE = f"/cases/{DECLINE.case_id}"
SAID = "If the term were 24 months"


def test_it_comes_to_the_case_page_by_itself(arrive: Arrive) -> None:
    page = arrive("asha", width=390)
    page.goto(CASE)
    expect(page.get_by_text(SAID)).to_be_visible()
    expect(page.get_by_role("heading", name="What would change it")).to_have_count(1)
    expect(page.get_by_role("heading", name="What to mind")).to_be_visible()


def test_without_scripts_it_is_one_link_away(arrive: Arrive) -> None:
    page = arrive("asha", java_script_enabled=False)
    page.goto(CASE)
    expect(page.get_by_text(SAID)).to_have_count(0)
    page.get_by_role("link", name="Work it out").click()
    expect(page.get_by_text(SAID)).to_be_visible()
    page.get_by_role("link", name="Back to the case").click()
    expect(page).to_have_url(f"{page.url.partition('/cases')[0]}{CASE}")


def test_where_it_cannot_be_worked_out_the_case_page_stays_as_it_is(
    arrive: Arrive, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = arrive("asha")

    def busy(viewer: Viewer, case_id: str) -> OutlookView:
        raise Refused(503, "Too many at once", f"Ask again later, {viewer.name}: {case_id}.")

    monkeypatch.setattr(house.office.desk, "what_would_change", busy)
    with page.expect_response(lambda answer: answer.url.endswith("/what-would-change")) as asked:
        page.goto(CASE)
    assert asked.value.status == 503
    expect(page.get_by_role("link", name="Work it out")).to_be_visible()
    expect(page.get_by_role("heading", name="Main reasons")).to_be_visible()
