"""Outcome files go in once: good lines are recorded, bad ones are named by their number."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decision_service.access import HOST
from decision_service.outcome_import import ImportReport, OutcomeImport
from overrides.errors import LedgerUnavailable
from overrides.journal import Command, OnceOnly, Receipt
from overrides.outcome_lines import OutcomeLine, read_record
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.sample_models.trained import sample_bundles


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """One installation for all tests."""
    with desk_house(tmp_path_factory.mktemp("outcomes")) as made:
        made.clock.passes(days=400)
        yield made


def applied(house: DeskHouse) -> dict[str, Any]:
    """An application of the day on which the house was opened."""
    return house.apply(received_at="2026-02-20T08:30:00Z")


def import_text(house: DeskHouse, folder: Path, text: str) -> ImportReport:
    """Import a file of this text."""
    path = folder / "outcomes.csv"
    path.write_text(text)
    return OutcomeImport(house.services).file(path, HOST)


def outcomes(house: DeskHouse, case_id: str) -> list[tuple[str, str]]:
    """Kinds and values on record for a case."""
    return [(row.kind, row.value) for row in house.services.cases.outcomes(case_id)]


def test_good_lines_go_in_and_bad_ones_are_named(house: DeskHouse, tmp_path: Path) -> None:
    made = applied(house)
    app = made["application_id"]
    report = import_text(
        house,
        tmp_path,
        "application_id,observed_at,kind,value,months_on_book\n"
        f"{app},2026-04-01,disbursed,250000,0\n"
        "unheard-of,2026-04-01,disbursed,,0\n"
        f"{app},not a date,max_days_past_due,0,1\n"
        f"{app},2026-05-01,max_days_past_due,many,1\n"
        f"{app},2026-05-01,max_days_past_due,12,1\n"
        f"{app},2026-05-01\n"
        f"{app},2126-05-01,max_days_past_due,0,1\n",
    )
    assert report.counts == {"recorded": 2, "corrected": 0, "unchanged": 0, "refused": 5}
    assert [line.number for line in report.refused] == [3, 4, 5, 7, 8]
    assert all(line.problem for line in report.refused)
    assert "future" in report.refused[-1].problem
    assert outcomes(house, made["case_id"]) == [
        ("disbursed", "250000"),
        ("max_days_past_due", "12"),
    ]


def test_the_same_file_again_changes_nothing(house: DeskHouse, tmp_path: Path) -> None:
    made = applied(house)
    text = (
        "application_id,observed_at,kind,value\n"
        f"{made['application_id']},2026-04-01,disbursed,\n"
        f"{made['application_id']},2026-05-01,max_days_past_due,0\n"
    )
    assert import_text(house, tmp_path, text).counts["recorded"] == 2
    size = house.services.ledger.head().size
    again = import_text(house, tmp_path, text)
    assert (again.counts["unchanged"], again.total) == (2, 2)
    assert house.services.ledger.head().size == size


def test_another_value_for_the_same_instant_is_a_correction_beside_the_first(
    house: DeskHouse, tmp_path: Path
) -> None:
    made = applied(house)
    head = "application_id,observed_at,kind,value\n"
    line = f"{made['application_id']},2026-05-01,max_days_past_due,"
    import_text(house, tmp_path, f"{head}{line}95\n")
    assert import_text(house, tmp_path, f"{head}{line}5\n").counts["corrected"] == 1
    assert [value for _, value in outcomes(house, made["case_id"])] == ["95", "5"]
    last = house.services.cases.outcomes(made["case_id"])[-1]
    assert last.corrects == house.services.cases.outcomes(made["case_id"])[0].event_id


def test_lines_of_one_batch_know_of_each_other(house: DeskHouse, tmp_path: Path) -> None:
    made = applied(house)
    line = f"{made['application_id']},2026-05-01,max_days_past_due,"
    report = import_text(
        house,
        tmp_path,
        f"application_id,observed_at,kind,value\n{line}30\n{line}30\n{line}60\n{line}60\n",
    )
    assert report.counts == {"recorded": 1, "corrected": 1, "unchanged": 2, "refused": 0}
    assert [value for _, value in outcomes(house, made["case_id"])] == ["30", "60"]


def test_accounts_of_one_loan_are_told_apart(house: DeskHouse, tmp_path: Path) -> None:
    made = applied(house)
    head = "application_id,observed_at,kind,value,account_id,currency\n"
    line = f"{made['application_id']},2026-05-01,"
    text = f"{head}{line}max_days_past_due,30,DE-1,\n{line}max_days_past_due,60,DE-2,DEM\n"
    assert import_text(house, tmp_path, text).counts["recorded"] == 2
    text = f"{head}{line}max_days_past_due,60,DE-1,\n{line}disbursed,5,DE-3,EUR\n"
    report = import_text(house, tmp_path, text)
    assert (report.counts["corrected"], report.counts["refused"]) == (1, 1)
    assert "EUR" in report.refused[0].problem
    seen = house.services.cases.outcomes(made["case_id"])
    assert [(row.value, row.account) for row in seen] == [("30", 1), ("60", 2), ("60", 1)]
    bodies = b"".join(entry.body for entry in house.services.ledger.changes(-1, 10_000))
    assert b"DE-2" not in bodies


def test_more_lines_than_a_batch_all_go_in(house: DeskHouse, tmp_path: Path) -> None:
    made = applied(house)
    lines = [
        f"{made['application_id']},2026-03-{day:02d}T{hour:02d}:00:00Z,max_days_past_due,{hour}\n"
        for day in range(3, 28)
        for hour in range(24)
    ]
    report = import_text(
        house, tmp_path, "application_id,observed_at,kind,value\n" + "".join(lines)
    )
    assert report.counts["recorded"] == len(lines)


def test_a_file_without_its_columns_is_refused_at_the_first_line(
    house: DeskHouse, tmp_path: Path
) -> None:
    report = import_text(house, tmp_path, "a,b\n1,2\n")
    assert [line.number for line in report.refused] == [1]


def test_json_lines_are_read_too(house: DeskHouse, tmp_path: Path) -> None:
    made = applied(house)
    path = tmp_path / "outcomes.jsonl"
    path.write_text(
        f'{{"application_id":"{made["application_id"]}","observed_at":"2026-04-01T00:00:00Z",'
        '"kind":"paid_off","value":null}\n{"broken"\n'
    )
    report = OutcomeImport(house.services).file(path, HOST)
    assert (report.counts["recorded"], [r.number for r in report.refused]) == (1, [2])


def test_the_entry_names_the_file_by_its_hash(house: DeskHouse, tmp_path: Path) -> None:
    made = applied(house)
    import_text(
        house,
        tmp_path,
        f"application_id,observed_at,kind,value\n{made['application_id']},2026-04-01,disbursed,\n",
    )
    row = house.services.cases.outcomes(made["case_id"])[0]
    assert len(row.source) == 64


def test_a_list_sent_twice_with_one_key_is_recorded_once(house: DeskHouse) -> None:
    made = applied(house)
    record = read_record(
        {
            "application_id": made["application_id"],
            "observed_at": "2026-04-01",
            "kind": "disbursed",
            "value": None,
        }
    )
    lines = [OutcomeLine(0, record), OutcomeLine(1, None, "broken")]
    once = OnceOnly("core", "outcomes", "k1", "print")
    importer = OutcomeImport(house.services)
    first = importer.records(lines, house.actors["core"], once=once)
    again = importer.records(lines, house.actors["core"], once=once)
    assert [found["result"] for found in first.answer["results"]] == ["recorded", "refused"]
    assert again.replayed
    assert again.answer == first.answer
    assert len(outcomes(house, made["case_id"])) == 1


def test_a_ledger_that_fails_in_mid_file_is_told_with_what_went_in_before(
    house: DeskHouse, tmp_path: Path
) -> None:
    app = applied(house)["application_id"]
    days = [f"2026-{3 + n // 28:02d}-{1 + n % 28:02d}" for n in range(250)]
    path = tmp_path / "outcomes.csv"
    lines = [f"{app},{day},max_days_past_due,{n}" for n, day in enumerate(days)]
    path.write_text("\n".join(["application_id,observed_at,kind,value", *lines]) + "\n")

    class Filling:
        """A journal whose disk is full after one command."""

        def __init__(self) -> None:
            self.taken = 0

        def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
            self.taken += 1
            if self.taken > 1:
                raise LedgerUnavailable(cause="the disk is full")
            return house.services.journal.submit(command, once=once)

    broken = replace(house.services, journal=Filling())
    report = OutcomeImport(broken).file(path, HOST)
    assert (report.counts["recorded"], report.total) == (200, 200)
    assert report.stopped.startswith("After line 201 nothing was recorded")
    assert "the disk is full" in report.stopped
    whole = OutcomeImport(house.services).file(path, HOST)
    assert (whole.counts["unchanged"], whole.counts["recorded"]) == (200, 50)
    assert not whole.stopped
    with pytest.raises(LedgerUnavailable):
        OutcomeImport(broken).file(path, HOST)  # nothing of it was recorded


def test_an_id_used_with_two_bundles_must_name_one(tmp_path: Path) -> None:
    with desk_house(tmp_path / "data") as house:
        house.services.registry.add(sample_bundles() / "german-scorecard", HOST)
        house.clock.passes(days=400)
        made = applied(house)
        same = house.again(
            made["application_id"], bundle="german-scorecard", received_at="2026-02-20T08:30:00Z"
        )
        app = made["application_id"]
        head = "application_id,observed_at,kind,value,bundle\n"
        report = import_text(house, tmp_path, f"{head}{app},2026-04-01,disbursed,,\n")
        assert "several bundles" in report.refused[0].problem
        report = import_text(
            house, tmp_path, f"{head}{app},2026-04-01,disbursed,,german-scorecard\n"
        )
        assert report.counts["recorded"] == 1
        assert outcomes(house, same["case_id"]) == [("disbursed", "")]
