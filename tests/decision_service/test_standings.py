"""Who is champion follows from the ledger's entries alone, in their order."""

from datetime import UTC, datetime
from typing import Any

import pytest

from decision_service.errors import NothingToRollBack, UnknownBundle
from decision_service.standings import Standings
from overrides.journal import Event, VersionStamp

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def event(kind: str, name: str, sha256: str = "1") -> Event:
    stamp = VersionStamp(name, sha256, sha256)
    data: dict[str, Any] = {"name": name, "sha256": sha256, "signed": [], "reason": "test"}
    return Event(
        log="l",
        seq=0,
        event_id="e",
        recorded_at=NOON,
        type=kind,
        actor="a",
        role="admin",
        data=data,
        model=stamp,
        policy=stamp,
        codebook=stamp,
    )


def after(*acts: tuple[str, ...]) -> Standings:
    standings = Standings()
    for kind, *rest in acts:
        standings = standings.after(event(f"bundle_{kind}", *rest))
    return standings


def test_at_first_there_is_no_champion_and_no_bundle() -> None:
    assert Standings().champion == ""
    with pytest.raises(UnknownBundle):
        Standings().standing("a")


def test_a_registered_bundle_is_used_but_leads_nothing() -> None:
    standing = after(("registered", "a")).standing("a")
    assert (standing.status, standing.champion) == ("registered", False)


def test_a_later_version_does_not_decide_before_it_is_promoted() -> None:
    standings = after(("registered", "a", "1"), ("registered", "a", "2"))
    assert standings.standing("a").active.sha256 == "1"
    promoted = standings.after(event("bundle_promoted", "a", "2"))
    assert promoted.standing("a").active.sha256 == "2"
    assert promoted.champion == "a"


def test_a_rollback_puts_back_what_led_before() -> None:
    standings = after(
        ("registered", "a"), ("promoted", "a"), ("registered", "b"), ("promoted", "b")
    )
    assert standings.champion == "b"
    assert (standings.before("b").name, standings.before("b").sha256) == ("a", "1")
    back = standings.after(event("bundle_rolled_back", "a"))
    assert back.champion == "a"
    with pytest.raises(NothingToRollBack):
        back.before("a")
    assert back.left == {("b", "1")}
    assert back.standing("b").status == "registered"


def test_a_rollback_within_one_name_puts_back_the_earlier_version() -> None:
    standings = after(
        ("registered", "a", "1"),
        ("promoted", "a", "1"),
        ("registered", "a", "2"),
        ("promoted", "a", "2"),
        ("rolled_back", "a", "1"),
    )
    assert standings.standing("a").active.sha256 == "1"


def test_a_stop_holds_until_it_is_lifted_and_changes_no_rank() -> None:
    standings = after(("registered", "a"), ("promoted", "a"), ("suspended", "a"))
    assert standings.standing("a").status == "suspended"
    assert standings.champion == "a"
    assert standings.after(event("bundle_resumed", "a")).standing("a").status == "champion"


def test_the_version_that_was_suspended_stays_stopped_while_another_goes_on_in_its_place() -> None:
    first, second = ("1", "1", "1"), ("2", "2", "2")
    standings = after(
        ("registered", "a", "1"),
        ("promoted", "a", "1"),
        ("suspended", "a", "1"),
        ("registered", "a", "2"),
        ("promoted", "a", "2"),
    )
    assert standings.standing("a").suspended, "a promotion lifts no stop"
    assert standings.stops("a", second)
    resumed = standings.after(event("bundle_resumed", "a", "2"))
    assert not resumed.standing("a").suspended
    assert (resumed.stops("a", first), resumed.stops("a", second)) == (True, False)
    back = resumed.after(event("bundle_rolled_back", "a", "1"))
    assert back.standing("a").status == "suspended", "what was stopped does not decide again unsaid"
    lifted = back.after(event("bundle_resumed", "a", "1"))
    assert (lifted.standing("a").status, lifted.stopped) == ("champion", frozenset())


def test_a_stop_of_one_bundle_is_none_of_another() -> None:
    standings = after(("registered", "a"), ("registered", "b"), ("suspended", "a"))
    assert not standings.stops("b", ("1", "1", "1"))
    assert not standings.standing("b").suspended


def test_the_champion_comes_first_and_the_others_by_name() -> None:
    standings = after(
        ("registered", "a"), ("registered", "b"), ("registered", "c"), ("promoted", "b")
    )
    assert [standing.name for standing in standings.all()] == ["b", "a", "c"]


def test_entries_of_other_kinds_change_nothing() -> None:
    standings = after(("registered", "a"))
    assert standings.after(event("decision_made", "a")) is standings
