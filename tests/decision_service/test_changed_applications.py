"""Other terms and corrected values: scored again, recorded whole, and answered."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.app import create_app
from decision_service.changed_application import Terms
from decision_service.offer_lapse import let_offers_lapse
from overrides.countering import OfferForm
from overrides.errors import ActError
from overrides.instants import parse_instant
from overrides.reading import CaseRow
from tests.decision_service.desk_house import desk_house
from tests.decision_service.test_api_cases import EVIDENCE, Callers

SMALL: Mapping[str, object] = {"credit_amount": 600.0, "duration_months": 6}
NOTE = "The applicant would take less; the branch talked it through with them."
AS_APPLIED = ("decision_id", "recommendation", "probability_of_bad", "amount")


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """One house with its interface."""
    with (
        desk_house(tmp_path_factory.mktemp("changes")) as house,
        TestClient(create_app(house.services, warm=False)) as client,
    ):
        yield Callers(house, client)


def fails_on(callers: Callers, terms: Mapping[str, object]) -> tuple[str, int]:
    """A declined case that still fails on these terms."""
    return _case(callers, terms, passes=False)


def passes_on(callers: Callers, terms: Mapping[str, object]) -> tuple[str, int]:
    """A declined case that passes on these terms."""
    return _case(callers, terms, passes=True)


def _case(callers: Callers, terms: Mapping[str, object], *, passes: bool) -> tuple[str, int]:
    acting, asha = callers.house.desk._acting, callers.house.actors["asha"]
    while True:
        case_id, version = callers.case("decline")
        form = OfferForm(fields=(), days=0, seen_version=version)
        try:
            tried = acting.try_offer(asha, case_id, (Terms(values=terms), form))
        except ActError:
            found = False
        else:
            found = tried.scored.recommendation == "approve"
        if found is passes:
            return case_id, version


def offer(callers: Callers, case_id: str, version: int, who: str = "asha", **more: Any) -> Any:
    body = {"terms": SMALL, "note": NOTE, "seen_version": version, **more}
    return callers.post(who, f"/cases/{case_id}/counter-offer", body)


def row_of(callers: Callers, case_id: str) -> CaseRow:
    file = callers.house.services.cases.case(case_id)
    assert file is not None
    return file.row


def answer(callers: Callers, case_id: str, said: str, who: str = "asha") -> Any:
    return callers.post(who, f"/cases/{case_id}/counter-offer/answer", {"answer": said})


def test_terms_that_pass_are_a_change_of_terms_and_both_scores_stay(callers: Callers) -> None:
    case_id, version = passes_on(callers, SMALL)
    before = callers.get("asha", f"/cases/{case_id}").json()
    made = offer(callers, case_id, version)
    assert made.status_code == 201, made.json()
    said = made.json()
    assert (said["status"], said["side"], said["needs"]) == ("countered", None, "")
    assert [place["type"] for place in said["ledger"]] == ["decision_made", "counter_offered"]
    after = callers.get("asha", f"/cases/{case_id}").json()
    assert after["decision"]["supersedes"] == before["decision_id"]
    assert after["amount"]["minor"] == 60_000
    assert callers.get("asha", f"/decisions/{before['decision_id']}").status_code == 200
    assert after["offer"]["terms"] == {
        name: {"from": was, "to": is_}
        for name, was, is_ in (
            (name, _stated(callers, before, name), _stated(callers, after, name))
            for name in sorted(SMALL)
        )
    }
    until = parse_instant(after["offer"]["until"])
    offered_at = parse_instant(after["acts"][-1]["at"])
    assert until - offered_at == timedelta(days=90)
    assert after["limit_at"] == after["offer"]["until"]
    done = answer(callers, case_id, "accepted", "core")
    assert done.status_code == 201, done.json()
    assert done.json()["decision"] == "approve"
    ended = callers.get("asha", f"/cases/{case_id}").json()
    assert (ended["status"], ended["final"], ended["side"]) == ("decided", "approve", None)
    assert ended["acts"][-1]["data"]["terms"] == "changed"
    assert row_of(callers, case_id).reviewer == callers.house.actors["asha"].ref


def _stated(callers: Callers, case: dict[str, Any], name: str) -> str:
    opened = callers.house.services.ledger.open_slots(case["decision_id"], ("inputs",))
    fields: dict[str, str] = opened["inputs"]["fields"]  # type: ignore[index]
    return fields[name]


def test_terms_that_fail_are_an_override_that_a_second_person_upholds(callers: Callers) -> None:
    terms: Mapping[str, object] = {"duration_months": 71}
    case_id, version = fails_on(callers, terms)
    plain = offer(callers, case_id, version, terms=terms)
    assert plain.status_code == 422
    assert plain.json()["type"].endswith("code-not-allowed")
    full: dict[str, Any] = {"terms": terms, "justification_code": "X01", "evidence": EVIDENCE}
    made = offer(callers, case_id, version, **full)
    assert made.status_code == 201, made.json()
    said = made.json()
    assert (said["status"], said["side"]) == ("waiting_approval", "approved_against_model")
    kinds = [place["type"] for place in said["ledger"]]
    assert kinds == ["decision_made", "override_recorded", "counter_offered"]
    assert answer(callers, case_id, "accepted").status_code == 409
    upheld = callers.post(
        "hanna", f"/cases/{case_id}/approval", {"verdict": "uphold", "note": "agreed"}
    )
    assert upheld.status_code == 201, upheld.json()
    assert upheld.json()["status"] == "countered"
    assert answer(callers, case_id, "accepted").status_code == 201
    row, actors = row_of(callers, case_id), callers.house.actors
    assert (row.reviewer, row.approver) == (actors["asha"].ref, actors["hanna"].ref)
    assert row.side == "approved_against_model"


@pytest.mark.parametrize("way", ["reject", "return", "refused", "lapsed", "withdrawn"])
def test_a_case_that_comes_to_no_terms_goes_back_to_what_was_applied_for(
    callers: Callers, way: str
) -> None:
    if way in ("reject", "return"):
        terms: Mapping[str, object] = {"duration_months": 71}
        case_id, version = fails_on(callers, terms)
        more: dict[str, Any] = {"terms": terms, "justification_code": "X01", "evidence": EVIDENCE}
    else:
        case_id, version = passes_on(callers, SMALL)
        more = {}
    before = callers.get("asha", f"/cases/{case_id}").json()
    assert offer(callers, case_id, version, **more).status_code == 201
    if way in ("reject", "return"):
        verdict = {"verdict": way, "note": "Why so long?"}
        callers.post("hanna", f"/cases/{case_id}/approval", verdict)
        status = "in_review"
    elif way == "refused":
        assert answer(callers, case_id, "refused").status_code == 201
        status = "withdrawn"
    elif way == "lapsed":
        callers.house.clock.passes(days=90)
        assert answer(callers, case_id, "accepted").json()["type"].endswith("offer-lapsed")
        assert case_id in let_offers_lapse(callers.house.services)
        assert let_offers_lapse(callers.house.services) == ()
        status = "expired"
    else:
        callers.post("asha", f"/cases/{case_id}/withdrawal", {})
        status = "withdrawn"
    after = callers.get("asha", f"/cases/{case_id}").json()
    assert after["status"] == status
    assert {name: after[name] for name in AS_APPLIED} == {name: before[name] for name in AS_APPLIED}
    assert after["offer"] is None


def test_the_feed_tells_of_the_offer_and_of_its_answer(callers: Callers) -> None:
    start = callers.get("core", "/changes").json()["next"]
    while callers.get("core", "/changes", after=start).json()["changes"]:
        start = callers.get("core", "/changes", after=start).json()["next"]
    case_id, version = passes_on(callers, SMALL)
    offer(callers, case_id, version)
    answer(callers, case_id, "refused")
    changes = callers.get("core", "/changes", after=start).json()["changes"]
    told = [(one["type"], one["status"]) for one in changes if one["case_id"] == case_id]
    assert told[-2:] == [("counter_offered", "countered"), ("case_withdrawn", "withdrawn")]


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"employment_since": "lt_1y"}, "/terms/employment_since"),
        ({"credit_amount": 18001}, "/terms/credit_amount"),
        ({"credit_amount": "600"}, "/terms/credit_amount"),
        ({"co_debtors": "none"}, "/terms/co_debtors"),
        ({}, "/terms"),
        ({"credit_amount": [600]}, "/terms"),
    ],
)
def test_terms_that_policy_does_not_offer_are_refused_by_place(
    callers: Callers, terms: dict[str, object], pointer: str
) -> None:
    case_id, version = callers.case()
    made = offer(callers, case_id, version, terms=terms)
    assert made.status_code == 422
    assert [fault["pointer"] for fault in made.json()["errors"]] == [pointer]
    assert callers.house.kinds(case_id) == ["decision_made"]


def test_the_terms_applied_for_are_no_other_terms(callers: Callers) -> None:
    case_id, version = callers.case()
    decision_id = callers.get("asha", f"/cases/{case_id}").json()["decision_id"]
    same = float(_stated(callers, {"decision_id": decision_id}, "credit_amount"))
    made = offer(callers, case_id, version, terms={"credit_amount": same})
    assert (made.status_code, made.json()["type"].rpartition(":")[2]) == (422, "nothing-changed")


def test_an_offer_acts_once_and_only_on_what_was_seen(callers: Callers) -> None:
    case_id, version = passes_on(callers, SMALL)
    stale = offer(callers, case_id, version - 1)
    assert stale.status_code == 409
    body = {"terms": SMALL, "note": NOTE, "seen_version": version}
    path, key = f"/cases/{case_id}/counter-offer", callers.house.key()
    first, again = (callers.post("asha", path, body, key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["event_id"] == first.json()["event_id"]
    rescore = callers.post("asha", f"/cases/{case_id}/rescore", {})
    assert rescore.json()["type"].endswith("offer-lies")


@pytest.mark.parametrize("who", ["kofi", "greta", "core"])
def test_only_who_decides_cases_offers_terms(callers: Callers, who: str) -> None:
    case_id, version = callers.case()
    assert offer(callers, case_id, version, who).status_code == 403


def test_offering_more_than_ones_limit_is_refused(callers: Callers) -> None:
    case_id, version = passes_on(callers, SMALL)
    large = {"minor": 1_500_000, "currency": "DEM"}
    assert offer(callers, case_id, version, amount=large).json()["type"].endswith("above-limit")
    assert callers.house.kinds(case_id) == ["decision_made"]


def test_an_acceptance_that_was_recorded_by_mistake_is_undone_and_the_offer_lies_again(
    callers: Callers,
) -> None:
    case_id, version = passes_on(callers, SMALL)
    offer(callers, case_id, version)
    lay = callers.get("asha", f"/cases/{case_id}").json()
    answer(callers, case_id, "accepted")
    undone = callers.post("asha", f"/cases/{case_id}/undo", {})
    assert undone.status_code == 201, undone.json()
    again = callers.get("asha", f"/cases/{case_id}").json()
    assert (again["status"], again["offer"]) == ("countered", lay["offer"])
    assert again["limit_at"] == lay["limit_at"]
    assert answer(callers, case_id, "refused").status_code == 201


def test_an_offer_calls_for_a_letter_with_its_terms_until_it_is_answered(callers: Callers) -> None:
    case_id, version = passes_on(callers, SMALL)
    assert callers.get("asha", f"/cases/{case_id}/letter").status_code == 404
    assert offer(callers, case_id, version).status_code == 201
    letter = callers.get("asha", f"/cases/{case_id}/letter").json()
    assert (letter["kind"], letter["state"], letter["recorded"]) == ("counteroffer", "due", False)
    items = [part["text"] for part in letter["parts"] if part["key"] == "item"]
    assert len(items) == len(SMALL)
    assert all(": " in item for item in items)
    assert any("within 90 days" in part["text"] for part in letter["parts"])
    assert not [part for part in letter["parts"] if part["key"] == "reason"]
    assert answer(callers, case_id, "refused").status_code == 201
    gone = callers.get("asha", f"/cases/{case_id}/letter")
    assert gone.json()["type"].endswith("no-letter-due")
