"""What is sent from a held case with the line down waits on the device and is recorded once."""

from dataclasses import replace

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Arrive, House
from tests.browser.test_axe import violations
from tests.browser.test_line import ready
from tests.ui.fake_cases import DECLINE

pytestmark = pytest.mark.browser

NOTE = "Twelve months of statements show a second income."
CASE = f"/cases/{DECLINE.case_id}"


def waiting(page: Page) -> int:
    """How many acts lie on the device. A store that is empty is just being let go: that is none."""
    found: int = page.evaluate(
        """indexedDB.databases().then((kept) => !kept.length ? 0 : new Promise((done) => {
        const asked = indexedDB.open("countermand-queue");
        asked.onupgradeneeded = () => asked.transaction.abort();
        asked.onerror = () => done(0);
        asked.onsuccess = () => {
          const base = asked.result;
          base.transaction("acts").objectStore("acts").count().onsuccess = (counted) => {
            base.close();
            done(counted.target.result);
          };
        };
        }))"""
    )
    return found


def agreed_offline(page: Page, house: House) -> None:
    """Agree to the held case while the line is down."""
    ready(page, house)
    page.goto("/desk")
    page.goto(CASE)
    page.context.set_offline(True)
    page.get_by_label("Note").fill(NOTE)
    page.get_by_role("button", name="Agree: decline").click()
    expect(page.get_by_role("heading", name="Waiting on this device")).to_be_visible()
    expect(page.get_by_text("It leaves by itself when the line is back.")).to_be_visible()


def test_an_act_waits_with_its_marks_and_is_recorded_once_by_one_of_two_tabs(
    arrive: Arrive, house: House
) -> None:
    page = arrive("asha", width=1280)
    agreed_offline(page, house)
    expect(page.get_by_text(NOTE)).to_be_visible()
    assert violations(page) == []
    for address in ("/desk", CASE):
        page.goto(address)
        expect(page.get_by_role("link", name="1 not yet recorded")).to_be_visible()
    expect(page.get_by_text("Not yet recorded: Your decision")).to_be_visible()
    other = page.context.new_page()
    other.goto("/desk")
    row = other.locator("[data-row]", has=other.locator(f'a[href="{CASE}"]')).first
    expect(row.get_by_text("Not yet recorded")).to_be_visible()
    assert not house.office.desk.done
    page.context.set_offline(False)
    expect(page.get_by_role("link", name="1 not yet recorded")).to_have_count(0)
    expect(other.get_by_role("link", name="1 not yet recorded")).to_have_count(0)
    assert len(house.office.desk.done) == 1
    page.goto("/queued")
    expect(page.get_by_text("Recorded at")).to_be_visible()
    expect(page.get_by_text("Not yet recorded")).to_have_count(0)


def test_a_conflict_shows_both_versions_and_is_sent_again_on_the_case_as_it_stands(
    arrive: Arrive, house: House
) -> None:
    page = arrive("asha", width=390)
    agreed_offline(page, house)
    desk = house.office.desk
    desk.cases[DECLINE.case_id] = replace(DECLINE, holder="you", version=DECLINE.version + 1)
    page.context.set_offline(False)
    expect(page.get_by_text("It waits for you: Someone changed this case")).to_be_visible()
    expect(page.get_by_role("heading", name="What you wrote")).to_be_visible()
    expect(page.get_by_role("heading", name="What the case says now")).to_be_visible()
    assert violations(page) == []
    assert not desk.done
    page.get_by_role("button", name="Send again on the case as it stands").click()
    expect(page.get_by_text("Recorded at").first).to_be_visible()
    assert len(desk.done) == 1


def test_nothing_leaves_while_another_tab_is_at_it(arrive: Arrive, house: House) -> None:
    page = arrive("asha", width=1280)
    agreed_offline(page, house)
    other = page.context.new_page()
    other.goto("/desk")
    other.evaluate(
        """() => new Promise((begun) => navigator.locks.request("countermand-queue", () => {
        begun();
        return new Promise((done) => { window.ended = done; });
        }))"""
    )
    page.context.set_offline(False)
    page.wait_for_timeout(1_000)  # what would be sent at once is sent in a few milliseconds
    assert not house.office.desk.done
    other.evaluate("window.ended()")
    expect(page.get_by_text("Recorded at").first).to_be_visible()
    assert len(house.office.desk.done) == 1


def test_what_waits_can_be_taken_back_and_is_then_a_draft(arrive: Arrive, house: House) -> None:
    page = arrive("asha", width=390)
    agreed_offline(page, house)
    page.get_by_role("button", name="Take it back").click()
    page.wait_for_url(f"**{CASE}")
    assert waiting(page) == 0
    page.context.set_offline(False)
    other = page.context.new_page()  # either may load once more when the draft has come in
    other.goto(CASE, wait_until="commit")
    expect(other.get_by_label("Note")).to_have_value(NOTE)
    assert not house.office.desk.done


def test_logging_out_asks_first_and_leaves_nothing(arrive: Arrive, house: House) -> None:
    page = arrive("asha", width=1280)
    agreed_offline(page, house)
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        (dialog.accept if len(asked) > 1 else dialog.dismiss)()

    page.on("dialog", answer)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="1 not yet recorded")).to_be_visible()
    assert waiting(page) == 1
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("The service has not heard that you log out")).to_be_visible()
    assert len(asked) == 2
    assert waiting(page) == 0
    assert not house.office.desk.done


@pytest.mark.parametrize("why", ["another person", "another log-in", "long ago", "not checked"])
def test_nothing_leaves_by_itself_for_another_person_or_on_another_ground(
    arrive: Arrive, house: House, why: str
) -> None:
    page = arrive("asha", width=1280)
    agreed_offline(page, house)
    change = {
        "another person": "act.person = 'person-ravi'",
        "another log-in": "act.fields.find(([name]) => name === 'csrf')[1] = 'old'",
        "long ago": "act.at -= 31 * 60e3",
        "not checked": "act.fields.push(['step', 'check'])",
    }[why]
    page.evaluate(
        f"""new Promise((done) => indexedDB.open("countermand-queue").onsuccess = (event) => {{
          const whole = event.target.result.transaction("acts", "readwrite");
          const store = whole.objectStore("acts");
          store.getAll().onsuccess = (found) => {{
            const act = found.target.result[0];
            {change};
            store.put(act);
          }};
          whole.oncomplete = () => {{ event.target.result.close(); done(); }};
        }})"""
    )
    page.context.set_offline(False)
    page.goto("/queued")
    said = {
        "another person": "Nothing waits on this device.",
        "another log-in": "You have logged in again since",
        "long ago": "more than 30 minutes ago",
        "not checked": "was not shown to you yet",
    }[why]
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_text(NOTE)).to_have_count(0 if why == "another person" else 1)
    assert not house.office.desk.done
