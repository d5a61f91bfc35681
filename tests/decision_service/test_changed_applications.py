"""Other terms and corrected values: scored again, recorded whole, and answered."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service import offer_lapse
from decision_service.app import create_app
from decision_service.changed_application import Terms
from decision_service.changing_pages import ChangingPages
from decision_service.letter_desk import LetterDesk
from decision_service.offer_lapse import let_offers_lapse
from decision_service.review_date_pages import ReviewDatePages
from overrides.countering import OfferForm
from overrides.errors import ActError
from overrides.instants import parse_instant
from overrides.reading import CaseRow
from tests.decision_service.desk_house import desk_house
from tests.decision_service.test_api_cases import EVIDENCE, Callers
from tests.decision_service.test_waiting import fails_once
from ui.changing_views import ChangeForm
from ui.letter_views import LetterForm
from ui.ports import Refused

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
    on = (callers.house.clock() + timedelta(days=5)).date().isoformat()
    full: dict[str, Any] = {"terms": terms, "justification_code": "X01", "evidence": EVIDENCE}
    late = offer(callers, case_id, version, **full, review_on="2020-01-01")
    assert late.json()["type"].endswith("review-day")
    made = offer(callers, case_id, version, **full, review_on=on)
    assert made.status_code == 201, made.json()
    said = made.json()
    assert (said["status"], said["side"]) == ("waiting_approval", "approved_against_model")
    kinds = [place["type"] for place in said["ledger"]]
    assert kinds == ["decision_made", "override_recorded", "counter_offered", "review_date_set"]
    assert answer(callers, case_id, "accepted").status_code == 409
    upheld = callers.post(
        "hanna", f"/cases/{case_id}/approval", {"verdict": "uphold", "note": "agreed"}
    )
    assert upheld.status_code == 201, upheld.json()
    assert upheld.json()["status"] == "countered"
    dates = ReviewDatePages(callers.house.services)
    assert case_id not in [line.case_id for line in dates.own(callers.house.viewer("asha")).lines]
    assert answer(callers, case_id, "accepted").status_code == 201
    assert case_id in [line.case_id for line in dates.own(callers.house.viewer("asha")).lines]
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


def test_an_offer_that_cannot_be_closed_keeps_no_other_from_running_out(callers: Callers) -> None:
    callers.house.clock.passes(days=91)
    let_offers_lapse(callers.house.services)  # those of other tests
    cases = []
    for _ in range(2):
        case_id, version = passes_on(callers, SMALL)
        assert offer(callers, case_id, version).status_code == 201
        cases.append(case_id)
    callers.house.clock.passes(days=91)
    services = fails_once(callers.house.services)
    with pytest.raises(OSError, match="no entropy"):
        let_offers_lapse(services)
    assert [callers.house.kinds(case_id)[-1] for case_id in cases].count("case_expired") == 1
    assert len(let_offers_lapse(services)) == 1


def test_offers_that_cannot_be_closed_keep_none_behind_them_from_running_out(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers.house.clock.passes(days=91)
    let_offers_lapse(callers.house.services)  # those of other tests
    monkeypatch.setattr(offer_lapse, "AT_ONCE", 1)
    cases = []
    for _ in range(2):
        case_id, version = passes_on(callers, SMALL)
        assert offer(callers, case_id, version).status_code == 201
        cases.append(case_id)
        callers.house.clock.passes(hours=1)
    callers.house.clock.passes(days=91)
    with pytest.raises(OSError, match="no entropy"):
        let_offers_lapse(fails_once(callers.house.services))
    assert [callers.house.kinds(case_id)[-1] for case_id in cases].count("case_expired") == 1


def test_an_acceptance_that_was_recorded_by_mistake_is_undone_and_the_offer_lies_again(
    callers: Callers,
) -> None:
    case_id, version = passes_on(callers, SMALL)
    offer(callers, case_id, version)
    lay = callers.get("asha", f"/cases/{case_id}").json()
    answer(callers, case_id, "accepted")
    assert callers.get("asha", f"/cases/{case_id}").json()["undo_until"] is not None
    undone = callers.post("asha", f"/cases/{case_id}/undo", {})
    assert undone.status_code == 201, undone.json()
    again = callers.get("asha", f"/cases/{case_id}").json()
    assert (again["status"], again["offer"]) == ("countered", lay["offer"])
    assert again["limit_at"] == lay["limit_at"]
    assert answer(callers, case_id, "refused").status_code == 201


def test_an_acceptance_is_undone_by_whoever_recorded_it_and_not_by_whoever_made_the_offer(
    callers: Callers,
) -> None:
    case_id, version = passes_on(callers, SMALL)
    offer(callers, case_id, version)
    assert answer(callers, case_id, "accepted", "bruno").status_code == 201
    house = callers.house
    pages = {who: house.desk.case(house.viewer(who), case_id).waiting for who in ("asha", "bruno")}
    assert [bool(page.undo_words) for page in pages.values()] == [False, True]
    refused = callers.post("asha", f"/cases/{case_id}/undo", {})
    assert refused.json()["type"].endswith("not-yours-to-undo")
    assert callers.post("bruno", f"/cases/{case_id}/undo", {}).status_code == 201


def test_an_acceptance_that_a_service_recorded_is_nobody_s_to_undo(callers: Callers) -> None:
    case_id, version = passes_on(callers, SMALL)
    offer(callers, case_id, version)
    assert answer(callers, case_id, "accepted", "core").status_code == 201
    assert callers.get("asha", f"/cases/{case_id}").json()["undo_until"] is None
    house = callers.house
    page = house.desk.case(house.viewer("asha"), case_id).waiting
    assert (page.undo_words, page.held_words) == ("", "")
    refused = callers.post("asha", f"/cases/{case_id}/undo", {})
    assert refused.json()["type"].endswith("not-yours-to-undo")
    assert house.kinds(case_id)[-1] == "case_decided"


def test_an_offer_calls_for_a_letter_with_its_terms_until_it_is_answered(callers: Callers) -> None:
    case_id, version = passes_on(callers, SMALL)
    before = callers.get("asha", f"/cases/{case_id}").json()
    assert callers.get("asha", f"/cases/{case_id}/letter").status_code == 404
    assert offer(callers, case_id, version).status_code == 201
    letter = callers.get("asha", f"/cases/{case_id}/letter").json()
    assert (letter["kind"], letter["state"], letter["recorded"]) == ("counteroffer", "due", False)
    items = [part["text"] for part in letter["parts"] if part["key"] == "item"]
    assert len(items) == len(SMALL)
    assert all(": " in item for item in items)
    assert any("within 90 days" in part["text"] for part in letter["parts"])
    reasons = [part["text"] for part in letter["parts"] if part["key"] == "reason"]
    decision = callers.get("asha", f"/decisions/{before['decision_id']}").json()
    assert reasons == [reason["text"] for reason in decision["reasons"]["adverse"]]
    assert answer(callers, case_id, "refused").status_code == 201
    refusal = callers.get("asha", f"/cases/{case_id}/letter").json()
    assert (refusal["kind"], refusal["state"]) == ("adverse_action", "due")
    assert [part["text"] for part in refusal["parts"] if part["key"] == "reason"] == reasons
    assert any("That offer is over" in part["text"] for part in refusal["parts"])


def test_an_offer_that_went_out_with_its_reasons_calls_for_no_second_letter(
    callers: Callers,
) -> None:
    lender = callers.house.services.settings.lender
    lender.write_text(json.dumps({"name": "Bank", "address": ["1 Road"], "contact": "us"}))
    case_id, version = passes_on(callers, SMALL)
    assert offer(callers, case_id, version).status_code == 201
    desk, clerk = LetterDesk(callers.house.services), callers.house.viewer("asha")
    today = callers.house.clock().date().isoformat()
    for name in ("draft", "checked", "issued", "sent"):
        view = desk.letter(clerk, case_id)
        who = callers.house.viewer("hanna") if name == "checked" else clerk
        if name != "checked" or "issued" not in view.steps:
            key, of = callers.house.key(), view.letter_id
            typed = LetterForm(
                step=name, letter_id=of, idempotency_key=key, channel="post", on=today
            )
            desk.step(who, case_id, typed)
    callers.house.clock.passes(days=91)
    assert case_id in let_offers_lapse(callers.house.services)
    row = callers.house.services.letters.letter(case_id)
    assert row is not None
    assert (row.kind, row.state.value) == ("counteroffer", "sent")


def test_reasons_for_refusing_what_the_model_did_not_decline_are_named_and_told(
    callers: Callers,
) -> None:
    case_id, version = callers.case("refer")
    pages, asha = ChangingPages(callers.house.services), callers.house.viewer("asha")
    view = pages.changing(asha, case_id, "counter-offer")
    title = view.concepts[0].title
    assert not pages.changing(asha, case_id, "correction").concepts
    typed = ChangeForm(
        values={"credit_amount": "600", "duration_months": "6"}, note=NOTE, seen_version=version
    )
    with pytest.raises(Refused) as refused:
        pages.preview(asha, case_id, "counter-offer", typed)
    assert list(refused.value.fields) == ["concepts"]
    bare = offer(callers, case_id, version)
    assert (bare.status_code, bare.json()["type"].rpartition(":")[2]) == (
        422,
        "adverse-reasons-missing",
    )
    key, named = callers.house.key(), (view.concepts[0].concept,)
    pages.change(
        asha, case_id, "counter-offer", replace(typed, concepts=named, idempotency_key=key)
    )
    assert _stated_reasons(callers, case_id) == ("counteroffer", [title])
    history = callers.house.desk.case(asha, case_id).history
    assert ("Reasons named", title) in [pair for entry in history for pair in entry.details]
    assert answer(callers, case_id, "refused").status_code == 201
    assert _stated_reasons(callers, case_id) == ("adverse_action", [title])


def _stated_reasons(callers: Callers, case_id: str) -> tuple[str, list[str]]:
    letter = callers.get("asha", f"/cases/{case_id}/letter").json()
    parts = letter["parts"]
    return letter["kind"], [part["text"] for part in parts if part["key"] == "reason"]


def test_the_page_shows_what_an_offer_would_do_and_then_makes_it(callers: Callers) -> None:
    case_id, version = passes_on(callers, SMALL)
    pages, asha = ChangingPages(callers.house.services), callers.house.viewer("asha")
    view = pages.changing(asha, case_id, "counter-offer")
    asked = {field.name: field for field in view.fields}
    assert asked["credit_amount"].hint == "Give a value from 500 to 18000."
    assert {level for level, _ in asked["co_debtors"].levels} == {"guarantor"}
    assert asked["duration_months"].stated
    typed = ChangeForm(
        values={"credit_amount": "600", "duration_months": "6"},
        note=NOTE,
        seen_version=version,
        idempotency_key=callers.house.key(),
    )
    before = callers.house.kinds(case_id)
    found = pages.preview(asha, case_id, "counter-offer", typed)
    assert "It is a change of terms, and no override" in " ".join(found.lines)
    assert callers.house.kinds(case_id) == before
    assert "The offer lies with the applicant." in pages.change(
        asha, case_id, "counter-offer", typed
    )
    shown = callers.house.desk.case(asha, case_id).offer
    assert shown is not None
    assert "(a change of terms)" in shown.words
    assert any("DM 600" in line for line in shown.terms)
    said = pages.answer(asha, case_id, "refused", view.version + 2, callers.house.key())
    assert said.startswith("The offer was refused.")


def test_faults_of_the_page_are_at_its_own_fields(callers: Callers) -> None:
    case_id, version = callers.case()
    pages, asha = ChangingPages(callers.house.services), callers.house.viewer("asha")
    for kind, values, field in (
        ("counter-offer", {"credit_amount": "a lot"}, "field-credit_amount"),
        ("counter-offer", {}, "terms"),
        ("correction", {"credit_amount": "a lot"}, "field-credit_amount"),
    ):
        form = ChangeForm(
            values=values,
            evidence_type="PAYSLIP",
            evidence_reference="a/1",
            note=NOTE,
            seen_version=version,
        )
        with pytest.raises(Refused) as refused:
            pages.preview(asha, case_id, kind, form)
        assert list(refused.value.fields) == [field]


def corrected(callers: Callers, case_id: str, version: int, **fields: object) -> Any:
    body = {"fields": fields, "note": NOTE, "evidence": EVIDENCE, "seen_version": version}
    return callers.post("asha", f"/cases/{case_id}/correction", body)


def test_a_corrected_value_is_scored_again_and_both_scores_stay(callers: Callers) -> None:
    case_id, version = callers.case()
    before = callers.get("asha", f"/cases/{case_id}").json()
    made = corrected(callers, case_id, version, duration_months=7, credit_amount=777)
    assert made.status_code == 201, made.json()
    assert made.json()["status"] == "in_review"
    after = callers.get("asha", f"/cases/{case_id}").json()
    act = after["acts"][-1]
    assert (act["type"], act["data"]["of"]) == ("input_corrected", before["decision_id"])
    assert act["data"]["fields"] == ["duration_months", "credit_amount"]
    assert act["data"]["evidence_types"] == ["BANK_STMT"]
    assert after["decision"]["supersedes"] == before["decision_id"]
    assert after["amount"]["minor"] == 77_700
    assert _stated(callers, before, "duration_months") != "7.0"
    assert _stated(callers, after, "duration_months") == "7.0"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"sex": "female"}, "invalid-request"),
        ({"duration_months": "x"}, "contract-broken"),
        ({"nothing_like_it": 1}, "contract-broken"),
    ],
)
def test_what_may_not_be_corrected_is_refused_and_nothing_is_recorded(
    callers: Callers, fields: dict[str, object], kind: str
) -> None:
    case_id, version = callers.case()
    if "sex" in fields:
        loaded = callers.house.services.registry.in_use("german-credit").loaded
        assert loaded is not None
        apart = (f.name for f in loaded.bundle.contract.fields if f.role == "monitor_only")
        fields = {next(apart): "x"}
    made = corrected(callers, case_id, version, **fields)
    assert (made.status_code, made.json()["type"].rpartition(":")[2]) == (422, kind)
    assert callers.house.kinds(case_id) == ["decision_made"]


def test_a_correction_does_not_lift_a_knock_out(callers: Callers) -> None:
    stated = next(callers.house._applications)["fields"]
    fields = {**stated, "duration_months": 48, "credit_amount": 18_400}
    made = callers.house.apply(fields=fields)
    assert callers.get("asha", f"/decisions/{made['decision_id']}").json()["routing"]
    case = callers.get("asha", f"/cases/{made['case_id']}").json()
    refused = corrected(callers, made["case_id"], case["version"], credit_amount=1_840)
    assert refused.json()["type"].endswith("knock-out-lifted"), refused.json()
    assert callers.house.kinds(made["case_id"]) == ["decision_made"]


def test_a_corrected_case_is_counted_as_one(callers: Callers) -> None:
    case_id, version = callers.case()
    other, _ = callers.case()
    corrected(callers, case_id, version, duration_months=8)
    services = callers.house.services
    facts = {fact.case_ref: fact for fact in services.cases.board_facts(services.clock())}
    assert (facts[case_id].corrected, facts[other].corrected) == (True, False)


def test_terms_that_pass_with_ones_own_values_are_another_officer_s_to_offer(
    callers: Callers,
) -> None:
    case_id, version = passes_on(callers, SMALL)
    amount = float(
        _stated(callers, callers.get("asha", f"/cases/{case_id}").json(), "credit_amount")
    )
    made = corrected(callers, case_id, version, credit_amount=amount + 1)
    assert made.status_code == 201, made.json()
    version = row_of(callers, case_id).version
    mine = offer(callers, case_id, version)
    assert (mine.status_code, mine.json()["type"].rpartition(":")[2]) == (403, "own-values")
    assert offer(callers, case_id, version, "bruno").status_code == 201


def test_the_page_offers_no_approval_to_whoever_changed_values_of_a_decline(
    callers: Callers,
) -> None:
    case_id, version = passes_on(callers, SMALL)
    assert corrected(callers, case_id, version, **SMALL).status_code == 201
    assert row_of(callers, case_id).recommendation == "approve"
    house = callers.house
    mine = house.desk.case(house.viewer("asha"), case_id)
    assert (mine.may_agree, "another officer must approve" in mine.agree_cannot_words) == (
        False,
        True,
    )
    assert house.desk.case(house.viewer("bruno"), case_id).may_agree
