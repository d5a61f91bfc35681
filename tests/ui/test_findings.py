"""Pages of reconciliation and findings: a file goes up, findings are owned and closed."""

from tests.ui.conftest import Visit
from tests.ui.fake_findings import OPEN_ID, RUN_ID
from tests.ui.fake_office import FakeOffice

FILE = b"loan_id;booked_on;amount\nL1;22.11.2026;100\n"


def form(who: str, **fields: str) -> dict[str, str]:
    """The form as this person's browser sends it."""
    return {"person": f"person-{who}", "csrf": f"csrf-{who}", **fields}


def test_a_file_goes_up_with_what_was_declared(visit: Visit, office: FakeOffice) -> None:
    page = visit("tilo").get("/reconciliation")
    assert 'enctype="multipart/form-data"' in page.text
    assert "1.5 % (3 of 203)" in page.text
    sent = {"file": ("booked.csv", FILE, "text/csv")}
    answer = visit("tilo").post("/reconciliation", data=form("tilo"), files=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/reconciliation/{RUN_ID}")
    assert office.findings.files == [FILE]


def test_a_refused_file_brings_the_form_back_as_it_was_filled(visit: Visit) -> None:
    sent = form("tilo", currency="XOF", tolerance="2.5", columns="loan_id=Konto")
    files = {"file": ("booked.csv", b"a,b\n", "text/csv")}
    answer = visit("tilo").post("/reconciliation", data=sent, files=files)
    assert answer.status_code == 422
    for said in ('href="#file"', "names no amount", 'value="XOF"', 'value="2.5"', "=Konto<"):
        assert said in answer.text


def test_a_form_without_a_file_or_of_somebody_else_is_refused(
    visit: Visit, office: FakeOffice
) -> None:
    assert "Choose the file" in visit("tilo").post("/reconciliation", data=form("tilo")).text
    sent = {"file": ("booked.csv", FILE, "text/csv")}
    other = visit("tilo").post("/reconciliation", data=form("asha"), files=sent)
    assert other.status_code == 409
    assert office.findings.files == []


def test_a_run_names_the_lines_that_could_not_be_read(visit: Visit) -> None:
    page = visit("tilo").get(f"/reconciliation/{RUN_ID}")
    assert "Line 9: currency EUX is none that ISO 4217 lists" in page.text
    assert "No loan could be judged" in page.text


def test_the_list_keeps_what_it_was_narrowed_to_and_goes_out_as_csv(visit: Visit) -> None:
    page = visit("tilo").get("/findings?state=late&branch=north&page=2")
    assert "/findings.csv?state=late&amp;branch=north" in page.text
    assert 'rel="prev"' in page.text
    file = visit("tilo").get("/findings.csv?state=late")
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.splitlines()[1] == f"{OPEN_ID},unowned"


def test_a_finding_is_given_and_closed_and_a_refused_close_comes_back(
    visit: Visit, office: FakeOffice
) -> None:
    given = form("tilo", act="assign", owner="person-tilo", due="2027-01-01")
    answer = visit("tilo").post(f"/findings/{OPEN_ID}", data=given)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/findings/{OPEN_ID}")
    short = form("tilo", act="close", reason="breach", note="ok")
    answer = visit("tilo").post(f"/findings/{OPEN_ID}", data=short)
    assert answer.status_code == 422
    for said in ('href="#note"', ">ok</textarea>", '<option value="breach" selected>'):
        assert said in answer.text
    assert [act.act for act in office.findings.acts] == ["assign"]


def test_what_the_model_misses_becomes_a_finding(visit: Visit, office: FakeOffice) -> None:
    page = visit("meera").get("/overrides/misses")
    assert "Track it" in page.text
    assert f"/findings/{OPEN_ID}" in page.text
    sent = form("meera", bundle="german-credit", clue="M01")
    answer = visit("meera").post("/overrides/misses", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/findings/{OPEN_ID}")
    assert office.misses.tracked == ["M01"]
