"""Keys that are due, lost or compromised: the guide's procedures, rehearsed by its commands."""

import json
import shutil
from pathlib import Path

import pytest

from overrides.notes import PublicKey, is_signed_by
from tests.decision_service.commands.shell import Shell

KEYS = ("kek.json", "lookup.key", "signing.key")


@pytest.fixture
def office(shell: Shell) -> Shell:
    """An installation with a few people, whose names are personal parts."""
    for name in ("asha", "bruno"):
        shell.on_data("user", "add", name, "--role", "officer")
    return shell


def keys(shell: Shell) -> Path:
    return shell.data / "keys"


def public(shell: Shell) -> PublicKey:
    """The key that signs now."""
    return PublicKey.from_vkey((keys(shell) / "signing.pub").read_text().strip())


def checked(shell: Shell, *options: object) -> tuple[str, str]:
    """Verdict on the ledger, and all that is said of it."""
    said = shell.on_data("ledger", "verify", "--json", *options, ok=False)
    return said.json["verdict"], said.out


def last_entry(shell: Shell) -> dict[str, object]:
    """Data of the newest entry."""
    size = shell.on_data("ledger", "verify", "--json", ok=False).json["size"]
    body = shell.on_data("ledger", "show", size - 1, "--json").json["body"]
    assert body["type"] == "key_rotated"
    found: dict[str, object] = body["data"]
    return found


def kept(shell: Shell, path: Path) -> Path:
    """A checkpoint kept by an auditor."""
    path.write_text(shell.on_data("ledger", "checkpoint").out)
    return path


def pinned(shell: Shell, path: Path) -> Path:
    """The public key as an auditor has it."""
    path.write_text(f"{public(shell).vkey}\n")
    return path


@pytest.mark.parametrize("reason", ["planned", "lost", "compromised"])
def test_another_key_signs_and_what_was_signed_before_stays_good(
    office: Shell, tmp_path: Path, reason: str
) -> None:
    remembered, old = kept(office, tmp_path / "remembered"), public(office)
    old_key = pinned(office, tmp_path / "old.pub")
    if reason == "lost":
        (keys(office) / "signing.key").unlink()
        assert "signing.key" in office.refused_on_data("user", "list")
    said = office.on_data("key", "replace", "signing", "--reason", reason).out
    new = public(office)
    assert new != old
    assert new.name == old.name
    assert new.vkey in said.splitlines()
    assert last_entry(office) == {
        "purpose": "signing",
        "epoch": 2,
        "key": new.vkey,
        "reason": reason,
    }
    note = office.on_data("ledger", "checkpoint").out
    assert is_signed_by(new, note)
    assert not is_signed_by(old, note)
    assert checked(office)[0] == "clean"
    assert checked(office, "--against", remembered)[0] == "clean"

    new_key = pinned(office, tmp_path / "new.pub")
    office.on_data("ledger", "export", tmp_path / "export")
    enclosed = (tmp_path / "export" / "keys").read_text().split()
    assert enclosed == [new.vkey, old.vkey]
    assert office("ledger", "verify", tmp_path / "export").status == 0
    both = tmp_path / "both.pub"
    both.write_text(new_key.read_text() + old_key.read_text())
    against = ("--against", remembered)
    assert office("ledger", "verify", tmp_path / "export", "--key", both, *against).status == 0
    only_old = office("ledger", "verify", tmp_path / "export", "--key", old_key, ok=False)
    assert only_old.status == 1, "who has only the former key is not talked into the new one"


def test_a_former_key_vouches_for_the_next_one_only_when_it_is_replaced_as_planned(
    office: Shell,
) -> None:
    old = public(office)
    office.on_data("key", "replace", "signing", "--reason", "planned")
    entry = office.on_data("ledger", "verify", "--json").json["size"] - 1
    proof = office.on_data("ledger", "proof", entry, "--json").json
    assert proof["size"] == entry + 1
    signed = [note for note in notes(office) if is_signed_by(old, note)]
    assert signed[-1].splitlines()[1] == str(entry + 1)
    office.on_data("key", "replace", "signing", "--reason", "compromised")
    assert [note for note in notes(office) if is_signed_by(old, note)] == signed


def notes(shell: Shell) -> list[str]:
    """Every checkpoint of the ledger."""
    folder = shell.data.parent / f"export-{len(list(shell.data.parent.iterdir()))}"
    shell.on_data("ledger", "export", folder)
    lines = (folder / "checkpoints.jsonl").read_text().splitlines()
    return [json.loads(line)["note"] for line in lines]


def test_a_key_that_was_retired_signs_nothing_later(office: Shell, tmp_path: Path) -> None:
    """Whoever stole it and writes into the database is found, though its signature is genuine."""
    stolen = tmp_path / "stolen"
    shutil.copytree(office.data, stolen)
    office.on_data("key", "replace", "signing", "--reason", "compromised")
    office.on_data("user", "add", "chitra", "--role", "officer")
    for end in ("", "-wal"):
        source = office.data / f"countermand.sqlite3{end}"
        if source.exists():
            shutil.copyfile(source, stolen / source.name)
    shutil.rmtree(stolen / "signer")
    thief = Shell(stolen, office.capture, office.patch)
    retired = (keys(office) / "signing.retired").read_text()
    (keys(thief) / "signing.retired").write_text(f"{retired}{public(office).vkey}\n")
    assert "its memory was lost or taken away" in thief.refused_on_data("ledger", "checkpoint")
    assert "is not known here any more" in thief.on_data("signer", "--start-anew").out
    forged = thief.on_data("ledger", "checkpoint").out
    given = tmp_path / "forged"
    given.write_text(forged)
    verdict, said = checked(office, "--against", given)
    assert verdict == "altered"
    assert "retired" in said


def test_a_replacement_that_was_cut_short_is_finished_by_the_next(
    office: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reason, step in (
        ("planned", "use_next"),
        ("lost", "use_next"),
        ("compromised", "_opened"),
    ):
        before = public(office)

        def fail(*_: object, **__: object) -> None:
            raise RuntimeError

        with monkeypatch.context() as patched:
            patched.setattr(f"decision_service.key_replacement.{step}", fail)
            assert "RuntimeError" in office.refused_on_data(
                "key", "replace", "signing", "--reason", reason
            )
        size = office.on_data("ledger", "verify", "--json", ok=False).json["size"]
        office.on_data("key", "replace", "signing", "--reason", reason)
        found = office.on_data("ledger", "verify", "--json").json
        assert public(office) != before
        assert found["verdict"] == "clean"
        assert found["size"] <= size + 1, "it is recorded once"
        assert last_entry(office)["key"] == public(office).vkey
        assert not (keys(office) / "signing.next").exists()


def test_a_key_that_lies_with_a_signer_of_its_own_is_replaced_there(
    office: Shell, tmp_path: Path
) -> None:
    home = tmp_path / "signer"
    office.on_data("signer", "--separate", "--home", home)
    old = public(office)
    office.on_data("key", "replace", "signing", "--reason", "planned", "--home", home)
    assert public(office) != old
    assert not (keys(office) / "signing.key").exists()
    assert (home / "signing.key").stat().st_mode & 0o77 == 0
    assert old.vkey in (home / "signing.retired").read_text()
    assert checked(office)[0] == "clean"


def test_without_the_key_above_the_data_keys_all_but_personal_parts_stays(
    office: Shell, tmp_path: Path
) -> None:
    remembered = kept(office, tmp_path / "remembered")
    (keys(office) / "kek.json").unlink()
    refused = office.refused_on_data("user", "list")
    assert "kek.json" in refused
    assert "key replace" in refused
    said = office.on_data("key", "replace", "personal", "--reason", "lost").out
    assert "2 data keys open no more" in said
    assert last_entry(office) == {
        "purpose": "key-encryption",
        "epoch": 2,
        "reason": "lost",
        "count": 2,
    }
    verdict, said = checked(office, "--against", remembered)
    assert verdict == "incomplete", "nothing was changed, and something cannot be read"
    assert "was lost" in said
    names = {p["name"] for p in office.on_data("user", "list", "--json").json["people"]}
    assert names == {"asha", "bruno"}
    office.on_data("user", "add", "chitra", "--role", "officer")
    office.on_data("user", "lock", "asha")
    office.on_data("ledger", "export", tmp_path / "export")
    assert office("ledger", "verify", tmp_path / "export").status == 0
    assert "nothing is lost" in office.refused_on_data(
        "key", "replace", "personal", "--reason", "lost"
    )


def test_a_key_above_the_data_keys_from_an_older_copy_is_named_and_nothing_is_lost(
    office: Shell, tmp_path: Path
) -> None:
    older = tmp_path / "kek.json"
    shutil.copyfile(keys(office) / "kek.json", older)
    office.on_data("key", "rotate")
    newest = tmp_path / "newest"
    shutil.copyfile(keys(office) / "kek.json", newest)
    shutil.copyfile(older, keys(office) / "kek.json")
    assert "older copy" in office.refused_on_data("user", "list")
    shutil.copyfile(newest, keys(office) / "kek.json")
    assert checked(office)[0] == "clean"


def test_without_the_lookup_key_applications_are_found_again(office: Shell) -> None:
    (keys(office) / "lookup.key").unlink()
    assert "lookup.key" in office.refused_on_data("user", "list")
    office.on_data("key", "replace", "lookup", "--reason", "lost")
    assert last_entry(office) == {"purpose": "lookup", "epoch": 1, "reason": "lost"}
    assert checked(office)[0] == "clean"
    office.on_data("user", "lock", "asha")


def test_without_any_key_the_ledger_goes_on(office: Shell, tmp_path: Path) -> None:
    remembered, old = kept(office, tmp_path / "remembered"), public(office)
    shutil.rmtree(keys(office))
    assert "signing.pub" in office.refused_on_data("user", "list")
    assert "signing.pub" in office.refused_on_data("init")
    three = ("signing", "personal", "lookup")
    office.on_data("key", "replace", *three, "--reason", "lost")
    assert old.vkey in (keys(office) / "signing.retired").read_text()
    verdict, said = checked(office, "--against", remembered)
    assert verdict == "incomplete"
    assert "was lost" in said
    office.on_data("user", "add", "chitra", "--role", "officer")


def test_a_key_of_a_program_is_found_and_revoked(office: Shell) -> None:
    office.on_data("user", "add", "core", "--role", "service")
    first = office.on_data("key", "add", "--user", "core", "--json").json["public_id"]
    second = office.on_data("key", "add", "--user", "core", "--json").json["public_id"]
    assert second in office.on_data("key", "list").out
    said = office.on_data("key", "revoke", first).out
    assert f"Key {first} of core opens nothing any more." in said
    known = {key["public_id"]: key for key in office.on_data("key", "list", "--json").json["keys"]}
    assert known[first]["revoked_at"]
    assert known[second]["revoked_at"] is None
    assert "no key" in office.refused_on_data("key", "revoke", first)
    assert "no key" in office.refused_on_data("key", "revoke", "0" * 16)
    size = office.on_data("ledger", "verify", "--json").json["size"]
    body = office.on_data("ledger", "show", size - 1, "--json").json["body"]
    assert (body["type"], body["data"]["key"]) == ("key_revoked", first)
    assert body["data"]["reason"] == "compromised"


def test_what_is_not_lost_is_not_replaced(office: Shell, tmp_path: Path) -> None:
    lost = ("--reason", "lost")
    for which in ("personal", "lookup"):
        assert "nothing is lost" in office.refused_on_data("key", "replace", which, *lost)
    wrong = office.refused_on_data("key", "replace", "personal", "--reason", "planned", status=2)
    assert "where they are lost" in wrong
    nowhere = Shell(tmp_path / "nowhere", office.capture, office.patch)
    assert "no database" in nowhere.refused_on_data("key", "replace", "signing", *lost)
    assert checked(office)[0] == "clean"
