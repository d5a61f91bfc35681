"""A restore over a database whose erasures were not remembered yet brings back nothing of them."""

from contextlib import closing
from pathlib import Path

import pytest

from decision_service import wiring
from decision_service.backups import back_up
from decision_service.erasures import Named
from decision_service.restoring import Restored, restore
from decision_service.settings import Settings
from overrides.erasure_memory import ErasureMemory
from overrides.errors import SlotErased
from tests.decision_service.erasure_house import ErasureHouse, erasure_house


def erased_after_a_backup(house: ErasureHouse, backup: Path, *, signed: bool) -> tuple[str, str]:
    """A party erased after a backup by a process that ended at once; what went, and the entry."""
    made = house.closed("P-anna")
    house.services.signer.checkpoint()
    back_up(house.services.settings.database_file, backup, keys=house.services.settings.keys)
    done = house.erase(party="P-anna")
    if signed:
        house.services.signer.checkpoint()
    return made["decision_id"], done.erased_event


def put_back(settings: Settings, backup: Path) -> Restored:
    return restore(settings, backup, over_newer=True, stamp="20260102T120000Z")


def can_be_read(settings: Settings, event_id: str) -> bool:
    with closing(wiring.build(settings, serving=False)) as services:
        return not isinstance(services.ledger.open_slots(event_id)["inputs"], SlotErased)


@pytest.mark.parametrize("signed", [True, False])
def test_what_was_erased_after_a_backup_stays_erased_though_the_process_ended(
    tmp_path: Path, *, signed: bool
) -> None:
    with erasure_house(tmp_path / "data") as house:
        settings = house.services.settings
        went, erasure = erased_after_a_backup(house, tmp_path / "backup", signed=signed)
        assert erasure not in ErasureMemory(settings.keys).known()
    assert put_back(settings, tmp_path / "backup").forgotten == ()
    assert erasure in ErasureMemory(settings.keys).known()
    assert not can_be_read(settings, went)


def test_an_erasure_that_cannot_be_remembered_is_named(tmp_path: Path) -> None:
    with erasure_house(tmp_path / "data") as house:
        settings = house.services.settings
        went, erasure = erased_after_a_backup(house, tmp_path / "backup", signed=True)
        house.altered("DELETE FROM erased_slot WHERE place = 0")
    assert put_back(settings, tmp_path / "backup").forgotten == (erasure,)
    assert can_be_read(settings, went)


def test_what_a_hold_of_the_backup_keeps_is_told_and_not_counted(tmp_path: Path) -> None:
    with erasure_house(tmp_path / "data") as house:
        settings = house.services.settings
        made = house.closed("P-anna")
        target = house.acts.target(Named(party="P-anna"))
        hold = house.acts.hold(house.people["carla"], target, "litigation", "")
        back_up(settings.database_file, tmp_path / "backup", keys=settings.keys)
        house.acts.lift(house.people["carla"], hold, "ended", "")
        house.erase(party="P-anna")
        house.services.signer.checkpoint()
        house.services.replaying.remember()
    restored = put_back(settings, tmp_path / "backup")
    assert restored.again == 0
    assert hold in restored.told[0]
    assert restored.erasures_known
    assert can_be_read(settings, made["decision_id"])


def test_what_was_erased_again_is_counted_once(tmp_path: Path) -> None:
    with erasure_house(tmp_path / "data") as house:
        settings = house.services.settings
        house.closed("P-ben")
        house.erase(party="P-ben")
        house.services.signer.checkpoint()
        house.services.replaying.remember()
        erased_after_a_backup(house, tmp_path / "backup", signed=True)
    restored = put_back(settings, tmp_path / "backup")
    assert restored.again == 1, "what the backup says of itself was not done again"
    assert restored.told == ()
