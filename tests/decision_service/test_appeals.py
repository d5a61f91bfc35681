"""An applicant contests a decision: who records it, who may decide again, and what comes of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.app import create_app
from decision_service.appeal_pages import AppealPages
from decision_service.letter_desk import LetterDesk
from overrides.instants import instant_text, parse_instant
from overrides.reading import CaseFilter
from tests.decision_service.desk_house import desk_house
from tests.decision_service.test_api_cases import Callers
from ui.appeal_views import AppealForm
from ui.letter_views import LetterForm
from ui.ports import Refused

SAID = "My employer changed in May, the payslip was the last of the old one."
BROUGHT = [{"type": "PAYSLIP", "reference": "archive/5521", "sha256": None}]


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """One house with its interface."""
    with (
        desk_house(tmp_path_factory.mktemp("appeals")) as house,
        TestClient(create_app(house.services, warm=False)) as client,
    ):
        yield Callers(house, client)


def declined(callers: Callers, who: str = "asha") -> str:
    """A case whose recommended decline somebody agreed with."""
    case_id, version = callers.case(jurisdiction="DE")
    body = {"decision": "decline", "seen_version": version}
    assert callers.post(who, f"/cases/{case_id}/review", body).status_code == 201
    return case_id


def appeal(callers: Callers, case_id: str, who: str = "core", **members: Any) -> Any:
    """Record an appeal."""
    return callers.post(who, f"/cases/{case_id}/appeal", {"view": SAID, **members})


def viewed(callers: Callers, case_id: str, who: str) -> Any:
    """Give a first view."""
    said = {"view": "cannot_tell", "confidence": 3}
    return callers.post(who, f"/cases/{case_id}/first-view", said)


def agree(callers: Callers, case_id: str, who: str) -> Any:
    """Decline again."""
    file = callers.house.services.cases.case(case_id)
    assert file is not None
    body = {"decision": "decline", "seen_version": file.row.version}
    return callers.post(who, f"/cases/{case_id}/review", body)


def told(callers: Callers, case_id: str, who: str = "kofi") -> Any:
    """What the interface tells of the appeal."""
    return callers.get(who, f"/cases/{case_id}").json()["appeal"]


def test_an_appeal_is_decided_by_somebody_else_after_a_view_of_their_own(callers: Callers) -> None:
    case_id = declined(callers)
    answer = appeal(callers, case_id, evidence=[{"type": "PAYSLIP", "reference": "archive/5521"}])
    assert (answer.status_code, answer.json()["status"]) == (201, "in_review")
    assert agree(callers, case_id, "asha").json()["type"].endswith("excluded-from-case")
    assert viewed(callers, case_id, "asha").status_code == 403
    assert callers.post("asha", f"/cases/{case_id}/claim").status_code == 403
    hidden = callers.get("bruno", f"/cases/{case_id}").json()
    assert (hidden["first_view_missing"], hidden["acts"], hidden["decision"]) == (True, None, None)
    assert (hidden["appeal"]["view"], hidden["appeal"]["evidence"]) == (SAID, BROUGHT)
    assert agree(callers, case_id, "bruno").json()["type"].endswith("first-view-missing")
    assert viewed(callers, case_id, "bruno").status_code == 201
    assert callers.get("bruno", f"/cases/{case_id}").json()["acts"]
    assert told(callers, case_id)["result"] == "open"
    assert agree(callers, case_id, "bruno").status_code == 201
    assert told(callers, case_id)["result"] == "upheld"
    assert told(callers, case_id, "asha")["result"] == "upheld", "who decided first sees it"


def turned(callers: Callers, case_id: str) -> Any:
    """Approve on appeal: one proposes, another upholds, each after a view of their own."""
    assert viewed(callers, case_id, "elena").status_code == 201
    version = callers.get("elena", f"/cases/{case_id}").json()["version"]
    proposed = callers.override("elena", case_id, version)
    assert proposed.json()["status"] == "waiting_approval", proposed.text
    file = callers.house.services.cases.case(case_id)
    assert file is not None
    verdict = {"verdict": "uphold", "seen_version": file.row.version}
    unseen = callers.post("hanna", f"/cases/{case_id}/approval", verdict)
    assert unseen.json()["type"].endswith("first-view-missing")
    assert viewed(callers, case_id, "hanna").status_code == 201
    verdict["seen_version"] = callers.get("hanna", f"/cases/{case_id}").json()["version"]
    return callers.post("hanna", f"/cases/{case_id}/approval", verdict)


def test_an_appeal_that_is_right_ends_in_another_decision_and_an_undo_opens_it_again(
    callers: Callers,
) -> None:
    case_id = declined(callers)
    assert appeal(callers, case_id).status_code == 201
    upheld = turned(callers, case_id)
    assert upheld.json()["status"] == "decided", upheld.text
    assert told(callers, case_id)["result"] == "changed"
    assert callers.post("hanna", f"/cases/{case_id}/undo").status_code == 201
    assert told(callers, case_id)["result"] == "open"


def test_the_clock_is_the_appeals_own_and_a_new_score_does_not_move_it(callers: Callers) -> None:
    case_id = declined(callers)
    callers.house.clock.passes(days=3)
    came = callers.house.clock() - timedelta(days=2)
    answer = appeal(callers, case_id, received_at=instant_text(came))
    until = parse_instant(answer.json()["answer_by"])
    assert until == came + timedelta(days=28)
    file = callers.house.services.cases.case(case_id)
    assert file is not None
    assert (file.row.clocks.limit, file.row.clocks.target) == (until, until)
    callers.house.again(callers.get("kofi", f"/cases/{case_id}").json()["application_id"])
    again = callers.house.services.cases.case(case_id)
    assert again is not None
    assert again.row.decision_id != file.row.decision_id
    assert (again.row.clocks.limit, again.row.due_at) == (until, until)
    assert again.row.appeal == file.row.appeal
    assert agree(callers, case_id, "asha").status_code == 403, "nor does it let anybody in"


def test_a_request_sent_twice_is_one_appeal(callers: Callers) -> None:
    case_id = declined(callers)
    address, body = f"/cases/{case_id}/appeal", {"view": SAID}
    first = callers.post("elena", address, body, key="the-same")
    again = callers.post("elena", address, body, key="the-same")
    assert (first.status_code, again.json()["event_id"]) == (201, first.json()["event_id"])
    other = callers.post("bruno", address, body)
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (409, "not-allowed-now")
    assert viewed(callers, case_id, "elena").status_code == 403, "who wrote it down is shut out"


@pytest.mark.parametrize(
    ("who", "status"), [("other-core", 404), ("chitra", 404), ("kofi", 403), ("greta", 201)]
)
def test_whoever_sees_the_case_and_answers_for_applicants_records_it(
    callers: Callers, who: str, status: int
) -> None:
    assert appeal(callers, declined(callers), who).status_code == status


def test_whoever_is_to_decide_is_not_told_by_the_list_of_colleagues_who_decided(
    callers: Callers,
) -> None:
    case_id = declined(callers)
    appeal(callers, case_id)
    desk = callers.house
    sharing = create_rooms(callers).sharing
    before = sharing.passing(desk.viewer("bruno"), case_id)
    assert (before.colleagues, before.may_hand, before.may_refer) == ((), False, True)
    assert viewed(callers, case_id, "bruno").status_code == 201
    names = [name for _, name in sharing.passing(desk.viewer("bruno"), case_id).colleagues]
    assert names
    assert not [name for name in names if name.startswith("asha")]
    leading = sharing.passing(desk.viewer("greta"), case_id)
    assert leading.may_hand
    assert not [name for _, name in leading.colleagues if name.startswith("asha")]


def create_rooms(callers: Callers) -> Any:
    """The pages' office."""
    from decision_service.office import office_of  # noqa: PLC0415 - of this one test

    return office_of(callers.house.services)


def test_take_next_gives_it_to_nobody_who_had_a_part_in_it(callers: Callers) -> None:
    case_id = declined(callers)
    appeal(callers, case_id)
    open_to = CaseFilter(open_to=callers.house.actors["asha"].ref, appealed=True)
    everyone = CaseFilter(appealed=True)
    cases, now = callers.house.services.cases, callers.house.clock()
    assert case_id in {row.case_ref for row in cases.rows(everyone, now).rows}
    assert case_id not in {row.case_ref for row in cases.rows(open_to, now).rows}
    assert cases.count(everyone, now) > cases.count(open_to, now)


def test_a_rebuild_makes_the_same_rows(callers: Callers) -> None:
    case_id = declined(callers)
    appeal(callers, case_id)
    services = callers.house.services
    before = services.cases.case(case_id)
    assert before is not None
    assert before.row.appeal is not None
    assert callers.house.actors["asha"].ref in before.case.excluded
    services.rebuild()
    assert services.cases.case(case_id) == before


def test_the_page_says_what_it_does_and_comes_back_filled_in(callers: Callers) -> None:
    case_id = declined(callers)
    pages, bruno = AppealPages(callers.house.services), callers.house.viewer("bruno")
    view = pages.appealing(bruno, case_id)
    assert "28 calendar days, by law" in view.rule_words
    assert view.reviewers_words == "2 people of this branch may decide it."
    with pytest.raises(Refused) as refused:
        pages.appeal(bruno, case_id, AppealForm(evidence_reference="x", received_at="soon"))
    assert set(refused.value.fields) == {"view", "evidence_type", "received_at"}
    form = AppealForm(
        view=SAID,
        seen_version=view.version,
        received_at=view.earliest,
        idempotency_key=callers.house.key(),
    )
    assert "for somebody who had no part in the decision" in pages.appeal(bruno, case_id, form)
    with pytest.raises(Refused):
        pages.appealing(callers.house.viewer("hanna"), case_id)


def test_the_desk_keeps_contested_cases_apart(callers: Callers) -> None:
    case_id, (other, _) = declined(callers), callers.case()
    assert appeal(callers, case_id).status_code == 201
    house, wanted = callers.house, {"holder": "contested"}
    listed = {row.case_id for row in house.desk.queue(house.viewer("bruno"), wanted, "").rows}
    assert case_id in listed
    assert other not in listed
    assert viewed(callers, case_id, "bruno").status_code == 201
    assert agree(callers, case_id, "bruno").status_code == 201
    rows = house.desk.queue(house.viewer("bruno"), wanted, "").rows
    assert case_id not in {row.case_id for row in rows}
    decided = {**wanted, "status": "decided"}
    rows = house.desk.queue(house.viewer("bruno"), decided, "").rows
    assert case_id in {row.case_id for row in rows}, "of decided cases the filter is not said"


def test_whoever_is_to_decide_again_is_not_told_by_the_letters_what_was_decided(
    callers: Callers,
) -> None:
    case_id, house = declined(callers), callers.house
    house.clock.passes(minutes=2)
    letters = LetterDesk(house.services)

    def listed(who: str) -> bool:
        return case_id in [
            line.case_id for line in letters.letters(house.viewer(who), "sent", "").lines
        ]

    today = house.clock().date().isoformat()
    for who, form in (
        ("asha", LetterForm(step="draft", language="en")),
        ("hanna", LetterForm(step="checked")),
        ("asha", LetterForm(step="issued")),
        ("asha", LetterForm(step="sent", channel="post", on=today)),
    ):
        row = house.services.letters.letter(case_id)
        assert row is not None
        filled = replace(form, letter_id=row.letter_id, idempotency_key=house.key())
        letters.step(house.viewer(who), case_id, filled)
    assert listed("bruno")
    assert appeal(callers, case_id).status_code == 201
    assert not listed("bruno")
    with pytest.raises(Refused):
        letters.letter(house.viewer("bruno"), case_id)


def test_a_refusal_that_stands_on_appeal_is_told_by_a_letter_of_its_own(callers: Callers) -> None:
    case_id, house = declined(callers), callers.house
    first = house.services.letters.letter(case_id)
    assert appeal(callers, case_id).status_code == 201
    assert viewed(callers, case_id, "bruno").status_code == 201
    assert agree(callers, case_id, "bruno").status_code == 201
    again = house.services.letters.letter(case_id)
    assert first is not None
    assert again is not None
    assert (again.state, again.kind) == ("due", first.kind)
    assert again.called_by != first.called_by


def test_a_letter_of_the_first_refusal_falls_away_where_an_appeal_changes_it(
    callers: Callers,
) -> None:
    case_id, house = declined(callers), callers.house
    first = house.services.letters.letter(case_id)
    assert first is not None
    assert first.state == "due"
    assert appeal(callers, case_id).status_code == 201
    assert turned(callers, case_id).json()["status"] == "decided"
    assert told(callers, case_id)["result"] == "changed"
    left = house.services.letters.letter(case_id)
    assert left is None or left.state not in {"due", "drafted", "checked", "issued"}
    due = LetterDesk(house.services).letters(house.viewer("hanna"), "due", "").lines
    assert case_id not in {line.case_id for line in due}
