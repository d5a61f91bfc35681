"""``countermand explain``: what it says, how it ends, and that it goes on after a kill."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.decision_service.commands.shell import Shell
from tests.sample_models.trained import sample_bundles

KILL_SECONDS_MAX = 120
TIMES = 6
"""The held-out applications so many times over."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few thousand rows as CSV, two of them not fit."""
    heading, *lines = (sample_bundles() / "held_out.csv").read_text().splitlines()
    lines = lines * TIMES
    place = next(csv.reader([heading])).index("housing")
    for number in (10, 700):
        cells = next(csv.reader([lines[number]]))
        cells[place] = "castle"
        lines[number] = ",".join(cells)
    path = tmp_path_factory.mktemp("table") / "rows.csv"
    path.write_text("\n".join([heading, *lines]) + "\n")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_file_is_explained_and_what_was_refused_is_counted(
    empty: Shell, bundle: Path, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    said = empty("explain", bundle, table, "--out", out, "--json", ok=False)
    assert said.status == 1
    assert said.json["rows"] == 500 * TIMES
    assert (said.json["refused"], said.json["unexplained"]) == (2, 0)
    assert said.json["parts"] == ["part-00000.parquet"]
    assert "sex_status" in said.json["left_aside"]
    assert "left aside, as the model does not score them" in said.err
    assert "3,000 rows, " in said.err
    with (out / "refused.csv").open(newline="") as file:
        assert [one["row"] for one in csv.DictReader(file)] == ["12", "702"]
    again = empty("explain", bundle, table, "--out", out, ok=False)
    assert again.out == "3,000 rows in 1 parts: 2 refused (refused.csv), all explained.\n"


def test_a_file_of_good_rows_ends_well(empty: Shell, bundle: Path, tmp_path: Path) -> None:
    said = empty("explain", bundle, sample_bundles() / "held_out.csv", "--out", tmp_path / "out")
    assert (said.status, said.out.strip()) == (
        0,
        "500 rows in 1 parts: none refused, all explained.",
    )


def test_another_file_in_the_same_folder_is_refused_in_one_sentence(
    empty: Shell, bundle: Path, table: Path, tmp_path: Path
) -> None:
    held_out = sample_bundles() / "held_out.csv"
    empty("explain", bundle, held_out, "--out", tmp_path / "out")
    said = empty("explain", bundle, table, "--out", tmp_path / "out", ok=False)
    assert said.status == 1
    assert "it is of the file held_out.csv" in said.err
    assert "name another folder, or remove this one" in said.err


@pytest.mark.crash
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(
    bundle: Path, table: Path, tmp_path: Path
) -> None:
    def command(out: Path) -> list[str]:
        told = ["explain", str(bundle), str(table), "--out", str(out), "--part-rows", "100"]
        return [sys.executable, "-m", "countermand", *told]

    out = tmp_path / "killed"
    for parts in (2, 11, 20):
        process = subprocess.Popen(command(out), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + KILL_SECONDS_MAX
        while len(list(out.glob("part-*.parquet"))) < parts and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was still at work"
    told = json.loads((out / "progress.json").read_text())
    assert not told["finished"]
    for folder in (out, tmp_path / "whole"):
        ran = subprocess.run(command(folder), capture_output=True, check=False, env=os.environ)
        assert ran.returncode == 1, ran.stderr
    assert contents(out) == contents(tmp_path / "whole")
