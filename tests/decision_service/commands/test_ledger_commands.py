"""The ledger from the command line: read, proven, exported, and found out when it was changed."""

import json
import shutil
import sqlite3
import subprocess
import sys
from base64 import b64decode
from contextlib import closing
from pathlib import Path

import pytest

from overrides.keyfiles import open_public
from overrides.merkle import leaf_hash, verify_inclusion
from overrides.notes import open_checkpoint
from tests.decision_service.commands.shell import Shell

DATABASE = "countermand.sqlite3"


@pytest.fixture
def peopled(shell: Shell) -> Shell:
    """An installation with a few entries."""
    for name in ("asha", "bruno", "chitra"):
        shell.on_data("user", "add", name, "--role", "officer")
    return shell


def edit(shell: Shell, *statements: str) -> None:
    """Change the database behind its back, as who owns the file can."""
    with closing(sqlite3.connect(shell.data / DATABASE)) as connection, connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def test_a_sound_ledger_is_clean_and_says_against_what_it_was_checked(peopled: Shell) -> None:
    said = peopled.on_data("ledger", "verify")
    assert said.out.startswith("Nothing was changed")
    assert "signed by a key on the same host" in said.out
    found = peopled.on_data("ledger", "verify", "--json").json
    assert (found["verdict"], found["status"], found["size"]) == ("clean", 0, 4)
    assert found["findings"] == []


EDITS = {
    "an entry": "UPDATE ledger_event SET body = replace(body, 'officer', 'admin__') WHERE seq = 2",
    "a hash": "UPDATE ledger_event SET leaf_hash = zeroblob(32) WHERE seq = 1",
    "the end": "DELETE FROM ledger_event WHERE seq = 3",
    "the middle": "DELETE FROM ledger_event WHERE seq = 2",
    "a column": "UPDATE ledger_event SET actor_ref = 'somebody' WHERE seq = 2",
    "a payload": "UPDATE ledger_payload SET ciphertext = zeroblob(60) WHERE slot = 'name'",
    "the head": "UPDATE ledger_head SET size = 3",
}


@pytest.mark.parametrize("name", EDITS)
def test_whatever_is_changed_is_found(peopled: Shell, name: str) -> None:
    edit(peopled, EDITS[name])
    said = peopled.on_data("ledger", "verify", ok=False)
    assert said.status == 1
    assert said.out.startswith("ALTERED")
    assert peopled.on_data("ledger", "verify", "--json", ok=False).json["verdict"] == "altered"


def test_an_end_cut_off_with_its_checkpoints_is_found_by_who_kept_one(
    peopled: Shell, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(peopled.on_data("ledger", "checkpoint").out)
    assert peopled.on_data("ledger", "verify", "--against", kept).status == 0
    backup = tmp_path / "early"
    # What an owner of the file would do: keep an early copy and put it back.
    early = Shell(tmp_path / "other", peopled.capture, peopled.patch)
    early.on_data("init")
    early.on_data("db", "backup", backup)
    early.on_data("user", "add", "asha", "--role", "officer")
    kept.write_text(early.on_data("ledger", "checkpoint").out)
    for suffix in ("", "-wal", "-shm"):
        (early.data / f"{DATABASE}{suffix}").unlink(missing_ok=True)
    (early.data / DATABASE).write_bytes(backup.read_bytes())
    shutil.rmtree(early.data / "signer")
    assert early.on_data("ledger", "verify").status == 0
    said = early.on_data("ledger", "verify", "--against", kept, ok=False)
    assert said.status == 1
    assert "removed from the end" in said.out


def test_an_end_cut_off_with_its_checkpoints_is_found_by_the_signer_s_memory(
    peopled: Shell, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    peopled.on_data("db", "backup", copy)
    peopled.on_data("user", "add", "ben", "--role", "officer")
    said = peopled.on_data("ledger", "verify").out
    assert "compared with what the signer here remembers of it at 5 entries" in said
    assert "nothing kept outside: whoever holds the database, its signing key and the" in said
    for suffix in ("-wal", "-shm"):
        (peopled.data / f"{DATABASE}{suffix}").unlink(missing_ok=True)
    (peopled.data / DATABASE).write_bytes(copy.read_bytes())
    found = peopled.on_data("ledger", "verify", ok=False)
    assert found.status == 1
    assert "what the signer here remembers has 5 entries, here are 4" in found.out
    assert "an older copy of the database was put back by hand. Find the newer" in found.out
    (peopled.data / "signer" / "memory.json").write_text("{")
    found = peopled.on_data("ledger", "verify", ok=False)
    assert found.status == 2
    assert "what the signer here remembers cannot be compared" in found.out


def test_another_ledger_s_checkpoint_does_not_hold(peopled: Shell, tmp_path: Path) -> None:
    other = Shell(tmp_path / "other", peopled.capture, peopled.patch)
    other.on_data("init")
    kept = tmp_path / "kept.txt"
    kept.write_text(other.on_data("ledger", "checkpoint").out)
    said = peopled.on_data("ledger", "verify", "--against", kept, ok=False)
    assert said.status == 2
    assert "INCOMPLETE" in said.out
    assert "is of the log" in said.out or "no known key" in said.out


@pytest.mark.parametrize("flag", ["--against", "--key"])
def test_a_file_that_cannot_be_read_is_wrong_usage(
    peopled: Shell, tmp_path: Path, flag: str
) -> None:
    assert peopled.refused_on_data("ledger", "verify", flag, tmp_path / "none", status=64)
    noise = tmp_path / "noise"
    noise.write_bytes(b"\xff\xfe")
    assert peopled.refused_on_data("ledger", "verify", flag, noise, status=64)


def test_a_key_that_is_none_is_wrong_usage(peopled: Shell, tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    noise.write_text("not a key")
    assert peopled.refused_on_data("ledger", "verify", "--key", noise, status=64)


def test_a_database_that_is_gone_is_incomplete(peopled: Shell) -> None:
    (peopled.data / DATABASE).unlink()
    assert peopled.refused_on_data("ledger", "verify", status=2)


def test_where_nothing_is_installed_there_is_nothing_to_verify(empty: Shell) -> None:
    assert "countermand init" in empty.refused_on_data("ledger", "verify", status=64)


def test_an_export_verifies_elsewhere_and_every_file_of_it_counts(
    peopled: Shell, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    assert "4 entries" in peopled.on_data("ledger", "export", folder).out
    key = peopled.data / "keys" / "signing.pub"
    assert peopled("ledger", "verify", folder, "--key", key).status == 0
    assert "came with them" in peopled("ledger", "verify", folder).out
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        if not whole:
            continue
        path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
        said = peopled("ledger", "verify", folder, "--key", key, ok=False)
        assert said.status == 1, path
        path.write_bytes(whole)
    assert peopled("ledger", "verify", folder, "--key", key).status == 0


def test_an_export_discloses_only_what_was_asked_for(peopled: Shell, tmp_path: Path) -> None:
    peopled.on_data("ledger", "export", tmp_path / "closed")
    assert (tmp_path / "closed" / "disclosures.jsonl").read_bytes() == b""
    peopled.on_data("ledger", "export", tmp_path / "open", "--disclose", "name")
    lines = (tmp_path / "open" / "disclosures.jsonl").read_text().splitlines()
    assert [json.loads(line)["payload"]["name"] for line in lines] == ["asha", "bruno", "chitra"]
    assert peopled("ledger", "verify", tmp_path / "open").status == 0


def test_an_export_never_writes_over_anything(peopled: Shell, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    assert "name a new one" in peopled.refused_on_data("ledger", "export", tmp_path)
    assert (tmp_path / "mine").read_text() == "mine"
    assert peopled.refused_on_data("ledger", "export", tmp_path / "mine")
    assert peopled.refused("ledger", "verify", tmp_path / "none", status=64)


def test_what_is_no_checkpoint_is_not_taken_for_a_memory(peopled: Shell, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("garbage")
    words = ("ledger", "verify", "--against", tmp_path / "kept")
    assert "no signed checkpoint" in peopled.refused_on_data(*words, status=64)


def test_a_proof_leads_to_the_signed_root_without_the_ledger(peopled: Shell) -> None:
    key = open_public(peopled.data / "keys")
    for seq in range(4):
        head, checkpoint = peopled.on_data("ledger", "proof", seq).out.split("\n\n", 1)
        kind, index, *hashes = head.split("\n")
        assert (kind, index) == ("c2sp.org/tlog-proof@v1", f"index {seq}")
        signed = open_checkpoint(checkpoint, key.name, [key])
        entry = peopled.on_data("ledger", "show", seq, "--json").json
        leaf = leaf_hash(b64decode(entry["entry"]))
        verify_inclusion(leaf, seq, signed.size, [b64decode(h) for h in hashes], signed.root)
        found = peopled.on_data("ledger", "proof", seq, "--json").json
        assert (found["hashes"], found["leaf_hash"]) == (hashes, leaf.hex())


def test_a_proof_with_its_entry_is_a_file_that_verifies_alone(
    peopled: Shell, tmp_path: Path
) -> None:
    file, key = tmp_path / "one.tlog-proof", peopled.data / "keys" / "signing.pub"
    said = peopled.on_data("ledger", "proof", 1, "--out", file, "--disclose", "name")
    assert "--key FILE" in said.out
    found = peopled("ledger", "verify", file, "--key", key)
    assert "person_added" in found.out
    assert 'Its part name says: {"name":"asha"}' in found.out
    assert peopled("ledger", "verify", file, ok=False).status == 64, "a key must be given"
    assert peopled.refused_on_data("ledger", "proof", 1, "--out", file)
    words = ("ledger", "proof", 1, "--disclose", "nonsense")
    assert "there is no personal part nonsense" in peopled.refused_on_data(*words)


def test_the_verifier_is_printed_and_runs_without_countermand(
    peopled: Shell, tmp_path: Path
) -> None:
    verifier, folder = tmp_path / "countermand_verify.py", tmp_path / "evidence"
    verifier.write_text(peopled("ledger", "verifier").out, encoding="utf-8")
    peopled.on_data("ledger", "export", folder)
    words = [sys.executable, "-I", "-S", str(verifier), str(folder)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == peopled("ledger", "verify", folder).out


def test_a_receipt_is_held_against_the_ledger_and_its_export(
    peopled: Shell, tmp_path: Path
) -> None:
    entry = peopled.on_data("ledger", "show", 2, "--json").json
    peopled.on_data("ledger", "export", tmp_path / "evidence")
    receipt = tmp_path / "receipt"
    for leaf, status in ((entry["leaf_hash"], 0), ("ab" * 32, 1)):
        receipt.write_text(f"{entry['log']} 2 {leaf}\n")
        words = ("--receipt", receipt)
        assert peopled.on_data("ledger", "verify", *words, ok=not status).status == status
        found = peopled("ledger", "verify", tmp_path / "evidence", *words, ok=not status)
        assert found.status == status


@pytest.mark.parametrize("verb", ["show", "proof"])
def test_an_entry_that_is_not_there_is_told(peopled: Shell, verb: str) -> None:
    assert "numbered from 0" in peopled.refused_on_data("ledger", verb, 4)


def test_one_entry_is_shown_with_its_place(peopled: Shell) -> None:
    said = peopled.on_data("ledger", "show", 1).out
    assert "person_added" in said
    assert "leaf hash" in said


def test_a_checkpoint_is_the_note_and_nothing_else(peopled: Shell) -> None:
    key = open_public(peopled.data / "keys")
    note = peopled.on_data("ledger", "checkpoint").out
    assert open_checkpoint(note, key.name, [key]).size == 4
    found = peopled.on_data("ledger", "checkpoint", "--json").json
    assert (found["size"], found["note"]) == (4, note)


def test_what_was_changed_in_projections_is_put_right_by_a_rebuild(peopled: Shell) -> None:
    before = peopled.on_data("user", "list", "--json").json
    edit(peopled, "UPDATE person SET role = 'admin'")
    assert peopled.on_data("user", "list", "--json").json != before
    assert "4 entries" in peopled.on_data("ledger", "rebuild").out
    assert peopled.on_data("user", "list", "--json").json == before


def test_a_check_of_a_database_says_that_it_did_not_compare_the_projections(
    peopled: Shell, tmp_path: Path
) -> None:
    assert "were not compared with the entries" in peopled.on_data("ledger", "verify").out
    peopled.on_data("ledger", "export", tmp_path / "evidence")
    said = peopled("ledger", "verify", tmp_path / "evidence").out
    assert "not compared with the entries" not in said
