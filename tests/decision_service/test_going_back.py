"""A rollback is rehearsed before it is needed, and says which open cases rest on what was left."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from decision_service.access import HOST
from decision_service.errors import NothingToRollBack
from decision_service.going_back import cases_to_see_again, rehearse
from decision_service.governance_words import recorded_card
from overrides.events import read_event
from overrides.journal import Command, OnceOnly, Receipt
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import BUNDLE, bundle_with

NEXT = {"version": '"2024.2"'}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    """A house with a case scored by the first version, and one by the version in force."""
    with desk_house(tmp_path / "data") as built:
        built.apply_until("decline")
        built.services.registry.add(bundle_with(tmp_path / "next", NEXT), HOST)
        promote_unsigned(built.services.registry, BUNDLE)
        yield built


def test_a_rehearsal_proves_the_way_back_and_changes_nothing(house: DeskHouse) -> None:
    services = house.services
    house.apply_until("decline")
    champion = services.registry.standings(fresh=True).standing(BUNDLE).active
    open_now = sum(
        decision is not None and decision.policy is not None and decision.policy.version == "2024.2"
        for decision in (
            services.cases.decision(row.decision_id)
            for row in services.cases.search("", limit=500).rows
            if row.final is None
        )
    )
    done = rehearse(services, BUNDLE, HOST)
    assert done.ok
    assert done.version.policy.version != "2024.2"
    assert services.registry.standings(fresh=True).standing(BUNDLE).active == champion
    (entry,) = services.ledger.changes(-1, 1000, ("bundle_drilled",))
    told = read_event(entry.body).data
    assert (told["ok"], told["from"], told["cases"]) == (True, champion.sha256, open_now)
    assert open_now >= 1
    assert list(cases_to_see_again(services, BUNDLE)) == [], "nothing was left yet"


def test_a_version_whose_files_changed_cannot_be_put_back_and_the_drill_says_so(
    house: DeskHouse,
) -> None:
    services = house.services
    first = services.registry.standings(fresh=True).before(BUNDLE)
    folder = services.settings.bundles / BUNDLE / first.sha256[:16]
    (folder / "policy.yaml").write_text("altered", encoding="utf-8")
    done = rehearse(services, BUNDLE, HOST)
    assert not done.ok
    assert "CANNOT" in done.words
    (entry,) = services.ledger.changes(-1, 1000, ("bundle_drilled",))
    assert read_event(entry.body).data["ok"] is False


def test_open_cases_of_what_was_left_are_listed_after_a_rollback_and_no_others(
    house: DeskHouse,
) -> None:
    services = house.services
    later = house.apply_until("decline")["case_id"]
    services.registry.rollback(BUNDLE, HOST)
    house.apply_until("decline")
    listed = {one.case_ref: one for one in cases_to_see_again(services, BUNDLE)}
    assert later in listed
    for ref in listed:
        decision = services.cases.decisions(ref)[-1]
        assert decision.policy is not None
        assert decision.policy.version == "2024.2"
    promote_unsigned(services.registry, BUNDLE)
    assert list(cases_to_see_again(services, BUNDLE)) == [], "what is promoted again was not left"


class Meanwhile:
    """A journal before which somebody else goes back."""

    def __init__(self, house: DeskHouse) -> None:
        self._house = house

    def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
        """Let the other one go first."""
        registry, journal = self._house.services.registry, self._house.services.journal
        registry._journal = journal
        registry.rollback(BUNDLE, HOST)
        return journal.submit(command, once=once)


def test_two_rollbacks_at_once_go_back_once(house: DeskHouse, tmp_path: Path) -> None:
    registry = house.services.registry
    registry.add(bundle_with(tmp_path / "third", {"version": '"2024.3"'}), HOST)
    promote_unsigned(registry, BUNDLE)
    registry._journal = Meanwhile(house)
    with pytest.raises(NothingToRollBack):
        registry.rollback(BUNDLE, HOST)
    active = registry.standings(fresh=True).standing(BUNDLE).active
    assert active.policy.version == "2024.2"


def test_the_card_names_the_entry_of_each_fact(house: DeskHouse) -> None:
    rehearse(house.services, BUNDLE, HOST)
    house.services.registry.rollback(BUNDLE, HOST)
    card = recorded_card(house.services, BUNDLE)
    assert "| Registered | the command line of this host |" in card
    assert "It may not be champion yet" in card
    for line in card.splitlines()[6:]:
        seq = int(line.split("|")[-2])
        (entry,) = house.services.ledger.entries(seq, 1)
        assert read_event(entry.body).type.startswith("bundle_")
