"""Backups are whole and private, a restore is recorded, and nothing foreign is put back."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from decision_service import backups
from decision_service.installation_errors import BackupFailed
from tests.decision_service.commands.shell import Shell

DATABASE = "countermand.sqlite3"


@pytest.fixture
def saved(shell: Shell, tmp_path: Path) -> Path:
    """A backup of an installation with one person."""
    shell.on_data("user", "add", "asha", "--role", "officer")
    shell.on_data("db", "backup", tmp_path / "backup")
    return tmp_path / "backup"


def names(shell: Shell) -> list[str]:
    """Everyone there."""
    return [p["name"] for p in shell.on_data("user", "list", "--json").json["people"]]


def test_a_backup_is_one_private_file_that_is_whole(shell: Shell, saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) & 0o077 == 0
    assert not list(saved.parent.glob("backup?*"))
    with closing(sqlite3.connect(saved)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT size FROM ledger_head").fetchone() == (2,)
    keys = (shell.data / "keys" / "kek.json").read_bytes()
    assert keys not in saved.read_bytes()


def test_a_backup_never_writes_over_anything(shell: Shell, saved: Path) -> None:
    before = saved.read_bytes()
    assert "name a new file" in shell.refused_on_data("db", "backup", saved)
    assert saved.read_bytes() == before
    assert shell.refused_on_data("db", "backup", saved.parent / "none" / "backup")


def test_a_restore_brings_the_ledger_back_and_is_an_entry_of_it(shell: Shell, saved: Path) -> None:
    for name in ("bruno", "chitra"):
        shell.on_data("user", "add", name, "--role", "officer")
    said = shell.on_data("db", "restore", saved, "--over-newer").out
    assert "2 later entries are not in it" in said
    assert names(shell) == ["asha"]
    entry = shell.on_data("ledger", "show", 2, "--json").json["body"]
    assert (entry["type"], entry["data"]["from_size"]) == ("restore_performed", 4)
    found = shell.on_data("ledger", "verify", "--json").json
    assert (found["verdict"], found["size"], found["signed_size"]) == ("clean", 3, 3)
    (kept,) = shell.data.glob(f"{DATABASE}.replaced-*")
    with closing(sqlite3.connect(kept)) as replaced:
        assert replaced.execute("SELECT size FROM ledger_head").fetchone() == (4,)
    with closing(sqlite3.connect(shell.data / DATABASE)) as restored:
        assert restored.execute("SELECT epoch FROM ledger_head").fetchone() == (1,)


def test_a_restore_is_found_out_by_who_kept_a_checkpoint(
    shell: Shell, saved: Path, tmp_path: Path
) -> None:
    shell.on_data("user", "add", "bruno", "--role", "officer")
    shell.on_data("user", "add", "chitra", "--role", "officer")
    kept = tmp_path / "kept"
    kept.write_text(shell.on_data("ledger", "checkpoint").out)
    shell.on_data("db", "restore", saved, "--over-newer")
    assert shell.on_data("ledger", "verify", "--against", kept, ok=False).status == 1


UNKNOWN = "No database was here that is known to have all that was erased after the backup was"


def test_a_lost_database_is_restored_and_erasures_since_are_not_known(
    shell: Shell, saved: Path
) -> None:
    for path in shell.data.glob(f"{DATABASE}*"):
        path.unlink()
    said = shell.on_data("db", "restore", saved).out
    assert names(shell) == ["asha"]
    assert UNKNOWN in said
    assert "0 erasures were done again" in said
    assert "more than 2 entries" in said
    assert "countermand erase remember EXPORT" in said
    assert "Which legal holds were set or lifted after the backup was taken cannot be told" in said


def test_a_broken_database_is_restored_and_erasures_since_are_not_known(
    shell: Shell, saved: Path
) -> None:
    for path in shell.data.glob(f"{DATABASE}*"):
        path.unlink()
    (shell.data / DATABASE).write_bytes(b"not a database at all" * 100)
    assert UNKNOWN in shell.on_data("db", "restore", saved).out
    assert names(shell) == ["asha"]


@pytest.mark.parametrize("forgets", [False, True])
def test_of_an_older_database_put_there_by_hand_nobody_says_that_it_knows_all(
    shell: Shell, saved: Path, *, forgets: bool
) -> None:
    shell.on_data("user", "add", "bruno", "--role", "officer")
    shell.on_data("db", "backup", saved.with_name("newer"))
    shell.on_data("user", "add", "chitra", "--role", "officer")
    for path in shell.data.glob(f"{DATABASE}*"):
        path.unlink()
    shutil.copy(saved.with_name("newer"), shell.data / DATABASE)
    if forgets:
        shutil.rmtree(shell.data / "signer")
    for again in (saved, saved.with_name("newer")):
        said = shell.on_data("db", "restore", again, "--over-newer").out
        assert UNKNOWN in said
        assert "Which legal holds were set or lifted after the backup was taken cannot be" in said


def test_where_the_old_database_was_read_nothing_is_unknown(shell: Shell, saved: Path) -> None:
    assert "after the backup was taken" not in shell.on_data("db", "restore", saved).out
    shell.on_data("user", "add", "bruno", "--role", "officer")
    said = shell.on_data("db", "restore", saved, "--over-newer").out
    assert "after the backup was taken" not in said


def test_an_altered_backup_is_not_put_back(shell: Shell, saved: Path) -> None:
    with closing(sqlite3.connect(saved)) as copy, copy:
        copy.execute("DROP TRIGGER ledger_event_no_update")
        copy.execute("UPDATE ledger_event SET actor_ref = 'somebody' WHERE seq = 1")
    shell.on_data("user", "add", "bruno", "--role", "officer")
    assert "is not put back" in shell.refused_on_data("db", "restore", saved)
    assert names(shell) == ["asha", "bruno"]


def test_another_installation_s_backup_is_not_put_back(
    shell: Shell, saved: Path, tmp_path: Path
) -> None:
    other = Shell(tmp_path / "other", shell.capture, shell.patch)
    other.on_data("init")
    assert other.refused_on_data("db", "restore", saved)
    assert names(other) == []


@pytest.mark.parametrize("content", [None, b"", b"noise" * 1000])
def test_what_is_no_backup_is_not_put_back(
    shell: Shell, saved: Path, tmp_path: Path, content: bytes | None
) -> None:
    noise = tmp_path / "noise"
    if content is not None:
        noise.write_bytes(content)
    assert shell.refused_on_data("db", "restore", noise)
    assert names(shell) == ["asha"]
    assert saved.is_file()


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"not a database at all" * 100)
    with pytest.raises(BackupFailed):
        backups.back_up(source, tmp_path / "copy", keys=tmp_path / "keys")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_database_that_is_locked_is_told_and_nothing_is_half_written(shell: Shell) -> None:
    with closing(sqlite3.connect(shell.data / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = shell.refused_on_data("user", "add", "asha", "--role", "officer")
        assert "another program is writing to the database" in said
    assert names(shell) == []


def test_upgrading_what_is_up_to_date_changes_nothing(shell: Shell) -> None:
    assert "already" in shell.on_data("db", "upgrade").out


def test_an_earlier_release_s_database_waits_for_its_upgrade(shell: Shell) -> None:
    with closing(sqlite3.connect(shell.data / DATABASE)) as connection, connection:
        connection.execute("DROP TABLE alembic_version")
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall():
            if not table.startswith("ledger_head"):
                connection.execute(f"DROP TABLE {table}")
    assert "countermand db upgrade" in shell.refused_on_data("user", "list")


def test_a_copy_of_the_files_while_nothing_runs_is_an_installation(
    shell: Shell, saved: Path, tmp_path: Path
) -> None:
    moved = Shell(tmp_path / "moved", shell.capture, shell.patch)
    shutil.copytree(shell.data, moved.data)
    assert names(moved) == ["asha"]
    assert moved.on_data("ledger", "verify").status == 0
    assert saved.is_file()
