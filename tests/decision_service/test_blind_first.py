"""Before a first view a reviewer sees what was stated and no score; afterwards everything."""

import dataclasses
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from decision_service.acting import Acting
from decision_service.blindness import (
    MARK,
    SAFE_IN_JSON,
    SAFE_IN_ROW,
    SAFE_IN_VIEW,
    Blindness,
    masked_object,
    masked_row,
)
from decision_service.case_json import case_object, case_objects
from decision_service.case_rows import queue_rows
from decision_service.first_view_pages import FirstViewPages
from decision_service.override_pages import OverridePages
from decision_service.oversight import SEED_FILE, Oversight
from decision_service.oversight_counts import moved
from decision_service.recording_views import record_first_view
from overrides.blind_first import was_drawn
from overrides.events import read_event
from overrides.first_views import FirstView, StatedView, View
from overrides.oversight import Practice
from overrides.oversight_errors import FirstViewMissing, FirstViewNotAsked
from overrides.values import CaseStatus, Recommendation
from tests.decision_service.blind_house import HIGH, blind_house, notify, planted, switch
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house
from ui.blind_views import BlindView, FirstViewForm
from ui.ports import Refused

VIEW = FirstView(view=View.DECLINE, confidence=4)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """Every case is drawn."""
    with blind_house(tmp_path_factory.mktemp("blind")) as made:
        yield made


def say(house: DeskHouse, who: str, case_id: str, **typed: str) -> str:
    """Record a first view as the page does."""
    form = FirstViewForm(
        **{"view": "decline", "confidence": "4", "idempotency_key": house.key(), **typed}
    )
    return FirstViewPages(house.services).record(house.viewer(who), case_id, form)


def blind(house: DeskHouse, who: str, case_id: str) -> BlindView | None:
    """The case without its score, where it is hidden from this person."""
    return FirstViewPages(house.services).case(house.viewer(who), case_id)


def test_nothing_is_drawn_until_it_is_switched_on(tmp_path: Path) -> None:
    with desk_house(tmp_path) as house:
        made = house.apply()
        (decision,) = house.services.cases.decisions(made["case_id"])
        assert "blind" not in decision.sampled
        assert blind(house, "asha", made["case_id"]) is None
        assert not (tmp_path / "keys" / SEED_FILE).exists()


def test_the_share_and_the_draw_stand_in_the_record_of_every_case(house: DeskHouse) -> None:
    made = house.apply()
    (decision,) = house.services.cases.decisions(made["case_id"])
    told = decision.sampled["blind"]
    seed = house.services.oversight.seed()
    assert seed is not None
    assert told["p"] == "1"
    assert told["drawn"] is True
    assert was_drawn(decision.sampled)
    body = house.services.ledger.entry(decision.seq)
    assert body is not None
    assert seed not in body.body
    assert seed.hex().encode() not in body.body


def test_after_the_first_view_the_case_opens_and_the_record_keeps_both(house: DeskHouse) -> None:
    made = house.apply_until("decline")
    case_id = made["case_id"]
    hidden = blind(house, "asha", case_id)
    assert hidden is not None
    assert hidden.facts
    assert hidden.may_record
    with pytest.raises(Refused) as refused:
        house.desk.case(house.viewer("asha"), case_id)
    assert refused.value.status == 409
    assert "reasons_shown" not in house.kinds(case_id)
    said = say(house, "asha", case_id, view="approve", confidence="2", note="Long in her job.")
    assert said.startswith("Your first view is recorded: ledger entry")
    assert blind(house, "asha", case_id) is None
    view = house.desk.case(house.viewer("asha"), case_id)
    assert view.recommendation == "decline"
    (line,) = [act for act in view.history if act.title == "First view recorded"]
    assert line.text == "Before seeing the score: approve."
    assert dict(line.details) == {"How sure": "2, rather unsure", "Note": "Long in her job."}
    house.desk.review(
        house.viewer("asha"), case_id, house.form("asha", case_id, decision="decline")
    )
    kinds = house.kinds(case_id)
    wanted = ["first_view_recorded", "reasons_shown", "review_recorded", "case_decided"]
    assert [kind for kind in kinds if kind in wanted] == wanted
    event = next(
        read_event(entry.body)
        for entry in house.services.ledger.entries_of_case(case_id)
        if entry.type == "first_view_recorded"
    )
    assert event.data["view"] == "approve"
    assert b"Long in her job" not in house.services.ledger.entry(event.seq).body  # type: ignore[union-attr]
    told = {row.type for row in house.services.cases.changes(-1, limit=500)}
    assert "review_recorded" in told
    assert "first_view_recorded" not in told, "the lender's own system is not told of it"


def test_one_persons_view_opens_the_case_for_nobody_else(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    say(house, "asha", case_id)
    for who in ("bruno", "elena", "hanna"):
        assert blind(house, who, case_id) is not None, who
    for who in ("greta", "kofi"):
        assert blind(house, who, case_id) is None, who
        assert house.desk.case(house.viewer(who), case_id).recommendation_words


def test_a_view_is_recorded_once_and_only_where_it_is_asked(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    acting, asha = Acting(house.services), house.actors["asha"]
    once = acting.once(asha, "first-view", "the-same-key", {"view": "decline"})
    first = record_first_view(acting, asha, case_id, VIEW, once)
    again = record_first_view(acting, asha, case_id, VIEW, once)
    assert again.replayed
    assert again.entries == first.entries
    with pytest.raises(FirstViewNotAsked):
        record_first_view(acting, asha, case_id, VIEW)
    assert house.kinds(case_id).count("first_view_recorded") == 1


def test_whoever_saw_the_score_is_not_asked_what_they_think_without_it(house: DeskHouse) -> None:
    services = house.services
    switch(services, house.actors["kofi"], Practice.BLIND_FIRST, "0")
    seen_before = house.apply()["case_id"]
    switch(services, house.actors["kofi"], Practice.BLIND_FIRST, "1")
    assert blind(house, "asha", seen_before) is None, "it was not drawn when it came in"
    with pytest.raises(FirstViewNotAsked):
        record_first_view(Acting(services), house.actors["asha"], seen_before, VIEW)


def test_no_act_that_rests_on_the_score_is_taken_before_the_view(house: DeskHouse) -> None:
    case_id = house.apply_until("decline")["case_id"]
    acting, asha = Acting(house.services), house.actors["asha"]
    for act in (
        lambda: acting.file(asha, case_id),
        lambda: acting.rescore(asha, case_id, None),
        lambda: acting.rescore(house.actors["hanna"], case_id, None),
    ):
        with pytest.raises(FirstViewMissing):
            act()
    assert acting.claim(asha, case_id).entries
    acting.release(asha, case_id)


def test_whoever_gives_the_verdict_sees_what_is_proposed(house: DeskHouse) -> None:
    case_id = house.apply_until("decline", amount={"minor": 1, "currency": "DEM"})["case_id"]
    row = house.services.cases.case(case_id)
    assert row is not None
    waiting = dataclasses.replace(row.row, status=CaseStatus.WAITING_APPROVAL)
    hidden = Blindness(house.services)
    assert not hidden.of(house.actors["elena"], waiting)
    assert not hidden.of(house.actors["hanna"], waiting)
    assert hidden.of(house.actors["bruno"], waiting)
    closed = dataclasses.replace(row.row, status=CaseStatus.DECIDED)
    assert not hidden.of(house.actors["bruno"], closed)


def test_a_form_with_a_gap_names_the_gap_and_records_nothing(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    with pytest.raises(Refused) as refused:
        say(house, "asha", case_id, view="", confidence="9")
    assert refused.value.fields == {
        "view": "Choose what you would do.",
        "confidence": "Choose how sure you are.",
    }
    with pytest.raises(Refused) as refused:
        say(house, "asha", case_id, note="x" * 4_001)
    assert list(refused.value.fields) == ["note"]
    assert "first_view_recorded" not in house.kinds(case_id)


def test_a_list_by_what_the_model_makes_of_it_leaves_hidden_cases_out(house: DeskHouse) -> None:
    case_id = planted(house, HIGH)["case_id"]
    row = house.services.cases.case(case_id)
    assert row is not None

    def listed(who: str, **filters: str) -> set[str]:
        found = house.desk.queue(house.viewer(who), {"status": "in_review", **filters}, "")
        assert found.total == len(found.rows) or who not in ("asha", "bruno")
        return {one.case_id for one in found.rows}

    by_score = ({"queue": row.row.queue}, {"reason": row.row.routing[0]})
    assert case_id in listed("asha")
    for filters in by_score:
        assert case_id not in listed("asha", **filters)
        assert case_id in listed("greta", **filters)
    say(house, "asha", case_id)
    for filters in by_score:
        assert case_id in listed("asha", **filters)
        assert case_id not in listed("bruno", **filters)


def test_what_is_not_named_as_safe_is_hidden_whatever_it_is(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    services, now = house.services, house.clock()
    file = services.cases.case(case_id)
    assert file is not None
    (open_row,) = queue_rows(services, [file.row], house.actors["kofi"], now)
    (row,) = queue_rows(services, [file.row], house.actors["asha"], now)
    assert row == masked_row(open_row)
    assert row.why == ("Your own view first",)
    for member in fields(row):
        if member.name not in {*SAFE_IN_ROW, "why"}:
            assert not getattr(row, member.name), member.name
    (whole,) = case_objects(services, [file.row], now)
    told: dict[str, Any] = masked_object({**whole, "added_later": "a score"})
    assert told.pop(MARK) is True
    assert {name for name, value in told.items() if value is not None} <= SAFE_IN_JSON
    assert told["added_later"] is None
    assert whole.keys() >= SAFE_IN_JSON
    full = case_object(services, file, house.actors["kofi"])
    assert MARK not in full
    assert {member.name for member in fields(BlindView)} >= SAFE_IN_VIEW


def test_a_lost_seed_draws_nobody_and_opens_no_hidden_case(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with blind_house(tmp_path) as house:
        case_id = house.apply()["case_id"]
        (tmp_path / "keys" / SEED_FILE).unlink()
        lost = Oversight(house.services.ledger, tmp_path / "keys")
        assert lost.lot() is None
        assert lost.lot() is None
        assert caplog.text.count("no case is drawn") == 1
        assert lost.may_be_drawn(case_id)
        assert blind(house, "asha", case_id) is not None


@pytest.mark.parametrize("told", [False, True])
def test_how_long_a_page_was_read_is_kept_only_once_staff_know(
    tmp_path: Path, *, told: bool
) -> None:
    with desk_house(tmp_path) as house:
        if told:
            notify(house.services, house.actors["kofi"], Practice.DWELL_TIME)
            switch(house.services, house.actors["kofi"], Practice.DWELL_TIME, "1")
        case_id = house.apply_until("decline")["case_id"]
        form = house.form("asha", case_id, decision="decline", dwell_ms=1234)
        house.desk.review(house.viewer("asha"), case_id, form)
        entry = house.services.ledger.entries_of_case(case_id)[-2]
        assert read_event(entry.body).data["dwell_ms"] == (1234 if told else None)


def test_a_share_leaves_the_rest_open(tmp_path: Path) -> None:
    with blind_house(tmp_path, share="0.5") as house:
        made = [house.apply()["case_id"] for _ in range(12)]
        hidden = {ref for ref in made if blind(house, "asha", ref) is not None}
        assert 0 < len(hidden) < len(made)
        for ref in made:
            (decision,) = house.services.cases.decisions(ref)
            assert decision.sampled["blind"]["drawn"] is (ref in hidden)
            assert decision.sampled["blind"]["p"] == "0.5"


def test_rebuilt_from_the_ledger_the_same_cases_are_hidden(house: DeskHouse) -> None:
    seen, unseen = (house.apply()["case_id"] for _ in range(2))
    say(house, "asha", seen)
    house.services.rebuild()
    assert blind(house, "asha", seen) is None
    assert blind(house, "asha", unseen) is not None


def test_what_was_thought_and_what_was_decided_are_held_together(house: DeskHouse) -> None:
    case_id = house.apply_until("decline")["case_id"]
    before, cases = house.clock(), house.services.cases
    house.clock.passes(days=1)
    say(house, "asha", case_id, view="approve")
    form = house.form("asha", case_id, decision="decline")
    house.desk.review(house.viewer("asha"), case_id, form)
    latest = cases.first_views(BUNDLE, house.clock(), limit=1)
    wanted = StatedView(
        case_ref=case_id,
        person=house.actors["asha"].ref,
        view=View.APPROVE,
        advice=Recommendation.DECLINE,
    )
    assert latest == (wanted,)
    assert wanted not in cases.first_views(BUNDLE, before)
    assert cases.first_views("another", house.clock()) == ()
    with OverridePages(house.services).ground() as (ground, _):
        assert wanted in ground.views
        found = moved(ground.every, ground.decided(), [wanted])
    assert found is not None
    assert (found.towards.count, found.towards.of, found.away.of) == (1, 1, 0)
