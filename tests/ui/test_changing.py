"""Other terms and corrections: looked at before they are recorded, and never typed twice."""

import pytest

from tests.ui.conftest import Visit
from tests.ui.fake_cases import DECLINE
from tests.ui.fake_office import FakeOffice
from ui.ports import Refused

OFFER, CORRECTION = (f"/cases/{DECLINE.case_id}/{kind}" for kind in ("counter-offer", "correction"))
TYPED = {
    "field-credit_amount": "2400",
    "field-co_debtors": "guarantor",
    "evidence_type": "PAYSLIP",
    "evidence_reference": "archive/77",
    "note": "The branch talked it through.",
    "seen_version": "4",
}


def form(step: str) -> dict[str, str]:
    return {"person": "person-asha", "csrf": "csrf-asha", "step": step, **TYPED}


@pytest.mark.parametrize("address", [OFFER, CORRECTION])
def test_a_change_is_looked_at_changed_and_recorded(
    visit: Visit, office: FakeOffice, address: str
) -> None:
    page = visit("asha").get(address)
    assert "Stated: DM 5,951." in page.text
    look = visit("asha").post(address, data=form("check"))
    for said in ("It is a change of terms", "a guarantor", "Payslip: archive/77", TYPED["note"]):
        assert said in look.text
    for name, value in TYPED.items():
        if name.startswith("field-"):
            assert f'<input type="hidden" name="{name}" value="{value}">' in look.text
    again = visit("asha").post(address, data=form("change"))
    assert 'value="2400"' in again.text
    assert not office.changes.done
    done = visit("asha").post(address, data=form("record"), follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, f"/cases/{DECLINE.case_id}")
    ((_, kind, sent),) = office.changes.done
    assert kind == address.rpartition("/")[2]
    assert not isinstance(sent, str)
    assert sent.values == {"credit_amount": "2400", "co_debtors": "guarantor"}


def test_reasons_named_for_an_offer_are_kept_from_step_to_step(
    visit: Visit, office: FakeOffice
) -> None:
    assert 'name="concepts"' not in visit("asha").get(CORRECTION).text
    assert 'name="concepts" value="R01">' in visit("asha").get(OFFER).text
    look = visit("asha").post(OFFER, data=form("check") | {"concepts": "R01"}).text
    assert '<input type="hidden" name="concepts" value="R01">' in look
    assert "Duration of the loan" in look
    again = visit("asha").post(OFFER, data=form("change") | {"concepts": "R01"}).text
    assert 'name="concepts" value="R01" checked>' in again
    visit("asha").post(OFFER, data=form("record") | {"concepts": "R01"})
    sent = office.changes.done[-1][2]
    assert not isinstance(sent, str)
    assert sent.concepts == ("R01",)
    office.changes.trouble = Refused(422, "Please check", "Some.", {"concepts": "Name one."})
    refused = visit("asha").post(OFFER, data=form("check")).text
    assert 'href="#concepts"' in refused
    assert "Name one." in refused


@pytest.mark.parametrize("step", ["check", "record"])
def test_a_refused_change_comes_back_filled_in_with_its_faults(
    visit: Visit, office: FakeOffice, step: str
) -> None:
    faults = {"field-credit_amount": "Give a smaller amount.", "note": "Say why."}
    office.changes.trouble = Refused(422, "Please check", "Some are wrong.", faults)
    answer = visit("asha").post(OFFER, data=form(step))
    assert answer.status_code == 422
    for said in (*faults.values(), 'value="2400"', 'href="#field-credit_amount"', 'href="#note"'):
        assert said in answer.text


def test_the_answer_of_the_applicant_is_recorded_or_says_why_not(
    visit: Visit, office: FakeOffice
) -> None:
    address, fields = f"/cases/{DECLINE.case_id}/offer-answer", form("") | {"answer": "refused"}
    visit("asha").post(address, data=fields, follow_redirects=False)
    assert office.changes.done == [(DECLINE.case_id, "answer", "refused")]
    office.changes.trouble = Refused(409, "The offer ran out", "It ran out yesterday.")
    late = visit("asha").post(address, data=fields, follow_redirects=True)
    assert "The offer ran out. It ran out yesterday." in late.text
