"""While a model is suspended nothing rests on its scores, however the moment falls."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.access import HOST
from decision_service.app import create_app
from decision_service.settings import Settings
from decision_service.wiring import build
from explain.explainers import Parts
from explain.values import Row
from overrides.errors import ModelSuspended
from overrides.journal import Command, Decided, Journal, OnceOnly, Receipt
from overrides.stores.writer import SqlJournal
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import bundle_with, open_house
from tests.decision_service.test_api_cases import Callers, refused
from tests.decision_service.test_casework import low_side, refusal
from tests.sample_models.trained import sample_bundles
from ui.ports import Refused

SCORECARD = "german-scorecard"
REFUSAL = "suspended, so nothing may rest on its score: re-score the case, then decide."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """One installation; a test that stops its model lets it go on at the end."""
    with desk_house(tmp_path_factory.mktemp("stop")) as made:
        yield made


@contextmanager
def stopped(house: DeskHouse) -> Iterator[None]:
    """The time in which the model is suspended."""
    house.services.registry.suspend(BUNDLE, HOST)
    try:
        yield
    finally:
        house.services.registry.resume(BUNDLE, HOST)


@pytest.mark.parametrize("act", ["review", "override", "preview_override"])
def test_no_act_may_rest_on_the_score_of_a_suspended_model(house: DeskHouse, act: str) -> None:
    case_id = house.apply_until("decline")["case_id"]
    agree = house.form("asha", case_id, decision="decline")
    form = agree if act == "review" else low_side(house, "asha", case_id)
    kinds = house.kinds(case_id)
    with stopped(house):
        found = refusal(house, act, "asha", case_id, form)
        assert (found.status, found.title) == (409, "Re-score this case first")
        assert REFUSAL in str(found)
        assert house.kinds(case_id) == kinds


@pytest.mark.parametrize("verdict", ["uphold", "return", "reject"])
def test_no_verdict_may_be_given_on_a_suspended_score(house: DeskHouse, verdict: str) -> None:
    case_id = house.apply_until("decline")["case_id"]
    house.desk.override(house.viewer("asha"), case_id, low_side(house, "asha", case_id, code="X01"))
    form = house.form("hanna", case_id, verdict=verdict, note="looked at it")
    with stopped(house):
        assert refusal(house, "approval", "hanna", case_id, form).status == 409
        view = house.desk.case(house.viewer("hanna"), case_id)
        assert (view.may_approve, view.may_claim) == (False, True)
        assert view.rescore is not None
        assert "The override that waits for a second person falls" in view.rescore.words
    assert house.kinds(case_id)[-1] == "reasons_shown"


def test_once_the_stop_is_lifted_the_case_may_be_decided_on_its_old_score(house: DeskHouse) -> None:
    case_id = house.apply_until("decline")["case_id"]
    form = house.form("asha", case_id, decision="decline")
    with stopped(house):
        refusal(house, "review", "asha", case_id, form)
    assert house.desk.review(house.viewer("asha"), case_id, form).startswith("Declined.")


def test_a_case_of_a_suspended_model_can_be_taken_given_back_and_withdrawn(
    house: DeskHouse,
) -> None:
    case_id = house.apply_until("approve")["case_id"]
    asha = house.viewer("asha")
    with stopped(house):
        house.desk.claim(asha, case_id)
        assert house.desk.case(asha, case_id).holder == "you"
        house.desk.release(asha, case_id)
        form = house.form("asha", case_id)
        assert "withdrew" in house.desk.withdraw(asha, case_id, form)


def test_the_page_warns_of_a_suspended_model_and_offers_no_decision(house: DeskHouse) -> None:
    case_id = house.apply_until("decline")["case_id"]
    warning = "This model has been suspended: do not rely on the score and its reasons."
    asha = house.viewer("asha")
    before = house.desk.case(asha, case_id)
    assert warning not in before.warnings
    assert before.rescore is None
    with stopped(house):
        view = house.desk.case(asha, case_id)
        assert warning in view.warnings
        assert (view.may_decide, view.may_withdraw) == (False, True)
        assert view.rescore is not None
        assert (view.rescore.forced, view.rescore.possible) == (True, True)
        assert "while the model is suspended it gets no score" in view.rescore.words
        reader = house.desk.case(house.viewer("kofi"), case_id)
        assert warning in reader.warnings
        assert reader.rescore is None
        unscored = house.apply()["case_id"]
        assert warning not in house.desk.case(asha, unscored).warnings
    assert house.desk.case(asha, case_id).may_decide


def test_the_desk_marks_the_open_cases_that_wait_for_re_scoring(tmp_path: Path) -> None:
    with desk_house(tmp_path) as house:
        decided = house.apply_until("decline")["case_id"]
        form = house.form("asha", decided, decision="decline")
        house.desk.review(house.viewer("asha"), decided, form)
        scored = house.apply()["case_id"]
        with stopped(house):
            unscored = house.apply()["case_id"]
            found = house.desk.queue(house.viewer("asha"), {}, "")
            assert {row.case_id: row.must_rescore for row in found.rows} == {
                scored: True,
                unscored: False,
            }
            (closed,) = house.desk.queue(house.viewer("asha"), {"status": "decided"}, "").rows
            assert not closed.must_rescore
        rows = house.desk.queue(house.viewer("asha"), {}, "").rows
        assert not any(row.must_rescore for row in rows)


def test_cases_of_another_model_are_decided_as_ever(house: DeskHouse) -> None:
    house.services.registry.add(sample_bundles() / SCORECARD, HOST)
    made = house.apply(bundle=SCORECARD)
    with stopped(house):
        view = house.desk.case(house.viewer("asha"), made["case_id"])
        assert (view.may_decide, view.rescore) == (True, None)


def test_the_interface_refuses_with_a_problem_of_its_own(house: DeskHouse) -> None:
    with TestClient(create_app(house.services, warm=False)) as client:
        callers = Callers(house, client)
        case_id, version = callers.case()
        body = {"decision": "decline", "seen_version": version}
        assert callers.get("asha", f"/cases/{case_id}").json()["must_rescore"] is False
        with stopped(house):
            answer = callers.post("asha", f"/cases/{case_id}/review", body)
            refused(answer, 409, "model-suspended")
            assert answer.json()["case_id"] == case_id
            assert REFUSAL in answer.json()["detail"]
            refused(callers.override("asha", case_id, version), 409, "model-suspended")
            case = callers.get("core", f"/cases/{case_id}").json()
            assert case["must_rescore"] is True
            bundle = callers.get("asha", f"/bundles/{BUNDLE}").json()
            assert [version["suspended"] for version in bundle["versions"]] == [True]
        assert callers.post("asha", f"/cases/{case_id}/review", body).status_code == 201


class Meanwhile:
    """A journal before whose next command something else is recorded."""

    def __init__(self, journal: Journal, first: Callable[[], object]) -> None:
        self._journal = journal
        self._first = [first]

    def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
        """What comes first, then the command."""
        if self._first:
            self._first.pop()()
        return self._journal.submit(command, once=once)


@pytest.mark.parametrize("act", ["review", "override", "approval"])
def test_an_act_in_flight_while_the_button_is_pressed_is_refused(
    house: DeskHouse, act: str
) -> None:
    case_id = house.apply_until("decline")["case_id"]
    if act == "approval":
        first = low_side(house, "asha", case_id, code="X01")
        house.desk.override(house.viewer("asha"), case_id, first)
    who = "hanna" if act == "approval" else "asha"
    form = {
        "review": lambda: house.form(who, case_id, decision="decline"),
        "override": lambda: low_side(house, who, case_id),
        "approval": lambda: house.form(who, case_id, verdict="uphold"),
    }[act]()
    kinds = house.kinds(case_id)
    pressed = house.services.registry
    journal = Meanwhile(house.services.journal, lambda: pressed.suspend(BUNDLE, HOST))
    late = DeskHouse(replace(house.services, journal=journal), house.clock, house.actors)
    try:
        found = refusal(late, act, who, case_id, form)
        assert isinstance(found.__cause__, ModelSuspended)
        assert house.kinds(case_id) == kinds
    finally:
        pressed.resume(BUNDLE, HOST)


def test_a_stop_pressed_in_another_process_is_seen_by_the_very_next_act(tmp_path: Path) -> None:
    with desk_house(tmp_path, serving=True) as house:
        case_id = house.apply_until("decline")["case_id"]
        form = house.form("asha", case_id, decision="decline")
        other = build(Settings(data=tmp_path), serving=False, clock=house.clock)
        try:
            house.services.registry.standings(fresh=True)
            other.registry.suspend(BUNDLE, HOST)
            assert refusal(house, "review", "asha", case_id, form).status == 409
        finally:
            other.close()


def in_one_group(journal: Journal, *acts: Callable[[], object]) -> list[object]:
    """What came of acts that the writer takes in this order into one transaction."""
    assert isinstance(journal, SqlJournal)
    busy, go_on = threading.Event(), threading.Event()

    def hold(_state: object) -> Decided:
        busy.set()
        go_on.wait(10)
        return Decided(())

    holding = journal.submit(hold)
    assert busy.wait(10)
    results: dict[int, object] = {}

    def carry_out(place: int, act: Callable[[], object]) -> None:
        try:
            results[place] = act()
        except Refused as failure:
            results[place] = failure

    threads = []
    for place, act in enumerate(acts):
        threads.append(threading.Thread(target=carry_out, args=(place, act)))
        threads[-1].start()
        until = time.monotonic() + 10
        while journal._waiting.qsize() <= place and time.monotonic() < until:
            time.sleep(0.005)
    go_on.set()
    holding.result(10)
    for thread in threads:
        thread.join(10)
    return [results[place] for place in range(len(acts))]


def test_a_stop_and_an_act_in_one_transaction_keep_their_order(tmp_path: Path) -> None:
    with desk_house(tmp_path, serving=True) as house:
        case_id = house.apply_until("decline")["case_id"]
        form = house.form("asha", case_id, decision="decline")
        registry, asha = house.services.registry, house.viewer("asha")
        _, late = in_one_group(
            house.services.journal,
            lambda: registry.suspend(BUNDLE, HOST),
            lambda: house.desk.review(asha, case_id, form),
        )
        assert isinstance(late, Refused)
        assert late.title == "Re-score this case first"
        _, again = in_one_group(
            house.services.journal,
            lambda: registry.resume(BUNDLE, HOST),
            lambda: house.desk.review(asha, case_id, form),
        )
        assert isinstance(again, str)


def test_applications_on_either_side_of_a_stop_in_one_transaction(tmp_path: Path) -> None:
    with desk_house(tmp_path, serving=True) as house:
        house.apply()
        before, _, after = in_one_group(
            house.services.journal,
            house.apply,
            lambda: house.services.registry.suspend(BUNDLE, HOST),
            house.apply,
        )
        assert isinstance(before, dict)
        assert isinstance(after, dict)
        assert before["score"] is not None
        assert (after["score"], after["routing"]["queue"]) == (None, "unscored")


@pytest.mark.postgres
def test_the_stop_holds_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    with desk_house(tmp_path, postgres_url) as house:
        case_id = house.apply_until("decline")["case_id"]
        form = house.form("asha", case_id, decision="decline")
        registry = house.services.registry
        journal = Meanwhile(house.services.journal, lambda: registry.suspend(BUNDLE, HOST))
        late = DeskHouse(replace(house.services, journal=journal), house.clock, house.actors)
        assert refusal(late, "review", "asha", case_id, form).title == "Re-score this case first"
        house.desk.rescore(house.viewer("asha"), case_id, house.form("asha", case_id))
        assert house.kinds(case_id)[-1] == "decision_failed"


def test_an_application_being_scored_while_the_button_is_pressed_gets_no_score(
    tmp_path: Path,
) -> None:
    house = open_house(
        tmp_path, policy={"automation": "both", "approve_up_to": '"1"', "decline_above": '"1"'}
    )
    asked, pressed = threading.Event(), threading.Event()
    _, explainer = house.bundle.parts_in_memory()

    def slow(rows: Sequence[Row]) -> list[Parts]:
        asked.set()
        pressed.wait(2)
        found: list[Parts] = list(explainer.attribute(rows))
        return found

    repair = house.break_model(slow)
    answers: list[Any] = []
    sending = threading.Thread(target=lambda: answers.append(house.decide()))
    try:
        sending.start()
        assert asked.wait(5)
        house.services.registry.suspend(BUNDLE, HOST)
        pressed.set()
        sending.join(10)
        body = answers[0].json()
        assert (body["score"], body["status"]) == (None, "in_review")
        assert [why["code"] for why in body["routing"]["why"]] == ["suspended"]
        assert body["reasons"]["adverse"] == []
        stored = house.opened(body["decision_id"])
        assert "explanation" not in stored
        repair()
        house.services.registry.resume(BUNDLE, HOST)
        assert house.decide().json()["status"] == "decided", "policy decides alone otherwise"
    finally:
        pressed.set()
        house.close()


def test_a_version_that_was_suspended_stays_so_when_another_is_resumed_in_its_place(
    tmp_path: Path,
) -> None:
    with desk_house(tmp_path / "data") as house:
        registry, asha = house.services.registry, house.viewer("asha")
        case_id = house.apply_until("decline")["case_id"]
        form = house.form("asha", case_id, decision="decline")
        registry.suspend(BUNDLE, HOST)
        registry.add(bundle_with(tmp_path / "next", {"version": '"2024.2"'}), HOST)
        promote_unsigned(registry, BUNDLE)
        assert registry.standings(fresh=True).standing(BUNDLE).suspended
        registry.resume(BUNDLE, HOST)
        assert house.apply()["score"] is not None
        assert refusal(house, "review", "asha", case_id, form).status == 409
        view = house.desk.case(asha, case_id)
        assert view.rescore is not None
        assert view.rescore.forced
        assert "under what is in force: policy 2024.2." in view.rescore.words
        marked = {row.case_id for row in house.desk.queue(asha, {}, "").rows if row.must_rescore}
        assert marked == {case_id}
        registry.rollback(BUNDLE, HOST)
        assert registry.standings(fresh=True).standing(BUNDLE).status == "suspended"
        assert house.apply()["score"] is None
        registry.resume(BUNDLE, HOST)
        assert house.apply()["score"] is not None
        assert house.desk.review(asha, case_id, form).startswith("Declined.")
