"""Protected attributes are joined to overrides for compliance alone, and leave as sums."""

from collections.abc import Iterator

import pytest

from decision_service.access import ROLES, Permission
from decision_service.auditing import Auditing
from decision_service.fairness_words import (
    ADJUSTED,
    FAILS,
    INSUFFICIENT,
    MEETS,
    OBSTACLES,
    OBSTACLES_APPROVED,
    attribute_section,
    method_section,
)
from overrides.analysis.fairness import disparities
from overrides.events import read_event
from overrides.values import OverrideSide, Role
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.overrides.analysis import test_mortgage_files as mortgages
from tests.overrides.analysis.test_fairness import people
from ui.ports import Refused

HIGH = OverrideSide.DECLINED_AGAINST_MODEL


def test_what_the_page_says_of_the_mortgage_files_is_what_the_files_say() -> None:
    assert mortgages.table(meets=1, approved=0) == MEETS
    assert mortgages.table(meets=0, approved=1) == FAILS
    assert len(mortgages.by_guideline()) == MEETS.total + FAILS.total == 1987
    assert (OBSTACLES, OBSTACLES_APPROVED) == ((79, 111), (709, 1705))
    assert ADJUSTED == 0.464
    section = method_section()
    assert "guideline and no recommendation" in section.lead
    assert [row[1] for row in section.table[1:]] == ["30 of 239", "9 of 69"]


def test_a_finding_is_a_reason_to_look_at_files() -> None:
    cases = people(1, 400, "a", side=HIGH) + people(2, 300, "b", side=HIGH, times=3)
    section = attribute_section("Region", disparities(cases), 12, 712)
    assert "700 of 712" in section.lead
    low, high = section.table[1:]
    assert low[5] == INSUFFICIENT
    assert high[5] == "look at files"


def test_a_handful_is_not_counted_out_loud() -> None:
    cases = people(1, 400, "a", side=HIGH) + people(2, 7, "b", side=HIGH)
    rows = attribute_section("Region", disparities(cases), 0, 407).table[1:]
    assert all(row[3] == "fewer than 10 cases" for row in rows)


def test_overrides_in_both_directions_are_said_to_be_a_poor_fit() -> None:
    cases = [
        case
        for k, side in enumerate(OverrideSide)
        for case in people(10 + k, 500, "a", side=side)
        + people(20 + k, 400, "b", side=side, times=3)
    ]
    assert "fit the group badly" in attribute_section("X", disparities(cases), 0, 1800).lead


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation in which two people decided as recommended."""
    with desk_house(tmp_path_factory.mktemp("fairness")) as made:
        for _ in range(2):
            case_id = made.apply_until("approve")["case_id"]
            form = made.form("asha", case_id, decision="approve")
            made.desk.review(made.viewer("asha"), case_id, form)
        yield made


def test_every_attribute_of_the_contract_has_its_section(house: DeskHouse) -> None:
    report = Auditing(house.services).fairness(house.viewer("kofi"), "")
    contract = house.services.registry.loaded(report.bundle).bundle.contract
    labels = [field.label for field in contract.fields if field.role == "monitor_only"]
    assert [section.title for section in report.sections[:-1]] == labels
    assert labels
    assert "2 of 2 decided cases" in report.sections[1].lead


def test_that_compliance_had_them_opened_is_an_entry(house: DeskHouse) -> None:
    def seen() -> list[str]:
        ledger = house.services.ledger
        entries = ledger.entries(0, ledger.head().size)
        events = [read_event(entry.body) for entry in entries if entry.type == "record_viewed"]
        return [event.data["what"] for event in events if event.actor == house.actors["kofi"].ref]

    house.clock.passes(hours=2)
    before = len(seen())
    pages = Auditing(house.services)
    pages.fairness(house.viewer("kofi"), "")
    pages.overrides(house.viewer("kofi"), "")
    pages.overrides(house.viewer("kofi"), "")
    assert seen()[before:] == ["protected attributes", "notes of overrides"], "once an hour each"


def test_compliance_alone_sees_them(house: DeskHouse) -> None:
    assert ROLES[Permission.FAIRNESS] == {Role.COMPLIANCE}
    for name in ("asha", "mina", "root"):
        with pytest.raises(Refused) as refused:
            Auditing(house.services).fairness(house.viewer(name), "")
        assert refused.value.status == 403
