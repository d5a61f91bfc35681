"""Erasures on pages: two people, forms that come back filled, and nothing that needs a script."""

from typing import Any

import pytest

from tests.ui.conftest import Visit
from tests.ui.fake_erasures import ERASED_ID, HOLD_ID, ROOT, WAITING_ID
from tests.ui.fake_office import FakeOffice
from tests.ui.reading import Page, faults

OURS = {"person": "person-meera", "csrf": "csrf-meera", "idempotency_key": "k-1"}


def sent(visit: Visit, address: str, who: str = "meera", **fields: Any) -> Page | str:
    """What a form sent leads to: a page that came back, or the address it went on to."""
    page = Page(visit(who).get("/erasures").text)
    hidden = {e["name"]: e["value"] for e in page.all("input", _type="hidden")[:2]}
    answer = visit(who).post(address, data={**hidden, "idempotency_key": "k-1", **fields})
    if answer.status_code == 303:
        return str(answer.headers["location"])
    assert answer.status_code in {409, 422}, answer.status_code
    found = Page(answer.text)
    assert faults(found) == []
    return found


def test_who_only_approves_is_not_offered_to_ask(visit: Visit) -> None:
    asking = Page(visit("meera").get("/erasures").text)
    approving = Page(visit("tara").get("/erasures").text)
    assert asking.all("a", href="/erasures/new")
    assert not approving.all("a", href="/erasures/new")
    assert not approving.all("a", href=f"/erasures/holds/{HOLD_ID}")


def test_lists_that_are_empty_say_so(visit: Visit, office: FakeOffice) -> None:
    office.erasures.empty = True
    text = visit("meera").get("/erasures").text
    for said in ("Nothing waits.", "Nothing was erased, and nothing refused.", "Nothing is held."):
        assert said in text
    assert "Nothing is due." in visit("meera").get("/erasures/due").text


def test_asking_goes_to_the_request(visit: Visit, office: FakeOffice) -> None:
    fields: dict[str, Any] = {
        "party": "C-4711",
        "ground": "person_asked",
        "classes": ["notes"],
        "note": "letter",
    }
    assert sent(visit, "/erasures/new", **fields) == f"/erasures/{WAITING_ID}"
    assert office.erasures.done == [("ask", "C-4711", "person_asked", "notes")]


@pytest.mark.parametrize("address", ["/erasures/new", "/erasures/hold"])
def test_a_refused_form_comes_back_as_it_was_filled(visit: Visit, address: str) -> None:
    page = sent(visit, address, party="C-4711", note="letter 17", classes=["notes"])
    assert isinstance(page, Page)
    assert page.one("input", id="party")["value"] == "C-4711"
    assert page.one("textarea", id="note").text == "letter 17"
    assert page.one("div", id="fault")["role"] == "alert"
    assert page.all("a", href="#ground")
    if address.endswith("new"):
        boxes = {e["value"]: "checked" in e.attributes for e in page.all("input", _type="checkbox")}
        assert boxes == {"application": False, "notes": True}


def test_the_second_person_approves_what_the_page_showed(visit: Visit, office: FakeOffice) -> None:
    page = Page(visit("meera").get(f"/erasures/{WAITING_ID}").text)
    assert page.one("input", _name="root")["value"] == ROOT
    went = sent(visit, f"/erasures/{WAITING_ID}", act="approve", root=ROOT, note="seen")
    assert went == f"/erasures/{WAITING_ID}"
    assert office.erasures.done == [("approve", WAITING_ID, "seen")]
    changed = sent(visit, f"/erasures/{WAITING_ID}", act="approve", root="00", note="seen")
    assert isinstance(changed, Page)
    assert "another list" in changed.one("div", id="fault").text
    assert changed.one("textarea", id="note").text == "seen"


def test_who_asked_may_only_take_it_back(visit: Visit, office: FakeOffice) -> None:
    page = Page(visit("tara").get(f"/erasures/{WAITING_ID}").text)
    buttons = [e.text for e in page.all("button") if e.get("name") == "act"]
    assert buttons == ["Take the request back"]
    sent(visit, f"/erasures/{WAITING_ID}", "tara", act="refuse", note="a mistake")
    assert office.erasures.done == [("refuse", WAITING_ID, "a mistake")]


def test_everything_that_is_due_is_asked_for_as_it_was_listed(
    visit: Visit, office: FakeOffice
) -> None:
    page = Page(visit("meera").get("/erasures/due").text)
    as_of = page.one("input", _name="as_of")["value"]
    assert visit("meera").get(f"/erasures/due/list?as_of={as_of}").text == '{"case": "x"}\n'
    assert sent(visit, "/erasures/due", as_of=as_of, note="2026") == f"/erasures/{WAITING_ID}"
    assert office.erasures.done == [("ask_due", as_of, "2026")]
    back = sent(visit, "/erasures/due", as_of="", note="2026")
    assert isinstance(back, Page)
    assert back.one("textarea", id="note").text == "2026"


def test_a_hold_is_set_and_lifted(visit: Visit, office: FakeOffice) -> None:
    assert sent(visit, "/erasures/hold", case="c-1", ground="litigation") == "/erasures"
    assert sent(visit, f"/erasures/holds/{HOLD_ID}", ground="ended") == "/erasures"
    back = sent(visit, f"/erasures/holds/{HOLD_ID}", ground="", note="why")
    assert isinstance(back, Page)
    assert back.one("textarea", id="note").text == "why"
    assert [act[0] for act in office.erasures.done] == ["hold", "lift"]


def test_the_certificate_says_what_stays_and_what_is_not_reached(visit: Visit) -> None:
    text = visit("tara").get(f"/erasures/{ERASED_ID}/certificate").text
    for said in ("What stays", "What this does not reach", "20,702", ROOT, "are taken away"):
        assert said in text
    assert visit("tara").get(f"/erasures/{WAITING_ID}/certificate").status_code == 409
