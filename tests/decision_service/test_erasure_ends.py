"""What follows an erasure is finished whatever happens, and an outsider can check what went."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from decision_service.access import HOST
from decision_service.erasure_certificate import certificate
from decision_service.erasure_finishing import finish_erasures, keys_pending, rotation_due
from decision_service.erasure_words import as_text
from decision_service.feedback_export import FeedbackExport
from decision_service.housekeeping import Housekeeping
from decision_service.tending import tend
from overrides.countermand_verify import Key, Memory, Verdict, check_export
from overrides.erasing import Standing
from overrides.erasure_errors import ErasureOver
from overrides.erasure_memory import ErasureMemory
from overrides.errors import LedgerUnavailable
from overrides.export import STARTS_MAX, export
from overrides.kek_files import KekFile
from overrides.key_rotation import DataKeys
from tests.decision_service.erasure_house import Copies, ErasureHouse, erasure_house

PLACES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=PLACES)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ErasureHouse]:
    """An installation on either database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with erasure_house(tmp_path / "data", url) as made:
        yield made


def epochs(house: ErasureHouse) -> list[int]:
    return sorted(KekFile(house.services.settings.keys).read())


def test_what_an_approval_left_to_do_is_done_at_the_next_look(house: ErasureHouse) -> None:
    house.closed("P-anna")
    kept = house.closed("P-ben")
    done = house.erase(party="P-anna")  # and then the process ends
    assert "could still be opened" in " ".join(paper(house, done.request_id))
    assert epochs(house) == [1]
    housekeeping = Housekeeping(every_seconds=60)
    housekeeping.start(lambda: tend(house.services))
    deadline = time.monotonic() + 20
    while keys_pending(house.services) and time.monotonic() < deadline:
        time.sleep(0.01)
    housekeeping.close()
    assert epochs(house) == [2]
    assert "was replaced on" in " ".join(paper(house, done.request_id))
    assert set(house.parts(kept["case_id"]).values()) == {"read"}


def paper(house: ErasureHouse, request_id: str) -> list[str]:
    return list(as_text(certificate(house.services, request_id)))


@dataclass
class SlowKeys:
    """Data keys during whose locking anew something else happens."""

    keys: DataKeys
    meanwhile: Callable[[], object]

    def __getattr__(self, name: str) -> object:
        """As ever."""
        return getattr(self.keys, name)

    def rewrap(self) -> int:
        """Lock the keys anew, and then."""
        done = self.keys.rewrap()
        self.meanwhile()
        return done


def opens_a_copy(house: ErasureHouse, copies: Copies, made: dict[str, Any]) -> bool:
    """Whether anything of a case is read once the rows of a copy lie there again."""
    copies.put_back()
    return "read" in house.parts(made["case_id"]).values()


def test_who_is_erased_while_keys_are_locked_anew_is_not_left_under_the_new_key(
    house: ErasureHouse,
) -> None:
    house.closed("P-anna")
    ben = house.closed("P-ben")
    asked, copies = house.ask(party="P-ben"), []

    def meanwhile() -> None:
        copies.append(Copies(house))
        house.acts.approve(house.people["dora"], asked.request_id, asked.root, "")

    house.erase(party="P-anna")
    rotation = house.services.rotation
    slow = replace(rotation, keys=SlowKeys(rotation.keys, meanwhile))
    assert slow.rotate(HOST, "erasure") == 2
    assert keys_pending(house.services)
    assert "could still be opened" in " ".join(paper(house, asked.request_id))
    assert finish_erasures(house.services).epoch == 3
    assert "was replaced on" in " ".join(paper(house, asked.request_id))
    assert not opens_a_copy(house, copies[0], ben)
    assert not keys_pending(house.services)


def test_who_is_erased_after_a_replacement_was_cut_short_is_not_left_under_its_key(
    house: ErasureHouse,
) -> None:
    ben, rotation = house.closed("P-ben"), house.services.rotation

    def end_of_the_process() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(rotation, keys=SlowKeys(rotation.keys, end_of_the_process)).rotate(HOST, "asked")
    assert epochs(house) == [1, 2]
    copies = Copies(house)
    house.erase(party="P-ben")
    assert finish_erasures(house.services).epoch == 3
    assert not opens_a_copy(house, copies, ben)
    assert finish_erasures(house.services).again
    assert finish_erasures(house.services).epoch is None, "it ends"


def test_what_is_erased_again_counts_from_the_key_that_is_in_use_then(house: ErasureHouse) -> None:
    house.closed("P-anna")
    copies = Copies(house)
    house.erase(party="P-anna")
    finish_erasures(house.services)
    copies.put_back()
    again = finish_erasures(house.services)
    assert (again.again, again.epoch) == (1, 3)
    newest = house.services.ledger.latest(None, 1, ("record_erased",))[0]
    assert json.loads(newest.body)["data"]["epoch"] == 2


def test_a_certificate_says_that_a_key_is_destroyed_once_it_is_gone_from_the_folder(
    house: ErasureHouse,
) -> None:
    house.closed("P-anna")
    done, rotation = house.erase(party="P-anna"), house.services.rotation
    stuck = replace(rotation, file=StuckFile(rotation.file.directory))
    with pytest.raises(PermissionError):
        stuck.rotate(HOST, "erasure")
    assert not keys_pending(house.services), "the entry is there"
    assert "could still be opened" in " ".join(paper(house, done.request_id))
    finish_erasures(house.services)
    assert "and is destroyed" in " ".join(paper(house, done.request_id))


class StuckFile(KekFile):
    """A file of keys whose old ones cannot be destroyed now."""

    def keep_newest(self) -> None:
        """Refused."""
        raise PermissionError


def test_the_key_is_replaced_once_a_day_by_however_many_servers(house: ErasureHouse) -> None:
    tend(house.services)
    assert epochs(house) == [1]
    house.desk.clock.passes(hours=25)
    assert rotation_due(house.services, timedelta(hours=24))
    with ThreadPoolExecutor(4) as servers:
        list(servers.map(lambda _: tend(house.services), range(4)))
    assert epochs(house) == [2]
    rotated = house.services.ledger.latest(None, 10, ("key_rotated",))
    assert [json.loads(entry.body)["data"]["reason"] for entry in rotated] == ["nightly"]


def test_what_erasures_left_to_do_cannot_keep_the_key_from_being_replaced(
    house: ErasureHouse,
) -> None:
    house.closed("P-anna")
    house.erase(party="P-anna")
    finish_erasures(house.services)
    memory = ErasureMemory(house.services.settings.keys)
    shutil.rmtree(memory.folder)
    memory.folder.write_text("no folder")
    house.desk.clock.passes(hours=25)
    with pytest.raises(OSError, match=memory.folder.name):
        tend(house.services)
    assert epochs(house) == [3], "and what failed is told all the same"


def test_of_two_things_that_fail_each_is_told(
    house: ErasureHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.closed("P-anna")
    folder = ErasureMemory(house.services.settings.keys).folder
    house.erase(party="P-anna")
    finish_erasures(house.services)
    shutil.rmtree(folder)
    folder.write_text("no folder")
    house.closed("P-ben")
    house.altered("UPDATE data_key SET subject_ref = subject_ref || 'x'")
    house.desk.clock.passes(hours=25)
    with pytest.raises(OSError, match=folder.name):
        tend(house.services)
    assert "is old and could not be replaced" in caplog.text


def test_a_look_that_fails_does_not_end_the_looking() -> None:
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 1:
            raise RuntimeError

    housekeeping = Housekeeping(every_seconds=0.01)
    housekeeping.start(look)
    deadline = time.monotonic() + 20
    while len(looks) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    housekeeping.close()
    assert len(looks) >= 3


def test_of_two_who_approve_at_once_one_does(house: ErasureHouse) -> None:
    house.closed("P-anna")
    asked = house.ask(party="P-anna")

    def approve(who: str) -> str:
        try:
            actor = house.people[who]
            return house.acts.approve(actor, asked.request_id, asked.root, "").standing.value
        except ErasureOver:
            return "too late"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(approve, ("dora", "rita"))) == ["erased", "too late"]
    assert len(house.services.ledger.latest(None, 9, ("record_erased",))) == 1


@pytest.mark.parametrize("altered", [False, True])
def test_an_outsider_checks_that_everything_missing_was_erased(
    tmp_path: Path, *, altered: bool
) -> None:
    with erasure_house(tmp_path / "data") as house:
        for number in range(3):
            house.closed(f"P-{number}")
        house.desk.clock.passes(days=7 * 366)
        asked = house.acts.ask_due(house.people["carla"], house.desk.clock(), "")
        house.acts.approve(house.people["dora"], asked.request_id, asked.root, "")
        kept = house.closed("P-kept", note="this one stays")
        services, folder = house.services, tmp_path / "export"
        slots = {"inputs", "note", "party", "explanation", "monitor", "shown", "evidence"}
        export(services.ledger, folder, services.signer, services.clock, disclose=slots)
        memory = Memory(keys=(Key.read(services.signer.key.vkey),))
        assert kept["case_id"]
    listed = folder / "erased.jsonl"
    assert len(listed.read_bytes().splitlines()) == asked.count
    if altered:
        lines = listed.read_bytes().splitlines(keepends=True)
        listed.write_bytes(b"".join(lines[:-1]))
    found = check_export(folder, memory)
    assert (found.verdict == Verdict.CLEAN) is not altered, found.sentences()
    if not altered:
        assert b"this one stays" in (folder / "disclosures.jsonl").read_bytes()


def test_a_set_made_elsewhere_is_named_by_the_certificate(house: ErasureHouse) -> None:
    house.closed("P-anna")
    services = house.services
    elsewhere = services.settings.data.parent / "elsewhere"
    FeedbackExport(services).write(elsewhere, HOST)
    FeedbackExport(services).write(services.settings.feedback / "here", HOST)
    done = house.erase(party="P-anna")
    assert done.standing is Standing.ERASED
    assert finish_erasures(services).sets == ("here",)
    FeedbackExport(services).write(services.settings.feedback / "later", HOST)
    made = certificate(services, done.request_id)
    named = [("here", True), ("elsewhere: elsewhere", False)]
    assert [(one.folder, one.here) for one in made.sets] == named
    assert list(elsewhere.glob("*.parquet")), "what lies elsewhere is for its owner to delete"
    assert not list((services.settings.feedback / "here").glob("*.parquet"))
    assert list((services.settings.feedback / "later").glob("*.parquet"))


def test_an_export_that_opened_parts_is_named_by_the_certificate(house: ErasureHouse) -> None:
    house.closed("P-anna")
    house.services.viewings.record(HOST, "export: note")
    house.services.viewings.record(HOST, "people")
    done = house.erase(party="P-anna")
    house.services.viewings.record(HOST, "export: explanation")
    made = certificate(house.services, done.request_id)
    assert [place.what for place in made.exports] == ["export: note"]
    assert "export: note" in " ".join(paper(house, done.request_id))


@dataclass
class ErasedMeanwhile:
    """A ledger in which somebody is erased while their parts are read for an export."""

    book: Any
    erase: list[Callable[[], object]]

    def __getattr__(self, name: str) -> Any:
        """Everything else as it is."""
        return getattr(self.book, name)

    def disclosures(self, *asked: Any) -> Any:
        """What is disclosed, after one more erasure."""
        if self.erase:
            self.erase.pop()()
        return self.book.disclosures(*asked)


def test_an_export_is_begun_anew_when_somebody_is_erased_meanwhile(
    house: ErasureHouse, tmp_path: Path
) -> None:
    for party in ("P-anna", "P-ben", "P-carl"):
        house.closed(party, note=f"The payslips of {party} were seen in the original.")
    services, signer = house.services, house.services.signer
    erase = [partial(house.erase, party=party) for party in ("P-anna", "P-ben")]
    book = ErasedMeanwhile(services.ledger, [*erase])
    folder = tmp_path / "export"
    export(book, folder, signer, services.clock, disclose=["note"])
    found = check_export(folder, Memory(keys=(Key.read(signer.key.vkey),)))
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())
    disclosed = (folder / "disclosures.jsonl").read_text()
    assert [party for party in ("anna", "ben", "carl") if f"P-{party}" in disclosed] == ["carl"]


def test_an_export_that_erasures_never_leave_alone_is_refused_whole(
    house: ErasureHouse, tmp_path: Path
) -> None:
    parties = [f"P-{number}" for number in range(STARTS_MAX)]
    for party in parties:
        house.closed(party)
    services = house.services
    erase = [partial(house.erase, party=party) for party in parties]
    book = ErasedMeanwhile(services.ledger, [*erase])
    folder = tmp_path / "export"
    with pytest.raises(LedgerUnavailable, match="export it later"):
        export(book, folder, services.signer, services.clock, disclose=["note"])
    assert not list(tmp_path.glob("export*"))
