"""The key above the data keys is replaced: nothing that lives is lost, nothing old opens."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest
from sqlalchemy import text

from overrides.countermand_verify import Verdict
from overrides.errors import DataKeyAltered, SlotErased
from overrides.examination import Trust
from overrides.journal import Decided
from overrides.kek_files import KEK, PARTIAL, RETIRED, KekFile
from overrides.key_rotation import COPY, KeyRotation, copied_keys
from overrides.keyfiles import open_vault
from overrides.signing import sign_checkpoint
from overrides.stores.data_keys import SqlDataKeys
from overrides.stores.engine import writing
from overrides.stores.guards import install_guards, remove_guards
from overrides.stores.verifying import verify_engine
from overrides.values import Actor, Role
from overrides.vault import Vault
from overrides.verify import SAME_HOST
from tests.ledgers import LOG, TestLedger, ledger_at

HOST = Actor("host", "host", Role.OPERATIONS)
PLACES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
Opening = Callable[[], AbstractContextManager[TestLedger]]


@pytest.fixture(params=PLACES)
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """Opens the same ledger each time."""
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    return lambda: ledger_at(url, tmp_path / "keys")


def rotation(ledger: TestLedger, keys: Path) -> KeyRotation:
    return KeyRotation(
        file=KekFile(keys),
        keys=SqlDataKeys(ledger.engine, ledger.vault),
        vault=ledger.vault,
        journal=ledger.journal,
        ledger=ledger.book,
        new_id=ledger.open.new_id,
    )


def begin(ledger: TestLedger, cases: int = 5) -> None:
    ledger.begin()
    for number in range(cases):
        ledger.write(ledger.open.withdrawn(f"case-{number}", f"note {number}"))


def notes(ledger: TestLedger) -> list[str]:
    """Every note that can be read."""
    events = [entry.event_id for entry in ledger.book.entries(0, 10_000)]
    opened = ledger.book.open_many(events)
    return [
        "erased" if isinstance(part, SlotErased) else str(part["text"])
        for event_id in events
        for part in opened[event_id].values()
    ]


def stored(ledger: TestLedger) -> list[tuple[bytes, int]]:
    """Every data key as it lies in the database."""
    with ledger.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT wrapped, kek_epoch FROM data_key ORDER BY dek_id"
        ).all()
    return [(bytes(wrapped), epoch) for wrapped, epoch in rows]


def rotations(ledger: TestLedger) -> list[int]:
    return [e.seq for e in ledger.book.latest(None, 100, ("key_rotated",))]


def verdict(ledger: TestLedger, keys: Path) -> Verdict:
    sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
    vault = open_vault(keys, random_bytes=os.urandom)
    trust = Trust(keys=[ledger.signer.key], keys_from=SAME_HOST, vault=vault)
    return verify_engine(ledger.engine, log=LOG, trust=trust).verdict


def test_after_a_rotation_everything_opens_with_the_new_key_and_nothing_with_the_old(
    opening: Opening, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    with opening() as ledger:
        begin(ledger)
        old_keys, old = KekFile(keys).read(), stored(ledger)
        assert rotation(ledger, keys).rotate(HOST, "asked") == 2
        new = stored(ledger)
        assert [epoch for _, epoch in new] == [2] * 5
        assert not {wrapped for wrapped, _ in new} & {wrapped for wrapped, _ in old}
        assert notes(ledger) == [f"note {n}" for n in range(5)]
        assert list(KekFile(keys).read()) == [2]
        assert old_keys[1] not in KekFile(keys).read().values()
        data = ledger.book.entry(6)
        assert data is not None
        assert b'"epoch":2,"purpose":"key-encryption","reason":"asked"' in data.body
        ledger.write(ledger.open.withdrawn("case-9", "after"))
        assert stored(ledger)[0][1] == stored(ledger)[-1][1] == 2
        assert verdict(ledger, keys) == Verdict.CLEAN
        gone = Vault(keks={1: old_keys[1]}, lookup_key=bytes(32), random_bytes=os.urandom)
        assert not gone.knows(2)


def test_a_vault_that_another_process_opened_before_sees_the_new_key(
    opening: Opening, tmp_path: Path
) -> None:
    with opening() as server:
        begin(server)
        with opening() as command:
            rotation(command, tmp_path / "keys").rotate(HOST, "asked")
        assert notes(server) == [f"note {n}" for n in range(5)]
        server.write(server.open.withdrawn("case-9", "written by the one that was there before"))
        assert {epoch for _, epoch in stored(server)} == {2}
        assert not server.vault.knows(1), "the old key is let go of"


class Killed(BaseException):
    """Stands for the end of the process."""


@dataclass(frozen=True, slots=True)
class DyingKeys:
    """Data keys of a process that ends at a step."""

    keys: SqlDataKeys
    dies_at: str

    def rewrap(self) -> int:
        """Step by step."""
        self._at("before the data keys")
        done = self.keys.rewrap()
        self._at("after the data keys")
        return done

    def rewrap_rest(self) -> Any:
        """In the last transaction."""
        write = self.keys.rewrap_rest()

        def writing_and_dying(connection: Any) -> None:
            write(connection)
            self._at("inside the transaction")

        return writing_and_dying

    def all(self) -> Iterator[Any]:
        """For the copy."""
        self._at("after the entry")
        return self.keys.all()

    def adopt(self, keys: Any) -> tuple[int, int]:
        """From a copy."""
        return self.keys.adopt(keys)

    def closed(self) -> int:
        """As ever."""
        return self.keys.closed()

    def remove_closed(self) -> Any:
        """As ever."""
        return self.keys.remove_closed()

    def scrub(self) -> None:
        """At the end."""
        self._at("before the log is emptied")
        self.keys.scrub()

    def _at(self, step: str) -> None:
        if self.dies_at == step:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class DyingFile(KekFile):
    """A key file of a process that ends at a step."""

    dies_at: str = ""

    def write(self, keys: Mapping[int, bytes]) -> None:
        """The file."""
        self._at(f"before {len(keys)} keys are written")
        KekFile.write(self, keys)
        self._at(f"after {len(keys)} keys are written")

    def keep_newest(self) -> None:
        """The old key goes."""
        self._at("after the copy")
        KekFile.keep_newest(self)
        self._at("after the old key is gone")

    def _at(self, step: str) -> None:
        if self.dies_at == step:
            os.kill(os.getpid(), signal.SIGKILL)


STEPS = {
    "before 2 keys are written": 1,
    "after 2 keys are written": 2,
    "before the data keys": 2,
    "after the data keys": 2,
    "inside the transaction": 2,
    "after the entry": 2,
    "after the copy": 2,
    "before 1 keys are written": 2,
    "after 1 keys are written": 1,
    "after the old key is gone": 1,
    "before the log is emptied": 1,
}


ONCE = {"after 2 keys are written", "after the old key is gone", "before the log is emptied"}


def rotate_and_die(url: str, keys: Path, step: str) -> None:
    """Rotate in a process of its own, which is killed at a step."""
    child = os.fork()
    if child == 0:
        with ledger_at(url, keys) as ledger:
            whole = rotation(ledger, keys)
            replace(
                whole,
                file=DyingFile(keys, step),
                keys=DyingKeys(SqlDataKeys(ledger.engine, ledger.vault), step),
            ).rotate(HOST, "asked")
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), f"the child passed {step}"


@pytest.mark.crash
@pytest.mark.parametrize("step", sorted(STEPS.keys() - ONCE))
def test_a_rotation_killed_twice_at_the_same_step_loses_nothing(tmp_path: Path, step: str) -> None:
    url, keys = f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys"
    with ledger_at(url, keys) as ledger:
        begin(ledger)
    for _ in range(2):
        rotate_and_die(url, keys, step)
    with ledger_at(url, keys) as ledger:
        rotation(ledger, keys).finish(HOST)
        assert notes(ledger) == [f"note {n}" for n in range(5)]
        assert len(KekFile(keys).read()) == 1
        assert verdict(ledger, keys) == Verdict.CLEAN


@pytest.mark.crash
@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_killed_between_two_steps_is_finished_by_the_next_start(
    tmp_path: Path, step: str
) -> None:
    url, keys = f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys"
    with ledger_at(url, keys) as ledger:
        begin(ledger)
    rotate_and_die(url, keys, step)
    assert len(KekFile(keys).read()) == STEPS[step]
    with ledger_at(url, keys) as ledger:
        assert notes(ledger) == [f"note {n}" for n in range(5)], "nothing is lost meanwhile"
        ledger.write(ledger.open.withdrawn("case-6", "note 5"))
        finished = rotation(ledger, keys)
        assert finished.finish(HOST) == (2 if STEPS[step] == 2 else None)
        done = step != "before 2 keys are written"
        assert {epoch for _, epoch in stored(ledger)} == {2 if done else 1}
        assert len(rotations(ledger)) == int(done), "it is recorded once"
        assert len(KekFile(keys).read()) == 1
        assert not (keys / (KEK + RETIRED)).exists()
        assert not (keys / (KEK + PARTIAL)).exists()
        assert notes(ledger) == [f"note {n}" for n in range(6)]
        assert verdict(ledger, keys) == Verdict.CLEAN
        assert finished.rotate(HOST, "asked") == (3 if done else 2)
        assert notes(ledger) == [f"note {n}" for n in range(6)]


def test_who_writes_while_the_key_is_replaced_loses_nothing(
    opening: Opening, tmp_path: Path
) -> None:
    stop = Event()
    with opening() as ledger, opening() as other:
        begin(ledger)

        def write() -> None:
            number = 0
            while not stop.is_set():
                other.write(other.open.withdrawn(f"busy-{number}", f"busy {number}"))
                number += 1
                stop.wait(0.002)  # a writer that never rests lets nobody else write

        busy = Thread(target=write)
        busy.start()
        try:
            for _ in range(5):
                rotation(ledger, tmp_path / "keys").rotate(HOST, "asked")
                assert "erased" not in notes(ledger)
        finally:
            stop.set()
            busy.join()
        assert "erased" not in notes(other)
        assert {epoch for _, epoch in stored(ledger)} == {6}
        assert verdict(ledger, tmp_path / "keys") == Verdict.CLEAN


@dataclass(frozen=True, slots=True)
class LateKeys(DyingKeys):
    """Data keys that were all added after they had been looked through."""

    def rewrap(self) -> int:
        """Too early."""
        return 0


def test_keys_added_while_the_others_were_locked_anew_are_locked_anew_too(
    opening: Opening, tmp_path: Path
) -> None:
    with opening() as ledger:
        begin(ledger)
        late = LateKeys(SqlDataKeys(ledger.engine, ledger.vault), "never")
        replace(rotation(ledger, tmp_path / "keys"), keys=late).rotate(HOST, "asked")
        assert [epoch for _, epoch in stored(ledger)] == [2] * 5
        assert notes(ledger) == [f"note {n}" for n in range(5)]


def test_no_data_key_is_locked_anew_while_somebody_writes_who_began_before_the_new_key(
    opening: Opening, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    with opening() as ledger, opening() as other:
        begin(ledger)
        rotating = Thread(target=lambda: rotation(other, keys).rotate(HOST, "asked"))
        seen: list[list[tuple[bytes, int]]] = []

        def decide(_state: Any) -> Decided:
            rotating.start()
            while len(KekFile(keys).read()) == 1:
                sleep(0.01)
            sleep(0.3)  # far more than it takes to lock five keys anew
            seen.append(stored(ledger))
            return Decided(())

        ledger.journal.submit(decide).result()
        rotating.join()
        assert [epoch for _, epoch in seen[0]] == [1] * 5
        assert [epoch for _, epoch in stored(ledger)] == [2] * 5


@pytest.mark.parametrize(
    ("column", "was"), [("subject_ref", "party-of-case-3"), ("case_ref", "case-3")]
)
def test_an_altered_data_key_stops_the_rotation_before_anything_is_destroyed(
    opening: Opening, tmp_path: Path, column: str, was: str
) -> None:
    with opening() as ledger:
        begin(ledger)
        with writing(ledger.engine) as connection:
            remove_guards(connection)
            connection.exec_driver_sql(
                f"UPDATE data_key SET {column} = 'x' WHERE {column} = '{was}'"
            )
        with pytest.raises(DataKeyAltered):
            rotation(ledger, tmp_path / "keys").rotate(HOST, "asked")
        assert list(KekFile(tmp_path / "keys").read()) == [1, 2]
        with writing(ledger.engine) as connection:
            connection.exec_driver_sql(
                f"UPDATE data_key SET {column} = '{was}' WHERE {column} = 'x'"
            )
            install_guards(connection)
        assert rotation(ledger, tmp_path / "keys").finish(HOST) == 2
        assert notes(ledger) == [f"note {n}" for n in range(5)]


def test_an_old_copy_of_the_database_opens_with_the_copied_keys_but_not_what_was_erased(
    opening: Opening, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    with opening() as ledger:
        begin(ledger)
        with ledger.engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT * FROM data_key").mappings()
            before = [dict(row) for row in found]
        with writing(ledger.engine) as connection:
            connection.exec_driver_sql("DELETE FROM data_key WHERE case_ref = 'case-2'")
        rotation(ledger, keys).rotate(HOST, "erasure")
        rotation(ledger, keys).rotate(HOST, "nightly")
        assert (keys / COPY).stat().st_mode & 0o777 == 0o600
        with writing(ledger.engine) as connection:  # as after a restore
            connection.exec_driver_sql("DELETE FROM data_key")
            columns = ", ".join(before[0])
            marks = ", ".join(f":{name}" for name in before[0])
            put = text(f"INSERT INTO data_key ({columns}) VALUES ({marks})")
            connection.execute(put, before)
        assert notes(ledger) == ["erased"] * 5
        assert SqlDataKeys(ledger.engine, ledger.vault).adopt(copied_keys(keys)) == (4, 1)
        assert notes(ledger) == ["note 0", "note 1", "erased", "note 3", "note 4"]
        assert SqlDataKeys(ledger.engine, ledger.vault).adopt(copied_keys(keys)) == (0, 1)


def former_files(keys: Path, change: Callable[[], object]) -> bytes:
    """What is left in the file that lay there before, as an undelete would find it."""
    with (keys / KEK).open("rb") as former:
        change()
        return former.read()


def no_second_names(*_paths: object, **_named: object) -> None:
    """As a file system does that has no hard links."""
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("links", [True, False])
def test_every_file_that_held_a_key_is_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_second_names)
    file = KekFile(tmp_path)
    file.write({1: b"a" * 32})
    alone = former_files(tmp_path, lambda: file.write({1: b"a" * 32, 2: b"b" * 32}))
    assert alone
    assert not any(alone), "the file that held the only key"
    both = former_files(tmp_path, file.keep_newest)
    assert both
    assert not any(both)
    assert file.read() == {2: b"b" * 32}
    assert [path.name for path in tmp_path.iterdir()] == [KEK]


@pytest.mark.parametrize("ending", [RETIRED, PARTIAL])
def test_a_key_is_gone_only_once_it_lies_in_no_file_of_the_folder(
    tmp_path: Path, ending: str
) -> None:
    file = KekFile(tmp_path)
    file.write({1: b"a" * 32, 2: b"b" * 32})
    assert not file.is_rid_of(1)
    (tmp_path / (KEK + ending)).write_bytes(file.path.read_bytes())
    file.path.write_text(file.path.read_text().replace('"1":', '"3":'))
    assert not file.is_rid_of(1)
    file.keep_newest()
    assert file.is_rid_of(1)
    assert not file.is_rid_of(3)


def test_who_reads_keys_that_are_written_over_meanwhile_reads_those_in_their_place(
    tmp_path: Path,
) -> None:
    KekFile(tmp_path).write({2: b"b" * 32})
    former = tmp_path / "former"
    former.write_bytes(bytes(64))
    named = iter([former, tmp_path / KEK])

    class Overtaken(KekFile):
        """A file that another took the name of once it was open."""

        @property
        def path(self) -> Path:
            """First the former, then the one in its place."""
            return next(named)

    assert Overtaken(tmp_path).read() == {2: b"b" * 32}
