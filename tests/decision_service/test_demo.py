"""The demo: real applications and endings, everything invented marked, nothing half-made."""

import csv
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from decision_service import wiring
from decision_service.cli import main
from decision_service.demo import show, staging
from decision_service.demo.history import SPAN
from decision_service.demo.people import PASSWORD, PEOPLE
from decision_service.services import Services
from decision_service.settings import Settings
from decision_service.showcase import showcase_of
from overrides.instants import parse_instant


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A whole demo, made once, in a directory named from where we stand, as usual."""
    folder = os.path.relpath(tmp_path_factory.mktemp("demo"))
    made = Settings(data=Path(folder, "data"))
    staging.prepare(made, lambda _: None)
    return made


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """The demo, opened as a command opens it."""
    opened = wiring.build(settings, serving=False)
    yield opened
    opened.close()


@pytest.fixture
def bodies(settings: Settings) -> list[dict[str, object]]:
    """Every entry of the demo's ledger."""
    database = sqlite3.connect(settings.data / "countermand.sqlite3")
    rows = database.execute("SELECT body FROM ledger_event ORDER BY seq").fetchall()
    database.close()
    return [json.loads(body) for (body,) in rows]


def of_type(bodies: list[dict[str, object]], kind: str) -> list[dict[str, object]]:
    return [body for body in bodies if body["type"] == kind]


def test_the_first_entry_says_that_it_is_a_demo(bodies: list[dict[str, object]]) -> None:
    opened = bodies[0]["data"]
    assert isinstance(opened, dict)
    assert opened["demo"] is True
    assert "simulated" in opened["demo_note"]


def test_every_decision_and_outcome_is_marked_simulated(bodies: list[dict[str, object]]) -> None:
    marked = of_type(bodies, "decision_made") + of_type(bodies, "outcome_observed")
    assert len(marked) > 1000
    assert all(body["data"]["simulated"] is True for body in marked)  # type: ignore[index]


def test_all_held_out_applications_were_scored(
    settings: Settings, bodies: list[dict[str, object]]
) -> None:
    with (settings.data / "sample" / "held_out.csv").open(encoding="utf-8") as file:
        applications = list(csv.DictReader(file))
    assert len(of_type(bodies, "decision_made")) == len(applications) >= 300


def test_people_overrode_in_both_directions_and_some_cases_still_wait(
    services: Services, bodies: list[dict[str, object]]
) -> None:
    sides = {body["data"]["side"] for body in of_type(bodies, "override_recorded")}  # type: ignore[index]
    assert sides == {"approved_against_model", "declined_against_model"}
    counts = services.cases.counts(branch=None)
    assert sum(counts[status] for status in counts if status == "in_review") >= 20


def test_the_ending_of_a_declined_application_is_nowhere(bodies: list[dict[str, object]]) -> None:
    final = {
        str(body["case"]): body["data"]["decision"]  # type: ignore[index]
        for body in of_type(bodies, "case_decided")
    }
    told = {str(body["case"]) for body in of_type(bodies, "outcome_observed")}
    assert told
    assert {final.get(case) for case in told} == {"approve"}


def test_simulated_time_never_runs_backwards_nor_into_the_future(
    bodies: list[dict[str, object]],
) -> None:
    times = [parse_instant(str(body["ts"])) for body in bodies]
    assert times == sorted(times)
    assert times[-1] - times[0] <= SPAN
    assert {body["clock"] for body in bodies} == {"simulated"}


def test_the_ledger_of_the_demo_verifies(settings: Settings) -> None:
    assert main(["ledger", "verify", "--data", str(settings.data)]) == 0


def test_the_first_page_shows_log_ins_that_work(services: Services) -> None:
    shown = showcase_of(services)
    assert shown is not None
    for name, password, _ in shown.log_ins:
        assert password == PASSWORD
        assert services.people.sign_in(name, password, "127.0.0.1")
    assert {name for name, _, _ in shown.log_ins} <= {person.name for person in PEOPLE}


def test_a_demo_that_is_there_is_kept(settings: Settings) -> None:
    before = (settings.data / "countermand.sqlite3").stat().st_mtime_ns
    status = show.run(settings, "", lambda: 0, reset=False, check=True, browser=False)
    assert status == 0
    assert (settings.data / "countermand.sqlite3").stat().st_mtime_ns == before


def test_an_installation_that_is_no_demo_is_never_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = tmp_path / "data"
    real.mkdir()
    (real / "countermand.sqlite3").write_text("somebody's ledger")
    status = show.run(Settings(data=real), "", lambda: 0, reset=True, check=True, browser=False)
    assert status == 1
    assert "not a demo" in capsys.readouterr().err
    assert (real / "countermand.sqlite3").read_text() == "somebody's ledger"


def test_while_the_demo_is_staged_a_score_may_take_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged: list[Settings] = []

    def plays(settings: Settings, _sample: Path, _say: object) -> None:
        staged.append(settings)
        raise KeyboardInterrupt

    monkeypatch.setattr(staging, "_train", lambda _folder: None)
    monkeypatch.setattr(staging, "_play", plays)
    with pytest.raises(KeyboardInterrupt):
        staging.prepare(Settings(data=tmp_path / "demo"), lambda _: None)
    assert [settings.score_deadline_s for settings in staged] == [60.0]
    assert Settings(data=tmp_path).score_deadline_s == 2.0, "as long as it is served"


def test_a_preparation_that_breaks_off_leaves_no_half_made_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(_folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(staging, "_train", breaks_off)
    data = tmp_path / "data"
    with pytest.raises(KeyboardInterrupt):
        staging.prepare(Settings(data=data), lambda _: None)
    assert not data.exists()
