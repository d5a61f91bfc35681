"""The training register: who is trained on which day, against reading the entries one by one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.errors import NoAuthority, NoteTooShort
from overrides.journal import Draft, Event
from overrides.training import (
    Ground,
    Register,
    check_training,
    decide_ending,
    decide_training,
)
from overrides.training_errors import (
    TrainingDay,
    TrainingMissing,
    TrainingNotForThem,
    TrainingNotHeld,
    TrainingOver,
    TrainingOwn,
)
from overrides.values import Actor, Role
from tests.overrides.samples import RULES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = NOW.date()
LEAD = Actor("p-lead", "Greta", Role.TEAM_LEAD, "north")
ASHA = Actor("p-asha", "Asha", Role.OFFICER, "north")
ASKS = replace(RULES, training_days=365)
NOTE = "She passed the course on this model."
IDS = count()


def new_id() -> str:
    return f"e-{next(IDS)}"


def event_of(draft: Draft, at: datetime = NOW) -> Event:
    """The entry that a draft becomes."""
    return Event(
        event_id=draft.event_id,
        type=draft.type,
        actor=draft.actor,
        role=draft.role,
        case=None,
        cause=(),
        data=draft.data,
        model=None,
        policy=None,
        codebook=None,
        log="test.example",
        seq=0,
        recorded_at=at,
        clock="ok",
        req=None,
        commit={},
    )


def recorded(actor: Actor = LEAD, person: Actor = ASHA, days: int = 10, **other: Any) -> Draft:
    """One entry of the register."""
    said = (other.get("ground", Ground.COURSE), TODAY + timedelta(days=days), NOTE)
    (draft,) = decide_training(actor, person, RULES.bundle, said, NOW, new_id).drafts
    return draft


def test_who_has_no_entry_is_refused_only_where_a_policy_asks() -> None:
    check_training(Register(), ASHA, RULES, TODAY)
    with pytest.raises(TrainingMissing, match="Asha"):
        check_training(Register(), ASHA, ASKS, TODAY)


def test_the_last_day_is_the_last_and_the_next_is_refused() -> None:
    register = Register().after([event_of(recorded(days=10))])
    check_training(register, ASHA, ASKS, TODAY + timedelta(days=10))
    with pytest.raises(TrainingOver, match="2026-03-12"):
        check_training(register, ASHA, ASKS, TODAY + timedelta(days=11))


def test_training_for_one_bundle_is_none_for_another() -> None:
    register = Register().after([event_of(recorded())])
    with pytest.raises(TrainingMissing):
        check_training(register, ASHA, replace(ASKS, bundle="another"), TODAY)


def test_nobody_records_their_own_and_only_a_leader_of_the_branch_records() -> None:
    manager = Actor("p-hanna", "Hanna", Role.CREDIT_MANAGER, "north")
    with pytest.raises(TrainingOwn):
        recorded(manager, manager)
    recorded(LEAD, manager)
    for wrong in (replace(ASHA, branch="river"), replace(ASHA, role=Role.COMPLIANCE)):
        with pytest.raises(TrainingNotForThem):
            recorded(LEAD, wrong)
    recorded(replace(LEAD, branch=""), replace(ASHA, branch="river"))
    for role in set(Role) - {Role.TEAM_LEAD, Role.CREDIT_MANAGER}:
        with pytest.raises(NoAuthority):
            recorded(replace(LEAD, role=role))


@pytest.mark.parametrize("days", [-1, 366])
def test_a_day_that_has_passed_or_lies_too_far_off_is_refused(days: int) -> None:
    with pytest.raises(TrainingDay, match="2027-03-02"):
        recorded(days=days)


def test_an_entry_says_why() -> None:
    with pytest.raises(NoteTooShort):
        decide_training(*(LEAD, ASHA, RULES.bundle, (Ground.COURSE, TODAY, " ok ")), NOW, new_id)


def test_training_can_be_ended_once_and_only_where_it_is_held() -> None:
    register = Register()
    about = (LEAD, ASHA, RULES.bundle, NOTE, NOW, new_id)
    with pytest.raises(TrainingNotHeld):
        decide_ending(register, *about)
    register = register.after([event_of(recorded())])
    register = register.after([event_of(decide_ending(register, *about).drafts[0])])
    with pytest.raises(TrainingMissing):
        check_training(register, ASHA, ASKS, TODAY)
    with pytest.raises(TrainingNotHeld):
        decide_ending(register, *about)


def test_the_note_is_encrypted_and_the_entry_says_nothing_of_it() -> None:
    draft = recorded()
    assert NOTE not in str(draft.data)
    assert [(slot.name, slot.payload) for slot in draft.slots] == [("note", {"text": NOTE})]


PEOPLE, BUNDLES = ("a", "b"), ("x", "y")
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(BUNDLES),
        st.one_of(st.none(), st.integers(-5, 40)),
        st.integers(0, 3),
    ),
    max_size=12,
)


def entry(person: str, bundle: str, last: int | None, day: int) -> Event:
    """An entry of one day, whatever a decider would say of it."""
    last_day = "" if last is None else (TODAY + timedelta(days=last)).isoformat()
    ground = Ground.ENDED if last is None else Ground.COURSE
    data = {"person": person, "bundle": bundle, "ground": ground.value, "last_day": last_day}
    draft = replace(recorded(), event_id=new_id(), data=data)
    return event_of(draft, NOW + timedelta(days=day))


def slowly(events: list[Event], person: str, bundle: str, day: date, as_of: date) -> bool:
    """Whether somebody is trained, by reading every entry again."""
    trained = False
    for event in events:
        told = event.data
        if (told["person"], told["bundle"]) == (person, bundle) and (
            event.recorded_at.date() <= as_of
        ):
            trained = told["last_day"] != "" and day <= date.fromisoformat(told["last_day"])
    return trained


@given(told=ENTRIES, cut=st.integers(0, 12), day=st.integers(0, 45), seen=st.integers(0, 4))
def test_the_register_says_what_the_entries_say_however_it_is_read(
    told: list[tuple[str, str, int | None, int]], cut: int, day: int, seen: int
) -> None:
    events = [entry(*one) for one in sorted(told, key=lambda one: one[3])]
    register = Register().after(events[:cut]).after(events[cut:])
    assert register == Register().after(events), "taking entries in by parts changes nothing"
    when, as_of = TODAY + timedelta(days=day), TODAY + timedelta(days=seen)
    then = register.as_of(as_of)
    for person in PEOPLE:
        for bundle in BUNDLES:
            held = then.held(person, bundle)
            expected = slowly(events, person, bundle, when, as_of)
            assert (held is not None and held.valid(when)) == expected
