"""An auditor's memory: what continues it enters it, what contradicts it is told and kept."""

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides import countermand_verify
from overrides.countermand_verify import Sight
from overrides.errors import MemoryUnusable, NoteInvalid
from overrides.merkle import leaf_hash
from overrides.notes import Checkpoint, PublicKey, Signer
from overrides.witness import (
    Judgement,
    Outcome,
    Prove,
    Sighting,
    WitnessMemory,
    judge,
    opened_checkpoint,
)
from tests import plain_trees
from tests.ledgers import NOON

LOG = "bank.example/ledger"
SIGNER = Signer(LOG, bytes(range(32)))
LEAVES = [leaf_hash(bytes([n])) for n in range(200)]
OTHERS = [leaf_hash(b"other" + bytes([n])) for n in range(200)]


def at(size: int, leaves: Sequence[bytes] = LEAVES, origin: str = LOG) -> Checkpoint:
    return Checkpoint(origin, size, plain_trees.root(leaves[:size]))


def proving(leaves: Sequence[bytes] = LEAVES) -> Prove:
    return lambda first, second: plain_trees.consistency(leaves[:second], first)


def no_proof(_first: int, _second: int) -> None:
    return None


def judged(
    last: Checkpoint | None, now: Checkpoint, prove: Prove | None = None, *, live: bool = True
) -> Judgement:
    return judge(last, now, prove or proving(), live=live, when="1 Jan")


def seen(size: int, leaves: Sequence[bytes] = LEAVES, hours: int = 0) -> Sighting:
    note = SIGNER.sign(at(size, leaves).text)
    when = NOON + timedelta(hours=hours)
    return Sighting(when, note, "https://bank.example", (SIGNER.key,))


@given(st.integers(1, 200), st.integers(1, 200))
def test_a_ledger_that_only_grew_is_consistent(first: int, second: int) -> None:
    older, newer = sorted((first, second))
    assert judged(at(older), at(newer)).outcome is Outcome.CONSISTENT
    assert judged(None, at(newer)).outcome is Outcome.CONSISTENT


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 199))
def test_a_ledger_with_another_history_is_a_fork_whatever_it_proves(
    first: int, second: int, changed: int
) -> None:
    older, newer = sorted((first, second))
    leaves = [*LEAVES[: changed % older], OTHERS[changed % older], *LEAVES[changed % older + 1 :]]
    found = judged(at(older), at(newer, leaves), proving(leaves))
    assert found.outcome is Outcome.ALTERED
    assert found.finding.startswith("FORK")


def test_a_ledger_that_lost_its_end_is_a_rollback() -> None:
    found = judged(at(20), at(12))
    assert found.outcome is Outcome.ALTERED
    assert found.finding.startswith("ROLLBACK")
    assert "8 entries that you remember are gone" in found.finding


def test_an_older_file_is_no_rollback_and_is_not_remembered() -> None:
    found = judged(at(20), at(12), live=False)
    assert found.outcome is Outcome.STALE
    assert "not compared" in found.finding


def test_a_checkpoint_without_its_proof_is_not_remembered_and_says_what_to_ask_for() -> None:
    found = judged(at(12), at(20), no_proof, live=False)
    assert found.outcome is Outcome.INCOMPLETE
    assert "--since 12" in found.finding


def test_another_ledger_is_not_compared() -> None:
    assert judged(at(12), at(20, origin="other.example/x")).outcome is Outcome.INCOMPLETE


def test_a_note_without_the_log_s_own_signature_is_refused() -> None:
    stranger = Signer("stranger.example/log", bytes(32))
    note = stranger.sign(at(5).text)
    with pytest.raises(NoteInvalid, match="own key"):
        opened_checkpoint(note, [stranger.key])
    with pytest.raises(NoteInvalid):
        opened_checkpoint(SIGNER.sign(at(5).text), [stranger.key])


@pytest.fixture
def memory(tmp_path: Path) -> WitnessMemory:
    return WitnessMemory(tmp_path / "memory.jsonl")


def test_what_was_seen_is_remembered_in_order(memory: WitnessMemory) -> None:
    assert memory.read() == []
    sightings = [seen(size, hours=size) for size in (3, 3, 9)]
    assert [memory.add(sighting) for sighting in sightings] == [1, 2, 3]
    assert memory.read() == sightings
    assert [sighting.checkpoint.size for sighting in memory.read()] == [3, 3, 9]


def test_the_verifier_reads_the_memory_as_it_is(memory: WitnessMemory) -> None:
    memory.add(seen(3))
    memory.add(replace(seen(9, hours=1), ended=True))
    kept = countermand_verify.read_memory(memory.path.read_text())
    assert kept == [
        (seen(3).note, Sight("you", NOON, ended=False)),
        (seen(9).note, Sight("you", NOON + timedelta(hours=1), ended=True)),
    ]
    assert [sighting.ended for sighting in memory.read()] == [False, True]


def test_a_line_of_an_earlier_release_does_not_say_where_the_ledger_ended(
    memory: WitnessMemory,
) -> None:
    memory.add(replace(seen(3), ended=True))
    line = json.loads(memory.path.read_text())
    for ended in (None, "yes", 1):
        line["ended"] = ended
        memory.path.write_text(json.dumps(line) + "\n")
        assert memory.read() == [seen(3)]
    del line["ended"]
    memory.path.write_text(json.dumps(line) + "\n")
    assert memory.read() == [seen(3)]


def test_what_its_own_log_did_not_sign_is_no_sighting() -> None:
    """Else it would be remembered, and the memory could not be read any more."""
    stranger = Signer("stranger.example/log", bytes(32))
    with pytest.raises(NoteInvalid, match="own key"):
        Sighting(NOON, stranger.sign(at(5).text), "a folder", (SIGNER.key, stranger.key))


@given(cut=st.integers(0, 900))
def test_a_line_cut_off_by_a_power_failure_loses_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    memory = WitnessMemory(tmp_path_factory.mktemp("torn") / "memory.jsonl")
    memory.add(seen(3))
    whole = memory.path.stat().st_size
    memory.add(replace(seen(9), source="a long way " * 50))
    os.truncate(memory.path, min(whole + cut, memory.path.stat().st_size))
    left = memory.read()
    assert left[0] == seen(3)
    assert memory.add(seen(12)) == len(left) + 1
    assert memory.read() == [*left, seen(12)]
    assert len(countermand_verify.read_memory(memory.path.read_text())) == len(left) + 1


SPOILED = {
    "another name": ("bank.example/ledger", "bonk.example/ledger"),
    "a member is missing": ("seen_at", "seen"),
    "no JSON": ("{", "nonsense"),
    "a time that is none": ("2026-", "2O26-"),
}


@pytest.mark.parametrize(("old", "new"), SPOILED.values(), ids=SPOILED)
def test_a_damaged_memory_is_named_with_its_line(memory: WitnessMemory, old: str, new: str) -> None:
    memory.add(seen(3))
    memory.add(seen(9))
    first, second = memory.path.read_text().splitlines()
    memory.path.write_text(f"{first}\n{second.replace(old, new, 1)}\n")
    with pytest.raises(MemoryUnusable, match="line 2"):
        memory.read()


def test_two_visits_at_once_are_not_mixed(memory: WitnessMemory) -> None:
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(memory.alone())
        with pytest.raises(MemoryUnusable, match="another visit"):
            second.enter_context(memory.alone())
    with memory.alone():
        pass


def test_two_notes_that_contradict_each_other_are_kept_as_evidence(memory: WitnessMemory) -> None:
    last, shown = seen(9), seen(12, OTHERS)
    found = judged(last.checkpoint, shown.checkpoint, proving(OTHERS))
    path = memory.keep_evidence(last, shown, found, stamp="then")
    told = json.loads(path.read_text())
    for side in ("remembered", "shown"):
        keys = [PublicKey.from_vkey(key) for key in told[side]["keys"]]
        assert opened_checkpoint(told[side]["note"], keys)[0].origin == LOG
    assert told["finding"] == found.finding
    with pytest.raises(FileExistsError):
        memory.keep_evidence(last, shown, found, stamp="then")
    assert memory.read() == []
