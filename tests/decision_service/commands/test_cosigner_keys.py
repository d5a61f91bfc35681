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


@pytest.mark.parametrize("name", ["cosigners.json", "standing.json", "signed/2026-11-22.jsonl"])
def test_a_damaged_book_of_witnesses_stops_neither_an_export_nor_a_proof(
    shell: Shell, tmp_path: Path, name: str
) -> None:
    shell.on_data("init")
    added = ("cosigner", "add", "hq", "--key", keys(tmp_path / "hq", *HQ.keys))
    shell.on_data(*added, "--at", "http://127.0.0.1:9/witness")
    (shell.data / "cosigners" / "signed").mkdir(exist_ok=True)
    (shell.data / "cosigners" / name).write_text("{")
    proof = shell.on_data("ledger", "proof", "0", "--out", tmp_path / "proof")
    assert ("is not enclosed." in proof.err) == (name == "signed/2026-11-22.jsonl")
    said = shell.on_data("ledger", "export", tmp_path / "out")
    assert "entries of countermand/" in said.out
    assert name in said.err
    assert said.err.count("Not every witness could be asked.") == (
        name != "signed/2026-11-22.jsonl"
    )
    assert said.err.count("is not enclosed.") == (name != "standing.json")
    shell("ledger", "verify", tmp_path / "out", "--key", shell.data / "keys" / "signing.pub")
