"""A file of booked loans is held against the decisions of an installation."""

import json
from collections.abc import Iterator

import pytest

from decision_service.reconciliation import reconcile_file
from overrides.booked_loans import Declared
from overrides.reconciling import ProductScope
from tests.decision_service.desk_house import DeskHouse, desk_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation with an approval, a declined application and an open one."""
    with desk_house(tmp_path_factory.mktemp("booked")) as made:
        yield made


def test_loans_find_their_cases_by_the_applications_id(house: DeskHouse) -> None:
    told = []
    for wanted in ("approve", "decline"):
        decision = house.apply_until(wanted)
        ref = decision["case_id"]
        form = house.form("hanna", ref, decision=wanted)
        house.desk.review(house.viewer("hanna"), ref, form)
        told.append(decision)
    told.append(house.apply())
    house.clock.passes(days=2)
    day = f"{house.clock():%Y-%m-%d}"
    lines = ["loan_id,booked_on,amount,currency,application_id"]
    for number, decision in enumerate(told):
        file = house.services.cases.case(decision["case_id"])
        assert file is not None
        amount = file.row.amount
        units = f"{amount.minor / 100:.2f},{amount.currency}"
        lines.append(f"L{number},{day},{units},{decision['application_id']}")
    lines.append(f"L9,{day},777.77,DEM,NOT-HERE")
    before = house.services.ledger.head().size
    found = reconcile_file(
        house.services, "\n".join(lines).encode(), Declared(), ProductScope()
    ).as_json()
    assert house.services.ledger.head().size == before
    assert [(one["line"], one["kind"]) for one in found["findings"]] == [
        (3, "booked_against_decision"),
        (4, "booked_undecided"),
        (5, "without_decision"),
    ]
    whole = found["whole"]
    assert (whole["matched"], whole["without_decision"], whole["of"]) == (3, 1, 4)
    assert found["read_as"]["dates"] == "year-first"
    json.dumps(found)


def test_an_approval_that_nobody_booked_is_named(house: DeskHouse) -> None:
    decision = house.apply_until("approve")
    ref, first = decision["case_id"], f"{house.clock():%Y-%m-%d}"
    form = house.form("hanna", ref, decision="approve")
    house.desk.review(house.viewer("hanna"), ref, form)
    house.clock.passes(days=120)
    last = f"{house.clock():%Y-%m-%d}"
    lines = ["loan_id,booked_on,amount,currency", f"L1,{first},1,DEM", f"L2,{last},1,DEM"]
    content = "\n".join(lines).encode()
    found = reconcile_file(house.services, content, Declared(), ProductScope()).as_json()
    assert [one["kind"] for one in found["findings"] if one["case_id"] == ref] == [
        "approved_not_booked"
    ]
