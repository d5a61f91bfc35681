"""A watched folder takes in each file once it is whole, and loses none."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from decision_service.access import HOST
from decision_service.outcome_folder import OutcomeFolder
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.decision_service.test_feedback_files import NoJournal

HEAD = "application_id,observed_at,kind,value,months_on_book"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation with an approved loan."""
    with desk_house(tmp_path_factory.mktemp("watched")) as made:
        yield made


@pytest.fixture(scope="module")
def approved(house: DeskHouse) -> str:
    """The application of a loan that was approved long ago."""
    decision = house.apply_until("approve")
    form = house.form("hanna", decision["case_id"], decision="approve")
    house.desk.review(house.viewer("hanna"), decision["case_id"], form)
    house.clock.passes(days=400)
    return str(decision["application_id"])


def arrive(folder: Path, name: str, *lines: str, age_s: float = 60) -> Path:
    """A file that somebody stopped writing to so long ago."""
    path = folder / name
    path.write_text("\n".join([HEAD, *lines]) + "\n")
    at = 1_000_000 - age_s
    os.utime(path, (at, at))
    return path


def watched(house: DeskHouse, folder: Path) -> OutcomeFolder:
    """The folder at a time of its own."""
    return OutcomeFolder(house.services, folder, HOST, 10, lambda: 1_000_000)


def test_a_whole_file_is_taken_in_and_moved_with_its_report(
    house: DeskHouse, approved: str, tmp_path: Path
) -> None:
    good = f"{approved},2027-01-10,max_days_past_due,0,1"
    other = f"{approved},2027-01-10,max_days_past_due,30,1"
    arrive(tmp_path, "june.csv", good, "nobody,2027-01-10,paid_off,,", other)
    (taken,) = watched(house, tmp_path).look()
    assert not taken.good
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    told = json.loads((tmp_path / "taken/june.csv.report.json").read_text())
    assert told["counts"] == {"recorded": 1, "corrected": 1, "unchanged": 0, "refused": 1}
    assert [one["line"] for one in told["refused"]] == [3]
    assert told["corrected_lines"] == [4]
    assert list(watched(house, tmp_path).look()) == []


def test_a_second_file_of_the_same_name_writes_over_none(
    house: DeskHouse, approved: str, tmp_path: Path
) -> None:
    for month in ("02", "03"):
        arrive(tmp_path, "monthly.csv", f"{approved},2027-{month}-10,max_days_past_due,0,1")
        (taken,) = watched(house, tmp_path).look()
        assert taken.good
    names = {path.name for path in (tmp_path / "taken").glob("*.csv")}
    assert names == {"monthly.csv", "monthly-2.csv"}


@pytest.mark.parametrize("name", [".june.csv", "june.csv.part", "june.txt", "fresh.csv"])
def test_what_is_not_whole_or_no_file_of_outcomes_stays(
    house: DeskHouse, tmp_path: Path, name: str
) -> None:
    arrive(tmp_path, name, "x,2027-01-10,paid_off,,", age_s=5 if name == "fresh.csv" else 60)
    assert list(watched(house, tmp_path).look()) == []
    assert (tmp_path / name).is_file()


def test_a_file_that_could_not_be_recorded_stays_for_the_next_look(
    house: DeskHouse, approved: str, tmp_path: Path
) -> None:
    path = arrive(tmp_path, "june.csv", f"{approved},2027-03-20,max_days_past_due,0,1")
    folder = watched(house, tmp_path)
    broken = replace(folder, services=replace(house.services, journal=NoJournal()))
    (taken,) = broken.look()
    assert taken.stays
    assert path.is_file()
    (again,) = folder.look()
    assert again.good
