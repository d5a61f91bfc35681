"""The page of practice cases: masked, answered one by one, with what came of each."""

from tests.ui.conftest import Visit
from tests.ui.fake_office import FakeOffice

ADDRESS = "/training/practice"
ANSWER = {
    "bundle": "taiwan-card",
    "case_ref": "case-7",
    "place": "3",
    "csrf": "csrf-asha",
    "person": "person-asha",
}


def test_the_page_says_what_is_masked_and_what_is_recorded(visit: Visit) -> None:
    page = visit("asha").get(ADDRESS).text
    for said in ("Case 3 of 10", "no name, number, date", "up to half of them", "8 of 10 right"):
        assert said in page


def test_an_answer_is_taken_with_the_reasons_it_relies_on(visit: Visit, office: FakeOffice) -> None:
    sent = {**ANSWER, "decision": "decline", "concepts": ["G01"]}
    answer = visit("asha").post(ADDRESS, data=sent)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{ADDRESS}?bundle=taiwan-card"
    assert office.practice.answered[0].concepts == ("G01",)


def test_a_refused_answer_comes_back_filled_in(visit: Visit, office: FakeOffice) -> None:
    answer = visit("asha").post(ADDRESS, data={**ANSWER, "concepts": ["G01"]})
    assert answer.status_code == 422
    for said in ('href="#decision"', 'value="G01" checked'):
        assert said in answer.text
    assert not office.practice.answered


def test_what_was_chosen_for_another_case_is_not_filled_in(visit: Visit) -> None:
    sent = {**ANSWER, "case_ref": "case-6", "concepts": ["G01"]}
    assert " checked" not in visit("asha").post(ADDRESS, data=sent).text


def test_with_too_few_past_cases_it_says_how_many_there_are(
    visit: Visit, office: FakeOffice
) -> None:
    office.practice.few = True
    page = visit("asha").get(ADDRESS).text
    assert "not enough past cases" in page
    assert "and 4 of those" in page
    assert "Answer</button>" not in page
