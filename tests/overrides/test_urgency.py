"""The law's limit comes first when it is near, and the list keeps that order page by page."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overrides.instants import instant_text
from overrides.journal import Draft
from overrides.reading import CaseFilter, CaseRow
from overrides.urgency import LAW_NEAR, Clocks, Pressing, Urgency, limit_days
from overrides.values import CaseStatus
from tests.overrides.case_house import House, house_at
from tests.overrides.samples import NOON, OFFICER

AWAY = ("", "", "waits", "held", "asleep", "referred")
STATES = (
    (False, None, None),
    (True, False, None),
    (False, True, None),
    (False, False, False),
    (False, None, True),
)


HOURS = st.one_of(st.none(), st.integers(-100, 200))


def clocks(limit: int | None, target: int | None, *, waits: bool = False) -> Clocks:
    """Clocks so many hours from noon."""
    at = [None if hours is None else NOON + timedelta(hours=hours) for hours in (limit, target)]
    return Clocks(at[0], at[1], waits)


@given(HOURS, HOURS, st.booleans())
def test_the_group_is_what_the_words_say(
    limit: int | None,
    target: int | None,
    waits: bool,  # noqa: FBT001
) -> None:
    told = clocks(limit, target, waits=waits)
    expected = Urgency.LATER
    runs = target if target is not None and not waits else limit
    if limit is not None and limit <= 72:
        expected = Urgency.LAW
    elif runs is not None and runs <= 0:
        expected = Urgency.LATE
    elif runs is not None and runs <= 24:
        expected = Urgency.SOON
    assert told.urgency(NOON) is expected
    clock, at = told.pressing(NOON)
    if expected is Urgency.LAW or runs is limit:
        assert (clock, at) == (Pressing.LAW if limit is not None else Pressing.NOTHING, told.limit)
    else:
        assert (clock, at) == (Pressing.TARGET, told.target)


def test_waiting_for_the_applicant_stops_the_target_and_never_the_law() -> None:
    assert clocks(500, -5).urgency(NOON) is Urgency.LATE
    assert clocks(500, -5, waits=True).urgency(NOON) is Urgency.LATER
    assert clocks(70, 400, waits=True).urgency(NOON) is Urgency.LAW


def test_a_place_has_its_own_days_or_its_countrys_or_the_default() -> None:
    days = {"US": 30, "US-CA": 20, "IN": 45}
    assert [limit_days(25, days, place) for place in ("US-CA", "US-NY", "IN", "DE", "")] == [
        *(20, 30, 45, 25, 25)
    ]


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], scope="module"
)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    if request.param == "sqlite":
        url = f"sqlite:///{request.getfixturevalue('tmp_path_factory').mktemp('urgency')}/x.sqlite3"
    else:
        url = request.getfixturevalue("new_postgres")()
    with house_at(url) as made:
        yield made


def slowly(rows: list[CaseRow], now: datetime) -> list[str]:
    """The order a person would lay the cases out in."""

    def place(row: CaseRow) -> tuple[int, str, str]:
        limit, told = row.clocks.limit, row.clocks
        if limit is not None and limit <= now + LAW_NEAR:
            return 0, instant_text(limit), row.case_ref
        return 1, instant_text(told.next_at) if told.next_at else "9", row.case_ref

    return [row.case_ref for row in sorted(rows, key=place)]


def pages(house: House, wanted: CaseFilter, limit: int) -> list[list[CaseRow]]:
    """Every page of a list."""
    found: list[list[CaseRow]] = []
    cursor = ""
    while not found or cursor:
        page = house.book.rows(wanted, house.now, cursor=cursor, limit=limit)
        found.append(list(page.rows))
        cursor = page.next_cursor
    return found


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(HOURS, HOURS, st.sampled_from(AWAY)), min_size=1, max_size=8),
    st.integers(1, 4),
)
def test_the_list_is_in_the_order_a_person_would_lay_it_out_in(
    house: House, wanted: list[tuple[int | None, int | None, str]], limit: int
) -> None:
    branch = house.new_id()
    for to_limit, to_target, away in wanted:
        made = clocks(to_limit, to_target)
        said = {"limit_at": made.limit, "target_at": made.target}
        facts = {name: instant_text(at) for name, at in said.items() if at is not None}
        ref = house.apply_for("refer", due_at=None, branch=branch, **facts)
        send_away(house, ref, away)
    filters = [
        CaseFilter(branch=branch, urgency=urgency, free=free, asleep=asleep, referred=referred)
        for urgency in (None, *Urgency)
        for free, asleep, referred in STATES
    ]
    every = [row for page in pages(house, filters[0], 500) for row in page]
    assert len(every) == len(wanted)
    for one in filters:
        kept = [row for row in every if keeps(one, row, house.now)]
        found = pages(house, one, limit)
        assert [row.case_ref for page in found for row in page] == slowly(kept, house.now)
        assert all(len(page) == limit for page, _ in pairwise(found))
        assert house.book.count(one, house.now) == len(kept)


def send_away(house: House, ref: str, how: str) -> None:
    """What keeps a case from everybody, if anything does."""
    if how == "waits":
        house.write(asked(house, ref))
    elif how == "held":
        house.claim(ref)
    elif how == "asleep":
        until = instant_text(house.now + timedelta(days=9))
        house.write(event(house, ref, "case_snoozed", person="p", reason="call_back", until=until))
    elif how == "referred":
        house.write(event(house, ref, "case_escalated", person="p", reason="other"))


def keeps(wanted: CaseFilter, row: CaseRow, now: datetime) -> bool:
    """The filter, said row by row."""
    asleep = row.asleep_until is not None and row.asleep_until > now
    held = row.holder_until is not None and row.holder_until > now
    return (
        wanted.urgency in (None, row.clocks.urgency(now))
        and not (wanted.free and held)
        and wanted.asleep in (None, asleep)
        and wanted.referred in (None, bool(row.referred))
    )


def asked(house: House, ref: str) -> Draft:
    """The applicant is asked for something."""
    return event(house, ref, "information_requested", reason="document")


def event(house: House, ref: str, kind: str, **data: object) -> Draft:
    """An entry about a case."""
    return Draft(
        event_id=house.new_id(),
        type=kind,
        actor=OFFICER.ref,
        role=OFFICER.role.value,
        data=data,
        case=ref,
    )


def test_an_answer_of_the_applicant_moves_the_target_and_not_the_limit(house: House) -> None:
    limit, first, moved = (NOON + timedelta(days=days) for days in (30, 2, 9))
    facts = {"limit_at": instant_text(limit), "target_at": instant_text(first)}
    ref = house.apply_for("refer", **facts)

    def told() -> Clocks:
        file = house.book.case(ref)
        assert file is not None
        return file.row.clocks

    assert told() == Clocks(limit, first)
    house.write(asked(house, ref))
    assert told() == Clocks(limit, first, waits=True)
    assert told().next_at == limit
    answer = {"reason": "document", "target_at": instant_text(moved)}
    house.write(event(house, ref, "information_received", **answer))
    assert told() == Clocks(limit, moved)
    house.write(house.decision("refer", case_ref=ref, attempt=2, supersedes="x", **facts))
    assert told() == Clocks(limit, moved), "the time the applicant took stays given"


def test_cases_set_aside_leave_the_list_and_come_back_by_themselves(house: House) -> None:
    ref = house.apply_for("refer", branch="asleep")
    until = instant_text(house.now + timedelta(hours=3))
    data = {"person": OFFICER.ref, "reason": "call_back", "until": until}
    house.write(event(house, ref, "case_snoozed", **data))
    awake, aside = (CaseFilter(branch="asleep", asleep=asleep) for asleep in (False, True))

    def listed(wanted: CaseFilter) -> list[str]:
        found = [row.case_ref for row in house.book.rows(wanted, house.now).rows]
        assert house.book.count(wanted, house.now) == len(found)
        return found

    assert (listed(awake), listed(aside)) == ([], [ref])
    house.claim(ref)
    assert (listed(awake), listed(aside)) == ([ref], [])
    house.write(event(house, ref, "case_snoozed", **data))
    house.now += timedelta(hours=4)
    assert (listed(awake), listed(aside)) == ([ref], [])
    assert listed(CaseFilter(branch="asleep", reason="near_cutoff")) == [ref]
    assert listed(CaseFilter(branch="asleep", reason="near_cut")) == []
    assert listed(CaseFilter(branch="asleep", product="consumer")) == [ref]
    assert listed(CaseFilter(branch="asleep", product="other")) == []


def test_a_case_referred_upwards_is_found_until_somebody_takes_it(house: House) -> None:
    ref = house.apply_for("refer", branch="up")
    house.claim(ref)
    data = {"person": OFFICER.ref, "reason": "above_my_limit"}
    house.write(event(house, ref, "case_escalated", **data))
    wanted = CaseFilter(branch="up", referred=True)
    (row,) = house.book.rows(wanted, house.now).rows
    assert (row.case_ref, row.referred, row.holder) == (ref, "above_my_limit", "")
    assert house.book.count(wanted, house.now) == 1
    assert house.book.rows(CaseFilter(branch="up", referred=False), house.now).rows == ()
    house.write(event(house, ref, "case_handed_over", person=OFFICER.ref, reason="handed", to="p"))
    assert house.book.rows(wanted, house.now).rows == ()
    (row,) = house.book.rows(CaseFilter(branch="up"), house.now).rows
    assert row.status is CaseStatus.IN_REVIEW
