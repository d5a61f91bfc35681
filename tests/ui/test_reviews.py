"""The owners review a month on its page: they sign, give and close actions, judge, enter costs."""

import pytest

from tests.ui.conftest import Visit
from tests.ui.fake_office import FakeOffice
from ui.ports import Refused

PLACE = "/models/german-credit/review"
WHO = {"person": "person-meera", "csrf": "csrf-meera", "month": "2026-10", "idempotency_key": "k"}


def test_whoever_is_no_owner_reads_all_of_it(visit: Visit) -> None:
    page = visit("dev").get(PLACE).text
    for said in ("244 of 400", "Lena Roy", "Ask the branch river", "EUR 1,200", "not met"):
        assert said in page
    assert "Your role signs nothing." in page
    assert "<textarea" not in page


def test_an_owner_signs_the_numbers_that_were_on_the_page(visit: Visit, office: FakeOffice) -> None:
    browser = visit("meera")
    assert 'name="seen" value="r-1"' in browser.get(PLACE).text
    answer = browser.post(PLACE, data=WHO | {"act": "sign", "seen": "r-1", "note": "read"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PLACE}?month=2026-10")
    (form,) = office.reviews.acts
    assert (form.act, form.seen, form.note, form.month) == ("sign", "r-1", "read", "2026-10")


@pytest.mark.parametrize(
    ("act", "members", "field"),
    [
        ("action", {"owner": "compliance", "due": "2026-12-01"}, "due"),
        ("close", {"action": "a-1", "done": "yes"}, "note"),
        ("judge", {"kpi": "turnaround", "says": "extend"}, "until"),
        ("cost", {"cost": "infrastructure", "amount": "12.345"}, "amount"),
    ],
)
def test_a_refused_form_comes_back_open_and_filled(
    visit: Visit, office: FakeOffice, act: str, members: dict[str, str], field: str
) -> None:
    office.reviews.refusal = Refused(422, "Please check", "Nothing yet.", {field: "Look here."})
    answer = visit("meera").post(PLACE, data=WHO | members | {"act": act, "note": "typed before"})
    assert answer.status_code == 422
    assert answer.text.count("typed before</textarea>") == 1
    assert f'href="#{act}-{field}"' in answer.text
    assert answer.text.count(f'id="{act}-{field}"') == 1
    assert answer.text.count("<details open>") == 1


def test_a_month_nobody_began_is_begun_by_an_owner(visit: Visit, office: FakeOffice) -> None:
    office.reviews.untouched = True
    assert "Lay the numbers before the owners" in visit("meera").get(PLACE).text
    page = visit("dev").get(PLACE).text
    assert "Lay the numbers before the owners" not in page
    assert "None were given." in page
    assert "None were entered." in page


def test_a_form_that_outlived_its_log_in_comes_back_filled(
    visit: Visit, office: FakeOffice
) -> None:
    answer = visit("").post(PLACE, data=WHO | {"act": "cost", "amount": "1999.50"})
    assert "1999.50" in answer.text
    assert office.reviews.acts == []
