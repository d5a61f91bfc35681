"""What the processes of a run share is made by one of them, whole or again."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.made_once import RUN_FOLDER, made_once

MAKER = """
import sys, time
from pathlib import Path
from tests.made_once import made_once

def make(folder):
    (folder / "first").touch()
    with Path(sys.argv[1]).open("a") as made:
        made.write("made\\n")
    time.sleep(0.2)
    (folder / "last").touch()

assert sorted(p.name for p in made_once("thing", make).iterdir()) == ["first", "last"]
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run of its own."""
    monkeypatch.setenv(RUN_FOLDER, str(tmp_path))
    return tmp_path


def test_of_processes_that_want_the_same_at_once_one_makes_it(run: Path) -> None:
    told = run / "told"
    command = [sys.executable, "-c", MAKER, str(told)]
    makers = [subprocess.Popen(command, cwd=Path(__file__).parents[1]) for _ in range(3)]
    assert [maker.wait(60) for maker in makers] == [0, 0, 0]
    assert told.read_text() == "made\n"


def test_what_was_left_unfinished_is_made_again(run: Path) -> None:
    def half(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once("thing", half)
    made = made_once("thing", lambda folder: (folder / "whole").touch())
    assert made == run / "thing"
    assert [path.name for path in made.iterdir()] == ["whole"]


def test_outside_a_run_it_is_made_for_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RUN_FOLDER)
    made = made_once("thing", lambda folder: (folder / "whole").touch())
    assert [path.name for path in made.iterdir()] == ["whole"]
