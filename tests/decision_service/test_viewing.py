"""Who reads personal data without deciding anything is in the ledger too."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.app import create_app
from decision_service.casework import Casework
from decision_service.ledger_pages import LedgerPages
from decision_service.people_changes import people_changes
from decision_service.people_pages import PeoplePages
from decision_service.viewing import Viewings
from overrides.errors import LedgerUnavailable
from overrides.journal import Command, OnceOnly, Receipt
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.decision_service.test_casework import low_side
from ui.ports import Refused


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    """An installation with one case."""
    with desk_house(tmp_path) as made:
        yield made


def seen(house: DeskHouse) -> list[tuple[str, str | None, str]]:
    """Who is recorded to have looked at what."""
    entries = house.services.ledger.latest(None, 100, ("record_viewed",))
    bodies = [json.loads(entry.body) for entry in reversed(entries)]
    names = {actor.ref: name for name, actor in house.actors.items()}
    return [(b["data"]["what"], b["case"], names[b["data"]["person"]]) for b in bodies]


def test_a_case_that_compliance_reads_is_recorded_once_an_hour(house: DeskHouse) -> None:
    case = house.apply()["case_id"]
    for _ in range(3):
        house.desk.case(house.viewer("kofi"), case)
    assert seen(house) == [("case", case, "kofi")]
    house.clock.passes(hours=1)
    house.desk.case(house.viewer("kofi"), case)
    assert seen(house) == [("case", case, "kofi")] * 2
    house.desk.case(house.viewer("asha"), case)
    house.desk.case(house.viewer("greta"), case)
    assert len(seen(house)) == 2, "what deciders are shown is recorded as such"


def test_an_entry_is_recorded_when_a_personal_part_of_it_was_opened(house: DeskHouse) -> None:
    made = house.apply()
    pages = LedgerPages(house.services)
    pages.entry(house.viewer("kofi"), 0)
    assert seen(house) == []
    place = house.services.ledger.entries_of_case(made["case_id"])[0].seq
    assert pages.entry(house.viewer("kofi"), place).opened
    assert seen(house) == [(f"entry {place}", None, "kofi")]


def test_who_keeps_the_log_ins_is_recorded_to_have_read_the_names(house: DeskHouse) -> None:
    pages = PeoplePages(house.services.people, people_changes(house.services))
    pages.people(house.viewer("root"))
    pages.people(house.viewer("root"))
    assert seen(house) == [("people", None, "root")]


def test_over_the_interface_it_is_the_same(house: DeskHouse) -> None:
    made = house.apply()
    app = create_app(house.services, warm=False)
    client = TestClient(app)
    for name in ("kofi", "asha"):
        _, key = people_changes(house.services).add_key(house.actors["root"], name)
        headers = {"Authorization": f"Bearer {key.text}"}
        for path in (f"/v1/cases/{made['case_id']}", f"/v1/decisions/{made['decision_id']}"):
            assert client.get(path, headers=headers).status_code == 200
    case = made["case_id"]
    assert seen(house) == [("case", case, "kofi"), ("decision", case, "kofi")]


class Closed:
    """A ledger that takes nothing."""

    def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
        """No."""
        del command, once
        never: Future[Receipt] = Future()
        never.set_exception(LedgerUnavailable(cause="the disk is full"))
        return never


def test_what_cannot_be_recorded_is_not_shown(house: DeskHouse) -> None:
    case = house.apply()["case_id"]
    services: Any = house.services
    closed = Viewings(Closed(), services.new_id, services.clock)
    with pytest.raises(Refused) as refused:
        Casework(replace(services, viewings=closed)).case(house.viewer("kofi"), case)
    assert refused.value.status == 507


def test_whoever_judges_a_proposal_is_recorded_to_have_read_it_over_the_interface(
    house: DeskHouse,
) -> None:
    case = house.apply_until("decline")["case_id"]
    house.desk.override(house.viewer("asha"), case, low_side(house, "asha", case, code="X01"))
    client = TestClient(create_app(house.services, warm=False))
    for name in ("hanna", "bruno"):
        _, key = people_changes(house.services).add_key(house.actors["root"], name)
        headers = {"Authorization": f"Bearer {key.text}"}
        assert client.get(f"/v1/cases/{case}", headers=headers).status_code == 200
    assert seen(house) == [("case", case, "hanna")]
