"""Drafts are sealed, are shown to whoever typed them, and go with the person they are about."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from decision_service.draft_pages import DraftPages
from decision_service.tending import tend
from decision_service.waiting_pages import WaitingPages
from overrides.drafts import CHARS_MAX, KEPT_FOR, OF_ONE_PERSON_MAX, Draft
from tests.decision_service.erasure_house import ErasureHouse, erasure_house
from ui.ports import Refused
from ui.waiting_views import AskForm

NOTE = 'The payslips of March are missing\n\tand the letter says "later" \\ ñ 印.'


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ErasureHouse]:
    """One installation on either database."""
    url = request.getfixturevalue("new_postgres")() if request.param == "postgres" else ""
    with erasure_house(tmp_path_factory.mktemp("drafts") / "data", url) as made:
        yield made


def pages(house: ErasureHouse) -> DraftPages:
    """What the pages ask."""
    return DraftPages(house.services)


def place(case_id: str) -> str:
    """Where the form of a review is sent."""
    return f"/cases/{case_id}/review"


def test_what_was_typed_is_there_for_whoever_typed_it_and_for_nobody_else(
    house: ErasureHouse,
) -> None:
    case_id = house.desk.apply()["case_id"]
    asha, hanna = house.desk.viewer("asha"), house.desk.viewer("hanna")
    before = house.services.ledger.head().size
    pages(house).keep(asha, case_id, place(case_id), (("note", "first"), ("decision", "")))
    pages(house).keep(asha, case_id, place(case_id), (("note", NOTE), ("concepts", "R01")))
    left = pages(house).find(asha, place(case_id))
    assert left is not None
    assert left.fields == (("note", NOTE), ("concepts", "R01"))
    assert pages(house).find(hanna, place(case_id)) is None
    assert pages(house).find(asha, f"/cases/{case_id}/override") is None
    assert house.services.ledger.head().size == before, "a draft is no entry"
    pages(house).drop(asha, place(case_id))
    pages(house).drop(asha, place(case_id))
    assert pages(house).find(asha, place(case_id)) is None


def test_nobody_keeps_a_draft_about_a_case_they_may_not_see(house: ErasureHouse) -> None:
    case_id = house.desk.apply()["case_id"]
    with pytest.raises(Refused) as refused:
        pages(house).keep(house.desk.viewer("chitra"), case_id, place(case_id), (("note", "x"),))
    assert refused.value.status == 404


def test_what_arrives_after_its_form_was_sent_is_not_kept(house: ErasureHouse) -> None:
    case_id = house.desk.apply_until("approve")["case_id"]
    hanna, asha = house.desk.viewer("hanna"), house.desk.viewer("asha")
    form = house.desk.form("hanna", case_id, decision="approve")
    typed = (("note", NOTE), ("seen_version", str(form.seen_version)))
    pages(house).keep(hanna, case_id, place(case_id), typed)
    house.desk.desk.review(hanna, case_id, form)
    pages(house).drop(hanna, place(case_id))
    with pytest.raises(Refused, match="acted on this case since"):
        pages(house).keep(hanna, case_id, place(case_id), typed)
    assert pages(house).find(hanna, place(case_id)) is None
    pages(house).keep(asha, case_id, place(case_id), typed)
    assert pages(house).find(asha, place(case_id)) is not None, "whoever was outrun keeps theirs"


def test_more_than_a_form_holds_is_refused(house: ErasureHouse) -> None:
    case_id = house.desk.apply()["case_id"]
    typed = (("note", "x" * CHARS_MAX),)
    with pytest.raises(Refused, match="more than one form holds"):
        pages(house).keep(house.desk.viewer("asha"), case_id, place(case_id), typed)


def test_an_erasure_takes_the_draft_too(house: ErasureHouse) -> None:
    case_id = house.closed()["case_id"]
    asha = house.desk.viewer("asha")
    pages(house).keep(asha, case_id, place(case_id), (("note", NOTE),))
    house.erase(case=case_id)
    assert pages(house).find(asha, place(case_id)) is None
    with pytest.raises(Refused, match="erased"):
        pages(house).keep(asha, case_id, place(case_id), (("note", NOTE),))
    assert house.services.drafts.sweep(house.services.clock() - KEPT_FOR) == 1


def test_what_was_left_for_long_goes_and_so_do_the_oldest_of_too_many(house: ErasureHouse) -> None:
    case_id, asha = house.desk.apply()["case_id"], house.desk.viewer("asha")
    drafts, now = house.services.drafts, house.services.clock()
    subject = house.services.cases.case(case_id).case.subject
    one = Draft(asha.person_ref, place(case_id), case_id, (("note", NOTE),), now - KEPT_FOR)
    long_ago = replace(one, saved_at=one.saved_at - timedelta(seconds=1))
    assert drafts.keep(long_ago, subject)
    assert pages(house).find(asha, one.place) is None, "too old to be shown"
    tend(house.services)
    assert drafts.find(asha.person_ref, one.place, long_ago.saved_at) is None, "and then gone"
    for number in range(OF_ONE_PERSON_MAX + 2):
        at = now + timedelta(seconds=number)
        assert drafts.keep(replace(one, place=f"/{number}", saved_at=at), subject)
    kept = [n for n in range(OF_ONE_PERSON_MAX + 2) if drafts.find(asha.person_ref, f"/{n}", now)]
    assert kept == list(range(2, OF_ONE_PERSON_MAX + 2))


def test_no_byte_of_a_draft_lies_open_in_the_files(tmp_path: Path) -> None:
    with erasure_house(tmp_path / "data") as made:
        case_id = made.desk.apply()["case_id"]
        pages(made).keep(
            made.desk.viewer("asha"), case_id, place(case_id), (("note", "unmistakable words"),)
        )
        files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
        assert any("sqlite3" in path.name for path in files)
        assert not [path for path in files if b"unmistakable" in path.read_bytes()]


def test_a_question_to_the_applicant_that_was_recorded_does_not_come_back_as_a_draft(
    house: ErasureHouse,
) -> None:
    case_id = house.desk.apply_until("approve")["case_id"]
    asha, way = house.desk.viewer("asha"), f"/cases/{case_id}/information-request"
    waiting = WaitingPages(house.services)
    asking = waiting.asking(asha, case_id)
    typed = (("note", NOTE), ("seen_version", str(asking.version)))
    pages(house).keep(asha, case_id, way, typed)
    ask = AskForm(
        documents=("PAYSLIP",),
        until=asking.suggested,
        note=NOTE,
        seen_version=asking.version,
        idempotency_key="a-question",
    )
    waiting.ask(asha, case_id, ask)
    with pytest.raises(Refused, match="acted on this case since"):
        pages(house).keep(asha, case_id, way, typed)
