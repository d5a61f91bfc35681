"""A check of the ledger's own database: erasures by their root, receipts, replaced keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overrides.countermand_verify import FINDINGS_MAX, Findings, Receipt, Verdict
from overrides.examination import Trust
from overrides.merkle import Frontier, leaf_hash
from overrides.notes import Checkpoint, Signer
from overrides.signing import sign_checkpoint
from overrides.verify import SAME_HOST, verify_database
from tests.erasures import erasing
from tests.ledgers import LOG, NOON, TestLedger, ledger_at
from tests.tampering import changed, rewrite


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    """A hundred entries, some with a note, signed."""
    with ledger_at(f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys") as opened:
        opened.begin()
        opened.write(*(opened.open.withdrawn(f"case-{n % 5}", f"note {n}") for n in range(20)))
        opened.write(*(opened.open.viewed(str(n)) for n in range(79)))
        sign_checkpoint(opened.book, opened.signer, opened.clock)
        yield opened


def verify(ledger: TestLedger, **more: Any) -> Findings:
    trust = Trust(keys=[ledger.signer.key], keys_from=SAME_HOST, vault=ledger.vault, **more)
    return verify_database(Path(ledger.engine.url.database or ""), trust, log=LOG)


def erase(ledger: TestLedger, case: str, *, listed: bool, inline: bool) -> list[tuple[str, str]]:
    """Destroy the notes of a case, and have an entry say so."""
    pairs = [(event.event_id, "note") for event in ledger.book.entries_of_case(case)]
    rewrite(ledger.engine, f"DELETE FROM data_key WHERE subject_ref = 'party-of-{case}'")
    *_, draft = drafts = erasing(ledger.open.new_id, pairs, inline=inline)
    ledger.write(*drafts)
    if listed:
        rows = ", ".join(
            f"('{draft.event_id}', {n}, '{event_id}', '{slot}')"
            for n, (event_id, slot) in enumerate(pairs)
        )
        rewrite(ledger.engine, f"INSERT INTO erased_slot VALUES {rows}")
    return pairs


@pytest.mark.parametrize("how", ["listed", "inline", "listed and inline"])
def test_parts_that_an_erasure_names_by_its_root_are_no_gaps(ledger: TestLedger, how: str) -> None:
    erase(ledger, "case-1", listed="listed" in how, inline="inline" in how)
    found = verify(ledger)
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())


def test_an_erasure_whose_list_is_lost_leaves_gaps(ledger: TestLedger) -> None:
    pairs = erase(ledger, "case-1", listed=False, inline=False)
    found = verify(ledger)
    assert found.verdict == Verdict.INCOMPLETE
    assert len(found.found) == 1 + len(pairs)
    assert "are not those it was recorded with" in str(found.found[0])


def test_a_list_that_was_longer_than_the_erasure_is_found(ledger: TestLedger) -> None:
    erase(ledger, "case-1", listed=True, inline=False)
    gone = ledger.book.entries_of_case("case-2")[0].event_id
    rewrite(
        ledger.engine,
        "INSERT INTO erased_slot SELECT erasure, 99, '" + gone + "', 'note' FROM erased_slot"
        " LIMIT 1",
    )
    assert verify(ledger).verdict == Verdict.ALTERED


def test_a_receipt_is_held_against_its_entry(ledger: TestLedger) -> None:
    body = ledger.book.entries(17, 1)[0].body
    right = Receipt(LOG, 17, leaf_hash(body))
    found = verify(ledger, receipts=[right])
    assert found.verdict == Verdict.CLEAN
    assert "1 of your receipts were compared" in str(found.sentences())
    assert verify(ledger, receipts=[Receipt(LOG, 18, right.leaf)]).verdict == Verdict.ALTERED
    foreign = verify(ledger, receipts=[Receipt("else/where", 17, bytes(32))])
    assert foreign.verdict == Verdict.INCOMPLETE
    assert "of the ledger else/where: it was not compared" in str(foreign.found)
    assert "receipts were compared" not in str(foreign.sentences())
    gone = verify(ledger, receipts=[Receipt(LOG, 100, right.leaf)])
    assert gone.verdict == Verdict.ALTERED
    assert "you hold a receipt of entry 100, here are 100" in str(gone.found)


def test_a_checkpoint_of_a_key_that_was_replaced_is_told_and_still_compared(
    ledger: TestLedger,
) -> None:
    """The newest one must hold; an older one of a key that nobody has any more may be there."""
    former = Signer(LOG, b"f" * 32)
    tree = Frontier()
    for entry in ledger.book.entries(0, 50):
        tree.append(entry.leaf_hash)
    note = former.sign(Checkpoint(LOG, 50, tree.root()).text)
    ledger.book.save_checkpoint(50, note, NOON)
    found = verify(ledger)
    assert found.verdict == Verdict.INCOMPLETE
    assert "1 of its older checkpoints are signed by none of the keys" in str(found.found)
    forged = former.sign(Checkpoint(LOG, 60, bytes(32)).text)
    ledger.book.save_checkpoint(60, forged, NOON)
    assert verify(ledger).verdict == Verdict.ALTERED


def test_many_entries_of_a_later_release_do_not_hide_one_that_was_changed(
    ledger: TestLedger,
) -> None:
    for seq in range(21, 21 + FINDINGS_MAX + 5):
        rewrite(ledger.engine, changed(ledger, seq, type="from_the_future"))
    rewrite(ledger.engine, "UPDATE ledger_event SET actor_ref = 'x' WHERE seq = 99")
    found = verify(ledger)
    assert found.verdict == Verdict.ALTERED
    assert 99 in {finding.seq for finding in found.found}
    assert "and 5 more findings like these" in {finding.text for finding in found.found}
