"""Who may come in and what they may decide comes from the ledger, and only from there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from decision_service.access import HOST
from decision_service.errors import (
    NameRefused,
    PasswordRefused,
    PersonHasLeft,
    PersonKnown,
    UnknownPerson,
)
from decision_service.people import PersonState
from decision_service.people_changes import NewPerson
from overrides.cases import Case
from overrides.errors import KeyReused
from overrides.stores.engine import writing
from overrides.values import CaseStatus, Claim, Money, Recommendation, Role
from tests.decision_service.people_house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def new(name: str, role: Role = Role.OFFICER, password: str | None = None) -> NewPerson:
    return NewPerson(name=name, role=role, currency="DEM", password=password)


def test_a_person_is_an_entry_whose_name_is_encrypted(house: House) -> None:
    ref = house.add("Asha Rao")
    body = house.bodies()[-1]
    assert body["type"] == "person_added"
    assert body["data"] == {
        "person": ref,
        "role": "officer",
        "branch": "north",
        "limit_minor": 500_000,
        "currency": "DEM",
    }
    assert set(body["commit"]) == {"name"}
    assert "Asha" not in json.dumps(body)
    person = house.people.named("  asha RAO ")
    assert person.ref == ref
    assert person.name == "Asha Rao"
    assert person.grant == body["id"]
    assert person.actor.limit_minor == 500_000


def test_two_people_cannot_share_a_name_however_it_is_spelt(house: House) -> None:
    house.add("Asha")
    for name in ("asha", " ASHA ", "\uff21sha"):
        with pytest.raises(PersonKnown):
            house.changes.add(HOST, new(name))
    assert house.kinds() == ["person_added"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a/b", "a\x00b", "a\nb", "a\u202eb"])
def test_what_cannot_be_shown_is_no_name(house: House, name: str) -> None:
    with pytest.raises(NameRefused):
        house.changes.add(HOST, new(name))
    assert house.kinds() == []


@pytest.mark.parametrize("branch", ["x" * 65, "a\nb", "a/b"])
def test_a_branch_is_named_like_a_person(house: House, branch: str) -> None:
    with pytest.raises(NameRefused):
        house.changes.add(HOST, replace(new("asha"), branch=branch))
    ref = house.changes.add(HOST, replace(new("asha"), branch=" north ")).ref
    person = house.store.by_ref(ref)
    assert person is not None
    assert person.branch == "north"


def test_a_refused_password_adds_nobody(house: House) -> None:
    with pytest.raises(PasswordRefused):
        house.changes.add(HOST, new("asha", password="short"))
    assert house.people.everyone() == ()


def test_a_first_password_is_made_and_works_once_handed_over(house: House) -> None:
    added = house.changes.add(HOST, new("asha"))
    assert added.password is not None
    assert house.people.sign_in("asha", added.password, "10.0.0.1")


def test_a_service_has_no_password(house: House) -> None:
    added = house.changes.add(HOST, new("core-banking", Role.SERVICE))
    assert added.password is None


def test_the_same_request_twice_adds_one_person_and_shows_no_password_again(house: House) -> None:
    first = house.changes.add(HOST, new("asha"), key="form-1")
    again = house.changes.add(HOST, new("asha"), key="form-1")
    assert again.replayed
    assert (again.ref, again.password) == (first.ref, None)
    with pytest.raises(KeyReused):
        house.changes.add(HOST, new("bruno"), key="form-1")
    assert [person.name for person in house.people.everyone()] == ["asha"]


def test_lock_unlock_and_leave_are_entries_and_change_the_state(house: House) -> None:
    house.add("asha")
    house.changes.lock(HOST, "asha")
    assert house.people.named("asha").state is PersonState.LOCKED
    house.changes.unlock(HOST, "asha")
    assert house.people.named("asha").state is PersonState.ACTIVE
    house.changes.leave(HOST, "asha")
    assert house.people.named("asha").state is PersonState.LEFT
    reasons = [body["data"].get("reason") for body in house.bodies()]
    assert reasons == [None, "locked", "unlocked", "left"]


def test_access_that_changes_leaves_the_grant_of_authority_as_it_was(house: House) -> None:
    house.add("asha")
    grant = house.people.named("asha").grant
    house.changes.lock(HOST, "asha")
    house.changes.unlock(HOST, "asha")
    house.changes.reset(HOST, "asha")
    assert house.people.named("asha").grant == grant


def test_a_locked_person_acts_no_more(house: House) -> None:
    ref = house.add("asha")
    assert house.people.actor(ref) is not None
    house.changes.lock(HOST, "asha")
    assert house.people.actor(ref) is None
    assert house.people.actor("nobody") is None


def test_a_leaver_gives_claims_back_and_keeps_the_past(house: House) -> None:
    ref = house.add("asha")
    other = house.add("bruno")
    until = house.clock() + timedelta(minutes=20)
    house.cases.update(one=case("one", ref, until), two=case("two", other, until))
    house.cases["three"] = case("three", ref, until)
    person, released = house.changes.leave(HOST, "asha")
    assert (person.ref, released) == (ref, 2)
    given_back = [b["case"] for b in house.bodies() if b["type"] == "case_released"]
    assert given_back == ["one", "three"]
    assert house.people.names([ref]) == {ref: "asha"}


def test_a_claim_that_passed_to_another_is_not_taken_from_them(house: House) -> None:
    ref = house.add("asha")
    until = house.clock() + timedelta(minutes=20)
    house.cases["one"] = case("one", ref, until)
    listed = house.changes.claims(ref)
    house.cases["one"] = case("one", "bruno", until)
    moved = house.changes.__class__(
        house.people, house.journal, house.new_id, house.vault.lookup_hash, lambda _: listed
    )
    _, released = moved.leave(HOST, "asha")
    assert released == 0


@pytest.mark.parametrize("change", ["leave", "lock"])
@pytest.mark.parametrize("asked", [1, 2])
def test_what_is_given_to_a_person_while_they_are_shut_out_does_not_stay_with_them(
    house: House, change: str, asked: int
) -> None:
    """The case is theirs when claims are asked for the first or the second time, not before."""
    ref = house.add("asha")
    times, looks, before = count(1), [], house.commands

    def claims(person: str) -> list[str]:
        looks.append(house.commands - before)
        if next(times) == asked:
            house.cases["one"] = case("one", ref, house.clock() + timedelta(minutes=20))
        return house.claims(person)

    getattr(replace(house.changes, claims=claims), change)(HOST, "asha")
    assert house.kinds().count("case_released") == 1
    assert looks[0] == 1, "the first look is in the writer's transaction"


def test_nobody_who_was_let_in_again_loses_what_they_took_since(house: House) -> None:
    ref = house.add("asha")
    times = count(1)

    def claims(person: str) -> list[str]:
        if next(times) > 1 and "one" not in house.cases:
            house.cases["one"] = case("one", ref, house.clock() + timedelta(minutes=20))
            house.changes.unlock(HOST, "asha")
        return house.claims(person)

    replace(house.changes, claims=claims).lock(HOST, "asha")
    assert "case_released" not in house.kinds()


def test_nothing_is_done_to_who_left_or_never_was(house: House) -> None:
    house.add("asha")
    house.changes.leave(HOST, "asha")
    with pytest.raises(PersonHasLeft):
        house.changes.unlock(HOST, "asha")
    with pytest.raises(UnknownPerson):
        house.changes.lock(HOST, "nobody")


def test_a_leaver_s_name_is_free_for_another_person(house: House) -> None:
    first = house.add("asha")
    house.changes.leave(HOST, "asha")
    second = house.add("asha")
    assert first != second
    assert house.people.named("asha").ref == second


def test_a_reset_gives_another_password(house: House) -> None:
    house.add("asha")
    _, password = house.changes.reset(HOST, "asha")
    assert house.people.sign_in("asha", password, "10.0.0.1")
    _, chosen = house.changes.reset(HOST, "asha", password="chosen by hand")
    assert chosen == "chosen by hand"


def test_the_list_of_people_can_be_filled_again_from_the_ledger(house: House) -> None:
    house.add("asha")
    house.add("bruno")
    house.changes.lock(HOST, "asha")
    house.changes.leave(HOST, "bruno")
    house.clock.passes(days=1)
    before = house.people.everyone()
    with writing(house.engine) as connection:
        connection.execute(text("UPDATE person SET role = 'admin', limit_minor = 99999999999"))
    assert house.people.everyone() != before
    house.rebuild()
    assert house.people.everyone() == before


def test_an_erased_name_leaves_the_authority_in_place(house: House) -> None:
    ref = house.add("asha")
    house.rebuild(opened=False)
    (person,) = house.people.everyone()
    assert person.name == f"erased {ref[-8:]}"
    assert (person.ref, person.role, person.limit_minor) == (ref, Role.OFFICER, 500_000)


def test_when_somebody_was_last_seen_is_known_from_their_log_in(house: House) -> None:
    house.add("asha")
    assert house.people.named("asha").last_seen is None
    house.people.sign_in("asha", "a long password", "10.0.0.1")
    assert house.people.named("asha").last_seen == house.clock()


def test_names_are_found_for_references_and_the_host_has_one(house: House) -> None:
    ref = house.add("asha")
    assert house.people.names([ref, HOST.ref, "unknown"]) == {
        ref: "asha",
        HOST.ref: HOST.name,
        "unknown": "unknown",
    }
    assert house.people.names([]) == {}


def case(ref: str, person: str, until: object) -> Case:
    """A case that somebody works on."""
    return Case(
        case_ref=ref,
        bundle="german-credit",
        status=CaseStatus.IN_REVIEW,
        version=1,
        decision_id="d",
        decision_event="e",
        recommendation=Recommendation.REFER,
        probability=Decimal("0.3"),
        reliable=True,
        amount=Money(100, "DEM"),
        branch="north",
        subject="s",
        opened_at=until,  # type: ignore[arg-type]
        claim=Claim(person, until),  # type: ignore[arg-type]
    )
