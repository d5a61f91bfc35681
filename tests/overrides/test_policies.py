"""Whose signatures are enough is said in a file of the C2SP form, and exports are held to it."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides import countermand_verify as verifier
from overrides.cosigning import Cosigner
from overrides.countermand_verify import Findings, Key, Memory, Policy, Verdict, Wrong, check_export
from overrides.notes import Checkpoint, Signer
from overrides.proofs import whole_proof
from tests import plain_trees
from tests.forging import checkpoint_over, forged_export, recorded_at
from tests.ledgers import LOG, NOON
from tests.overrides.test_attacks import THIEF, History, history, rewritten

__all__ = ["history"]

HQ, COURT, BRANCH, FOREIGN = (
    Cosigner(f"{name}.example/w", bytes([n]) * 32, bytes([n + 100]) * 32)
    for n, name in enumerate(("hq", "court", "branch", "foreign"), 1)
)
BOTH = (
    f"witness hq {HQ.keys[0]}\nwitness court {COURT.keys[1]} https://court.example/witness\n"
    "group both all hq court\nquorum both\n"
)


def cosigned(note: str, *witnesses: Cosigner, ml_dsa: bool = True) -> str:
    """A note with what these witnesses sign."""
    at = verifier.Checkpoint.read(note.rpartition("\n\n")[0] + "\n")
    lines = "".join(w.lines(Checkpoint(*at), NOON) for w in witnesses)
    kept = (line for line in lines.splitlines(keepends=True) if ml_dsa or len(line) < 200)
    return note + "".join(kept)


def checked(
    history: History,
    bodies: Sequence[bytes],
    notes: Sequence[str],
    policy: str = BOTH,
    *,
    signer: Signer | None = None,
) -> Findings:
    """What an auditor with a policy finds in an export with these checkpoints of before."""
    log = f"log {history.signer.key.vkey}\n"
    memory: dict[str, Any] = {"keys": (), "policy": Policy.read(log + policy)}
    return history.check(bodies, notes, signer=signer, **memory)


def test_a_policy_is_read_line_by_line() -> None:
    log = Signer(LOG, b"l" * 32).key.vkey
    policy = Policy.read(
        f" # who we trust\n\nlog {log} https://bank.example\n\twitness  hq\t{HQ.keys[0]} \n"
        f"witness court {COURT.keys[1]} https://court.example/witness\n"
        f"witness w\N{KELVIN SIGN} {BRANCH.keys[0]}\n"
        "group near any hq w\N{KELVIN SIGN}\ngroup all 2 near court\nquorum all"
    )
    assert policy.logs == [Key.read(log)]
    assert policy.witnesses["court"] == COURT.keys[1]
    assert policy.addresses == {"court": "https://court.example/witness"}
    assert policy.wanted() == "2 of (1 of hq, w\N{KELVIN SIGN}), court"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no line 'quorum'"),
        ("quorum none\nquorum none\n", "line 2"),
        ("quorum hq\n", "nobody is named hq"),
        ("group g any hq\nquorum none\n", "nobody is named hq"),
        (f"witness none {HQ.keys[0]}\nquorum none\n", "taken"),
        (f"witness a {HQ.keys[0]}\nwitness a {COURT.keys[0]}\nquorum a\n", "taken"),
        (f"witness a {HQ.keys[0]}\nwitness b {HQ.keys[0]}\nquorum a\n", "twice"),
        (f"witness a {HQ.keys[0]}\ngroup a any a\nquorum a\n", "taken"),
        (f"witness a {HQ.keys[0]}\ngroup g any a a\nquorum g\n", "twice in one"),
        (f"witness a {HQ.keys[0]}\ngroup g any a\ngroup h any a\nquorum g\n", "two groups"),
        (f"witness a {HQ.keys[0]}\ngroup g 2 a\nquorum g\n", "a number of its members"),
        (f"witness a {HQ.keys[0]}\ngroup g 0 a\nquorum g\n", "a number of its members"),
        (f"witness a {HQ.keys[0]}\ngroup g 01 a\nquorum g\n", "a number of its members"),
        (f"witness a {HQ.keys[0]}\ngroup g any\nquorum a\n", "line 2"),
        (f"witness a {HQ.keys[0]}\ngroup g any none\nquorum a\n", "nobody is named none"),
        (f"witness a {Signer('a', bytes(32)).key.vkey}\nquorum a\n", "another kind"),
        (f"log {HQ.keys[0]}\nquorum none\n", "another kind"),
        (f"witness a {str(HQ.keys[0])[:-1]}\nquorum a\n", "line 1"),
        ("trust everybody\nquorum none\n", "not one that a policy"),
        ("Quorum none\n", "not one that a policy"),
        ("quorum none \x0b\n", "no policy has"),
        ("quorum\N{NO-BREAK SPACE}none\n", "not one that a policy"),
        ("quorum none\r\n", "no policy has"),
    ],
)
def test_a_policy_that_could_be_read_in_two_ways_is_refused(text: str, why: str) -> None:
    with pytest.raises(Wrong, match=why):
        Policy.read(text)


def test_one_key_under_two_names_is_one_witness() -> None:
    again = Key("another.example/w", HQ.keys[0].type, HQ.keys[0].public)
    with pytest.raises(Wrong, match="twice"):
        Policy.read(f"witness a {HQ.keys[0]}\nwitness b {again}\nquorum a\n")


@st.composite
def rules(draw: st.DrawFn) -> tuple[list[tuple[str, int, list[str]]], list[str]]:
    """Groups over seven witnesses, each witness and group in one group at most."""
    free, groups = [f"w{n}" for n in range(7)], list[tuple[str, int, list[str]]]()
    for number in range(draw(st.integers(1, 4))):
        count = draw(st.integers(1, len(free)))
        chosen = draw(st.permutations(free))[:count]
        groups.append((f"g{number}", draw(st.integers(1, count)), chosen))
        free = [*(name for name in free if name not in chosen), f"g{number}"]
    return groups, draw(st.lists(st.sampled_from([f"w{n}" for n in range(7)]), unique=True))


@given(rules())
def test_a_quorum_is_what_counting_upwards_says(
    drawn: tuple[list[tuple[str, int, list[str]]], list[str]],
) -> None:
    """The oracle counts who has signed from the witnesses up, group by group as they stand."""
    groups, signed = drawn
    keys = {f"w{n}": Cosigner(f"w{n}", bytes([n]) * 32).keys[0] for n in range(7)}
    lines = [f"witness {name} {key}" for name, key in keys.items()]
    lines += [f"group {name} {count} {' '.join(names)}" for name, count, names in groups]
    policy = Policy.read("\n".join([*lines, f"quorum {groups[-1][0]}", ""]))
    have = set(signed)
    for name, count, names in groups:
        if len(have & set(names)) >= count:
            have.add(name)
    assert policy.holds([keys[name] for name in signed]) is (groups[-1][0] in have)


def test_an_export_that_enough_witnesses_signed_is_clean_and_says_who(history: History) -> None:
    notes = [history.notes[0], cosigned(history.notes[1], HQ, COURT)]
    found = checked(history, history.bodies, notes)
    assert (found.verdict, found.found, found.remembered) == (Verdict.CLEAN, (), 40)
    said = str(found.sentences())
    assert "Your policy wants 2 of hq, court: they signed 40 entries." in said
    assert "court.example/w saw the ledger end after 40 entries on 2026-01-02T12:00" in said
    assert "hq.example/w saw the first 40 entries on 2026-01-02T12:00" in said, "no address"


def test_an_export_that_too_few_witnesses_signed_lacks_its_quorum(history: History) -> None:
    notes = [history.notes[0], cosigned(history.notes[1], HQ, BRANCH)]
    found = checked(history, history.bodies, notes)
    assert found.verdict == Verdict.INCOMPLETE
    text = "NO QUORUM: no checkpoint in it was cosigned by enough of your witnesses: your policy"
    assert f"{text} wants 2 of hq, court, and it was signed by hq" in map(str, found.found)


def test_witnesses_that_signed_different_checkpoints_are_no_quorum(history: History) -> None:
    notes = [cosigned(history.notes[0], HQ), cosigned(history.notes[1], COURT)]
    assert checked(history, history.bodies, notes).verdict == Verdict.INCOMPLETE


def test_entries_after_the_quorum_are_told_of(history: History) -> None:
    notes = [cosigned(history.notes[0], HQ, COURT), history.notes[1]]
    found = checked(history, history.bodies, notes)
    assert found.verdict == Verdict.INCOMPLETE
    assert "signed the first 30, and not yet the 10 entries after" in str(found.found)


def test_a_policy_may_want_no_witness(history: History) -> None:
    assert checked(history, history.bodies, history.notes, "quorum none\n").verdict == 0


@pytest.mark.parametrize("who", [HQ, COURT], ids=["by file", "over the network"])
def test_a_checkpoint_carried_to_a_witness_late_is_no_proof_of_backdating(
    history: History, who: Cosigner
) -> None:
    """Who is asked over the network is asked at once: there nothing older can come after."""
    late = recorded_at(history.bodies[-1]) + timedelta(days=2)
    point = Checkpoint(*verifier.Checkpoint.read(history.notes[0].rpartition("\n\n")[0] + "\n"))
    note = history.notes[0] + who.lines(point, late)
    found = checked(history, history.bodies, [note, cosigned(history.notes[1], HQ, COURT)])
    assert found.verdict is (Verdict.CLEAN if who is HQ else Verdict.ALTERED)
    assert ("BACKDATED" in str(found.found)) is (who is COURT)


def test_a_history_written_anew_with_the_stolen_key_has_no_quorum(history: History) -> None:
    forged = rewritten(history)
    new = cosigned(checkpoint_over(history.signer, forged), FOREIGN)
    found = checked(history, forged, [new])
    assert found.verdict == Verdict.INCOMPLETE
    assert "NO QUORUM" in str(found.found)
    old = [cosigned(history.notes[0], HQ, COURT), new]
    assert checked(history, forged, old).verdict == Verdict.ALTERED, "and what was cosigned is gone"
    moved = new + cosigned(history.notes[1], HQ, COURT).removeprefix(history.notes[1])
    assert checked(history, forged, [moved]).verdict == Verdict.ALTERED, "nor can it be moved"


def test_a_policy_names_the_ledger_s_keys_too(history: History) -> None:
    notes = [cosigned(history.notes[1], HQ, COURT)]
    found = checked(history, rewritten(history), [], signer=THIEF)
    assert found.verdict == Verdict.ALTERED
    assert "not signed by the key it should be" in str(found.found)
    assert "signed by a key that you gave" in str(
        checked(history, history.bodies, notes).sentences()
    )


def test_without_a_library_an_ml_dsa_signature_is_told_of_and_does_not_count(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier, "ml_dsa", lambda: None)
    found = checked(history, history.bodies, [cosigned(history.notes[1], HQ, COURT)])
    assert found.verdict == Verdict.INCOMPLETE
    assert "NO QUORUM" in str(found.found)
    said = "Signatures of court.example/w with ML-DSA-44 could not be checked here"
    assert said in str(found.sentences())


def test_ed25519_alone_needs_no_library(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "ml_dsa", lambda: None)
    monkeypatch.setattr(verifier, "_ed25519", lambda: verifier.ed25519_holds_plainly)
    policy = f"witness hq {HQ.keys[0]}\nquorum hq\n"
    note = cosigned(history.notes[1], HQ, ml_dsa=False)
    assert checked(history, history.bodies, [note], policy).verdict == Verdict.CLEAN


def proof(history: History, seq: int, note: str) -> str:
    """The proof of one entry under a checkpoint over all forty."""
    leaves = [verifier.leaf_hash(body) for body in history.bodies]
    path = plain_trees.inclusion(leaves, seq)
    return whole_proof(seq, path, note, body=history.bodies[seq], parts=())


def test_a_proof_of_one_entry_is_held_to_the_policy_too(history: History) -> None:
    log = f"log {history.signer.key.vkey}\n"
    memory = Memory(policy=Policy.read(log + BOTH))
    good = verifier.check_proof(proof(history, 7, cosigned(history.notes[1], HQ, COURT)), memory)
    assert (good.verdict, good.remembered) == (Verdict.CLEAN, 40)
    assert "court.example/w signed that checkpoint on 2026-01-02T12:00" in str(good.sentences())
    bad = verifier.check_proof(proof(history, 7, cosigned(history.notes[1], HQ)), memory)
    assert bad.verdict == Verdict.INCOMPLETE
    assert "NO QUORUM" in str(bad.found)


def cli(arguments: Collection[object]) -> int:
    """The verifier's own command."""
    return verifier.main([str(word) for word in arguments])


def test_the_verifier_takes_a_policy_file_and_only_one(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"log {history.signer.key.vkey}\n{BOTH}", encoding="utf-8")
    notes = [cosigned(history.notes[1], HQ, COURT)]
    folder = forged_export(tmp_path / "out", history.signer, history.bodies, notes)
    assert cli([folder, "--policy", policy]) == Verdict.CLEAN
    assert "they signed 40 entries" in capsys.readouterr().out
    assert check_export(folder, Memory()).verdict == Verdict.CLEAN
    assert cli([folder, "--policy", policy, "--policy", policy]) == verifier.WRONG_USAGE
    assert "one policy only" in capsys.readouterr().err
    policy.write_text("quorum hq\n")
    assert cli([folder, "--policy", policy]) == verifier.WRONG_USAGE
    assert "line 1 of the policy: nobody is named hq" in capsys.readouterr().err
