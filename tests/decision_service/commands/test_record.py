"""A file is recorded by one command, which goes on where it was cut off."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from decision_service.commands import recording
from explain.bundle import example
from tests.decision_service.commands.shell import Shell, program
from tests.sample_models.trained import sample_bundles

LINES = 700  # more than are written by one transaction


def write(path: Path, names: list[str], fields: dict[str, Any]) -> Path:
    lines = (json.dumps({"application_id": name, "fields": fields}) for name in names)
    path.write_text("\n".join(lines) + "\n")
    return path


def children(pid: int) -> list[str]:
    """The processes that one has started, by Linux."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def ends(pid: str, seconds: float = 20) -> bool:
    """Whether a process ends soon."""
    state = Path(f"/proc/{pid}/stat")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(FileNotFoundError, ProcessLookupError):
            if state.read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.05)
                continue
        return True
    return False


@pytest.fixture(scope="module")
def fields() -> dict[str, Any]:
    found: dict[str, Any] = example(sample_bundles() / "german-credit")["fields"]
    return found


def test_a_file_is_recorded_and_counted(
    house: Shell, tmp_path: Path, fields: dict[str, Any]
) -> None:
    file = write(tmp_path / "applications.jsonl", ["one", "two"], fields)
    said = house.on_data("record", file, "--workers", 0)
    assert [told["application_id"] for told in said.lines] == ["one", "two"]
    assert said.err.startswith("2 applications recorded: ")
    assert said.err.endswith("none refused.\n")
    with file.open("a") as more:
        more.write("{broken\n")
    again = house.on_data("record", file, "--workers", 0, ok=False)
    assert again.status == 1
    assert [told.get("replayed", False) for told in again.lines] == [True, True, False]
    assert "2 recorded before; 1 refused." in again.err


def test_other_files_are_refused_with_what_to_do(house: Shell, tmp_path: Path) -> None:
    file = tmp_path / "applications.csv"
    file.write_text("application_id\none\n")
    assert "JSON" in house.refused_on_data("record", file)


def test_killed_in_the_middle_it_goes_on_and_nothing_is_recorded_twice(
    house: Shell, tmp_path: Path, fields: dict[str, Any]
) -> None:
    names = [f"killed-{n}" for n in range(LINES)]
    file = write(tmp_path / "applications.jsonl", names, fields)
    with program(["record", file, "--workers", 1, "--data", house.data]) as run:
        assert run.stdout
        told = [json.loads(run.stdout.readline())]  # it was told, so it is recorded
        workers = children(run.pid)
        run.kill()
    assert workers, "somebody makes what it writes"
    assert all(map(ends, workers)), "nobody goes on for a command that is gone"
    said = house.on_data("record", file, "--workers", 0)
    assert [answer["application_id"] for answer in said.lines] == names
    replayed = [answer for answer in said.lines if answer.get("replayed")]
    assert replayed[0]["decision_id"] == told[0]["decision_id"]
    assert 1 <= len(replayed) < LINES
    cases = {answer["case_id"] for answer in said.lines}
    assert len(cases) == LINES
    assert house.on_data("ledger", "verify").status == 0


def test_how_far_it_is_is_said_now_and_then(
    house: Shell, tmp_path: Path, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "SECONDS_BETWEEN", 0.0)
    file = write(tmp_path / "applications.jsonl", ["far"], fields)
    assert "1 lines, 100% of the file, " in house.on_data("record", file, "--workers", 0).err


def test_where_nothing_is_installed_it_says_what_to_do(
    empty: Shell, tmp_path: Path, fields: dict[str, Any]
) -> None:
    file = write(tmp_path / "applications.jsonl", ["nobody"], fields)
    assert "countermand init" in empty.refused_on_data("record", file)
