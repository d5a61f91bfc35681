"""Logging in and out, and nothing typed is lost when a log-in runs out in mid-form."""

import json
from html import unescape
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.ui.conftest import Visit
from tests.ui.fake_cases import CASES, WAITING
from tests.ui.fake_office import PASSWORD, FakeOffice
from tests.ui.reading import Page
from ui.visit import SESSION_COOKIE, own_address

CASE = CASES[0].case_id
NOTE = "Twelve months of statements show a second income.\nThe form has no field for it."


def form_of(page: Page, action: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    assert page.all("form", action=action)
    return {e["name"]: e.get("value") for e in page.all("input", type="hidden")}


def log_in(client: TestClient, name: str, **more: str) -> Response:
    """Send the log-in form."""
    return client.post("/login", data={"name": name, "password": PASSWORD, **more})


def sent_on(client: TestClient, answer: Response) -> Response:
    """What the browser is shown when it follows, with the same fields, to the form's address."""
    assert answer.status_code == 307
    assert answer.next_request is not None
    return client.send(answer.next_request)


def test_a_page_asks_for_a_log_in_and_comes_back_to_itself(visit: Visit) -> None:
    client = visit("")
    asked = client.get("/ledger?kind=case_claimed")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/login?after=%2Fledger%3Fkind%3Dcase_claimed"
    shown = Page(client.get(asked.headers["location"]).text)
    assert shown.value("after") == "/ledger?kind=case_claimed"
    done = log_in(client, "meera", after=shown.value("after"))
    assert (done.status_code, done.headers["location"]) == (303, "/ledger?kind=case_claimed")
    assert client.get("/ledger?kind=case_claimed").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visit: Visit) -> None:
    cookie = log_in(visit(""), "asha").headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_only_sent_over_https(visit: Visit) -> None:
    client = visit("")
    client.base_url = "https://testserver"
    assert "Secure" in log_in(client, "asha").headers["set-cookie"]


def test_a_wrong_password_brings_the_form_back_without_it(visit: Visit) -> None:
    sent = {"name": "asha", "password": "wrong", "after": "/desk"}
    answer = visit("").post("/login", data=sent)
    page = Page(answer.text)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert page.one("title").text.startswith("Error: ")
    assert page.one("div", id="fault").get("role") == "alert"
    assert page.one("input", id="name")["value"] == "asha"
    assert "value" not in page.one("input", id="password").attributes
    assert page.value("after") == "/desk"


def test_logging_out_ends_the_session(visit: Visit) -> None:
    client = visit("asha")
    answer = client.post("/logout")
    assert answer.headers["location"] == "/login"
    assert client.get("/desk").status_code == 303


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "desk", "", "/a\nb"]
)
def test_after_log_in_nobody_is_sent_elsewhere(visit: Visit, address: str) -> None:
    assert own_address(address) == "/"
    assert log_in(visit(""), "asha", after=address).headers["location"] == "/"


def late_override(client: TestClient, office: FakeOffice) -> Response:
    """Fill in the override form, then let the log-in run out before it is sent."""
    page = Page(client.get(f"/cases/{CASE}/override").text)
    typed = form_of(page, f"/cases/{CASE}/override")
    office.people.sign_out("token-asha")
    typed |= {"code": "M01", "note": NOTE, "evidence_reference": "DMS-1", "step": "record"}
    return client.post(f"/cases/{CASE}/override", data=typed)


def test_a_form_sent_too_late_is_kept_and_shown_again_but_not_recorded(
    visit: Visit, office: FakeOffice
) -> None:
    client = visit("asha")
    late = late_override(client, office)
    assert late.status_code == 401
    page = Page(late.text)
    assert "Nothing was recorded" in page.one("main").text
    assert "What you typed is kept" in page.one("main").text
    again = log_in(client, "asha", after=page.value("after"), kept=unescape(page.value("kept")))
    assert again.headers["location"] == f"/cases/{CASE}/override"
    assert again.headers["cache-control"] == "no-store"
    back = sent_on(client, again)
    assert back.status_code == 200
    shown = Page(back.text)
    assert shown.one("textarea", id="note").words == [NOTE]
    assert "checked" in shown.one("input", value="M01").attributes
    assert shown.one("input", id="evidence_reference")["value"] == "DMS-1"
    assert "nothing was recorded" in shown.one("main").text
    assert office.desk.cases[CASE].pending is None
    assert office.desk.done == {}


def test_the_form_shown_again_can_be_sent_once_and_for_all(
    visit: Visit, office: FakeOffice
) -> None:
    client = visit("asha")
    page = Page(late_override(client, office).text)
    kept = page.value("kept")
    shown = Page(sent_on(client, log_in(client, "asha", after=page.value("after"), kept=kept)).text)
    typed = form_of(shown, f"/cases/{CASE}/override")
    typed |= {"code": "M01", "note": NOTE, "evidence_reference": "DMS-1", "step": "record"}
    assert client.post(f"/cases/{CASE}/override", data=typed).status_code == 303
    assert office.desk.cases[CASE].pending is not None


def test_what_one_person_typed_is_not_shown_to_another(visit: Visit, office: FakeOffice) -> None:
    client = visit("asha")
    page = Page(late_override(client, office).text)
    other = log_in(client, "ravi", after=page.value("after"), kept=page.value("kept"))
    assert other.status_code == 303
    assert "belongs to another person" in unquote(other.headers["set-cookie"])
    assert "second income" not in other.text


def test_a_wrong_password_keeps_what_was_typed_before(visit: Visit, office: FakeOffice) -> None:
    client = visit("asha")
    page = Page(late_override(client, office).text)
    sent = {"name": "asha", "password": "wrong", "after": page.value("after")}
    again = Page(client.post("/login", data={**sent, "kept": page.value("kept")}).text)
    assert again.value("kept") == page.value("kept")


@pytest.mark.parametrize(
    ("who", "address", "typed", "shown"),
    [
        ("asha", f"/cases/{CASE}/review", {"note": NOTE}, NOTE),
        ("asha", f"/cases/{CASE}/withdrawal", {"note": NOTE}, NOTE),
        ("ravi", f"/cases/{WAITING.case_id}/approval", {"note": NOTE}, NOTE),
        ("anil", "/admin/people", {"name": "lena two"}, "lena two"),
    ],
)
def test_every_form_with_text_is_kept(
    visit: Visit, who: str, address: str, typed: dict[str, str], shown: str
) -> None:
    client = visit("")
    late = client.post(address, data={**typed, "person": f"person-{who}", "seen_version": "3"})
    page = Page(late.text)
    again = log_in(client, who, after=page.value("after"), kept=page.value("kept"))
    assert again.headers["location"] == address
    assert shown in unescape(sent_on(client, again).text)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (f"/cases/{CASE}/claim", f"/cases/{CASE}"),
        ("/desk/next", "/desk"),
        ("/feedback", "/feedback"),
        ("/admin/people/lena/lock", "/admin"),
    ],
)
def test_a_button_pressed_too_late_leads_back_to_its_page(
    visit: Visit, address: str, place: str
) -> None:
    client = visit("")
    page = Page(client.post(address, data={"person": "person-asha"}).text)
    again = log_in(client, "asha", after=page.value("after"), kept=page.value("kept"))
    assert (again.status_code, again.headers["location"]) == (303, place)
    assert "do it once more" in unquote(again.headers["set-cookie"])


def test_a_kept_form_whose_case_is_gone_ends_on_a_page(visit: Visit) -> None:
    client = visit("")
    late = client.post("/cases/gone/review", data={"person": "person-asha", "note": NOTE})
    page = Page(late.text)
    again = log_in(client, "asha", after=page.value("after"), kept=page.value("kept"))
    back = sent_on(client, again)
    assert back.status_code == 303
    assert "No such case" in unquote(back.headers["set-cookie"])


def test_a_form_brought_back_is_shown_to_nobody_but_its_person(
    visit: Visit, office: FakeOffice
) -> None:
    page = Page(late_override(visit("asha"), office).text)
    brought = {"kept": page.value("kept"), "step": "record"}
    other = visit("ravi").post(f"/cases/{CASE}/override", data=brought)
    assert (other.status_code, other.headers["location"]) == (303, "/")
    assert "belongs to another person" in unquote(other.headers["set-cookie"])
    assert office.desk.done == {}


def test_a_log_in_that_ends_on_the_way_back_keeps_what_was_typed(
    visit: Visit, office: FakeOffice
) -> None:
    client = visit("asha")
    page = Page(late_override(client, office).text)
    again = log_in(client, "asha", after=page.value("after"), kept=page.value("kept"))
    office.people.sign_out("token-asha")
    late = Page(sent_on(client, again).text)
    assert late.value("kept") == page.value("kept")
    assert late.value("after") == f"/cases/{CASE}/override"


@pytest.mark.parametrize(
    "address",
    ["//elsewhere.example/cases/1/override", "https://elsewhere.example/", "/\\e.example"],
)
def test_a_kept_form_is_sent_to_no_other_host(visit: Visit, address: str) -> None:
    kept = json.dumps([["person", "person-asha"], ["note", NOTE]])
    answer = log_in(visit(""), "asha", after=address, kept=kept)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("kept", ["{", "[1, 2]", '{"a": 1}', '[["person"]]', '"x"', "null"])
def test_a_forged_list_of_kept_fields_does_no_harm(visit: Visit, kept: str) -> None:
    answer = log_in(visit(""), "asha", after="/desk", kept=kept)
    assert answer.status_code == 303


def test_a_page_left_open_by_someone_else_is_refused(visit: Visit, office: FakeOffice) -> None:
    page = Page(visit("asha").get(f"/cases/{CASE}").text)
    typed = form_of(page, f"/cases/{CASE}/review")
    answer = visit("ravi").post(f"/cases/{CASE}/review", data=typed)
    assert answer.status_code == 409
    assert "opened by someone else" in answer.text
    assert office.desk.done == {}


def test_a_form_of_an_earlier_log_in_is_kept_too(visit: Visit, office: FakeOffice) -> None:
    page = Page(visit("asha").get(f"/cases/{CASE}").text)
    typed = form_of(page, f"/cases/{CASE}/review") | {"csrf": "of-yesterday", "note": NOTE}
    answer = visit("asha").post(f"/cases/{CASE}/review", data=typed)
    assert answer.status_code == 401
    assert "before your last log-in" in answer.text
    assert office.desk.done == {}


def test_a_preview_without_a_log_in_leaves_the_form_as_it_is(visit: Visit) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = visit("").post(f"/cases/{CASE}/override", data={"step": "preview"}, headers=headers)
    assert answer.status_code == 401
    assert answer.text.startswith("<p")


def test_a_block_without_a_log_in_leads_to_the_log_in_page(visit: Visit) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = visit("").get("/desk?holder=me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login?after=%2Fdesk%3Fholder%3Dme"


def test_a_notice_is_shown_once(visit: Visit) -> None:
    client = visit("asha")
    client.post("/desk/next", data={"person": "person-asha", "csrf": "csrf-asha"})
    assert "This case is yours now." in client.get("/desk").text
    assert "This case is yours now." not in client.get("/desk").text


def test_a_notice_is_text_and_nothing_else(visit: Visit) -> None:
    client = visit("asha")
    client.cookies.set("countermand_notice", "done%3A%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    answer = client.get("/desk").text
    assert "<script>alert" not in answer
    assert "&lt;script&gt;" in answer
