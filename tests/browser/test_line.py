"""With the line down the cases a person holds can still be read, and nothing of anybody else."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import Arrive, House
from tests.ui.fake_cases import DECLINE, REFER

pytestmark = pytest.mark.browser

NOTE = "Twelve months of statements show a second income."
CASE, FREE = f"/cases/{DECLINE.case_id}", f"/cases/{REFER.case_id}"


def ready(page: Page, house: House) -> None:
    """One case is held; wait until the service worker answers for the pages."""
    house.office.desk.cases[DECLINE.case_id] = replace(DECLINE, holder="you")
    house.office.desk.cases[REFER.case_id] = replace(REFER, holder="")
    page.goto("/help")
    page.evaluate(
        """new Promise((done) => navigator.serviceWorker.controller ? done(true)
        : navigator.serviceWorker.addEventListener("controllerchange", () => done(true)))"""
    )


def on_device(page: Page) -> list[str]:
    """Addresses of the pages that are kept."""
    script = """caches.open("countermand-pages").then((pages) => pages.keys())
      .then((keys) => JSON.stringify(keys.map((key) => new URL(key.url).pathname)))"""
    return list(json.loads(page.evaluate(script)))


def test_with_the_line_down_a_held_case_is_read_as_it_was_last_seen(
    arrive: Arrive, house: House
) -> None:
    page = arrive("asha", width=390)
    ready(page, house)
    for address in ("/desk", CASE, FREE, "/board"):
        page.goto(address)
    assert on_device(page) == ["/desk", CASE]
    page.context.set_offline(True)
    for address in (CASE, "/desk"):
        page.goto(address)
        expect(page.get_by_text("UTC: the line is down.")).to_be_visible()
    page.goto(FREE)
    expect(page.get_by_text("This page is not on this device")).to_be_visible()
    page.context.set_offline(False)
    page.goto(CASE)
    expect(page.get_by_text("UTC: the line is down.")).to_have_count(0)


@pytest.mark.parametrize("way", ["log-out", "another person", "no log-in"])
def test_what_was_kept_goes_with_the_person(arrive: Arrive, house: House, way: str) -> None:
    page = arrive("asha", width=1280)
    ready(page, house)
    page.goto(CASE)
    assert on_device(page) == [CASE]
    if way == "log-out":
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login**")
    elif way == "no log-in":
        page.context.clear_cookies()
        with suppress(Error):  # the page's own scripts may be on their way to the log-in already
            page.goto("/desk")
        page.wait_for_url("**/login**")
    else:
        page.evaluate(
            """caches.open("countermand-pages").then((pages) => pages.put("/cases/other",
            new Response("x", {headers: {"Countermand-Keep": "another",
            "Countermand-Kept-At": String(Date.now())}})))"""
        )
        page.goto("/desk")
        assert on_device(page) == [CASE, "/desk"]
        return
    assert on_device(page) == []


def test_a_page_that_is_old_is_not_shown_and_goes(arrive: Arrive, house: House) -> None:
    page = arrive("asha", width=1280)
    ready(page, house)
    page.evaluate(
        """caches.open("countermand-pages").then((pages) => pages.put("/desk",
        new Response("<p>old</p>", {headers: {"Countermand-Keep": "person-asha",
        "Countermand-Kept-At": String(Date.now() - 4 * 3600e3 - 1000)}})))"""
    )
    page.context.set_offline(True)
    page.goto("/desk")
    expect(page.get_by_text("This page is not on this device")).to_be_visible()
    page.context.set_offline(False)
    page.goto("/help")
    assert on_device(page) == []


def test_a_form_sent_with_the_line_down_is_no_record_and_is_there_when_the_line_is_back(
    arrive: Arrive, house: House
) -> None:
    page = arrive("asha", width=390)
    ready(page, house)
    page.goto(f"/cases/{REFER.case_id}")
    page.context.set_offline(True)
    page.get_by_label("Approve").check()
    page.get_by_label("Note").fill(NOTE)
    page.get_by_role("button", name="Record decision").click()
    expect(page.get_by_role("heading", name="The line is down")).to_be_visible()
    expect(page.get_by_text("This may not have reached the service")).to_be_visible()
    page.close()
    other = page.context.new_page()
    other.context.set_offline(False)
    other.goto(f"/cases/{REFER.case_id}")
    expect(other.get_by_label("Note")).to_have_value(NOTE)
    expect(other.get_by_text("Nothing of it was recorded")).to_be_visible()
    assert not house.office.desk.done


def test_on_a_line_of_the_second_generation_a_case_can_be_read_in_time(arrive: Arrive) -> None:
    page = arrive("asha", width=390)
    session = page.context.new_cdp_session(page)
    slow = {
        "offline": False,
        "latency": 300,
        "downloadThroughput": 31_250,
        "uploadThroughput": 6_250,
    }
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", slow)
    page.goto(f"/cases/{DECLINE.case_id}", wait_until="domcontentloaded")
    took = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    assert took < 5_000, took


def test_a_device_that_can_keep_nothing_shows_every_page_all_the_same(
    arrive: Arrive, house: House
) -> None:
    page = arrive("asha", width=390)
    ready(page, house)
    (worker,) = page.context.service_workers
    worker.evaluate(
        """() => {
        const full = () => Promise.reject(new Error("the disk is full"));
        caches.delete = caches.open = full;
        }"""
    )
    for address in ("/desk", CASE, "/login"):
        page.goto(address)
        expect(page.locator("main h1")).to_be_visible()
        assert page.evaluate("[...document.styleSheets].some((one) => one.cssRules.length > 0)")


def test_a_page_that_another_tab_lets_go_of_meanwhile_costs_nothing(
    arrive: Arrive, house: House
) -> None:
    page = arrive("asha", width=390)
    ready(page, house)
    page.goto(CASE)
    (worker,) = page.context.service_workers
    worker.evaluate("() => { Cache.prototype.match = () => Promise.resolve(undefined); }")
    page.goto("/desk")
    expect(page.locator("main h1")).to_be_visible()
    assert set(on_device(page)) == {"/desk", CASE}
