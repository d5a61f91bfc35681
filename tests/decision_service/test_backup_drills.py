"""Drills: copies taken while many write, put back, found wanting; a disk that is really full."""

import base64
import os
import random
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from decision_service import wiring
from decision_service.backups import back_up, in_common, standing
from decision_service.database_roles import Roles
from decision_service.database_wiring import check_roles, set_up_roles
from decision_service.installation_errors import (
    BackupBesideKeys,
    BackupFailed,
    BackupRefused,
    DatabaseInUse,
    LaterEntriesLost,
    ProgramMissing,
)
from decision_service.restoring import Restored, restore, restore_to_server
from decision_service.server_backups import dump
from decision_service.services import Services
from decision_service.settings import Settings
from overrides.countermand_verify import Verdict
from overrides.errors import LedgerUnavailable
from overrides.examination import Trust
from overrides.journal import Decided, Draft, Slot
from overrides.keyfiles import open_public
from overrides.stores.engine import open_engine, writing
from tests.tampering import rewrite

STAMP = "20260102T120000Z"
WRITERS = 4
MOMENTS = 12


def note(services: Services, text: str) -> int:
    """Record something with a personal part; its place in the ledger."""
    person = services.new_id()
    data = {"person": person, "role": "officer", "branch": "", "limit_minor": 0, "currency": "DEM"}
    draft = Draft(
        event_id=services.new_id(),
        type="person_added",
        actor="host",
        role="operations",
        data=data,
        slots=(Slot("name", person, {"name": text}),),
    )
    return services.journal.submit(lambda _: Decided((draft,))).result().entries[0].seq


@dataclass
class Load:
    """Several who write at once, and what was acknowledged to them."""

    services: Services
    acked: list[int] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        """Write until told to stop."""
        while not self.stop.is_set():
            self.acked.append(note(self.services, "written under load"))

    @property
    def size(self) -> int:
        """Entries that were acknowledged without a gap before them, at least."""
        return max(self.acked, default=0) + 1


@contextmanager
def under_load(settings: Settings) -> Iterator[Load]:
    """An installation in which several write at once."""
    checkpoint(settings)
    services = wiring.build(settings, serving=True)
    load = Load(services)
    threads = [threading.Thread(target=load.work) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()
        services.close()


def moments(seed: int) -> Iterator[int]:
    """Wait for one random moment after the other."""
    chance = random.Random(seed)
    for number in range(MOMENTS):
        time.sleep(chance.uniform(0.01, 0.15))
        yield number


def elsewhere(settings: Settings, folder: Path) -> Settings:
    """An empty place with nothing but a copy of the keys."""
    shutil.copytree(settings.keys, folder / "keys")
    return Settings(data=folder)


def verified(settings: Settings, *remembered: str) -> Verdict:
    """What a check of an installation says."""
    with closing(wiring.build(settings, serving=False)) as services:
        trust = Trust(
            keys=[open_public(settings.keys)],
            keys_from="of its own",
            remembered=remembered,
            vault=services.vault,
        )
        return services.verify(trust).verdict


def checkpoint(settings: Settings) -> str:
    """A signed checkpoint of an installation as it stands."""
    with closing(wiring.build(settings, serving=False)) as services:
        made = services.signer.checkpoint()
        assert made is not None
        return made.note


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation whose first entry is signed."""
    made = Settings(data=tmp_path / "data")
    checkpoint(made)
    return made


def put_back(settings: Settings, copy: Path, *, over_newer: bool = False) -> Restored:
    return restore(settings, copy, over_newer=over_newer, stamp=STAMP)


def test_copies_taken_at_random_moments_are_whole_and_can_be_put_back(
    settings: Settings, tmp_path: Path
) -> None:
    copies: list[tuple[Path, int]] = []
    with under_load(settings) as load:
        for number in moments(seed=1):
            acknowledged, copy = load.size, tmp_path / f"copy-{number}"
            back_up(settings.database_file, copy, keys=settings.keys)
            copies.append((copy, acknowledged))
    remembered = checkpoint(settings)
    log = open_public(settings.keys).name
    for copy, acknowledged in copies:
        here = standing(copy, log)
        assert here is not None
        assert here.size >= acknowledged
        assert in_common(copy, settings.database_file, log) == here.size
    for number, (copy, _) in enumerate(copies[::4]):
        empty = elsewhere(settings, tmp_path / f"place-{number}")
        restored = put_back(empty, copy)
        assert restored.kept is None
        assert verified(empty) is Verdict.CLEAN
        with closing(wiring.build(empty, serving=False)) as services:
            entry = services.ledger.entry(restored.size)
            assert entry is not None
            assert entry.type == "restore_performed"
        assert verified(empty, remembered) is Verdict.ALTERED, "what an auditor kept shows it"


def test_a_plain_copy_of_the_file_is_never_taken_for_the_ledger(
    settings: Settings, tmp_path: Path
) -> None:
    """Without its -wal a database ends early or is torn; both are named and nothing is lost."""
    copies: list[Path] = []
    with under_load(settings) as load:
        for number in moments(seed=2):
            copies.append(tmp_path / f"copy-{number}")
            shutil.copyfile(settings.database_file, copies[-1])
        acknowledged = load.size
    log = open_public(settings.keys).name
    before = standing(settings.database_file, log)
    assert before is not None
    assert before.size >= acknowledged
    for copy in copies:
        with pytest.raises((BackupRefused, LaterEntriesLost), match=r"not put back|would be gone"):
            put_back(settings, copy)
        assert standing(settings.database_file, log) == before
    assert not list(settings.data.glob("*.incoming*"))
    assert verified(settings) is Verdict.CLEAN


def test_a_copy_of_the_files_is_used_with_its_log_or_not_at_all(
    settings: Settings, tmp_path: Path
) -> None:
    database, used = settings.database_file, 0
    copies: list[Path] = []
    with under_load(settings):
        for number in moments(seed=3):
            copies.append(tmp_path / f"copy-{number}")
            for end in ("", "-wal"):
                source = database.with_name(database.name + end)
                shutil.copyfile(source, copies[-1].with_name(copies[-1].name + end))
    log = open_public(settings.keys).name
    for number, copy in enumerate(copies):
        empty = elsewhere(settings, tmp_path / f"place-{number}")
        try:
            restored = put_back(empty, copy)
        except BackupRefused:
            continue
        used += 1
        assert in_common(empty.database_file, database, log) == restored.size
        assert verified(empty) is Verdict.CLEAN
    assert used, "a log beside a copy is read with it"


def test_the_log_beside_a_copy_is_read_with_it(settings: Settings, tmp_path: Path) -> None:
    copy, database = tmp_path / "copy", settings.database_file
    with closing(wiring.build(settings, serving=False)) as services:
        last = note(services, "in the log and nowhere else")
        for end in ("", "-wal"):
            source = database.with_name(database.name + end)
            shutil.copyfile(source, copy.with_name(copy.name + end))
    assert put_back(elsewhere(settings, tmp_path / "with"), copy).size == last + 1
    copy.with_name(copy.name + "-wal").unlink()
    assert put_back(elsewhere(settings, tmp_path / "without"), copy).size == last


def test_a_damaged_page_is_named(settings: Settings, tmp_path: Path) -> None:
    with closing(wiring.build(settings, serving=False)) as services:
        for number in range(200):
            note(services, f"note {number}")
    copy = tmp_path / "copy"
    back_up(settings.database_file, copy, keys=settings.keys)
    data = bytearray(copy.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4096] = os.urandom(4096)
    copy.write_bytes(data)
    with pytest.raises(BackupRefused, match=r"damaged|cannot be read"):
        put_back(elsewhere(settings, tmp_path / "place"), copy)


def test_putting_an_older_copy_over_a_newer_ledger_takes_a_word_and_shows_afterwards(
    settings: Settings, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    back_up(settings.database_file, copy, keys=settings.keys)
    with closing(wiring.build(settings, serving=False)) as services:
        note(services, "later")
        note(services, "later still")
    remembered = checkpoint(settings)
    with pytest.raises(LaterEntriesLost) as refused:
        put_back(settings, copy)
    assert (refused.value.known, refused.value.common, refused.value.lost) == (3, 1, 2)
    assert verified(settings, remembered) is Verdict.CLEAN
    restored = put_back(settings, copy, over_newer=True)
    assert (restored.size, restored.lost, restored.signed) == (1, 2, 3)
    assert restored.kept is not None
    assert verified(settings) is Verdict.CLEAN
    assert verified(settings, remembered) is Verdict.ALTERED
    log = open_public(settings.keys).name
    assert standing(restored.kept, log) is not None, "what was replaced is kept"


def test_a_copy_with_another_history_takes_a_word_too(settings: Settings, tmp_path: Path) -> None:
    first = tmp_path / "first"
    back_up(settings.database_file, first, keys=settings.keys)
    other = elsewhere(settings, tmp_path / "other")
    put_back(other, first)
    with closing(wiring.build(other, serving=False)) as services:
        for _ in range(5):
            note(services, "of another history")
    second = tmp_path / "second"
    back_up(other.database_file, second, keys=other.keys)
    with closing(wiring.build(settings, serving=False)) as services:
        note(services, "of this history")
    with pytest.raises(LaterEntriesLost) as refused:
        put_back(settings, second)
    assert refused.value.common == 1


def test_what_the_signer_remembers_is_missed_where_the_database_is_gone(
    settings: Settings, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    back_up(settings.database_file, copy, keys=settings.keys)
    with closing(wiring.build(settings, serving=False)) as services:
        note(services, "signed and then lost")
        services.signer.checkpoint()
    for path in settings.data.glob("countermand.sqlite3*"):
        path.unlink()
    with pytest.raises(LaterEntriesLost):
        put_back(settings, copy)
    assert put_back(settings, copy, over_newer=True).signed == 2


@pytest.mark.parametrize("step", ["upgrade", "record", "rebuild", "swap"])
def test_a_restore_that_fails_at_any_step_leaves_the_database_as_it_was(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    copy = tmp_path / "copy"
    back_up(settings.database_file, copy, keys=settings.keys)
    with closing(wiring.build(settings, serving=False)) as services:
        note(services, "here")
    log = open_public(settings.keys).name
    before = standing(settings.database_file, log)
    failing = {
        "upgrade": "decision_service.restoring.upgrade_database",
        "record": "decision_service.restoring.record_restore",
        "rebuild": "decision_service.wiring.rebuild",
        "swap": "decision_service.restoring.put_in_place",
    }

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(step)

    monkeypatch.setattr(failing[step], fail)
    with pytest.raises(RuntimeError):
        put_back(settings, copy, over_newer=True)
    monkeypatch.undo()
    assert standing(settings.database_file, log) == before
    assert not list(settings.data.glob("*.incoming*"))
    assert verified(settings) is Verdict.CLEAN


def test_no_key_is_in_a_backup_and_no_backup_among_the_keys(
    settings: Settings, tmp_path: Path
) -> None:
    with closing(wiring.build(settings, serving=False)) as services:
        note(services, "personal")
        services.signer.checkpoint()
    copy = tmp_path / "copy"
    back_up(settings.database_file, copy, keys=settings.keys)
    kept = copy.read_bytes()
    secrets = [secret for path in settings.keys.rglob("*.key") for secret in secrets_in(path)]
    secrets += secrets_in(settings.keys / "kek.json")
    assert len(secrets) >= 6
    for secret in secrets:
        assert secret not in kept
    with pytest.raises(BackupBesideKeys):
        back_up(settings.database_file, settings.keys / "copy", keys=settings.keys)
    assert not list(settings.keys.glob("copy*"))


def secrets_in(path: Path) -> list[bytes]:
    """Every key in a file, as text and as bytes."""
    texts = re.findall(r"[A-Za-z0-9+/]{43}=", path.read_text())
    return [form for text in texts for form in (text.encode(), base64.b64decode(text))]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Fill a disk up to so many bytes."""
    ballast = disk / "ballast"
    free = shutil.disk_usage(disk).free
    ballast.write_bytes(bytes(max(free - leave, 0)))
    return ballast


def write_on(services: Services, acknowledged: list[int]) -> None:
    """Write until something stops it."""
    while True:
        acknowledged.append(note(services, "written until the disk is full" * 10))


def test_a_full_disk_is_named_nothing_is_lost_and_writing_goes_on(small_disk: Path) -> None:
    settings = Settings(data=small_disk / "data")
    checkpoint(settings)
    with closing(wiring.build(settings, serving=True)) as services:
        ballast = fill(small_disk, leave=300_000)
        acknowledged: list[int] = []
        for _ in range(3):
            with pytest.raises(LedgerUnavailable, match="the disk is full"):
                write_on(services, acknowledged)
        assert acknowledged
        ballast.unlink()
        acknowledged.append(note(services, "there is room again"))
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    assert verified(settings) is Verdict.CLEAN


def names_in(folder: Path) -> set[str]:
    """What lies in a folder, locks aside."""
    return {path.name for path in folder.iterdir()} - {"serve.lock"}


def test_a_backup_and_a_restore_on_a_full_disk_leave_everything_as_it_was(
    small_disk: Path, tmp_path: Path
) -> None:
    settings = Settings(data=small_disk / "data")
    checkpoint(settings)
    with closing(wiring.build(settings, serving=False)) as services:
        for number in range(100):
            note(services, f"{number}" * 100)
    copy = tmp_path / "copy"
    back_up(settings.database_file, copy, keys=settings.keys)
    before = names_in(settings.data)
    ballast = fill(small_disk, leave=50_000)
    with pytest.raises(BackupFailed, match="full"):
        back_up(settings.database_file, small_disk / "copy", keys=settings.keys)
    with pytest.raises(OSError, match="No space left"):
        put_back(settings, copy)
    assert not list(small_disk.glob("copy*"))
    assert names_in(settings.data) == before
    ballast.unlink()
    assert verified(settings) is Verdict.CLEAN
    assert put_back(settings, copy).lost == 0


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_programs")
def test_copies_of_a_server_s_database_are_whole_and_go_into_an_empty_one(
    new_postgres: Callable[[], str], tmp_path: Path
) -> None:
    roles = Roles("countermand_drill")
    settings = on_server(new_postgres(), tmp_path / "data", roles)
    set_up_roles(settings, roles, {})
    copies: list[tuple[Path, int]] = []
    with under_load(settings) as load:
        for number in range(3):
            acknowledged, copy = load.size, tmp_path / f"copy-{number}"
            dump(settings.url, copy, keys=settings.keys)
            copies.append((copy, acknowledged))
    remembered = checkpoint(settings)
    with pytest.raises(DatabaseInUse):
        restore_to_server(settings, copies[0][0], over_newer=True, stamp=STAMP)
    for copy, acknowledged in copies:
        data = shutil.copytree(settings.data, copy.with_name(f"{copy.name}-data"))
        empty = on_server(new_postgres(), data, roles)
        with pytest.raises(LaterEntriesLost):
            restore_to_server(empty, copy, over_newer=False, stamp=STAMP)
        restored = restore_to_server(empty, copy, over_newer=True, stamp=STAMP)
        assert restored.size >= acknowledged
        assert not restored.erasures_known, "nothing was there to read"
        assert not restored.holds.known
        assert check_roles(empty, roles) == []
        assert verified(empty) is Verdict.CLEAN
        assert verified(empty, remembered) is Verdict.ALTERED
        assert verified(empty, checkpoint(empty)) is Verdict.CLEAN


def on_server(url: str, data: Path, roles: Roles) -> Settings:
    """An installation that serves as its own role."""
    return Settings(
        data=data,
        database_url=url.replace("postgres:@", f"{roles.service}@"),
        admin_url=url,
    )


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_programs")
def test_an_altered_copy_leaves_the_server_s_database_empty(
    new_postgres: Callable[[], str], tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "data", database_url=new_postgres())
    with closing(wiring.build(settings, serving=False)) as services:
        note(services, "before")
    engine = open_engine(settings.url)
    with writing(engine) as connection:
        for statement in (
            "DROP FUNCTION countermand_append_only CASCADE",
            "UPDATE ledger_event SET actor_ref = 'somebody else' WHERE seq = 1",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    copy = tmp_path / "copy"
    dump(settings.url, copy, keys=settings.keys)
    empty = Settings(data=settings.data, database_url=new_postgres())
    for _ in range(2):  # what was refused left nothing behind
        with pytest.raises(BackupRefused, match="columns do not say"):
            restore_to_server(empty, copy, over_newer=True, stamp=STAMP)
    noise = tmp_path / "noise"
    noise.write_bytes(b"noise" * 100)
    with pytest.raises(BackupRefused):
        restore_to_server(empty, noise, over_newer=True, stamp=STAMP)


@pytest.mark.postgres
def test_programs_that_are_not_there_are_named(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramMissing, match="pg_dump"):
        dump(postgres_url, tmp_path / "copy", keys=tmp_path / "keys")


def test_an_altered_copy_is_not_put_back(settings: Settings, tmp_path: Path) -> None:
    with closing(wiring.build(settings, serving=False)) as services:
        note(services, "before")
    copy = tmp_path / "copy"
    back_up(settings.database_file, copy, keys=settings.keys)
    engine = open_engine(f"sqlite:///{copy}")
    rewrite(engine, "UPDATE ledger_event SET actor_ref = 'somebody else' WHERE seq = 1")
    engine.dispose()
    with pytest.raises(BackupRefused, match="columns do not say"):
        put_back(settings, copy)
