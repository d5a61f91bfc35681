"""The owners see what was validated and sign there; everybody else reads."""

from tests.ui.conftest import Visit
from tests.ui.fake_office import FakeOffice
from ui.ports import Refused

PLACE = "/models/german-credit/signoffs"
FORM = {"person": "person-meera", "csrf": "csrf-meera", "seen": "v-1", "idempotency_key": "k"}


def test_the_page_says_what_is_lacking_and_what_was_found(visit: Visit) -> None:
    page = visit("dev").get(PLACE).text
    for said in ("compliance has not signed", "F1, medium, open", "Not passed", "Lena Roy"):
        assert said in page
    assert "Your role signs nothing." in page
    assert "<textarea" not in page


def test_an_owner_signs_the_validation_that_was_on_the_page(
    visit: Visit, office: FakeOffice
) -> None:
    browser = visit("meera")
    assert 'name="seen" value="v-1"' in browser.get(PLACE).text
    assert browser.post(PLACE, data=FORM | {"note": "read"}).status_code == 303
    assert office.governance.signed == ["Meera german-credit v-1 read k"]


def test_a_refused_signature_brings_the_note_back(visit: Visit, office: FakeOffice) -> None:
    office.governance.refusal = Refused(409, "Please check", "Read the newest record.")
    answer = visit("meera").post(PLACE, data=FORM | {"note": "typed before"})
    assert answer.status_code == 409
    assert "Read the newest record." in answer.text
    assert "typed before</textarea>" in answer.text


def test_a_version_nobody_looked_at_says_so(visit: Visit, office: FakeOffice) -> None:
    office.governance.empty = True
    page = visit("meera").get(PLACE).text
    assert "There is none of this version." in page
    assert page.count("Not signed") == 4
    assert "Nothing yet." in page


def test_a_form_that_outlived_its_log_in_comes_back_filled(
    visit: Visit, office: FakeOffice
) -> None:
    answer = visit("").post(PLACE, data=FORM | {"note": "half a sentence"})
    assert "half a sentence" in answer.text
    assert office.governance.signed == []


def test_what_a_version_would_send_to_people_is_shown_before_it_is_let_out(visit: Visit) -> None:
    browser = visit("dev")
    assert "/models/german-credit/routing" in browser.get(PLACE).text
    page = browser.get("/models/german-credit/routing").text
    for said in ("2.4 more cases and 0.3 more hours a day", "326", "Nothing is changed"):
        assert said in page
