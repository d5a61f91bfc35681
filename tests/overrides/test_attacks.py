"""What the offline verifier says of every known attack on a ledger, the undetectable ones included.

An attacker here owns the machine: the database and the export are theirs to write. Some also hold
the key that signs. The auditor holds the export, the public key, and perhaps a memory.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from overrides.canonical import canonical
from overrides.checks import writes
from overrides.countermand_verify import (
    CUT_OFF,
    WRITTEN_ANEW,
    Findings,
    Key,
    Memory,
    Policy,
    Receipt,
    Sight,
    Verdict,
    check_export,
    tile_name,
)
from overrides.examination import Trust
from overrides.instants import instant_text
from overrides.journal import Draft
from overrides.ledger_rows import Disclosure
from overrides.merkle import leaf_hash
from overrides.notes import Signer, claimed_checkpoint
from overrides.signing import sign_checkpoint
from overrides.stores.engine import writing
from overrides.stores.verifying import verify_engine
from overrides.verify import SAME_HOST
from tests.erasures import erasing
from tests.forging import Witness, checkpoint_over, edited, forged_export, recorded_at, renumbered
from tests.ledgers import LOG, NOON, TestLedger, ledger_at
from tests.tampering import changed, rewrite

THIEF = Signer(LOG, b"t" * 32)
WITNESS = Witness("witness.example/w1", b"w" * 32)


@dataclass(frozen=True)
class History:
    """Forty entries as they were recorded, checkpoints over 30 and 40, and what signs them."""

    bodies: tuple[bytes, ...]
    notes: tuple[str, str]
    signer: Signer
    folder: Path  # for exports
    parts: tuple[Disclosure, ...]

    def check(
        self,
        bodies: Sequence[bytes],
        kept: Sequence[str] = (),
        *,
        signer: Signer | None = None,
        parts: Sequence[Disclosure] = (),
        **memory: Any,
    ) -> Findings:
        """What an auditor finds in an export of these, made a day later by whoever signs.

        ``kept`` are the checkpoints that were left in; ``memory`` is what the auditor has besides
        the real key.
        """
        folder = self.folder / str(len(list(self.folder.iterdir())))
        later = NOON + timedelta(days=1)
        forged_export(
            folder,
            signer or self.signer,
            bodies,
            kept,
            parts=parts,
            clock=lambda: later,
            log=LOG,
        )
        memory.setdefault("keys", (Key.read(self.signer.key.vkey),))
        return check_export(folder, Memory(**memory))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """The ledger before anybody touched it."""
    folder = tmp_path_factory.mktemp("history")
    with ledger_at(f"sqlite:///{folder}/countermand.sqlite3", folder / "keys") as ledger:
        ledger.begin()
        for count in (29, 10):
            drafts = (
                ledger.open.withdrawn(f"case-{n}", f"note {n}")
                if n % 2
                else ledger.open.viewed(str(n))
                for n in range(count)
            )
            ledger.journal.submit(writes(*drafts)).result()
            sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
        entries = ledger.book.entries(0, 40)
        ids = [json.loads(entry.body)["id"] for entry in entries]
        parts = tuple(ledger.book.disclosures(ids, ["note"]))
        first, second = (kept.note for kept in ledger.book.checkpoints())
        bodies = tuple(entry.body for entry in entries)
        (folder / "out").mkdir()
        return History(bodies, (first, second), ledger.signer, folder / "out", parts)


def test_a_ledger_that_nobody_touched_is_clean_and_the_limits_are_stated(history: History) -> None:
    found = history.check(history.bodies, history.notes)
    assert (found.verdict, found.found, found.size) == (Verdict.CLEAN, (), 40)
    assert {CUT_OFF, WRITTEN_ANEW} <= set(found.sentences())


def rewritten(history: History, seq: int = 9) -> list[bytes]:
    """The history with one entry changed, everything else as it was."""
    bodies = list(history.bodies)
    bodies[seq] = edited(bodies[seq], actor="somebody else")
    return bodies


def test_an_edited_entry_is_detected(history: History) -> None:
    found = history.check(rewritten(history), history.notes)
    assert found.verdict == Verdict.ALTERED
    assert "a checkpoint of its own over 30 entries has another root" in str(found.found)


def test_a_deleted_entry_with_the_others_renumbered_is_detected(history: History) -> None:
    bodies = renumbered([*history.bodies[:9], *history.bodies[10:]])
    assert history.check(bodies, history.notes).verdict == Verdict.ALTERED


def test_two_entries_that_changed_places_are_detected(history: History) -> None:
    bodies = list(history.bodies)
    bodies[9], bodies[10] = bodies[10], bodies[9]
    found = history.check(bodies)
    assert found.verdict == Verdict.ALTERED, "even without any checkpoint of before"
    assert "it says it is entry 10" in str(found.found)
    assert history.check(renumbered(bodies), history.notes).verdict == Verdict.ALTERED


def test_an_entry_spliced_in_from_another_ledger_is_detected(history: History) -> None:
    bodies = list(history.bodies)
    bodies[9] = edited(bodies[9], log="other.example/ledger")
    found = history.check(bodies)
    assert found.verdict == Verdict.ALTERED
    assert "entry 9 of other.example/ledger: it was moved" in str(found.found)


def test_a_cut_tail_under_checkpoints_that_were_kept_is_detected(history: History) -> None:
    found = history.check(history.bodies[:35], history.notes)
    assert found.verdict == Verdict.ALTERED
    assert "is over 40 entries, here are 35: entries were removed from the end" in str(found.found)


def test_a_cut_tail_with_its_checkpoints_is_clean_to_who_remembers_nothing(
    history: History,
) -> None:
    """The first honest limit: the words say so, and that is all that can be done."""
    found = history.check(history.bodies[:35], history.notes[:1])
    assert (found.verdict, found.size) == (Verdict.CLEAN, 35)
    assert CUT_OFF in found.sentences()
    assert "compared with nothing kept outside" in str(found.sentences())


def test_a_cut_tail_is_a_rollback_to_who_saw_more(history: History) -> None:
    for ended, saw in (
        (True, "the ledger end, by its own unsigned word, after 30 entries"),
        (False, "the first 30 entries"),
    ):
        seen = Sight("you", NOON, ended)
        found = history.check(history.bodies[:25], notes=((history.notes[0], seen),))
        assert found.verdict == Verdict.ALTERED
        assert f"ROLLBACK: you saw {saw}" in str(found.found)


def test_a_cut_tail_looks_like_an_old_copy_to_who_saw_more_and_knows_no_time(
    history: History,
) -> None:
    found = history.check(history.bodies[:25], notes=((history.notes[0], None),))
    assert found.verdict == Verdict.STALE
    assert "a copy whose end was cut off looks the same" in str(found.found)


def test_a_cut_tail_is_missed_by_who_holds_a_receipt_of_it(history: History) -> None:
    receipt = Receipt(LOG, 37, leaf_hash(history.bodies[37]))
    found = history.check(history.bodies[:35], history.notes[:1], receipts=(receipt,))
    assert found.verdict == Verdict.STALE


def test_a_history_signed_with_another_key_is_detected(history: History) -> None:
    """The database was stolen, the key was not."""
    found = history.check(rewritten(history), signer=THIEF)
    assert found.verdict == Verdict.ALTERED
    assert "not signed by the key it should be" in str(found.found)


def test_checkpoints_of_another_key_left_among_the_real_ones_are_told_of(
    history: History,
) -> None:
    strange = checkpoint_over(THIEF, history.bodies[:20])
    found = history.check(history.bodies, [strange, *history.notes])
    assert found.verdict == Verdict.INCOMPLETE
    assert "1 of its checkpoints are signed by none of the keys you gave" in str(found.found)


def replaced(history: History, new: Signer) -> list[bytes]:
    """The history with an entry after it that says that another key signs from now on."""
    shape = json.loads(history.bodies[-1]) | {"seq": 40, "case": None, "commit": {}}
    shape |= {"type": "key_rotated", "id": "0193529a-0000-7000-8000-000000000040"}
    shape["data"] = {"purpose": "signing", "epoch": 2, "key": new.key.vkey, "reason": "compromised"}
    opening = json.loads(history.bodies[0])
    opening["data"] |= {"keys": [history.signer.key.vkey]}
    return [canonical(opening), *history.bodies[1:], canonical(shape)]


def test_a_key_that_was_retired_signs_nothing_later(history: History) -> None:
    """Auditors keep the former key, for what it signed while it was the one that signs."""
    new = Signer(LOG, b"n" * 32)
    bodies = replaced(history, new)
    old = checkpoint_over(history.signer, bodies[:40])
    handover = checkpoint_over(history.signer, bodies)
    keys = tuple(Key.read(signer.key.vkey) for signer in (new, history.signer))
    later = [*bodies, *(edited(bodies[-2], seq=seq, id=f"x{seq}") for seq in (41, 42))]
    honest = history.check(later, [old, handover], signer=new, keys=keys)
    assert (honest.verdict, honest.found) == (Verdict.CLEAN, ())
    stolen = checkpoint_over(history.signer, later[:42])
    for found in (
        history.check(later, [old, stolen], signer=new, keys=keys),
        history.check(later, [old], signer=history.signer, keys=keys),
    ):
        assert found.verdict == Verdict.ALTERED
        assert "is signed by a key that entry 40 retired" in str(found.found)


@pytest.mark.parametrize("keys", [7, None, [], ["x"], [7], {}], ids=str)
def test_keys_that_make_no_sense_in_an_entry_are_no_accident(
    history: History, keys: object
) -> None:
    opening = json.loads(history.bodies[0])
    opening["data"] |= {"keys": keys}
    assert history.check([canonical(opening), *history.bodies[1:]]).verdict == Verdict.CLEAN


@pytest.mark.parametrize("slots", [7, None, [7], [["x"]], [["x", 7]], {}], ids=str)
def test_an_erasure_that_makes_no_sense_is_no_accident(history: History, slots: object) -> None:
    members = {"seq": 40, "id": "x", "type": "record_erased", "case": None, "commit": {}}
    data = {"ground": "person_asked", "slots": slots, "root": 7}
    erased = edited(history.bodies[-1], **members, data=data)
    found = history.check([*history.bodies, erased])
    assert found.verdict == Verdict.INCOMPLETE
    assert "are not those it was recorded with" in str(found.found)


def test_a_history_signed_with_the_stolen_key_lacks_the_witness_that_is_required(
    history: History,
) -> None:
    seen = WITNESS.cosign(history.notes[0], recorded_at(history.bodies[29]))
    required: dict[str, Any] = {"witnesses": (WITNESS.key,)}
    honest = history.check(history.bodies, [seen, history.notes[1]], **required)
    assert honest.verdict == Verdict.CLEAN
    assert f"{WITNESS.name} saw the first 30 entries" in str(honest.sentences())
    assert "rules both out for the first 30, and nothing after" in str(honest.sentences())
    forged = history.check(rewritten(history), **required)
    assert forged.verdict == Verdict.INCOMPLETE
    assert f"NOT WITNESSED: no checkpoint in it was seen by {WITNESS.name}" in str(forged.found)
    assert history.check(rewritten(history), [seen], **required).verdict == Verdict.ALTERED


def test_a_history_signed_with_the_stolen_key_is_clean_to_who_has_nothing(
    history: History,
) -> None:
    """The second honest limit."""
    found = history.check(rewritten(history))
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())
    assert WRITTEN_ANEW in found.sentences()
    assert "compared with nothing kept outside" in str(found.sentences())


def test_a_history_signed_with_the_stolen_key_is_detected_by_who_saw_a_checkpoint(
    history: History,
) -> None:
    for seen in (None, Sight("you", NOON + timedelta(hours=1), ended=True)):
        found = history.check(rewritten(history), notes=((history.notes[0], seen),))
        assert found.verdict == Verdict.ALTERED
        text = "a checkpoint you remembered over 30 entries has another root: one was changed"
        assert text in str(found.found)


def test_a_history_signed_with_the_stolen_key_is_detected_by_who_kept_a_receipt(
    history: History,
) -> None:
    receipt = Receipt(LOG, 17, leaf_hash(history.bodies[17]))
    found = history.check(rewritten(history, 17), receipts=(receipt,))
    assert found.verdict == Verdict.ALTERED
    assert "entry 17: it is not the entry that your receipt is of" in map(str, found.found)
    elsewhere = history.check(rewritten(history, 9), receipts=(receipt,))
    assert elsewhere.verdict == Verdict.CLEAN, "a receipt vouches for its own entry, no other"
    assert "1 of your receipts were compared" in str(elsewhere.sentences())


def test_one_clock_turned_back_is_detected(history: History) -> None:
    bodies = list(history.bodies)
    bodies[35] = edited(bodies[35], ts=instant_text(NOON - timedelta(days=1)))
    found = history.check(bodies)
    assert found.verdict == Verdict.ALTERED
    assert "entry 35: it is earlier than the entry before it" in map(str, found.found)


def test_all_later_clocks_turned_back_together_are_backdated_to_who_saw_the_ledger_then(
    history: History,
) -> None:
    """Written on the next day, and dated into the day before, each later than the one before."""
    start = recorded_at(history.bodies[29])
    later = [
        edited(body, ts=instant_text(start + timedelta(seconds=seq)))
        for seq, body in enumerate(history.bodies[30:])
    ]
    bodies = [*history.bodies[:30], *later]
    seen_at = start + timedelta(hours=5)
    witnessed = WITNESS.cosign(history.notes[0], seen_at)
    asked = Policy.read(f"witness w {WITNESS.key} https://witness.example\nquorum none\n")
    seen = Sight("you", seen_at, ended=True)
    for found in (
        history.check(bodies, [witnessed], policy=asked),
        history.check(bodies, notes=((history.notes[0], seen),)),
    ):
        assert found.verdict == Verdict.ALTERED
        assert "BACKDATED" in str(found.found[0])
        assert found.found[0].seq == 30
        by_its_word = "you saw the ledger end, by its own unsigned word, after"
        assert (by_its_word in str(found.found[0])) is ("you" in str(found.found[0]))
    unseen = history.check(bodies)
    assert unseen.verdict == Verdict.CLEAN, "nobody outside knows what time it was"


def carried(history: History, seen_at: datetime) -> Iterator[Findings]:
    """What is found when a witness, an auditor or a notary was handed the first checkpoint then."""
    note = history.notes[0]
    cosigned = WITNESS.cosign(note, seen_at)
    yield history.check(history.bodies, [cosigned], witnesses=(WITNESS.key,))
    yield history.check(history.bodies, notes=((note, Sight("you", seen_at, ended=False)),))
    yield history.check(history.bodies, stamped=((note, Sight("Notary", seen_at, ended=False)),))


def test_what_was_carried_to_whoever_saw_it_does_not_make_honest_entries_backdated(
    history: History,
) -> None:
    """Ten entries came while the stick was on its way. Nothing says where the ledger ended then."""
    seen_at = recorded_at(history.bodies[-1]) + timedelta(days=2)
    for found in carried(history, seen_at):
        assert (found.verdict, found.found) == (Verdict.CLEAN, ())


def test_an_entry_dated_later_than_it_was_seen_is_dated_ahead(history: History) -> None:
    """Whoever saw it, and however it came to them: by then it was there."""
    seen_at = recorded_at(history.bodies[29]) - timedelta(minutes=5)
    for found in carried(history, seen_at):
        assert [(one.verdict, one.seq) for one in found.found] == [(Verdict.INCOMPLETE, 29)]
        assert "DATED AHEAD: it says 2026-" in str(found.found[0])
        assert " saw the first 30 entries on " in str(found.found[0])
        shown = "".join(found.checked)
        assert "Notary" not in shown, "what cannot be is no fact"
        assert WITNESS.name not in shown
    soon = recorded_at(history.bodies[29]) - timedelta(seconds=100)
    close = WITNESS.cosign(history.notes[0], soon)
    assert history.check(history.bodies, [close], witnesses=(WITNESS.key,)).found == ()


def test_a_time_that_is_still_to_come_means_that_a_clock_is_wrong(history: History) -> None:
    """A witness whose clock is wrong does not make every later entry backdated."""
    now, seen_at = NOON + timedelta(days=2), NOON + timedelta(days=30_000)
    witnessed = WITNESS.cosign(history.notes[0], seen_at)
    asked = Policy.read(f"witness w {WITNESS.key} https://witness.example\nquorum none\n")
    stamped = ((history.notes[0], Sight("Notary", seen_at, ended=False)),)
    for found in (
        history.check(history.bodies, [witnessed], policy=asked, now=now),
        history.check(history.bodies, stamped=stamped, now=now),
    ):
        assert [one.verdict for one in found.found] == [Verdict.INCOMPLETE]
        assert "which is still to come: a clock is wrong" in str(found.found[0])
        assert "2108" not in "".join(found.checked)


def test_a_witness_that_says_nothing_of_the_time_is_a_witness_all_the_same(
    history: History,
) -> None:
    """Second 0 of C2SP tlog-cosignature: no time is told, and so none is wrong."""
    witnessed = WITNESS.cosign(history.notes[0], datetime.fromtimestamp(0, UTC))
    asked = Policy.read(f"witness w {WITNESS.key} https://witness.example\nquorum w\n")
    found = history.check(history.bodies[:30], [witnessed], policy=asked, witnesses=(WITNESS.key,))
    assert (found.verdict, found.remembered) == (Verdict.CLEAN, 30)
    assert "1970" not in str(found.sentences())
    kept = ((witnessed, None),)
    older = history.check(history.bodies[:25], notes=kept, witnesses=(WITNESS.key,))
    assert "ROLLBACK" not in str(older.found)


def test_a_ledger_is_signed_by_its_own_key_and_not_by_another_that_you_trust(
    history: History,
) -> None:
    """An auditor of two branches trusts both keys, each for its own ledger alone."""
    branch = Signer("branch.example/ledger", b"b" * 32)
    keys = (Key.read(history.signer.key.vkey), Key.read(branch.key.vkey))
    policy = Policy.read(f"log {keys[0]}\nlog {keys[1]}\nquorum none\n")
    for found in (
        history.check(rewritten(history), signer=branch, keys=keys),
        history.check(rewritten(history), signer=branch, keys=(), policy=policy),
    ):
        assert found.verdict == Verdict.ALTERED
        assert str(found.found[0]).endswith(f"not signed by the key it should be, {LOG}")
    old = branch.sign(claimed_checkpoint(history.notes[0]).text)
    strange = history.check(history.bodies, [old], keys=keys)
    assert strange.verdict == Verdict.INCOMPLETE
    assert "1 of its checkpoints are signed by none of the keys you gave" in str(strange.found)
    kept = history.check(history.bodies, keys=keys, notes=((old, None),))
    assert kept.verdict == Verdict.INCOMPLETE
    assert "it is signed by none of the keys" in str(kept.found)


def test_a_required_witness_is_known_by_its_key_and_not_by_its_name(history: History) -> None:
    """Somebody whom the policy names may have given themselves another witness's name."""
    other = Witness(WITNESS.name, b"o" * 32)
    signed = other.cosign(history.notes[1], recorded_at(history.bodies[-1]))
    policy = Policy.read(f"witness other {other.key}\nquorum other\n")
    found = history.check(history.bodies, [signed], policy=policy, witnesses=(WITNESS.key,))
    assert found.verdict == Verdict.INCOMPLETE
    assert f"NOT WITNESSED: no checkpoint in it was seen by {WITNESS.name}" in str(found.found)
    both = (WITNESS.key, other.key)
    found = history.check(history.bodies, [signed], witnesses=both)
    assert found.verdict == Verdict.CLEAN, "one of the keys that somebody has is enough"


def test_an_exchanged_personal_part_is_detected(history: History) -> None:
    one, two, *_ = history.parts
    other = replace(one, payload=b'{"text":"another"}')
    swapped = [replace(one, seq=two.seq, event_id=two.event_id)]
    for parts in ([other, *history.parts[1:]], [*swapped, one, *history.parts[2:]]):
        parts.sort(key=lambda part: part.seq)
        found = history.check(history.bodies, history.notes, parts=parts)
        assert found.verdict == Verdict.ALTERED
        assert "is not the one committed to" in str(found.found)
    assert history.check(history.bodies, history.notes, parts=history.parts).verdict == 0


def test_personal_parts_of_two_entries_exchanged_whole_are_detected(history: History) -> None:
    one, two, *rest = history.parts
    exchanged = [
        replace(two, seq=one.seq, event_id=one.event_id),
        replace(one, seq=two.seq, event_id=two.event_id),
    ]
    found = history.check(history.bodies, history.notes, parts=[*exchanged, *rest])
    assert found.verdict == Verdict.ALTERED
    assert len(found.found) == 2


def test_a_lawful_erasure_is_clean_and_an_unlawful_one_is_a_gap(history: History) -> None:
    gone, kept = history.parts[0], history.parts[1:]
    gone_pair = (gone.event_id, gone.slot)
    silent = history.check(history.bodies, history.notes, parts=kept)
    assert silent.verdict == Verdict.INCOMPLETE
    assert "UNEXPLAINED GAP: the personal part note is not here" in str(silent.found)
    drafts = erasing(map("0193529a-0000-7000-8000-{:012d}".format, count(40)).__next__, [gone_pair])
    lawful = [
        edited(history.bodies[-1], seq=seq, case=None, commit={}, **members_of(draft))
        for seq, draft in enumerate(drafts, 40)
    ]
    told = history.check([*history.bodies, *lawful], history.notes, parts=kept)
    assert (told.verdict, told.found) == (Verdict.CLEAN, ())
    alone = history.check([*history.bodies, edited(lawful[-1], seq=40)], parts=kept)
    assert alone.verdict == Verdict.INCOMPLETE
    assert "UNAPPROVED ERASURE: no entry before it asks for it" in str(alone.found)


def members_of(draft: Draft) -> dict[str, Any]:
    """What an entry has of a draft."""
    return {"id": draft.event_id, "type": draft.type, "actor": draft.actor, "data": draft.data}


# The files of an export, by somebody without the key.


def test_no_file_of_an_export_can_be_changed_by_who_has_no_key(
    history: History, tmp_path: Path
) -> None:
    folder = forged_export(tmp_path / "out", history.signer, history.bodies, history.notes)
    pinned = Memory(keys=(Key.read(history.signer.key.vkey),))
    assert check_export(folder, pinned).verdict == Verdict.CLEAN
    bundle, tile = (folder / tile_name(kind, 0, 40) for kind in ("entries", "0"))
    whole, hashes = bundle.read_bytes(), tile.read_bytes()
    bodies = rewritten(history)
    bundle.write_bytes(b"".join(len(b).to_bytes(2, "big") + b for b in bodies))
    tile.write_bytes(b"".join(map(leaf_hash, bodies)))
    found = check_export(folder, pinned)
    assert found.verdict == Verdict.ALTERED
    assert "the entries do not lead to the root that was signed" in str(found.found)
    tile.write_bytes(hashes)
    found = check_export(folder, pinned)
    assert "entry 9: the bytes are not those that were hashed" in map(str, found.found)
    bundle.write_bytes(whole[:-1])
    found = check_export(folder, pinned)
    assert (found.verdict, found.size) == (Verdict.ALTERED, 0)


# The seven attacks that a chain of hashes in a table fell to, tried on ours (a thousand entries).


@pytest.fixture
def thousand(tmp_path: Path) -> Iterator[TestLedger]:
    """A ledger of a thousand entries, signed at 900 and at the end."""
    with ledger_at(f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys") as ledger:
        ledger.begin()
        for count in (899, 100):
            views = (ledger.open.viewed(str(n)) for n in range(count))
            ledger.journal.submit(writes(*views)).result()
            sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
        yield ledger


def verified(ledger: TestLedger) -> Findings:
    trust = Trust(keys=[ledger.signer.key], keys_from=SAME_HOST, vault=ledger.vault)
    return verify_engine(ledger.engine, log=LOG, trust=trust)


def test_row_500_edited_is_detected_at_row_500(thousand: TestLedger) -> None:
    rewrite(thousand.engine, "UPDATE ledger_event SET body = body || ' ' WHERE seq = 500")
    found = verified(thousand)
    assert found.verdict == Verdict.ALTERED
    assert 500 in {finding.seq for finding in found.found}


def test_row_500_edited_and_row_501_patched_to_fit_is_detected(thousand: TestLedger) -> None:
    for seq in (500, 501):
        column = f"UPDATE ledger_event SET actor_ref = 'x' WHERE seq = {seq}"
        rewrite(thousand.engine, f"{changed(thousand, seq, actor='x')}; {column}")
    found = verified(thousand)
    assert found.verdict == Verdict.ALTERED
    assert "over 900 entries has another root" in str(found.found)


def test_the_last_200_rows_deleted_are_detected(thousand: TestLedger) -> None:
    rewrite(thousand.engine, "DELETE FROM ledger_event WHERE seq >= 800")
    assert verified(thousand).verdict == Verdict.ALTERED


def test_the_last_row_edited_is_detected(thousand: TestLedger) -> None:
    column = "UPDATE ledger_event SET actor_ref = 'x' WHERE seq = 999"
    rewrite(thousand.engine, f"{changed(thousand, 999, actor='x')}; {column}")
    assert verified(thousand).verdict == Verdict.ALTERED


def test_members_that_run_into_each_other_have_another_hash(history: History) -> None:
    one = edited(history.bodies[1], actor="a|b", role="c")
    two = edited(history.bodies[1], actor="a", role="b|c")
    assert leaf_hash(one) != leaf_hash(two)


def test_a_change_that_the_database_refused_leaves_it_clean(thousand: TestLedger) -> None:
    for statement in (
        "UPDATE ledger_event SET body = x'00' WHERE seq = 5",
        "DELETE FROM ledger_event WHERE seq = 5",
        "INSERT OR REPLACE INTO ledger_event SELECT * FROM ledger_event WHERE seq = 5",
    ):
        with (
            pytest.raises(DBAPIError, match=r"append-only|not replaced"),
            writing(thousand.engine) as connection,
        ):
            connection.exec_driver_sql(statement)
    assert verified(thousand).verdict == Verdict.CLEAN


@pytest.mark.postgres
def test_a_table_that_could_not_be_truncated_is_clean(postgres_url: str, tmp_path: Path) -> None:
    with ledger_at(postgres_url, tmp_path / "keys") as ledger:
        ledger.begin()
        sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
        with (
            pytest.raises(DBAPIError, match="append-only"),
            writing(ledger.engine) as connection,
        ):
            connection.exec_driver_sql("TRUNCATE ledger_event CASCADE")
        assert verified(ledger).verdict == Verdict.CLEAN
