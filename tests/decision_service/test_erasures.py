"""Erasures: two people, nothing that is held or kept by law, and everything else stays."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from decision_service.access import HOST
from decision_service.acting import Acting
from decision_service.erasure_finishing import finish_erasures, keys_pending
from decision_service.erasure_words import request_lines
from decision_service.erasures import Named
from decision_service.errors import InvalidRequest
from decision_service.outcome_import import OutcomeImport
from decision_service.people_changes import NewPerson, people_changes
from decision_service.reconciliation import reconcile_file, record_run
from decision_service.stores.schema import table_names
from overrides.booked_loans import Declared
from overrides.erasing import INLINE_MAX, Scope, Standing, Why, pairs_root
from overrides.erasure_errors import (
    AddedSince,
    AskedYourself,
    CaseStillOpen,
    ErasureChanged,
    ErasureOver,
    GroundUnknown,
    HoldOver,
    NotDueYet,
    NothingToErase,
    ScheduleInvalid,
    UnknownErasure,
    UnknownHold,
)
from overrides.errors import (
    DataKeyAltered,
    KeyReused,
    LedgerAltered,
    NoAuthority,
    SlotErased,
    UnknownCase,
)
from overrides.examination import Trust
from overrides.finding_register import Tracked
from overrides.forms import Shown
from overrides.journal import Receipt
from overrides.outcome_lines import OutcomeLine, read_record
from overrides.reconciling import ProductScope
from overrides.retention import DEFAULT_SCHEDULE
from overrides.signing import sign_checkpoint
from overrides.stores.engine import open_engine, reading
from overrides.values import Actor, Role
from overrides.verify import SAME_HOST
from tests.decision_service.erasure_house import ErasureHouse, erasure_house

COUNT_KEYS = text("SELECT COUNT(*) FROM data_key WHERE subject_ref = :subject")
COUNT_LOST = text(
    "SELECT COUNT(*) FROM ledger_payload WHERE dek_id NOT IN (SELECT dek_id FROM data_key)"
)
PLACES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=PLACES)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ErasureHouse]:
    """An installation on either database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with erasure_house(tmp_path / "data", url) as made:
        yield made


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[ErasureHouse]:
    """An installation on the embedded database."""
    with erasure_house(tmp_path / "data") as made:
        yield made


def entry_data(house: ErasureHouse, kind: str) -> list[dict[str, Any]]:
    entries = house.services.ledger.latest(None, 100, (kind,))
    return [json.loads(entry.body)["data"] for entry in reversed(entries)]


def verdict(house: ErasureHouse) -> str:
    services = house.services
    sign_checkpoint(services.ledger, services.signer, services.clock)
    trust = Trust(keys=[services.signer.key], keys_from=SAME_HOST, vault=services.vault.holding())
    return str(services.verify(trust).verdict.name)


def rows_of(house: ErasureHouse, subject: str) -> tuple[int, int]:
    """Data keys of a party, and parts whose key is not there."""
    engine = open_engine(house.services.settings.url)
    with reading(engine) as connection:
        keys = connection.execute(COUNT_KEYS, {"subject": subject}).scalar_one()
        lost = connection.execute(COUNT_LOST).scalar_one()
    engine.dispose()
    return keys, lost


def test_one_asks_another_approves_and_the_party_is_gone(house: ErasureHouse) -> None:
    mine = house.closed("P-anna", "P-ben")
    other = house.closed("P-cleo")
    asked = house.ask(party="P-anna")
    assert (asked.standing, asked.target.scope) == (Standing.WAITING, Scope.PARTY)
    assert set(house.parts(mine["case_id"]).values()) == {"read"}, "asking erases nothing"
    done = house.acts.approve(house.people["dora"], asked.request_id, asked.root, "seen")
    assert (done.standing, done.settled_by) == (Standing.ERASED, house.people["dora"].ref)
    left = house.parts(mine["case_id"])
    assert {key for key, state in left.items() if state == "read"} == {("decision_made", "party.1")}
    assert rows_of(house, asked.target.subject) == (0, 0), "neither keys nor what they locked"
    assert set(house.parts(other["case_id"]).values()) == {"read"}
    (erased,) = entry_data(house, "record_erased")
    pairs = house.services.erasures.list_of(done.erased_event)
    assert (erased["root"], erased["count"]) == (pairs_root(pairs), len(pairs))
    assert erased["slots"] == [list(pair) for pair in pairs]
    assert erased["of"] == asked.request_id
    assert verdict(house) == "CLEAN"
    with pytest.raises(NothingToErase):
        house.ask(party="P-anna")


def test_a_party_of_one_case_alone_can_be_erased(house: ErasureHouse) -> None:
    first, second = house.closed("P-anna", "P-ben"), house.closed("P-anna")
    house.erase(case=first["case_id"], party="P-ben")
    left = house.parts(first["case_id"])
    assert {key for key, state in left.items() if state == "erased"} == {
        ("decision_made", "party.1")
    }
    house.erase(application=first["application_id"], bundle="german-credit", party="P-anna")
    assert set(house.parts(first["case_id"]).values()) == {"erased"}
    assert set(house.parts(second["case_id"]).values()) == {"read"}
    assert verdict(house) == "CLEAN"


def test_one_class_of_records_can_be_erased(house: ErasureHouse) -> None:
    made = house.closed("P-anna")
    house.erase(case=made["case_id"], classes=("notes", "monitoring"))
    gone = {key for key, state in house.parts(made["case_id"]).items() if state == "erased"}
    assert {slot for _, slot in gone} == {"note", "evidence", "monitor"}
    assert verdict(house) == "CLEAN"


def test_nobody_approves_what_they_asked_for_whatever_key_they_use(house: ErasureHouse) -> None:
    house.closed("P-anna")
    asked = house.ask(party="P-anna")
    again = house.services.people.actor(house.people["carla"].ref)  # as another log-in finds them
    with pytest.raises(AskedYourself):
        house.acts.approve(again, asked.request_id, asked.root, "")
    assert house.acts.request(asked.request_id).standing is Standing.WAITING
    assert not entry_data(house, "record_erased")


def test_nobody_approves_what_they_asked_for_by_leaving_and_being_added_again(
    house: ErasureHouse,
) -> None:
    house.closed("P-anna")
    asked = house.ask(party="P-anna")
    changes = people_changes(house.services)
    changes.leave(HOST, "carla")
    new = NewPerson(name="Carla", role=Role.COMPLIANCE, currency="DEM", password="a long password")
    again = house.services.people.actor(changes.add(HOST, new).ref)
    with pytest.raises(AddedSince):
        house.acts.approve(again, asked.request_id, asked.root, "")
    assert house.acts.request(asked.request_id).standing is Standing.WAITING
    refused = house.acts.refuse(again, asked.request_id, "asked by somebody who left")
    assert refused.standing is Standing.REFUSED
    asked = house.ask("dora", party="P-anna")
    done = house.acts.approve(again, asked.request_id, asked.root, "")
    assert done.standing is Standing.ERASED, "of what is asked for later they are another person"


def test_asking_is_for_compliance_and_approving_for_compliance_and_risk(
    house: ErasureHouse,
) -> None:
    made = house.closed("P-anna")
    officer, rita = house.desk.actors["asha"], house.people["rita"]
    target = house.acts.target(house_named(made))
    for actor in (officer, rita, house.desk.actors["root"]):
        with pytest.raises(NoAuthority):
            house.acts.ask(actor, target, "person_asked", "")
    asked = house.ask(party="P-anna")
    with pytest.raises(NoAuthority):
        house.acts.approve(officer, asked.request_id, asked.root, "")
    assert house.acts.approve(rita, asked.request_id, asked.root, "").standing is Standing.ERASED


def house_named(made: dict[str, Any]) -> Named:
    return Named(case=made["case_id"])


def test_a_case_that_is_still_open_is_not_erased(embedded: ErasureHouse) -> None:
    made = embedded.desk.apply(parties=[{"ref": "P-anna", "role": "applicant"}])
    with pytest.raises(CaseStillOpen) as refused:
        embedded.ask(party="P-anna")
    assert made["case_id"] in str(refused.value)
    assert not entry_data(embedded, "erasure_requested")


def test_what_was_erased_while_a_page_was_read_is_not_written_down_again(
    house: ErasureHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house.desk.apply(parties=[{"ref": "P-anna", "role": "applicant"}])
    desk, case = house.desk.desk, made["case_id"]
    write = Acting.shown

    def slowly(acting: Acting, actor: Actor, case_id: str, shown: Shown) -> Receipt:
        monkeypatch.undo()
        form = house.desk.form("hanna", case, note="no longer wanted")
        desk.withdraw(house.desk.viewer("hanna"), case, form)
        assert house.erase(party="P-anna").standing is Standing.ERASED
        return write(acting, actor, case_id, shown)

    monkeypatch.setattr(Acting, "shown", slowly)
    desk.case(house.desk.viewer("asha"), case)
    assert set(house.parts(case).values()) == {"erased"}


def test_what_a_hold_covers_stays_and_the_refusal_is_recorded_with_its_ground(
    house: ErasureHouse,
) -> None:
    made = house.closed("P-anna", "P-ben")
    carla = house.people["carla"]
    target = house.acts.target(house_named(made))
    hold = house.acts.hold(carla, target, "litigation", "file 12/26")
    refused = house.ask(party="P-anna")
    assert (refused.standing, refused.why) == (Standing.REFUSED, Why.HOLD.value)
    assert set(house.parts(made["case_id"]).values()) == {"read"}
    (said,) = entry_data(house, "erasure_refused")
    assert (said["ground"], said["holds"]) == ("litigation", [hold])
    with pytest.raises(ErasureOver):
        house.acts.approve(house.people["dora"], refused.request_id, refused.root, "")
    house.acts.lift(carla, hold, "ended", "settled")
    with pytest.raises(HoldOver):
        house.acts.lift(carla, hold, "ended", "settled")
    assert house.erase(party="P-anna").standing is Standing.ERASED
    assert [h.stands for h in house.services.erasures.holds()] == [False]


def test_a_hold_stands_until_an_entry_lifts_it_and_no_table_beside_the_ledger_says_so(
    house: ErasureHouse,
) -> None:
    made = house.closed("P-anna")
    target = house.acts.target(house_named(made))
    asked = house.ask(party="P-anna")
    hold = house.acts.hold(house.people["carla"], target, "litigation", "")
    assert not [name for name in table_names() if "hold" in name], "there are only the entries"
    assert [one.hold_id for one in house.services.erasures.holds() if one.stands] == [hold]
    done = house.acts.approve(house.people["dora"], asked.request_id, asked.root, "")
    assert (done.standing, done.why) == (Standing.REFUSED, Why.HOLD.value)
    assert house.ask(party="P-anna").why == Why.HOLD.value
    house.desk.clock.passes(days=8 * 365)
    due = house.acts.due(house.desk.clock())
    assert [line.held for line in due] == [(hold,)] * 3
    assert set(house.parts(made["case_id"]).values()) == {"read"}
    house.acts.lift(house.people["carla"], hold, "ended", "")
    assert house.erase(party="P-anna").standing is Standing.ERASED


def test_nothing_is_erased_while_an_entry_of_a_hold_is_altered(embedded: ErasureHouse) -> None:
    made = embedded.closed("P-anna")
    target = embedded.acts.target(house_named(made))
    asked = embedded.ask(party="P-anna")
    embedded.acts.hold(embedded.people["carla"], target, "litigation", "")
    embedded.altered(
        "UPDATE ledger_event SET body = :body WHERE type = 'legal_hold_set'", body=b"{}"
    )
    with pytest.raises(LedgerAltered):
        embedded.acts.approve(embedded.people["dora"], asked.request_id, asked.root, "")
    assert set(embedded.parts(made["case_id"]).values()) == {"read"}


MOVES = {
    "to another case": (
        "UPDATE data_key SET case_ref = :mine WHERE case_ref = :other AND record_class = 'notes'",
    ),
    "to another class": (
        "UPDATE data_key SET record_class = 'x' WHERE case_ref = :mine AND record_class = 'notes'",
        (
            "UPDATE data_key SET record_class = 'notes'"
            " WHERE record_class = 'monitoring' AND case_ref = :mine"
        ),
    ),
}


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_a_key_that_was_moved_to_other_records_goes_with_nothing(
    house: ErasureHouse, moves: tuple[str, ...]
) -> None:
    mine, other = house.closed("P-anna")["case_id"], house.closed("P-ben")["case_id"]
    for move in moves:
        named = {"mine": mine, "other": other}
        house.altered(move, **{name: ref for name, ref in named.items() if f":{name}" in move})
    with pytest.raises(DataKeyAltered):
        house.ask(case=mine, classes=("notes",))
    assert not entry_data(house, "erasure_requested")
    assert verdict(house) == "ALTERED"


def keys_there(house: ErasureHouse) -> set[str]:
    """Every data key, whosever it is called."""
    engine = open_engine(house.services.settings.url)
    with reading(engine) as connection:
        found = set(connection.execute(text("SELECT dek_id FROM data_key")).scalars())
    engine.dispose()
    return found


CLAIMS = {
    "keys of another party's case": (
        "UPDATE data_key SET subject_ref = :anna WHERE subject_ref = :cleo"
    ),
    "a part of another party of the case": (
        "UPDATE ledger_payload SET dek_id = (SELECT dek_id FROM ledger_payload"
        " WHERE event_id = :entry AND slot = 'inputs')"
        " WHERE event_id = :entry AND slot = 'party.1'"
    ),
}


@pytest.mark.parametrize("when", ["before it is asked for", "before it is approved"])
@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_an_erasure_takes_nothing_that_somebody_has_called_the_party_s(
    house: ErasureHouse, claim: str, when: str
) -> None:
    made, _ = house.closed("P-anna", "P-ben"), house.closed("P-cleo")
    before = keys_there(house)
    names = {name: house.acts.subject(f"P-{name}") for name in ("anna", "cleo")}
    names["entry"] = made["decision_id"]
    carla, dora = house.people["carla"], house.people["dora"]
    target = house.acts.target(Named(party="P-anna"))
    act = partial(house.acts.ask, carla, target, "person_asked", "")
    if when == "before it is approved":
        asked = act()
        act = partial(house.acts.approve, dora, asked.request_id, asked.root, "")
    house.altered(claim, **{name: ref for name, ref in names.items() if f":{name}" in claim})
    with pytest.raises(LedgerAltered):
        act()
    assert not entry_data(house, "record_erased")
    assert keys_there(house) == before


HIDDEN = {
    "another party's": "UPDATE data_key SET subject_ref = 'nobody' WHERE {}",
    "another party's of another case": (
        "UPDATE data_key SET subject_ref = 'nobody', case_ref = dek_id WHERE {}"
    ),
    "of a lost epoch": "UPDATE data_key SET subject_ref = 'nobody', kek_epoch = 99 WHERE {}",
}


@pytest.mark.parametrize("hide", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("of", ["subject_ref = :ben AND record_class = 'notes'", "case_ref = :old"])
def test_a_key_that_is_called_another_s_for_a_while_is_not_left_behind(
    house: ErasureHouse, of: str, hide: str
) -> None:
    """Put back afterwards it would open what an erasure was believed to have taken."""
    old = house.closed("P-ben")["case_id"]
    house.closed("P-ben")
    name = {"ben": house.acts.subject("P-ben")} if ":ben" in of else {"old": old}
    house.altered(hide.format(of), **name)
    with pytest.raises((LedgerAltered, DataKeyAltered)):
        house.ask(party="P-ben")
    assert not entry_data(house, "erasure_requested")


def test_what_a_lost_key_locked_does_not_keep_the_rest_from_being_erased(
    embedded: ErasureHouse,
) -> None:
    made = embedded.closed("P-anna")
    embedded.altered("DELETE FROM data_key WHERE record_class = 'notes'")
    assert embedded.erase(party="P-anna").standing is Standing.ERASED
    assert set(embedded.parts(made["case_id"]).values()) == {"erased"}


def test_a_hold_set_between_asking_and_approving_refuses(house: ErasureHouse) -> None:
    made = house.closed("P-anna")
    asked = house.ask(case=made["case_id"])
    party = house.acts.target(Named(party="P-anna"))
    house.acts.hold(house.people["dora"], party, "examination", "")
    done = house.acts.approve(house.people["dora"], asked.request_id, asked.root, "")
    assert (done.standing, done.why) == (Standing.REFUSED, Why.HOLD.value)
    assert set(house.parts(made["case_id"]).values()) == {"read"}
    assert not entry_data(house, "record_erased")


def test_what_a_law_keeps_is_refused_until_its_time_is_over(house: ErasureHouse) -> None:
    made = house.closed("P-anna", jurisdiction="US")
    refused = house.ask(party="P-anna")
    assert (refused.standing, refused.why) == (Standing.REFUSED, Why.KEPT_BY_LAW.value)
    assert refused.refusal_ground.startswith("12 CFR 1002.12(b)")
    (decided,) = house.services.ledger.latest(None, 9, ("case_decided",))
    assert refused.kept_until is not None
    assert refused.kept_until.date().isoformat() == "2028-04-02"
    assert decided.recorded_at.date().isoformat() == "2026-03-02"
    ordered = house.ask(party="P-anna", ground="ordered")
    assert ordered.standing is Standing.WAITING, "an order of a court goes before the period"
    house.acts.refuse(house.people["dora"], ordered.request_id, "no order was shown")
    house.desk.clock.passes(days=25 * 31)
    assert house.erase(party="P-anna").standing is Standing.ERASED
    assert set(house.parts(made["case_id"]).values()) == {"erased"}


def test_a_request_can_be_declined_or_taken_back(house: ErasureHouse) -> None:
    house.closed("P-anna")
    for who, why in (("dora", Why.DECLINED), ("carla", Why.TAKEN_BACK)):
        asked = house.ask(party="P-anna")
        refused = house.acts.refuse(house.people[who], asked.request_id, "because")
        assert (refused.standing, refused.why) == (Standing.REFUSED, why.value)
        with pytest.raises(ErasureOver):
            house.acts.refuse(house.people[who], asked.request_id, "because")


def test_what_is_approved_is_exactly_what_was_asked_for_and_seen(house: ErasureHouse) -> None:
    house.closed("P-anna")
    asked = house.ask(party="P-anna")
    dora = house.people["dora"]
    with pytest.raises(ErasureChanged):
        house.acts.approve(dora, asked.request_id, "00" * 32, "")
    house.closed("P-anna")
    with pytest.raises(ErasureChanged):
        house.acts.approve(dora, asked.request_id, asked.root, "")
    newer = house.ask(party="P-anna")
    assert newer.root != asked.root
    with pytest.raises(ErasureChanged, match="it was"):
        house.acts.approve(dora, asked.request_id, newer.root, "")
    assert not entry_data(house, "record_erased")
    assert house.erase(party="P-anna").standing is Standing.ERASED


def test_a_form_sent_twice_asks_once(embedded: ErasureHouse) -> None:
    made = embedded.closed("P-anna")
    target = embedded.acts.target(house_named(made))
    carla, dora = embedded.people["carla"], embedded.people["dora"]
    first = embedded.acts.ask(carla, target, "person_asked", "", key="k-1")
    assert embedded.acts.ask(carla, target, "person_asked", "", key="k-1") == first
    with pytest.raises(KeyReused):
        embedded.acts.ask(carla, target, "unlawful", "", key="k-1")
    done = embedded.acts.approve(dora, first.request_id, first.root, "", key="k-2")
    assert embedded.acts.approve(dora, first.request_id, first.root, "", key="k-2") == done
    assert len(entry_data(embedded, "record_erased")) == 1


def test_wrong_names_and_grounds_are_refused(embedded: ErasureHouse) -> None:
    made = embedded.closed("P-anna")
    target = embedded.acts.target(house_named(made))
    carla = embedded.people["carla"]
    with pytest.raises(InvalidRequest):
        embedded.acts.target(Named())
    with pytest.raises(UnknownCase):
        embedded.acts.target(Named(case="nobody"))
    with pytest.raises(NothingToErase):
        embedded.acts.target(Named(application="nobody"))
    with pytest.raises(GroundUnknown):
        embedded.acts.target(Named(party="P-anna", classes=("everything",)))
    with pytest.raises(GroundUnknown):
        embedded.acts.ask(carla, target, "because", "")
    with pytest.raises(GroundUnknown):
        embedded.acts.hold(carla, target, "because", "")
    with pytest.raises(NothingToErase):
        embedded.acts.hold(carla, embedded.acts.target(Named(party="P-x")), "litigation", "")
    with pytest.raises(UnknownErasure):
        embedded.acts.request("none")
    with pytest.raises(UnknownErasure):
        embedded.acts.approve(embedded.people["dora"], "none", "", "")
    with pytest.raises(UnknownHold):
        embedded.acts.lift(carla, "none", "ended", "")
    embedded.services.settings.retention.write_text('{"rules": []}')
    with pytest.raises(ScheduleInvalid):
        embedded.ask(party="P-anna")


def test_what_is_due_is_listed_first_and_then_erased_at_once_by_two(house: ErasureHouse) -> None:
    old = [house.closed(f"P-{n}") for n in range(3)]
    house.desk.clock.passes(days=400)
    held, young = old[2], house.closed("P-young")
    house.acts.hold(
        house.people["carla"], house.acts.target(house_named(held)), "investigation", ""
    )
    house.desk.clock.passes(days=7 * 365 - 300)
    as_of = house.desk.clock()
    due = house.acts.due(as_of)
    assert {line.case_ref for line in due} == {made["case_id"] for made in old}
    assert {line.record_class for line in due} == {"application", "monitoring", "notes"}
    assert {line.case_ref for line in due if line.held} == {held["case_id"]}
    asked = house.acts.ask_due(house.people["carla"], as_of, "yearly run")
    assert asked.count == sum(len(line.parts) for line in due if not line.held)
    with pytest.raises(AskedYourself):
        house.acts.approve(house.people["carla"], asked.request_id, asked.root, "")
    done = house.acts.approve(house.people["rita"], asked.request_id, asked.root, "")
    assert done.standing is Standing.ERASED
    for made in old[:2]:
        assert set(house.parts(made["case_id"]).values()) == {"erased"}
    for made in (held, young):
        assert set(house.parts(made["case_id"]).values()) == {"read"}
    (erased,) = entry_data(house, "record_erased")
    pairs = house.services.erasures.list_of(done.erased_event)
    assert erased["root"] == pairs_root(pairs) == asked.root
    assert erased["schedule"] == house.acts.schedule().sha256
    assert [line.held != () for line in house.acts.due(as_of)] == [True] * 3
    assert verdict(house) == "CLEAN"


def test_nothing_is_erased_as_due_before_the_day_on_which_it_is_due(house: ErasureHouse) -> None:
    made = house.closed("P-anna")
    carla, day = house.people["carla"], house.desk.clock() + timedelta(days=8 * 365)
    assert house.acts.due(day), "the list of what will be due can be looked at"
    with pytest.raises(NotDueYet, match="2034"):
        house.acts.ask_due(carla, day, "years too early")
    house.desk.clock.passes(days=8 * 365)
    asked = house.acts.ask_due(carla, day, "")
    later = "UPDATE erasure_request SET as_of = '2060-01-01T00:00:00.000000Z'"
    house.altered(later)  # as a request stands that an earlier release let in
    with pytest.raises(NotDueYet, match="2060"):
        house.acts.approve(house.people["dora"], asked.request_id, asked.root, "")
    assert not entry_data(house, "record_erased")
    assert set(house.parts(made["case_id"]).values()) == {"read"}
    assert house.acts.request(asked.request_id).standing is Standing.WAITING


def test_a_bulk_run_too_long_for_an_entry_is_bound_by_its_root(embedded: ErasureHouse) -> None:
    for number in range(15):
        embedded.closed(f"P-{number}")
    embedded.desk.clock.passes(days=7 * 366)
    asked = embedded.acts.ask_due(embedded.people["carla"], embedded.desk.clock(), "")
    done = embedded.acts.approve(embedded.people["dora"], asked.request_id, asked.root, "")
    assert asked.count > INLINE_MAX
    (asked_for,) = entry_data(embedded, "erasure_requested")
    (erased,) = entry_data(embedded, "record_erased")
    pairs = embedded.services.erasures.list_of(done.erased_event)
    assert len(pairs) == asked.count
    assert erased["slots"] == asked_for["slots"] == []
    assert pairs_root(pairs) == erased["root"]


def test_another_schedule_between_asking_and_approving_is_noticed(embedded: ErasureHouse) -> None:
    embedded.closed("P-anna")
    embedded.desk.clock.passes(days=7 * 366)
    asked = embedded.acts.ask_due(embedded.people["carla"], embedded.desk.clock(), "")
    rule = {
        "class": "*",
        "jurisdiction": "*",
        "ending": "*",
        "keep_months": 0,
        "erase_after_months": 12,
        "law": "our own",
    }
    embedded.services.settings.retention.write_text(json.dumps({"rules": [rule]}))
    with pytest.raises(ErasureChanged, match="another one"):
        embedded.acts.approve(embedded.people["dora"], asked.request_id, asked.root, "")


def test_a_run_by_the_schedule_records_its_rules_so_that_a_change_of_them_shows(
    embedded: ErasureHouse,
) -> None:
    embedded.closed("P-anna")
    embedded.desk.clock.passes(days=7 * 366)
    carla, now = embedded.people["carla"], embedded.desk.clock
    embedded.acts.ask_due(carla, now(), "")
    rule: dict[str, Any] = dict.fromkeys(("class", "jurisdiction", "ending"), "*")
    rule |= {"keep_months": 0, "erase_after_months": 12, "law": "our own"}
    embedded.services.settings.retention.write_text(json.dumps({"rules": [rule]}))
    second = embedded.acts.ask_due(carla, now(), "")
    before, after = entry_data(embedded, "erasure_requested")
    assert before["rules"] == [one.members for one in DEFAULT_SCHEDULE.rules]
    assert after["rules"] == [rule]
    assert f"schedule   {second.schedule}" in "\n".join(request_lines(second, {}))
    rules = [rule | {"law": f"{number} " + "x" * 190} for number in range(60)]
    embedded.services.settings.retention.write_text(json.dumps({"rules": rules}))
    embedded.acts.ask_due(carla, now(), "")
    assert "rules" not in entry_data(embedded, "erasure_requested")[-1], "too long for an entry"


def test_after_an_erasure_a_rebuild_gives_the_same(house: ErasureHouse) -> None:
    first, second = house.closed("P-anna"), house.closed("P-ben")
    house.erase(party="P-anna")
    hold = house.acts.target(house_named(second))
    house.acts.hold(house.people["carla"], hold, "complaint", "")

    def everything() -> tuple[Any, ...]:
        return (
            house.services.cases.case(first["case_id"]),
            house.services.cases.case(second["case_id"]),
            house.services.erasures.requests(),
            house.services.erasures.holds(),
            [house.acts.target(house_named(second))],
            _found(house, first),
            _found(house, second),
        )

    before = everything()
    assert before[-2:] == (False, True), "the erased application is found by its number no more"
    house.services.rebuild()
    assert everything() == before


def _found(house: ErasureHouse, made: dict[str, Any]) -> bool:
    try:
        house.acts.target(Named(application=made["application_id"]))
    except NothingToErase:
        return False
    return True


def test_old_keys_are_destroyed_after_an_erasure_and_only_then(house: ErasureHouse) -> None:
    house.closed("P-anna")
    kept = house.closed("P-ben")
    assert finish_erasures(house.services).epoch is None
    house.erase(party="P-anna")
    assert keys_pending(house.services)
    assert finish_erasures(house.services).epoch == 2
    assert not keys_pending(house.services)
    assert finish_erasures(house.services).epoch is None
    assert set(house.parts(kept["case_id"]).values()) == {"read"}
    assert verdict(house) == "CLEAN"


def test_what_the_core_system_booked_is_erased_with_its_case_or_by_the_loans_id(
    embedded: ErasureHouse,
) -> None:
    house, services = embedded, embedded.services
    made = house.closed("P-anna")
    day = f"{house.desk.clock():%Y-%m-%d}"
    lines = [
        "loan_id,booked_on,amount,currency,application_id",
        f"LOAN-1,{day},7,DEM,{made['application_id']}",
        f"LOAN-2,{day},7,DEM,NOBODY",
    ]
    done = reconcile_file(services, "\n".join(lines).encode(), Declared(), ProductScope())
    record_run(services, house.people["carla"], done)
    every = tuple(services.findings.known().findings.values())
    found = {bool(one.case_ref): one for one in every}

    def state(one: Tracked) -> str:
        told = services.ledger.open_slots(one.finding_id)["loan"]
        return "erased" if isinstance(told, SlotErased) else "read"

    house.erase(case=made["case_id"])
    assert (state(found[True]), state(found[False])) == ("erased", "read")
    house.erase(party="LOAN-2")
    assert state(found[False]) == "erased"
    assert len(services.findings.known(fresh=True).findings) == len(every)
    assert verdict(house) == "CLEAN"


def test_the_number_of_an_account_goes_with_the_case_and_its_outcomes_stay(
    embedded: ErasureHouse,
) -> None:
    house, services = embedded, embedded.services
    made = house.closed("P-anna")
    told = {
        "application_id": made["application_id"],
        "observed_at": f"{house.desk.clock():%Y-%m-%d}",
        "kind": "disbursed",
        "value": "400000",
        "account_id": "DE-77",
    }
    line = OutcomeLine(0, read_record(told))
    OutcomeImport(services).records([line], house.people["carla"])

    def keys() -> list[tuple[int, bool]]:
        engine = open_engine(services.settings.url)
        with reading(engine) as connection:
            rows = connection.execute(text("SELECT account, account_key FROM outcome")).all()
        engine.dispose()
        return [(number, key is None) for number, key in rows]

    assert keys() == [(1, False)]
    services.rebuild()
    assert keys() == [(1, False)]
    house.erase(case=made["case_id"])
    assert keys() == [(1, True)]
    assert house.parts(made["case_id"])["outcome_observed", "account"] == "erased"
    services.rebuild()
    assert keys() == [(1, True)]
    assert verdict(house) == "CLEAN"
