"""Every page, whole and in blocks, is a sound document that tells no browser to run anything."""

from dataclasses import replace
from inspect import iscoroutinefunction

import pytest
from fastapi.routing import APIRoute

from tests.ui.conftest import Visit
from tests.ui.fake_cases import CASES
from tests.ui.fake_erasures import ERASED_ID, HOLD_ID, WAITING_ID
from tests.ui.fake_office import ROLES, FakeOffice
from tests.ui.fake_receipts import DIGEST
from tests.ui.reading import Page, faults
from ui.pages import ROUTERS
from ui.ports import Refused
from ui.visit import NAVIGATION

CASE = CASES[0].case_id
BLOCK = {"HX-Request": "true", "HX-Request-Type": "partial"}
# who, address
WHOLE = [
    ("", "/"),
    ("", "/login"),
    ("", "/login?after=/desk"),
    ("", "/help"),
    *((name, "/") for name in ("asha", "ravi", "meera", "dev", "anil")),
    ("asha", "/desk"),
    ("asha", "/desk?status=waiting_approval"),
    ("asha", "/desk?holder=me"),
    ("asha", "/desk?status=withdrawn"),
    ("asha", "/desk?status=nonsense&cursor=25"),
    ("asha", "/search"),
    ("asha", "/search?q=GC"),
    ("asha", "/search?q=nothing"),
    *(("asha", f"/cases/{case.case_id}") for case in CASES),
    *(("meera", f"/cases/{case.case_id}") for case in CASES),
    ("asha", f"/cases/{CASE}/what-would-change"),
    ("asha", f"/cases/{CASE}/override"),
    ("asha", f"/cases/{CASES[2].case_id}/override"),
    ("asha", f"/cases/{CASE}/withdrawal"),
    ("asha", f"/cases/{CASE}/pass"),
    ("tilo", f"/cases/{CASES[3].case_id}/pass"),
    ("tilo", "/team"),
    ("asha", "/letters"),
    ("asha", "/letters?state=sent"),
    ("asha", "/letters?cursor=more"),
    ("asha", f"/cases/{CASES[1].case_id}/letter"),
    ("asha", f"/cases/{CASES[2].case_id}/letter?language=hi"),
    ("meera", f"/cases/{CASES[5].case_id}/letter"),
    ("asha", "/desk?urgency=late&reason=near_cutoff&product=x&holder=aside"),
    ("ravi", f"/cases/{CASES[4].case_id}/approval"),
    ("asha", f"/cases/{CASES[4].case_id}/approval"),
    ("meera", "/ledger"),
    ("meera", "/ledger?kind=override_recorded"),
    ("meera", "/ledger?kind=case_withdrawn"),
    ("meera", "/ledger?cursor=20"),
    ("meera", "/ledger/20848"),
    ("dev", "/ledger/0"),
    ("meera", "/ledger/verify"),
    ("meera", "/ledger/slip"),
    ("asha", "/ledger/receipt"),
    ("asha", f"/ledger/receipt?receipt=bank.example/loans+20851+{DIGEST}"),
    ("asha", f"/ledger/receipt?receipt=bank.example/loans+20851+{'00' * 32}"),
    ("asha", "/ledger/receipts/20851"),
    ("asha", "/ledger/receipts/20870"),
    ("meera", "/erasures"),
    ("meera", "/erasures/new"),
    ("meera", "/erasures/new?case=c-1"),
    ("meera", "/erasures/due"),
    ("meera", "/erasures/hold"),
    ("meera", f"/erasures/holds/{HOLD_ID}"),
    ("meera", f"/erasures/{WAITING_ID}"),
    ("tara", f"/erasures/{WAITING_ID}"),
    ("tara", f"/erasures/{ERASED_ID}"),
    ("tara", f"/erasures/{ERASED_ID}/certificate"),
    ("meera", "/board"),
    ("meera", "/board?bundle=taiwan-cards"),
    ("dev", "/feedback"),
    ("meera", "/feedback"),
    ("dev", "/models"),
    ("dev", "/models/german-credit"),
    ("anil", "/admin"),
    ("anil", "/admin/people/lena/unlock"),
    ("anil", "/help"),
]
MISSING = [
    ("asha", "/nothing-here", 404),
    ("asha", "/cases/unknown", 404),
    ("asha", "/applications/unknown", 404),
    ("meera", "/ledger/99999999", 404),
    ("meera", "/ledger/twelve", 404),
    ("asha", "/ledger/receipts/12", 404),
    ("asha", "/ledger/receipts/twelve", 404),
    ("asha", "/ledger/receipts/12/file", 404),
    ("meera", "/erasures/unknown", 404),
    ("meera", "/erasures/holds/unknown", 404),
    ("dev", "/models/unknown", 404),
    ("dev", "/feedback/folder/other.txt", 404),
    ("anil", "/admin/people/nobody/lock", 404),
    ("anil", "/admin/people/lena/promote", 404),
]


@pytest.mark.parametrize(("who", "address"), WHOLE)
def test_a_page_is_a_sound_document(visit: Visit, who: str, address: str) -> None:
    answer = visit(who).get(address)
    assert answer.status_code == 200
    page = Page(answer.text)
    assert faults(page) == []
    assert len(page.all("h1")) == 1
    assert page.one("title").text.endswith("Countermand")
    assert page.one("html")["lang"] == "en"
    assert page.one("main")["id"] == page.one("a", _class_="skip")["href"][1:]


@pytest.mark.parametrize(("who", "address"), WHOLE)
def test_a_page_is_kept_by_nobody_and_loads_nothing_from_elsewhere(
    visit: Visit, who: str, address: str
) -> None:
    answer = visit(who).get(address)
    assert answer.headers["cache-control"] == "no-store"
    assert {name.strip() for name in answer.headers["vary"].split(",")} >= BLOCK.keys()
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy)
    assert {"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = Page(answer.text)
    loaded = [e.get("src") or e.get("href") for e in page.elements if e.name in ("script", "link")]
    assert loaded
    assert all(source.startswith("/static/") for source in loaded)


def test_a_report_says_how_many_later_entries_it_does_not_hold(visit: Visit) -> None:
    reader = visit("meera")
    said = "1,204 later entries of the ledger not counted yet"
    assert said in reader.get("/overrides").text
    assert "not counted yet" not in reader.get("/board").text


@pytest.mark.parametrize(("who", "address", "status"), MISSING)
def test_what_is_not_there_is_a_page_with_a_next_step(
    visit: Visit, who: str, address: str, status: int
) -> None:
    answer = visit(who).get(address)
    assert answer.status_code == status
    page = Page(answer.text)
    assert faults(page) == []
    assert page.one("a", _class_="button").text.startswith("Go to")


@pytest.mark.parametrize(
    ("who", "address", "inside"),
    [
        ("asha", "/desk?holder=me", "tabs"),
        ("asha", "/search?q=GC", "GC-0731"),
        ("meera", "/ledger?kind=case_claimed", "Case taken"),
        ("asha", "/cases/unknown", "No such case"),
        ("asha", f"/cases/{CASE}/what-would-change", "If the term were 24 months"),
    ],
)
def test_a_block_is_part_of_the_same_page(
    visit: Visit, who: str, address: str, inside: str
) -> None:
    client = visit(who)
    block = client.get(address, headers=BLOCK).text
    whole = client.get(address).text
    assert inside in block
    assert "<html" not in block
    assert block.strip() in whole
    Page(block)


def test_rows_say_what_their_cases_are_at(visit: Visit, office: FakeOffice) -> None:
    client = visit("asha")
    decided = Page(client.get("/desk?status=decided").text).one("table").text
    for said in ("What was decided", "Approved", "Low-side override", "By whom", "Ravi Saikia"):
        assert said in decided
    assert not {"No date", "waiting", "Free"} & set(decided.split())
    waiting = Page(client.get("/desk?status=waiting_approval").text).one("table").text
    assert "Asha Boro wants to approve" in waiting
    assert "Another person gives the verdict" not in waiting
    case = CASES[4]
    assert case.pending is not None
    own = replace(case.pending, by="You", by_viewer=True)
    office.desk.cases[case.case_id] = replace(case, pending=own)
    waiting = Page(client.get("/desk?status=waiting_approval").text).one("table").text
    assert "Another person gives the verdict" in waiting
    found = Page(client.get("/search?q=GC").text).one("table").text
    assert "Held or decided by" in found


@pytest.mark.parametrize("status", ["decided", "withdrawn", "expired", "closed_incomplete"])
def test_nobody_holds_a_closed_case_so_the_list_is_not_narrowed_by_it(
    visit: Visit, status: str
) -> None:
    client = visit("asha")
    page = Page(client.get(f"/desk?status={status}&holder=me").text)
    assert page.all("select", id="holder") == []
    assert page.one("main").text == Page(client.get(f"/desk?status={status}").text).one("main").text
    open_cases = Page(client.get("/desk?status=waiting_approval&holder=me").text)
    assert "selected" in open_cases.one("option", value="me").attributes


def test_the_ledger_page_says_who_signed_how_much_and_what_went_wrong(visit: Visit) -> None:
    text = " ".join(visit("meera").get("/ledger").text.split())
    assert "hq signed the first 19,540 entries" in text
    assert "union has signed nothing yet, and is asked by file" in text
    assert "it did not sign:</strong> &lt;b&gt;no&lt;/b&gt;" in text


def test_going_back_in_history_gets_a_whole_page(visit: Visit) -> None:
    headers = {**BLOCK, "HX-History-Restore-Request": "true"}
    assert "<html" in visit("asha").get("/desk", headers=headers).text


def test_a_request_for_a_whole_page_by_htmx_gets_one(visit: Visit) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "full"}
    assert "<html" in visit("asha").get("/desk", headers=headers).text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503, 418, 502])
def test_every_status_has_words(visit: Visit, office: FakeOffice, status: int) -> None:
    def refuse(*_: object) -> None:
        raise Refused(status, "Nothing came of it", "Try this instead.")

    office.desk.queue = refuse  # type: ignore[method-assign, assignment]
    answer = visit("asha").get("/desk")
    page = Page(answer.text)
    assert answer.status_code == status
    assert page.one("h1").text == "Nothing came of it"
    assert "Try this instead." in page.one("main").text


def test_a_broken_page_says_so_without_a_trace(visit: Visit, office: FakeOffice) -> None:
    office.desk.queue = lambda *_: 1 / 0  # type: ignore[method-assign, assignment]
    answer = visit("asha").get("/desk")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "ZeroDivision" not in answer.text


@pytest.mark.parametrize("who", ["asha", "ravi", "meera", "dev", "anil"])
def test_nobody_is_shown_a_link_they_may_not_use(visit: Visit, who: str) -> None:
    shown = {a["href"] for a in Page(visit(who).get("/help").text).all("a")}
    for href, _, permission, _ in NAVIGATION:
        assert (href in shown) == (permission in ROLES[who][2])


def test_every_form_of_a_person_says_whose_it_is(visit: Visit) -> None:
    for who, address in WHOLE:
        page = Page(visit(who).get(address).text)
        forms = [form for form in page.all("form") if form.get("method") == "post"]
        signed = page.all("input", name="person")
        if who:
            assert len(forms) == len(signed) == len(page.all("input", name="csrf"))
            assert {field["value"] for field in signed} <= {f"person-{who}"}


def test_every_route_of_the_pages_is_a_plain_function() -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    assert len(routes) > 30
    for route in routes:
        assert isinstance(route, APIRoute)
        assert not iscoroutinefunction(route.endpoint)
