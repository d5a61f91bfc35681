"""A file of booked loans is held against the decisions of an installation."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from decision_service.outcome_import import OutcomeImport
from decision_service.reconciliation import reconcile_file, record_run
from overrides.booked_loans import Declared
from overrides.booking_errors import BookedFileRefused
from overrides.outcome_lines import OutcomeLine, read_record
from overrides.reconciling import ProductScope, Standing
from tests.decision_service.desk_house import DeskHouse, desk_house

SCOPE = ProductScope()


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


def test_one_account_that_was_not_taken_excuses_no_approval_whose_other_account_was(
    house: DeskHouse,
) -> None:
    decision = house.apply_until("approve")
    ref = decision["case_id"]
    house.desk.review(house.viewer("hanna"), ref, house.form("hanna", ref, decision="approve"))
    first = house.clock()
    house.clock.passes(days=120)
    importer = OutcomeImport(house.services)

    def said(kind: str, account: str, days: int) -> list[str]:
        record = {
            "application_id": decision["application_id"],
            "observed_at": f"{first + timedelta(days=days):%Y-%m-%d}",
            "kind": kind,
            "value": "",
            "account_id": account,
        }
        importer.records([OutcomeLine(0, read_record(record))], house.actors["core"])
        lines = ["loan_id,booked_on,amount,currency", f"L1,{first:%Y-%m-%d},1,DEM"]
        lines.append(f"L2,{house.clock():%Y-%m-%d},1,DEM")
        content = "\n".join(lines).encode()
        found = reconcile_file(house.services, content, Declared(), ProductScope()).as_json()
        return [one["kind"] for one in found["findings"] if one["case_id"] == ref]

    assert said("disbursed", "A", 3) == ["approved_not_booked"]
    assert said("not_taken", "B", 3) == ["approved_not_booked"]
    assert said("not_taken", "A", 4) == []


def wrong_loan(house: DeskHouse, *, loan: str = "L7") -> tuple[str, bytes]:
    """A case that Hanna approved, and a file with twice its amount and a loan without a case."""
    decision = house.apply_until("approve")
    ref = decision["case_id"]
    house.desk.review(house.viewer("hanna"), ref, house.form("hanna", ref, decision="approve"))
    house.clock.passes(days=2)
    file = house.services.cases.case(ref)
    assert file is not None
    day = f"{house.clock():%Y-%m-%d}"
    twice = f"{file.row.amount.minor / 50:.2f},{file.row.amount.currency}"
    lines = [
        "loan_id,booked_on,amount,currency,application_id,branch",
        f"{loan},{day},{twice},{decision['application_id']},north",
        f"{loan}-0,{day},5,DEM,NOT-HERE-{loan},north",
        f"{loan}-1,{day},5,EUX,NOT-HERE,north",
    ]
    return ref, "\n".join(lines).encode()


def test_a_recorded_run_opens_each_finding_once_and_keeps_what_is_personal_sealed(
    house: DeskHouse,
) -> None:
    services, kofi = house.services, house.actors["kofi"]
    ref, content = wrong_loan(house)
    done = reconcile_file(services, content, Declared(), ProductScope())
    first = record_run(services, kofi, done)
    wanted = {"terms_differ", "without_decision"}
    assert {entry.type for entry in first.entries} == {"reconciliation_run", "finding_opened"}
    register = services.findings.known()
    mine = [one for one in register.findings.values() if one.run == first.answer["run"]]
    told = {one.kind: one for one in mine}
    assert wanted <= set(told)
    differs = told["terms_differ"]
    assert (differs.case_ref, set(differs.about)) == (ref, {house.actors["hanna"].ref})
    opened = services.ledger.open_slots(differs.finding_id)["loan"]
    assert isinstance(opened, dict)
    assert opened["loan_id"] == "L7"
    bodies = b"".join(entry.body for entry in services.ledger.changes(-1, 10_000))
    assert b"L7" not in bodies
    assert register.runs[-1].told["unread"] == 1
    again = record_run(services, kofi, reconcile_file(services, content, Declared(), SCOPE))
    assert (again.answer["opened"], again.answer["known"]) == (0, len(mine))


def test_a_file_of_which_no_line_can_be_read_is_no_run(house: DeskHouse) -> None:
    services, kofi = house.services, house.actors["kofi"]
    lines = [
        "loan_id,booked_on,amount,application_id",
        "L1,2026-03-02,5,A-1",
        "L2,2026-03-02,5,A-2",
    ]
    done = reconcile_file(services, "\n".join(lines).encode(), Declared(), SCOPE)
    before = len(services.findings.known().runs)
    with pytest.raises(BookedFileRefused, match="not one line of it says"):
        record_run(services, kofi, done)
    assert len(services.findings.known(fresh=True).runs) == before


def test_cases_are_looked_up_by_the_block(
    house: DeskHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    book = house.services.cases
    look = type(book).by_application

    def counted(self: object, keys: list[str]) -> object:
        asked.append(len(keys))
        return look(self, keys)  # type: ignore[arg-type] # the book itself

    monkeypatch.setattr(type(book), "by_application", counted)
    lines = ["loan_id,booked_on,amount,currency,application_id"]
    lines += [f"N{number},2026-03-02,5,DEM,NONE-{number}" for number in range(1200)]
    found = reconcile_file(house.services, "\n".join(lines).encode(), Declared(), SCOPE)
    assert found.found.whole.counts[Standing.WITHOUT_DECISION] == 1200
    assert asked == [500, 500, 200]
