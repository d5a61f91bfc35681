"""What was erased and lies there again is erased again: on the word of an entry, and no other."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from decision_service import wiring
from decision_service.access import HOST
from decision_service.backups import back_up
from decision_service.erasure_certificate import certificate
from decision_service.erasure_finishing import Finished, finish_erasures
from decision_service.erasures import Named
from overrides.erasing import pairs_root
from overrides.errors import SlotErased
from overrides.journal import Decided, Draft
from overrides.kek_files import KekFile
from overrides.stores.engine import open_engine, reading, writing
from overrides.stores.guards import install_guards, remove_guards
from tests.decision_service.erasure_house import Copies, ErasureHouse, erasure_house

PLACES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=PLACES)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ErasureHouse]:
    """An installation on either database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with erasure_house(tmp_path / "data", url) as made:
        yield made


def keys_there(house: ErasureHouse) -> int:
    """How many data keys lie in the database."""
    engine = open_engine(house.services.settings.url)
    with reading(engine) as connection:
        found = int(connection.execute(text("SELECT count(*) FROM data_key")).scalar_one())
    engine.dispose()
    return found


def kinds(house: ErasureHouse) -> list[str]:
    found = house.services.ledger.latest(None, 50, ("record_erased", "restore_performed"))
    return [entry.type for entry in reversed(found)]


def left(house: ErasureHouse) -> int:
    """Parts that lie in the database although an erasure lists them."""
    query = text(
        "SELECT COUNT(*) FROM ledger_payload p JOIN erased_slot e"
        " ON e.event_id = p.event_id AND e.slot = p.slot"
    )
    engine = open_engine(house.services.settings.url)
    with reading(engine) as connection:
        found: int = connection.execute(query).scalar_one()
    engine.dispose()
    return found


def test_rows_that_were_put_back_are_destroyed_again_and_an_entry_says_so(
    house: ErasureHouse,
) -> None:
    mine, other = house.closed("P-anna"), house.closed("P-ben")
    copies = Copies(house)
    house.erase(party="P-anna")
    copies.put_back()
    assert set(house.parts(mine["case_id"]).values()) == {"read"}, "no key was replaced yet"
    finished = finish_erasures(house.services)
    assert (finished.again, finished.told) == (1, ())
    assert set(house.parts(mine["case_id"]).values()) == {"erased"}
    assert set(house.parts(other["case_id"]).values()) == {"read"}
    assert kinds(house) == ["record_erased", "restore_performed", "record_erased"]
    copies.put_back()
    assert left(house), "rows that open no more are not left lying either"
    assert finish_erasures(house.services).again
    assert not left(house)
    assert finish_erasures(house.services).again == 0


def test_what_a_later_hold_keeps_stays_until_it_is_lifted(house: ErasureHouse) -> None:
    mine = house.closed("P-anna")
    copies = Copies(house)
    house.erase(party="P-anna")
    copies.put_back()
    target = house.acts.target(named(mine))
    hold = house.acts.hold(house.people["carla"], target, "litigation", "")
    finished = finish_without_rotation(house)
    assert finished.again == 0
    assert hold in finished.told[0]
    assert set(house.parts(mine["case_id"]).values()) == {"read"}
    house.acts.lift(house.people["carla"], hold, "ended", "")
    assert finish_erasures(house.services).again == 1
    assert set(house.parts(mine["case_id"]).values()) == {"erased"}


def named(made: dict[str, Any]) -> Named:
    return Named(case=made["case_id"])


def finish_without_rotation(house: ErasureHouse) -> Finished:
    """What is done at once, before the key above the data keys is replaced."""
    again = house.services.replaying.erase_returned(HOST)
    return Finished(None, (), again.entries, tuple(again.told))


def test_a_row_added_to_the_list_of_an_erasure_erases_nothing(house: ErasureHouse) -> None:
    house.closed("P-anna")
    kept = house.closed("P-ben")
    done = house.erase(party="P-anna")
    house.altered(
        "INSERT INTO erased_slot SELECT :erasure, 1000 + seq, event_id, slot FROM ledger_payload"
        " WHERE event_id = :event AND slot = 'inputs'",
        erasure=done.erased_event,
        event=kept["decision_id"],
    )
    finished = finish_erasures(house.services)
    assert finished.again == 0
    assert "not the one it was recorded with" in finished.told[0]
    assert set(house.parts(kept["case_id"]).values()) == {"read"}


@pytest.mark.parametrize("ground", ["person_asked", "erased_before_restore"])
def test_an_entry_that_nobody_asked_for_erases_nothing(house: ErasureHouse, ground: str) -> None:
    kept = house.closed("P-ben")
    pairs = [(kept["decision_id"], "inputs")]
    invented = house.services.new_id()
    data: dict[str, Any] = {
        "ground": ground,
        "slots": [list(p) for p in pairs],
        "root": pairs_root(pairs),
    }
    data |= {"count": 1, "of": invented, "approval": invented}
    draft = Draft(
        event_id=house.services.new_id(), type="record_erased", actor="p", role="risk", data=data
    )
    house.services.journal.submit(lambda _: Decided((draft,))).result()
    house.altered(
        "INSERT INTO erased_slot VALUES (:erasure, 0, :event, 'inputs')",
        erasure=draft.event_id,
        event=kept["decision_id"],
    )
    finished = finish_erasures(house.services)
    assert finished.again == 0
    assert draft.event_id in finished.told[0]
    assert set(house.parts(kept["case_id"]).values()) == {"read"}
    assert draft.event_id not in house.services.replaying.memory.known(), "nor is it remembered"


def test_a_part_that_is_called_another_keys_keeps_nobody_readable(house: ErasureHouse) -> None:
    gone, other = house.closed("P-anna", "P-ben"), house.closed("P-anna")
    copies = Copies(house)
    house.erase(party="P-anna")
    copies.put_back()
    house.altered(
        "UPDATE ledger_payload SET dek_id = (SELECT p.dek_id FROM ledger_payload p"
        " WHERE p.event_id = :event AND p.slot = 'inputs')"
        " WHERE event_id = :event AND slot = 'party.1'",
        event=gone["decision_id"],
    )
    before = keys_there(house)
    finished = finish_erasures(house.services)
    assert set(house.parts(other["case_id"]).values()) == {"erased"}
    assert "inputs" not in stored(house, gone["decision_id"])
    assert "party.1" in stored(house, gone["decision_id"]), "it is no part that was erased"
    assert keys_there(house) < before
    assert finished.again == 1
    assert list(KekFile(house.services.settings.keys).read()) == [2], "old keys are destroyed"


def test_a_key_that_locks_more_than_was_erased_stays_and_the_cure_is_told(
    house: ErasureHouse,
) -> None:
    made, other = house.closed("P-anna"), house.closed("P-anna")
    copies = Copies(house)
    house.erase(case=other["case_id"])
    copies.put_back()
    recorded_by_two(house, [(made["decision_id"], "inputs")])
    finished = finish_erasures(house.services)
    assert finished.again == 1, "what came back of the other case"
    assert "parts more, which were not erased" in finished.told[0]
    assert "countermand erase request" in finished.told[0]
    assert set(house.parts(made["case_id"]).values()) == {"read"}
    house.erase(party="P-anna")
    assert finish_erasures(house.services).told == ()
    assert not left(house)


def recorded_by_two(house: ErasureHouse, pairs: list[tuple[str, str]]) -> None:
    """An erasure on record of parts that lie under a key with others, and are there."""
    root, ids = pairs_root(pairs), [house.services.new_id() for _ in range(3)]
    bound: dict[str, Any] = {"ground": "person_asked", "root": root, "count": len(pairs)}
    slots = [list(pair) for pair in pairs]
    asked = {**bound, "scope": "party", "classes": [], "slots": slots, "schedule": ""}
    done = {**bound, "slots": slots, "of": ids[0], "approval": ids[1], "destroyed": 0, "epoch": 1}
    kinds = ("erasure_requested", "erasure_approved", "record_erased")
    members = (asked, {**bound, "of": ids[0]}, done)
    drafts = tuple(
        Draft(event_id=name, type=kind, actor=kind, role="compliance", data=data)
        for name, kind, data in zip(ids, kinds, members, strict=True)
    )
    house.services.journal.submit(lambda _: Decided(drafts)).result()
    for place, (event, slot) in enumerate(pairs):
        house.altered(
            "INSERT INTO erased_slot VALUES (:erasure, :place, :event, :slot)",
            erasure=ids[2],
            place=place,
            event=event,
            slot=slot,
        )


def stored(house: ErasureHouse, event: str) -> set[str]:
    """The slots of an entry that lie in the database."""
    query = text("SELECT slot FROM ledger_payload WHERE event_id = :event")
    engine = open_engine(house.services.settings.url)
    with reading(engine) as connection:
        found = set(connection.execute(query, {"event": event}).scalars())
    engine.dispose()
    return found


KEYS_OF = (
    "SELECT k.dek_id FROM data_key k JOIN ledger_payload p ON p.dek_id = k.dek_id"
    " WHERE p.event_id = :event AND p.slot = "
)
OF_ANNA, OF_BEN = f"({KEYS_OF}'inputs')", f"({KEYS_OF}'party.1')"


def exchange_keys(house: ErasureHouse, event: str) -> None:
    """Call the parts of one party those of the other, in a decision on both."""
    house.altered(
        f"CREATE TABLE exchanged AS SELECT {OF_ANNA} AS one, {OF_BEN} AS two",
        event=event,
    )
    house.altered(
        "UPDATE ledger_payload SET dek_id = CASE dek_id WHEN (SELECT one FROM exchanged)"
        " THEN (SELECT two FROM exchanged) ELSE (SELECT one FROM exchanged) END"
        " WHERE dek_id IN (SELECT one FROM exchanged UNION SELECT two FROM exchanged)"
    )


def dek_of_ben(house: ErasureHouse) -> int:
    engine = open_engine(house.services.settings.url)
    with reading(engine) as connection:
        query = text("SELECT count(*) FROM data_key WHERE dek_id = (SELECT two FROM exchanged)")
        found = int(connection.execute(query).scalar_one())
    engine.dispose()
    return found


def test_what_came_back_under_another_partys_key_takes_nothing_of_that_party(
    house: ErasureHouse,
) -> None:
    both, other = house.closed("P-anna", "P-ben"), house.closed("P-anna")
    copies = Copies(house)
    house.erase(party="P-anna")
    copies.put_back()
    exchange_keys(house, both["decision_id"])
    finished = finish_erasures(house.services)
    assert dek_of_ben(house), "nothing of another party is destroyed"
    assert "does not decrypt" in finished.told[0]
    assert finished.epoch == 2, "old keys are destroyed all the same"
    assert finished.again == 1
    assert set(house.parts(other["case_id"]).values()) == {"erased"}, "a case that is as it was"


def test_a_key_said_to_be_of_an_epoch_that_nobody_has_is_not_passed_over(
    house: ErasureHouse,
) -> None:
    both = house.closed("P-anna", "P-ben")
    copies = Copies(house)
    house.erase(party="P-anna")
    copies.put_back()
    exchange_keys(house, both["decision_id"])
    house.altered(
        "UPDATE data_key SET kek_epoch = 77"
        " WHERE dek_id IN (SELECT one FROM exchanged UNION SELECT two FROM exchanged)"
    )
    finished = finish_erasures(house.services)
    assert dek_of_ben(house)
    assert "is not the one that was stored" in finished.told[0]


def test_a_key_that_nobody_can_open_is_not_destroyed_as_it_may_be_anybodys(
    house: ErasureHouse,
) -> None:
    both = house.closed("P-anna", "P-ben")
    copies = Copies(house)
    house.erase(party="P-anna")
    copies.put_back()
    exchange_keys(house, both["decision_id"])
    house.altered(
        "UPDATE data_key SET kek_epoch = 77, subject_ref = subject_ref || 'x'"
        " WHERE dek_id IN (SELECT one FROM exchanged UNION SELECT two FROM exchanged)"
    )
    finished = finish_erasures(house.services)
    assert dek_of_ben(house), "nothing of another party is destroyed"
    assert not left(house), "and nothing that was erased is left"
    assert any("nobody can open them" in words for words in finished.told)
    assert finish_erasures(house.services).again == 0


DAMAGE = "UPDATE ledger_payload SET ciphertext = nonce WHERE event_id = :event AND slot = "


def test_damage_in_another_partys_part_keeps_nobody_readable(house: ErasureHouse) -> None:
    both = house.closed("P-anna", "P-ben")
    copies = Copies(house)
    house.erase(party="P-anna")
    copies.put_back()
    house.altered(f"{DAMAGE}'party.1'", event=both["decision_id"])
    assert finish_erasures(house.services).again == 1
    opened = house.services.ledger.open_slots(both["decision_id"], ("inputs",))
    assert isinstance(opened["inputs"], SlotErased)
    assert not left(house)


def test_a_certificate_does_not_call_keys_destroyed_while_something_lies_here_again(
    house: ErasureHouse,
) -> None:
    mine = house.closed("P-anna")
    copies = Copies(house)
    done = house.erase(party="P-anna")
    finish_erasures(house.services)
    assert certificate(house.services, done.request_id).key_destroyed
    copies.put_back()
    assert certificate(house.services, done.request_id).key_destroyed is None
    finish_erasures(house.services)
    assert certificate(house.services, done.request_id).key_destroyed
    assert set(house.parts(mine["case_id"]).values()) == {"erased"}


def test_a_damaged_part_in_an_older_database_keeps_nothing_from_being_opened(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with erasure_house(tmp_path / "data") as house:
        settings, older = house.services.settings, tmp_path / "older"
        both, other = house.closed("P-anna", "P-ben"), house.closed("P-anna")
        back_up(settings.database_file, older, keys=settings.keys)
        house.erase(party="P-anna")
        house.services.signer.checkpoint()
        house.services.replaying.remember()
    for file in settings.data.glob(f"{settings.database_file.name}*"):
        file.unlink()
    older.replace(settings.database_file)
    engine = open_engine(settings.url)
    with writing(engine) as connection:
        remove_guards(connection)
        values = {"event": both["decision_id"]}
        connection.execute(text(f"{DAMAGE}slot"), values)
        install_guards(connection)
    engine.dispose()
    for _ in range(2):
        caplog.clear()
        with closing(wiring.build(settings, serving=False)) as services:
            opened = services.ledger.open_slots(other["decision_id"])
            erased = services.ledger.latest(None, 9, ("record_erased",))
        assert isinstance(opened["inputs"], SlotErased), "what is as it was is erased"
        assert "does not decrypt" in caplog.text, "told while it lies here"
        assert len(erased) == 1, "and recorded once"
