"""A decision made again is the recorded one; what held on a day is read from entries up to it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from decision_service.access import HOST
from decision_service.as_of import as_of
from decision_service.decimals import decimal_text
from decision_service.errors import UnknownDecision
from decision_service.replays import ERASED, UNSCORED, _parts, replay
from overrides.events import read_event
from overrides.instants import instant_text
from overrides.journal import Decided, Draft, Json
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import BUNDLE, bundle_with


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    with desk_house(tmp_path / "data") as built:
        yield built


def test_a_decision_made_again_by_its_own_versions_is_the_recorded_one(
    house: DeskHouse, tmp_path: Path
) -> None:
    services = house.services
    decision_id = house.apply_until("decline")["decision_id"]
    services.registry.add(bundle_with(tmp_path / "next", {"version": '"2024.2"'}), HOST)
    promote_unsigned(services.registry, BUNDLE)
    found = replay(services, decision_id)
    assert found.same, found.differences
    assert found.compared > 20
    told = found.as_json()
    assert told["policy"]["version"] != "2024.2"
    assert told["libraries"]
    (viewed,) = services.ledger.changes(-1, 1000, ("record_viewed",))
    assert viewed.type == "record_viewed"


def test_a_library_that_computes_otherwise_shows_as_a_difference(
    house: DeskHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision_id = house.apply_until("decline")["decision_id"]

    def drifted(number: float) -> str:
        return decimal_text(number * (1 + 1e-12))

    monkeypatch.setattr("decision_service.replays.decimal_text", drifted)
    found = replay(house.services, decision_id)
    assert not found.same
    assert {"raw score", "base"} & {one.what for one in found.differences}


def test_what_cannot_be_made_again_says_why(house: DeskHouse) -> None:
    services = house.services
    with pytest.raises(UnknownDecision):
        replay(services, "no such decision")
    services.registry.suspend(BUNDLE, HOST)
    unscored = house.apply()["decision_id"]
    found = replay(services, unscored)
    assert (found.same, found.why_not) == (False, UNSCORED)
    assert ERASED != UNSCORED


def person(told: dict[str, Any], name: str) -> dict[str, Any]:
    """One person of an answer."""
    (found,) = [one for one in told["people"] if one["name"] == name]
    return dict(found)


def test_what_held_is_read_from_the_entries_up_to_that_time(
    house: DeskHouse, tmp_path: Path
) -> None:
    services = house.services
    case_id = house.apply_until("decline")["case_id"]
    then = services.clock()
    house.clock.passes(days=1)
    services.registry.add(bundle_with(tmp_path / "next", {"version": '"2024.2"'}), HOST)
    promote_unsigned(services.registry, BUNDLE)
    services.registry.suspend(BUNDLE, HOST)
    before, now = as_of(services, then, case_id), as_of(services, services.clock(), case_id)
    assert (before["champion"], before["bundles"][0]["status"]) == (BUNDLE, "champion")
    assert now["bundles"][0]["status"] == "suspended"
    assert before["bundles"][0]["policy"]["version"] != "2024.2"
    assert now["bundles"][0]["policy"]["version"] == "2024.2"
    assert before["case"]["status"] == "in_review"
    assert person(before, "asha")["role"] == "officer"
    viewed = services.ledger.changes(-1, 1000, ("record_viewed",))
    assert [read_event(entry.body).case for entry in viewed] == [case_id], "once an hour"
    early = as_of(services, then.replace(year=2000), case_id)
    assert (early["champion"], early["bundles"], early["people"], early["case"]) == (
        None,
        [],
        [],
        None,
    )


def test_authority_that_had_run_out_is_nobodys(house: DeskHouse) -> None:
    services = house.services
    ends = services.clock() + timedelta(days=3)
    asha = house.actors["asha"]
    told: dict[str, Json] = {
        "person": asha.ref,
        "role": "officer",
        "branch": "north",
        "limit_minor": 5,
        "currency": "DEM",
        "valid_until": instant_text(ends),
    }
    change = Draft(
        event_id=services.new_id(), type="role_changed", actor="p-x", role="admin", data=told
    )
    services.journal.submit(lambda _: Decided((change,))).result()
    before, after = (as_of(services, ends + timedelta(seconds=s)) for s in (-1, 0))
    assert person(before, "asha")["state"] == "active"
    assert person(after, "asha")["state"] == "expired"
    assert person(after, "bruno")["state"] == "active"


def test_a_reason_or_contribution_that_only_the_new_answer_has_is_a_difference() -> None:
    reason = {"concept": "DURATION", "text": "The term is long."}
    was = {"contributions": [["a", "1"]], "reasons": {"adverse": [reason], "favourable": []}}
    now = {
        "contributions": [["a", "1"], ["b", "2"]],
        "reasons": {"adverse": [reason, {"concept": "OTHER", "text": "x"}], "favourable": []},
    }
    found = {what for what, before, after in _parts(was, now) if before != after}
    assert found == {"contribution of b", "principal reasons, adverse", "words of OTHER"}
    assert not [what for what, before, after in _parts(now, now) if before != after]
