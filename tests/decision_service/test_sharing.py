"""Work is shared out on the record: nothing sticks with anybody, and nothing falls off the list."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from decision_service.access import HOST
from decision_service.applications import read_application
from decision_service.assigning import Assigner
from decision_service.calendars import calendar_at
from decision_service.decimals import decimal_text
from decision_service.people import Person
from decision_service.people_changes import people_changes
from decision_service.preparing import Preparer
from decision_service.sharing import SharedWork
from overrides.errors import CalendarInvalid
from overrides.events import read_event
from overrides.instants import instant_text, parse_instant
from overrides.journal import Command, OnceOnly, Receipt
from overrides.values import CaseStatus
from overrides.working_time import read_calendar
from tests.decision_service.desk_house import DeskHouse, applications, desk_house
from ui.ports import Refused
from ui.sharing_views import PassForm


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """One installation; each test has cases of its own."""
    with desk_house(tmp_path_factory.mktemp("sharing")) as made:
        yield made


def pass_on(house: DeskHouse, who: str, case_id: str, **fields: str) -> str:
    """Pass a case on as a page would."""
    form = PassForm(**{"idempotency_key": house.key(), **fields})
    return SharedWork(house.services).pass_on(house.viewer(who), case_id, form)


def typed(house: DeskHouse, **later: float) -> str:
    """A time from now on, as a browser writes it."""
    return instant_text(house.clock() + timedelta(**later))[:16]


def listed(house: DeskHouse, who: str, **filters: str) -> set[str]:
    """Cases on this person's desk."""
    found = house.desk.queue(house.viewer(who), {"status": "in_review", **filters}, "")
    return {row.case_id for row in found.rows}


def test_a_case_set_aside_leaves_the_desk_and_comes_back_by_itself(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    house.desk.claim(house.viewer("asha"), case_id)
    wanted = {"what": "aside", "reason": "call_back", "until": typed(house, hours=2)}
    said = pass_on(house, "asha", case_id, **wanted)
    assert "comes back by itself" in said
    assert case_id not in listed(house, "bruno")
    assert case_id in listed(house, "bruno", holder="aside")
    lines = house.desk.case(house.viewer("bruno"), case_id).history
    assert (lines[0].title, lines[0].text) == ("Case put off", "To call the applicant back.")
    assert lines[0].details[0][0] == "Until"
    house.clock.passes(hours=3)
    assert case_id in listed(house, "bruno")


def test_a_case_is_never_set_aside_past_the_day_before_the_limit(house: DeskHouse) -> None:
    completed = house.clock() - timedelta(days=27)
    case_id = house.apply(completed_at=instant_text(completed), received_at=instant_text(completed))
    case_id = case_id["case_id"]
    until = typed(house, days=2, hours=1)
    with pytest.raises(Refused, match="law's limit") as refused:
        pass_on(house, "asha", case_id, what="aside", reason="call_back", until=until)
    assert refused.value.status == 422
    assert house.kinds(case_id)[-1] == "decision_made"
    assert case_id in listed(house, "asha", urgency="law")


def test_a_colleague_gets_the_case_and_take_next_opens_it_first(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    wanted = {"what": "hand", "reason": "absence", "until": typed(house, days=1)}
    bruno = house.actors["bruno"].ref
    pass_on(house, "asha", case_id, to=bruno, **wanted)
    assert case_id in listed(house, "bruno", holder="me")
    assert house.desk.take_next(house.viewer("bruno")) == case_id
    assert house.desk.take_next(house.viewer("bruno")) not in ("", case_id)
    with pytest.raises(Refused, match="may not work on this case"):
        pass_on(house, "asha", case_id, to=house.actors["chitra"].ref, **wanted)
    with pytest.raises(Refused) as refused:
        pass_on(house, "asha", case_id, to="", **{**wanted, "until": "soon", "reason": "other"})
    assert set(refused.value.fields) == {"to", "until", "note"}


def test_a_case_referred_upwards_waits_for_whoever_leads_the_team(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    note = "The applicant is my neighbour, so I leave it."
    pass_on(house, "asha", case_id, what="refer", reason="own_interest", note=note)
    with pytest.raises(Refused, match="referred upwards"):
        house.desk.claim(house.viewer("bruno"), case_id)
    view = house.desk.case(house.viewer("bruno"), case_id)
    assert (view.may_decide, view.may_claim) == (False, False)
    assert "referred upwards" in view.cannot_words
    assert house.desk.case(house.viewer("elena"), case_id).may_decide
    team = SharedWork(house.services).team(house.viewer("greta"))
    assert case_id in {row.case_id for row in team.upwards}
    lines = house.desk.case(house.viewer("greta"), case_id).history
    history = next(line for line in lines if line.title == "Case passed upwards")
    assert history.text == "The officer has an interest of their own."
    assert ("Note", note) in history.details
    entries = house.services.ledger.entries_of_case(case_id)
    assert not any(note.encode() in entry.body for entry in entries)
    wanted = {"what": "hand", "reason": "workload", "until": typed(house, hours=9)}
    pass_on(house, "greta", case_id, to=house.actors["bruno"].ref, **wanted)
    assert house.desk.take_next(house.viewer("bruno")) == case_id


def test_the_team_view_counts_what_people_hold_and_takes_it_back(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    house.desk.claim(house.viewer("elena"), case_id)
    shared = SharedWork(house.services)
    team = shared.team(house.viewer("greta"))
    held = {member.name: member.held for member in team.members}
    assert held["elena"] == 1
    assert "chitra" not in held, "another branch"
    assert case_id in {row.case_id for row in team.held}
    assert "free again" in shared.take_back(house.viewer("greta"), case_id)
    assert case_id not in {row.case_id for row in shared.team(house.viewer("greta")).held}
    with pytest.raises(Refused):
        shared.team(house.viewer("asha"))


def test_whoever_is_locked_out_holds_nothing_any_more(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    house.desk.claim(house.viewer("bruno"), case_id)
    people = people_changes(house.services)
    people.lock(HOST, "bruno")
    try:
        assert house.kinds(case_id)[-1] == "case_released"
        assert house.desk.case(house.viewer("elena"), case_id).holder == ""
        said = [act.text for act in house.desk.case(house.viewer("elena"), case_id).history]
        assert "Freed because the holder was locked out." in said
    finally:
        people.unlock(HOST, "bruno")


class LockingFirst:
    """A journal before which somebody is locked out, so that it is done when a command runs."""

    def __init__(self, house: DeskHouse, name: str) -> None:
        self._house = house
        self._name = name

    def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
        """Lock them out, and pass the command on."""
        people_changes(self._house.services).lock(HOST, self._name)
        return self._house.services.journal.submit(command, once=once)


def test_nothing_is_handed_to_who_was_locked_out_while_it_was_typed(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    form = PassForm(
        what="hand",
        reason="absence",
        until=typed(house, days=1),
        to=house.actors["bruno"].ref,
        idempotency_key=house.key(),
    )
    late = replace(house.services, journal=LockingFirst(house, "bruno"))
    try:
        with pytest.raises(Refused, match="may not work on this case"):
            SharedWork(late).pass_on(house.viewer("asha"), case_id, form)
    finally:
        people_changes(house.services).unlock(HOST, "bruno")
    assert house.kinds(case_id)[-1] == "decision_made"


def test_who_may_have_no_part_in_a_case_is_offered_nothing_to_do_with_it(house: DeskHouse) -> None:
    case_id = house.apply()["case_id"]
    shared = SharedWork(house.services)
    pass_on(house, "asha", case_id, what="refer", reason="policy_question")
    view = shared.passing(house.viewer("asha"), case_id)
    assert (view.may_refer, view.may_hand, view.may_aside) == (False, False, False)
    assert shared.passing(house.viewer("elena"), case_id).may_hand


AMOUNT = {"minor": 100_000, "currency": "DEM"}
SMALL = 5_000  # in whole units
CALENDAR = {
    "everywhere": {
        "zone": "UTC",
        "hours": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    }
}


def test_a_target_is_counted_in_the_branchs_working_time_and_the_limit_is_not(
    house: DeskHouse,
) -> None:
    friday = datetime(2026, 3, 6, 16, tzinfo=UTC)
    calendar = read_calendar(json.dumps(CALENDAR).encode())
    preparer = Preparer(house.services.vault, lambda: friday, calendar)
    body = {**applications()[-1], "branch": "north"}
    used, core = house.services.registry.in_use(""), house.actors["core"]
    made = preparer.prepare(read_application(body), used, core, simulated=False)
    assert made.target_at == datetime(2026, 3, 16, 16, tzinfo=UTC), "48 hours, eight a day"
    assert made.limit_at == friday + timedelta(days=30)
    assert made.due_at == made.target_at


def test_a_calendar_that_cannot_be_used_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "calendar.json"
    path.write_text('{"everywhere": {"hours": {"mon": ["9-5"]}}}')
    with pytest.raises(CalendarInvalid, match=r"calendar\.json: everywhere\.hours\.mon"):
        calendar_at(path)
    assert calendar_at(tmp_path / "none.json").of("x").days == ()


@pytest.fixture
def half_by_chance(house: DeskHouse) -> Iterator[None]:
    """A policy that has an officer drawn for half of the cases."""
    used = house.services.registry.in_use("")
    assert used.loaded is not None
    policy, spec = used.loaded.policy, used.loaded.policy.spec
    policy.spec = spec.model_copy(update={"assigned_at_random": "0.5", "assigned_hours": 4})
    yield
    policy.spec = spec


def apply_with(house: DeskHouse, number: float) -> str:
    """A new application for which this number is drawn; its case."""
    return decide(house, number, small(house))


def small(house: DeskHouse) -> Mapping[str, Any]:
    """An application for an amount that every officer of the branch may decide."""
    used = house.services.registry.in_use("")
    assert used.loaded is not None
    name = used.loaded.policy.spec.defaults.amount_field
    found = next(body for body in house._applications if body["fields"][name] <= SMALL)
    return {**found, "branch": "north", "amount": AMOUNT}


def decide(house: DeskHouse, number: float, body: Mapping[str, Any]) -> str:
    """Send an application for which this number is drawn; its case."""
    return decide_by(house, Assigner(house.services.people.everyone, lambda: number), body)


def decide_by(house: DeskHouse, assigner: Assigner, body: Mapping[str, Any]) -> str:
    """Send an application for which this one draws; its case."""
    preparer = Preparer(house.services.vault, house.clock, assigner=assigner)
    pipeline = replace(house.services.decisions, preparer=preparer)
    return str(pipeline.decide_now(body, house.actors["core"], house.key()).body["case_id"])


@pytest.mark.usefixtures("half_by_chance")
def test_an_officer_drawn_by_chance_gets_the_case_and_the_draw_is_recorded(
    house: DeskHouse,
) -> None:
    able = sorted(house.actors[name].ref for name in ("asha", "bruno", "elena", "hanna"))
    for number, officer in ((0.0, able[0]), (0.13, able[1]), (0.49, able[3])):
        case_id = apply_with(house, number)
        (entry,) = house.services.ledger.entries_of_case(case_id)
        data = read_event(entry.body).data
        assert data["p_assigned"] == "0.125"
        assert data["sampled"]["seed"] == decimal_text(number)
        assert data["assigned"]["among"] == able
        file = house.services.cases.case(case_id)
        assert file is not None
        assert file.row.holder == data["assigned"]["to"] == officer
        assert file.row.holder_until == parse_instant(data["assigned"]["until"])
    asha = house.services.cases.case(apply_with(house, able.index(house.actors["asha"].ref) / 8))
    assert asha is not None
    ref, hers = asha.case.case_ref, listed(house, "asha", holder="me")
    assert ref in hers
    assert {house.desk.take_next(house.viewer("asha")) for _ in hers} >= {ref}
    house.clock.passes(hours=5)
    assert ref in listed(house, "bruno", holder="free"), "and it never sticks"


@pytest.mark.usefixtures("half_by_chance")
def test_a_case_is_free_where_its_officer_was_locked_out_since_the_draw(house: DeskHouse) -> None:
    able = sorted(house.actors[name].ref for name in ("asha", "bruno", "elena", "hanna"))
    name = next(name for name, actor in house.actors.items() if actor.ref == able[0])
    changes, services = people_changes(house.services), house.services

    def everyone() -> tuple[Person, ...]:
        people = services.people.everyone()
        if services.people.actor(able[0]):
            changes.lock(HOST, name)
        return people

    try:
        case_id = decide_by(house, Assigner(everyone, lambda: 0.0), small(house))
    finally:
        changes.unlock(HOST, name)
    (entry,) = services.ledger.entries_of_case(case_id)
    data = read_event(entry.body).data
    assert not {"assigned", "p_assigned"} & data.keys()
    assert data["sampled"]["seed"] is None
    assert case_id in listed(house, "hanna", holder="free")


@pytest.mark.usefixtures("half_by_chance")
def test_a_case_scored_again_stays_with_whoever_has_it(house: DeskHouse) -> None:
    body = small(house)
    cases = [decide(house, number, body) for number in (0.0, 0.49)]
    assert cases[0] == cases[1]
    first, again = (read_event(e.body) for e in house.services.ledger.entries_of_case(cases[0]))
    file = house.services.cases.case(cases[0])
    assert file is not None
    assert file.row.holder == first.data["assigned"]["to"]
    assert not {"assigned", "p_assigned"} & again.data.keys()
    assert again.data["sampled"]["seed"] is None


@pytest.mark.usefixtures("half_by_chance")
def test_what_the_draw_leaves_alone_is_in_the_queue_and_says_nothing_of_a_draw(
    house: DeskHouse,
) -> None:
    case_id = apply_with(house, 0.5)
    (entry,) = house.services.ledger.entries_of_case(case_id)
    data = read_event(entry.body).data
    assert not {"assigned", "p_assigned"} & data.keys()
    assert data["sampled"]["seed"] is None
    assert case_id in listed(house, "bruno", holder="free")


def test_a_decision_records_both_clocks(house: DeskHouse) -> None:
    made = house.apply()
    file = house.services.cases.case(made["case_id"])
    assert file is not None
    assert file.row.status is CaseStatus.IN_REVIEW
    limit, target = file.row.clocks.limit, file.row.clocks.target
    assert limit is not None
    assert target is not None
    assert file.row.due_at == min(limit, target)
    assert limit - target > timedelta(days=20)
    assert parse_instant(instant_text(limit)) == limit
    assert replace(file.row.clocks, waits=True).next_at == limit
