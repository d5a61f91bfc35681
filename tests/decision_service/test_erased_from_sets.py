"""A feedback set here keeps its rows only where it is shown that nothing erased is in them."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from decision_service import wiring
from decision_service.access import HOST
from decision_service.backups import back_up
from decision_service.erasure_certificate import certificate
from decision_service.erasure_finishing import finish_erasures, keys_pending
from decision_service.erasures import ErasureActs, Named
from decision_service.feedback_export import PARTIAL, FeedbackExport
from decision_service.restoring import restore
from tests.decision_service.erasure_house import ErasureHouse, erasure_house

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[ErasureHouse]:
    """An installation."""
    with erasure_house(tmp_path / "data") as made:
        yield made


def made_set(house: ErasureHouse, *names: str, as_of: datetime | None = None) -> Path:
    """A set among those of the installation."""
    folder: Path = house.services.settings.feedback.joinpath(*names)
    FeedbackExport(house.services).write(folder, HOST, as_of=as_of)
    return folder


def rows(folder: Path) -> list[Path]:
    return list(folder.rglob("*.parquet"))


def table(**columns: Any) -> Callable[[Path], object]:
    """Writes a Parquet file that no export here writes."""

    def write(path: Path) -> None:
        parquet.write_table(pyarrow.Table.from_pydict(columns), path)

    return write


UNREADABLE = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:99]),
    "without places": table(stated_age=[44.0]),
    "places as text": table(ledger_seq=["2"], stated_age=[44.0]),
    "a row without its place": table(ledger_seq=[99, None], stated_age=[44.0, 51.0]),
}


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)
def test_rows_that_cannot_be_read_go_with_the_next_erasure(
    house: ErasureHouse, change: Callable[[Path], object]
) -> None:
    house.closed("P-anna")
    folder = made_set(house, "q1")
    change(rows(folder)[0])
    assert finish_erasures(house.services).sets == (), "nothing was erased yet"
    house.erase(party="P-anna")
    finished = finish_erasures(house.services)
    assert (finished.epoch, finished.sets, finished.told) == (2, ("q1",), ())
    assert not rows(folder)


def test_rows_that_cannot_be_taken_away_are_told_and_keep_nothing_else_from_going(
    house: ErasureHouse,
) -> None:
    house.closed("P-anna")
    stuck, other = made_set(house, "a"), made_set(house, "b")
    (file,) = rows(stuck)
    file.unlink()
    file.mkdir()  # as where it is forbidden: this is no file that can be opened or unlinked
    done = house.erase(party="P-anna")
    finished = finish_erasures(house.services)
    assert (finished.epoch, finished.sets) == (2, ("b",))
    assert str(file) in finished.told[0]
    assert not keys_pending(house.services)
    assert not rows(other)
    made = certificate(house.services, done.request_id)
    assert [(one.folder, one.here) for one in made.sets] == [("b", True), ("a", False)]


@pytest.mark.parametrize("early", [False, True])
def test_a_set_of_a_history_that_a_restore_ended_keeps_no_rows(
    tmp_path: Path, *, early: bool
) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    with erasure_house(data) as house:
        house.closed("P-cleo")
        services, cut = house.services, house.desk.clock() if early else None
        services.signer.checkpoint()
        settings, people = services.settings, house.people
        back_up(settings.database_file, backup, keys=settings.keys)
        house.closed("P-anna")
        house.erase(party="P-anna")
        finish_erasures(services)
        folder = made_set(house, "q1", as_of=cut)
        assert rows(folder)
    restore(settings, backup, over_newer=True, stamp="X")
    with closing(wiring.build(settings, serving=False)) as services:
        acts = ErasureActs(services)
        asked = acts.ask(people["carla"], acts.target(Named(party="P-cleo")), "person_asked", "")
        acts.approve(people["dora"], asked.request_id, asked.root, "")
        assert finish_erasures(services).sets == ("q1",)
        assert not rows(folder)


def test_of_sets_that_nothing_was_erased_from_a_known_one_stays(house: ErasureHouse) -> None:
    house.closed("P-anna")
    house.erase(party="P-anna")
    house.closed("P-ben")
    folder = made_set(house, "known")
    copytree(folder, folder.with_name("copy"))
    unknown = folder.with_name("unknown")
    copytree(folder, unknown)
    (unknown / "manifest.json").write_text('{"erasure_epoch": 99}')
    assert finish_erasures(house.services).sets == ("unknown",)
    house.closed("P-cleo")
    house.erase(party="P-cleo")
    assert finish_erasures(house.services).sets == (), "cleo is in none of them"
    house.erase(party="P-ben")
    assert finish_erasures(house.services).sets == ("copy", "known")


def test_a_set_that_is_still_being_made_is_left_for_the_next_look(house: ErasureHouse) -> None:
    house.closed("P-anna")
    house.erase(party="P-anna")
    folder = made_set(house, "q1")
    (folder / "manifest.json").rename(folder.with_name("kept"))  # the last thing that is written
    (folder / PARTIAL).mkdir()
    now = house.desk.clock().timestamp()
    os.utime(folder / PARTIAL, (now, now))
    assert finish_erasures(house.services).sets == ()
    os.utime(folder / PARTIAL, (now - 4_000, now - 4_000))
    assert finish_erasures(house.services).sets == ("q1",), "its export came to no end"
    assert not rows(folder)


def test_a_certificate_tells_a_set_here_from_one_elsewhere(
    house: ErasureHouse, tmp_path: Path
) -> None:
    house.closed("P-anna")
    cut = house.desk.clock()
    feedback = house.services.settings.feedback
    for folder in (tmp_path / "q9", feedback / "q9", feedback / "2026" / "q1"):
        FeedbackExport(house.services).write(folder, HOST, as_of=cut)
    done = house.erase(party="P-anna")
    assert finish_erasures(house.services).sets == ("2026/q1", "q9")
    assert rows(tmp_path / "q9")
    made = certificate(house.services, done.request_id)
    assert [(one.folder, one.here) for one in made.sets] == [
        ("2026/q1", True),
        ("q9", True),
        ("elsewhere: q9", False),
    ]
