"""An applicant is asked and heard, two clocks run as they should, and ends can be taken back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.answering import Answering
from decision_service.app import create_app
from decision_service.ledger_words import summary
from decision_service.services import Services
from decision_service.tending import tend
from decision_service.waiting_pages import WaitingPages
from overrides.cases import Case
from overrides.events import read_event
from overrides.instants import instant_text, parse_instant
from overrides.journal import Entry, Event
from overrides.labels import LabelStatus, OutcomeDefinition, label
from overrides.reading import CaseFilter
from overrides.values import CaseStatus, Recommendation
from tests.decision_service.desk_house import BUNDLE, START, desk_house
from tests.decision_service.test_api_cases import Callers
from ui.ports import Refused
from ui.waiting_views import AnswerForm, AskForm, ReopenForm

SAID = "Told on the telephone, and confirmed by letter."
ALL = CaseFilter(statuses=frozenset(CaseStatus))


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """One house with its interface."""
    with (
        desk_house(tmp_path_factory.mktemp("waiting")) as house,
        TestClient(create_app(house.services, warm=False)) as client,
    ):
        yield Callers(house, client)


def case_of(callers: Callers, case_id: str) -> Case:
    """The case as it stands."""
    file = callers.house.services.cases.case(case_id)
    assert file is not None
    return file.case


def ask(callers: Callers, case_id: str, **members: Any) -> Any:
    """Ask the applicant for a payslip, and more as told."""
    until = instant_text(callers.house.clock() + timedelta(days=5))
    body = {"documents": ["PAYSLIP"], "until": until, **members}
    return callers.post("asha", f"/cases/{case_id}/information-request", body)


def event_of(entry: Entry) -> Event:
    """What an entry says."""
    return read_event(entry.body)


def fails_once(services: Services) -> Services:
    """The same service, whose first id fails."""
    failures = iter([OSError("no entropy")])

    def new_id() -> str:
        for failure in failures:
            raise failure
        return services.new_id()

    return replace(services, new_id=new_id)


def feed(callers: Callers, case_id: str) -> list[dict[str, Any]]:
    """What the lender's system is told of a case."""
    start, found = -1, []
    while True:
        page = callers.get("core", "/changes", after=start).json()
        found += page["changes"]
        if page["next"] == start:
            return [change for change in found if change["case_id"] == case_id]
        start = page["next"]


def decided(callers: Callers, case_id: str, who: str = "asha", word: str = "decline") -> Any:
    """Agree with a decline as this person."""
    version = callers.get(who, f"/cases/{case_id}").json()["version"]
    body = {"decision": word, "seen_version": version}
    return callers.post(who, f"/cases/{case_id}/review", body)


def test_a_case_waits_for_its_applicant_and_takes_up_the_target_where_it_stood(
    callers: Callers,
) -> None:
    case_id, version = callers.case()
    before = case_of(callers, case_id)
    answer = ask(callers, case_id, seen_version=version, note="Both pages, please.")
    assert (answer.status_code, answer.json()["status"]) == (201, "waiting_applicant")
    shown = callers.get("asha", f"/cases/{case_id}").json()
    assert shown["asked"]["documents"] == ["PAYSLIP"]
    refused = decided(callers, case_id)
    assert (refused.status_code, refused.json()["case_status"]) == (409, "waiting applicant")
    callers.house.clock.passes(days=2)
    heard = callers.post("core", f"/cases/{case_id}/information", {"note": "It lies with you."})
    assert heard.status_code == 201, heard.text
    after = case_of(callers, case_id)
    assert after.status is CaseStatus.IN_REVIEW
    assert before.target_at is not None
    assert after.target_at is not None
    moved = after.target_at - before.target_at
    assert timedelta(days=2) <= moved < timedelta(days=2, seconds=1)
    assert after.limit_at == before.limit_at, "the law's limit never stands still"
    history = callers.house.desk.case(callers.house.viewer("asha"), case_id).history
    said = [(act.title, act.text) for act in history]
    assert ("Information received", "The applicant answered.") in said


def test_an_answer_with_fields_is_one_act_that_scores_the_case_again(callers: Callers) -> None:
    case_id, _ = callers.case()
    old = case_of(callers, case_id)
    ask(callers, case_id, fields=["duration_months"], documents=[])
    key = callers.house.key()
    body = {"fields": {"duration_months": 6}}
    answer = callers.post("core", f"/cases/{case_id}/information", body, key)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["supersedes"] == old.decision_id
    assert made["case_id"] == case_id
    entry = callers.house.services.ledger.entry(made["ledger"]["seq"])
    assert entry is not None
    assert entry.type == "decision_made", "the answer's place is the decision's, not the entry's"
    assert callers.house.kinds(case_id)[-2:] == ["information_received", "decision_made"]
    again = callers.post("core", f"/cases/{case_id}/information", body, key)
    assert (again.status_code, again.json()["decision_id"]) == (200, made["decision_id"])
    new = case_of(callers, case_id)
    assert (new.status, new.attempt) == (CaseStatus.IN_REVIEW, 2)
    stated = dict(callers.house.desk.case(callers.house.viewer("asha"), case_id).facts)
    assert "6 months" in stated.values()


def test_fields_that_break_the_contract_record_nothing(callers: Callers) -> None:
    case_id, _ = callers.case()
    ask(callers, case_id, fields=["duration_months"])
    kinds = callers.house.kinds(case_id)
    body = {"fields": {"duration_months": "six"}}
    answer = callers.post("core", f"/cases/{case_id}/information", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/fields/duration_months"
    assert callers.house.kinds(case_id) == kinds


@pytest.mark.parametrize("who", ["asha", "core"])
def test_fields_that_were_not_asked_for_are_refused_by_name(callers: Callers, who: str) -> None:
    case_id, _ = callers.case()
    ask(callers, case_id)
    kinds = callers.house.kinds(case_id)
    body = {"fields": {"duration_months": 6, "credit_amount": 600}, "note": SAID}
    answer = callers.post(who, f"/cases/{case_id}/information", body)
    assert answer.status_code == 422
    named = [fault["pointer"] for fault in answer.json()["errors"]]
    assert named == ["/fields/duration_months", "/fields/credit_amount"]
    assert callers.house.kinds(case_id) == kinds


def test_an_answered_amount_is_the_amount_that_is_decided_on(callers: Callers) -> None:
    case_id, _ = callers.case()
    ask(callers, case_id, fields=["credit_amount"])
    body = {"fields": {"credit_amount": 777}}
    assert callers.post("core", f"/cases/{case_id}/information", body).status_code == 201
    assert case_of(callers, case_id).amount.minor == 77_700


def test_values_that_a_person_writes_down_rest_on_a_document_or_a_note(callers: Callers) -> None:
    case_id, _ = callers.case()
    ask(callers, case_id, fields=["duration_months"])
    body: dict[str, Any] = {"fields": {"duration_months": 6}, "note": "Told."}
    refused = callers.post("asha", f"/cases/{case_id}/information", body)
    kind = refused.json()["type"].rpartition(":")[2]
    assert (refused.status_code, kind) == (422, "answer-unproven")
    heard = callers.post("asha", f"/cases/{case_id}/information", {**body, "note": SAID})
    assert heard.status_code == 201, heard.text


def test_a_person_lifts_no_knock_out_by_an_answer(callers: Callers) -> None:
    stated = next(callers.house._applications)["fields"]
    fields = {**stated, "duration_months": 48, "credit_amount": 18_400}
    case_id = callers.house.apply(fields=fields)["case_id"]
    ask(callers, case_id, fields=["credit_amount"])
    kinds = callers.house.kinds(case_id)
    body = {"fields": {"credit_amount": 1_840}, "note": SAID}
    refused = callers.post("asha", f"/cases/{case_id}/information", body)
    assert refused.json()["type"].endswith("knock-out-lifted"), refused.json()
    assert callers.house.kinds(case_id) == kinds
    assert callers.post("core", f"/cases/{case_id}/information", body).status_code == 201


@pytest.mark.parametrize(
    ("members", "status", "problem"),
    [
        ({"documents": []}, 422, "nothing-asked"),
        ({"documents": ["FRAUD_CASE"]}, 422, "not-to-be-asked"),
        ({"fields": ["sex_status"]}, 422, "not-to-be-asked"),
        ({"until": "2026-01-01T00:00:00Z"}, 422, "until-not-possible"),
        ({"until": "tomorrow"}, 422, "invalid-request"),
        ({"seen_version": 77}, 409, "stale-case"),
    ],
)
def test_what_may_not_be_asked_is_refused_by_name(
    callers: Callers, members: dict[str, Any], status: int, problem: str
) -> None:
    case_id, _ = callers.case()
    answer = ask(callers, case_id, **members)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (status, problem)


def test_no_protected_attribute_can_be_asked_for(callers: Callers) -> None:
    case_id, _ = callers.case()
    view = WaitingPages(callers.house.services).asking(callers.house.viewer("asha"), case_id)
    bundle = callers.house.services.registry.in_use(BUNDLE).loaded
    assert bundle is not None
    hidden = {f.name for f in bundle.bundle.contract.fields if f.role == "monitor_only"}
    assert hidden
    assert not hidden & {name for name, _ in view.fields}


def test_the_time_to_answer_ends_a_day_before_the_law_s_limit(callers: Callers) -> None:
    completed = callers.house.clock() - timedelta(days=27)
    times = {"completed_at": instant_text(completed), "received_at": instant_text(completed)}
    case_id = callers.house.apply(**times)["case_id"]
    answer = ask(callers, case_id)
    assert answer.status_code == 422
    assert "law's limit" in answer.json()["detail"]
    soon = instant_text(callers.house.clock() + timedelta(days=1))
    assert ask(callers, case_id, until=soon).status_code == 201
    lines = callers.house.desk.case(callers.house.viewer("asha"), case_id).waiting.clock_lines
    assert any("does not stand still" in line for line in lines)


def test_an_applicant_who_never_answers_is_closed_as_incomplete_and_labelled_so(
    callers: Callers,
) -> None:
    case_id, _ = callers.case()
    ask(callers, case_id)
    answering = Answering(callers.house.services)
    answering.lapse()
    assert case_of(callers, case_id).status is CaseStatus.WAITING_APPLICANT, "not before its time"
    callers.house.clock.passes(days=5, seconds=1)
    tend(callers.house.services)
    assert case_of(callers, case_id).status is CaseStatus.CLOSED_INCOMPLETE
    assert answering.lapse() == 0
    now = callers.house.clock()
    (fact,) = [
        found.fact
        for found in callers.house.services.cases.feedback_facts(now)
        if found.fact.case_ref == case_id
    ]
    found = label(OutcomeDefinition(id="d"), fact.ending, fact.observations, now)
    assert found.status is LabelStatus.UNOBSERVED_INCOMPLETE
    page = callers.house.desk.case(callers.house.viewer("asha"), case_id)
    assert "closed as incomplete" in page.waiting.ended_words
    assert page.history[0].text == "No answer came in time: closed as incomplete."


def test_a_case_that_cannot_be_closed_keeps_no_other_open(callers: Callers) -> None:
    cases = [callers.case()[0] for _ in range(2)]
    for case_id in cases:
        ask(callers, case_id)
    callers.house.clock.passes(days=5, seconds=1)
    services = fails_once(callers.house.services)
    with pytest.raises(OSError, match="no entropy"):
        Answering(services).lapse()
    ended = sorted(case_of(callers, case_id).status for case_id in cases)
    assert ended == [CaseStatus.CLOSED_INCOMPLETE, CaseStatus.WAITING_APPLICANT]
    assert Answering(services).lapse() == 1


def test_the_feed_never_tells_a_decision_that_can_still_be_undone(callers: Callers) -> None:
    case_id, _ = callers.case()
    assert decided(callers, case_id).status_code == 201
    told = [change["type"] for change in feed(callers, case_id)]
    assert told == ["decision_made"]
    until = parse_instant(callers.get("asha", f"/cases/{case_id}").json()["undo_until"])
    callers.house.clock.at = until - timedelta(seconds=1)
    assert [change["type"] for change in feed(callers, case_id)] == told
    callers.house.clock.at = until + timedelta(seconds=1)
    assert callers.get("asha", f"/cases/{case_id}").json()["undo_until"] is None
    assert [change["type"] for change in feed(callers, case_id)] == told, "one may be on its way"
    callers.house.clock.at = until + timedelta(seconds=31)
    assert feed(callers, case_id)[-1]["final"] == "decline"


def test_an_undone_decision_is_never_told_and_stays_on_the_record(callers: Callers) -> None:
    case_id, _ = callers.case()
    decided(callers, case_id)
    other = callers.post("bruno", f"/cases/{case_id}/undo")
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (
        403,
        "not-yours-to-undo",
    )
    view = callers.house.desk.case(callers.house.viewer("asha"), case_id)
    assert view.waiting.undo_words
    assert 50 < view.waiting.undo_seconds <= 60
    key = callers.house.key()
    undone = callers.post("asha", f"/cases/{case_id}/undo", None, key)
    assert (undone.status_code, undone.json()["status"]) == (201, "in_review")
    assert callers.post("asha", f"/cases/{case_id}/undo", None, key).status_code == 200
    case = case_of(callers, case_id)
    assert (case.status, case.final, case.closed_at) == (CaseStatus.IN_REVIEW, None, None)
    callers.house.clock.passes(minutes=2)
    told = feed(callers, case_id)
    assert all(change["final"] is None for change in told)
    kinds = [change["type"] for change in told]
    assert not {"case_decided", "review_recorded", "case_reopened"} & set(kinds)
    history = callers.house.desk.case(callers.house.viewer("asha"), case_id).history
    assert "Declined by a person. Undone." in [act.text for act in history]
    assert decided(callers, case_id).status_code == 201
    callers.house.clock.passes(minutes=2)
    assert [change["final"] for change in feed(callers, case_id)][-1] == "decline"


def test_after_a_minute_an_undo_is_too_late(callers: Callers) -> None:
    case_id, _ = callers.case()
    decided(callers, case_id)
    callers.house.clock.passes(seconds=91)
    late = callers.post("asha", f"/cases/{case_id}/undo")
    assert (late.status_code, late.json()["type"].rpartition(":")[2]) == (409, "undo-over")
    assert "reopen" in late.json()["detail"]
    assert callers.house.kinds(case_id)[-1] == "case_decided"


def test_an_upheld_override_that_is_undone_waits_again_for_its_second_person(
    callers: Callers,
) -> None:
    case_id, version = callers.case()
    assert callers.override("asha", case_id, version).json()["status"] == "waiting_approval"
    before = case_of(callers, case_id)
    upheld = callers.post("hanna", f"/cases/{case_id}/approval", {"verdict": "uphold"})
    assert upheld.status_code == 201, upheld.text
    assert callers.post("asha", f"/cases/{case_id}/undo").status_code == 403
    undone = callers.post("hanna", f"/cases/{case_id}/undo")
    assert undone.json()["status"] == "waiting_approval"
    callers.house.clock.passes(minutes=2)
    kinds = [change["type"] for change in feed(callers, case_id)]
    assert "override_recorded" in kinds, "the proposal stands"
    assert not {"approval_recorded", "case_decided"} & set(kinds)
    after = case_of(callers, case_id)
    assert (after.status, after.proposal) == (before.status, before.proposal)
    again = callers.post("hanna", f"/cases/{case_id}/approval", {"verdict": "uphold"})
    assert again.status_code == 201


def test_a_closed_case_is_reopened_by_who_may_with_a_reason_and_told_outside(
    callers: Callers,
) -> None:
    case_id, _ = callers.case()
    decided(callers, case_id)
    callers.house.clock.passes(minutes=2)
    body = {"reason": "error_found", "note": "The payslip was another person's."}
    assert callers.post("asha", f"/cases/{case_id}/reopening", body).status_code == 403
    unsaid = callers.post("greta", f"/cases/{case_id}/reopening", {"reason": "error_found"})
    assert (unsaid.status_code, unsaid.json()["type"].rpartition(":")[2]) == (422, "note-too-short")
    done = callers.post("greta", f"/cases/{case_id}/reopening", body)
    assert (done.status_code, done.json()["status"]) == (201, "in_review")
    twice = callers.post("greta", f"/cases/{case_id}/reopening", body)
    assert (twice.status_code, twice.json()["type"].rpartition(":")[2]) == (409, "not-allowed-now")
    told = [change["type"] for change in feed(callers, case_id)]
    assert told[-2:] == ["case_decided", "case_reopened"]
    page = callers.house.desk.case(callers.house.viewer("asha"), case_id)
    assert page.may_decide
    assert [act.title for act in page.history].count("Case decided") == 1


@pytest.mark.parametrize("who", ["asha", "bruno"])
def test_nobody_approves_alone_on_values_of_their_own_that_lift_a_decline(
    callers: Callers, who: str
) -> None:
    case_id, _ = callers.case()
    assert case_of(callers, case_id).recommendation is Recommendation.DECLINE
    names = ["duration_months", "credit_amount"]
    ask(callers, case_id, fields=names)
    body = {"fields": {"duration_months": 6, "credit_amount": 600}, "note": SAID}
    assert callers.post("asha", f"/cases/{case_id}/information", body).status_code == 201
    assert case_of(callers, case_id).recommendation is not Recommendation.DECLINE
    answer = decided(callers, case_id, who, "approve")
    if who == "asha":
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "own-values")
    else:
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("end", ["withdrawal", "lapse"])
def test_every_end_can_be_reopened(callers: Callers, end: str) -> None:
    case_id, _ = callers.case()
    if end == "withdrawal":
        callers.post("asha", f"/cases/{case_id}/withdrawal", {"reason": "duplicate"})
    else:
        ask(callers, case_id)
        callers.house.clock.passes(days=6)
        Answering(callers.house.services).lapse()
    body = {"reason": "closed_by_mistake", "note": "It was the other one."}
    assert callers.post("elena", f"/cases/{case_id}/reopening", body).status_code == 201
    assert case_of(callers, case_id).status is CaseStatus.IN_REVIEW


def test_pages_ask_hear_and_reopen_in_words(callers: Callers) -> None:
    house, pages = callers.house, WaitingPages(callers.house.services)
    case_id, _ = callers.case()
    asha, greta = house.viewer("asha"), house.viewer("greta")
    view = pages.asking(asha, case_id)
    asked = AskForm(
        fields=("duration_months",),
        documents=("PAYSLIP",),
        until=view.suggested,
        seen_version=view.version,
        idempotency_key=house.key(),
    )
    assert "waits for the applicant until" in pages.ask(asha, case_id, asked)
    with pytest.raises(Refused, match="waiting applicant"):
        pages.asking(asha, case_id)
    wanted = pages.answering(asha, case_id)
    assert [field.name for field in wanted.fields] == ["duration_months"]
    typed = {"fields": {"duration_months": "900"}, "documents": {"PAYSLIP": "archive 3"}}
    said = {"seen_version": wanted.version, "idempotency_key": house.key()}
    with pytest.raises(Refused) as refused:
        pages.answer(asha, case_id, AnswerForm(**typed, **said))  # type: ignore[arg-type]
    assert list(refused.value.fields) == ["field-duration_months"]
    typed["fields"] = {"duration_months": "12", "sex_status": "A91"}  # nobody asked for the second
    answer = pages.answer(asha, case_id, AnswerForm(**typed, **said))  # type: ignore[arg-type]
    assert answer.startswith("The answer is recorded. Re-scored.")
    version = house.desk.case(asha, case_id).version
    form = house.form("asha", case_id, code="entered_in_error", seen_version=version)
    assert "entered in error" in house.desk.withdraw(asha, case_id, form)
    closed = pages.reopening(greta, case_id)
    assert "withdrawn" in closed.ended_words
    again = ReopenForm(reason="other", note="Not this one.", seen_version=closed.version)
    assert "open again" in pages.reopen(greta, case_id, again)


def test_a_rebuild_leaves_every_case_as_it_was(callers: Callers) -> None:
    house = callers.house
    names = [row.case_ref for row in house.services.cases.rows(ALL, START, limit=500).rows]
    before = [case_of(callers, ref) for ref in names]
    assert {case.status for case in before} >= {CaseStatus.DECIDED, CaseStatus.IN_REVIEW}
    house.services.rebuild()
    assert [case_of(callers, ref) for ref in names] == before


def test_the_ledger_says_in_a_line_what_was_asked_undone_and_reopened(callers: Callers) -> None:
    case_id, _ = callers.case()
    ask(callers, case_id, fields=["duration_months"])
    callers.post("core", f"/cases/{case_id}/information", {"fields": {"duration_months": 6}})
    events = map(event_of, callers.house.services.ledger.entries_of_case(case_id))
    told = {event.type: summary(event.type, event.data, {}) for event in events}
    assert told["information_requested"] == "duration_months; PAYSLIP."
    assert told["information_received"] == "duration_months stated again."
    callers.post("asha", f"/cases/{case_id}/withdrawal", {"reason": "duplicate"})
    body = {"reason": "closed_by_mistake", "note": "It was the other one."}
    callers.post("elena", f"/cases/{case_id}/reopening", body)
    last = event_of(list(callers.house.services.ledger.entries_of_case(case_id))[-1])
    assert summary(last.type, last.data, {}) == "Reason: closed by mistake."
    undone = {"reason": "undone", "of": "e", "before": {}}
    assert summary("case_reopened", undone, {}) == "A decision was undone within a minute."
    assert summary("case_expired", {"reason": "no_answer"}, {}) == "No answer came in time."
