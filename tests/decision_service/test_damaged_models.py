"""A file that kills its library is refused at the door; a library that dies later is survived."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from decision_service.access import HOST
from explain.bundle import Bundle
from explain.declared.bundle_files import seal
from explain.errors import LibraryFailed
from explain.explainers import LibraryTreeExplainer
from explain.worker import model as worker_model
from explain.worker.model import WorkerTrees
from overrides.events import read_event
from tests.decision_service.service_house import BUNDLE, House, bundle_with, open_house
from tests.proven_once import proven_each_time


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with proven_each_time():  # no other house's process is killed here
        opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.close()


def deadly(folder: Path) -> Path:
    """A bundle whose model file was cut, and sealed again as if that were right."""
    bundle_with(folder, {})
    model = folder / "model.txt"
    content = model.read_bytes()
    model.write_bytes(content[: len(content) // 2])
    seal(folder, BUNDLE)
    return folder


def test_a_file_that_kills_its_library_is_not_registered_and_the_service_goes_on(
    house: House, tmp_path: Path
) -> None:
    size = house.size
    with pytest.raises(LibraryFailed, match=r"model\.txt .*died \(signal"):
        house.services.registry.add(deadly(tmp_path / "deadly"), HOST)
    assert house.size == size
    assert house.decide().json()["score"] is not None


def test_a_library_that_dies_while_it_is_asked_gives_a_case_for_a_person(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_model, "AGAIN_SECONDS", 0.0)
    bundle: Bundle = house.bundle
    adapter, kernel = bundle.parts_in_memory()
    assert isinstance(adapter, WorkerTrees)
    bundle.use(adapter, LibraryTreeExplainer(adapter))
    try:
        assert house.decide().json()["score"] is not None
        assert adapter.worker.pid
        os.kill(adapter.worker.pid, signal.SIGKILL)
        time.sleep(0.05)
        failed = house.decide().json()
        again = house.decide().json()
    finally:
        bundle.use(adapter, kernel)
    assert (failed["score"], failed["routing"]["queue"]) == (None, "unscored")
    entry = house.services.ledger.entry(failed["ledger"]["seq"])
    assert entry is not None
    assert read_event(entry.body).data["cause"] == "model_error"
    assert again["score"] is not None
