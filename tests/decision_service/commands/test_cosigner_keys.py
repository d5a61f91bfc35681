"""Two witnesses have two secrets, whatever they are called."""

from pathlib import Path

import pytest

from overrides.cosigning import Cosigner, public_text
from overrides.countermand_verify import WITNESS_KEY, Key, Policy
from tests.decision_service.commands.shell import Shell

HQ = Cosigner("hq.example/w", b"h" * 32, b"q" * 32)
COURT = Cosigner("court.example/w", b"c" * 32)


def keys(path: Path, *of: Key) -> Path:
    path.write_text(public_text(of))
    return path


def test_one_key_under_two_names_is_one_witness(shell: Shell, tmp_path: Path) -> None:
    shell.on_data("init")
    shell.on_data("cosigner", "add", "hq", "--key", keys(tmp_path / "hq", *HQ.keys))
    again = keys(tmp_path / "again", Key("b.example/w", WITNESS_KEY, HQ.keys[0].public))
    said = shell.refused_on_data("cosigner", "add", "two", "--key", again)
    assert "these are the keys of hq: one witness cannot be two" in said
    shell.on_data("cosigner", "add", "hq", "--key", again)
    shell.on_data("cosigner", "add", "court", "--key", keys(tmp_path / "court", *COURT.keys))
    policy = Policy.read(shell.on_data("cosigner", "policy").out)
    assert len(policy.witnesses) == 2


def test_a_witness_has_one_key_of_each_kind(shell: Shell, tmp_path: Path) -> None:
    shell.on_data("init")
    both = keys(tmp_path / "both", HQ.keys[0], COURT.keys[0])
    said = shell.refused_on_data("cosigner", "add", "hq", "--key", both)
    assert "a witness has one key of each kind" in said


def damaged_book(shell: Shell, tmp_path: Path, name: str) -> None:
    """An installation with one witness, which is never there, and a damaged file of its book."""
    shell.on_data("init")
    added = ("cosigner", "add", "hq", "--key", keys(tmp_path / "hq", *HQ.keys))
    shell.on_data(*added, "--at", "http://127.0.0.1:9/witness")
    (shell.data / "cosigners" / "signed").mkdir(exist_ok=True)
    (shell.data / "cosigners" / name).write_text("{")


def test_a_damaged_list_of_witnesses_stops_neither_an_export_nor_a_proof(
    shell: Shell, tmp_path: Path
) -> None:
    damaged_book(shell, tmp_path, "cosigners.json")
    shell.on_data("ledger", "proof", "0", "--out", tmp_path / "proof")
    said = shell.on_data("ledger", "export", tmp_path / "out")
    assert "entries of countermand/" in said.out
    assert "Not every witness could be asked." in said.err
    assert "cosigners.json cannot be used" in said.err
    assert "is not enclosed." in said.err
    shell("ledger", "verify", tmp_path / "out", "--key", shell.data / "keys" / "signing.pub")


@pytest.mark.parametrize("name", ["standing.json", "signed/2026-11-22.jsonl"])
@pytest.mark.parametrize(
    "command", [("ledger", "proof", "0"), ("ledger", "export"), ("cosigner", "list")]
)
def test_what_is_damaged_of_what_was_signed_is_put_aside_and_told(
    shell: Shell, tmp_path: Path, name: str, command: tuple[str, ...]
) -> None:
    damaged_book(shell, tmp_path, name)
    out = {"proof": ("--out", tmp_path / "out"), "export": (tmp_path / "out",), "list": ()}
    said = shell.on_data(*command, *out[command[1]])
    file = name.rpartition("/")[2]
    assert f"{file} is damaged, and is {file}.damaged-1 now" in said.err
    assert "is not enclosed." not in said.err
    assert "Not every witness could be asked." not in said.err
