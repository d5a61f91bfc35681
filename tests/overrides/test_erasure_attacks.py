"""Erasures that nobody asked for, nobody else approved, or a hold forbade: both verifiers see them.

Whoever can write rows can write an entry that says a part was erased. It has to rest on a request
and on somebody else's approval of exactly that, and on no hold that stood.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from overrides.countermand_verify import (
    Findings,
    Key,
    Memory,
    Verdict,
    check_export,
)
from overrides.examination import Trust
from overrides.export import export
from overrides.journal import Draft
from overrides.signing import sign_checkpoint
from overrides.stores.verifying import verify_engine
from overrides.verify import SAME_HOST
from tests.erasures import erased_again, erasing, hold_lifted, hold_set
from tests.golden.drafts import drafts
from tests.ledgers import LOG, TestLedger, ledger_at
from tests.tampering import rewrite

PARTY = "5ub7ec7"
HELD = "ERASED UNDER A HOLD: it took what the legal hold of entry {} keeps"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    """Notes on three cases, of entries 1 to 3, and something else."""
    with ledger_at(f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys") as opened:
        opened.begin()
        opened.write(*(opened.open.withdrawn(f"case-{n}", f"note {n}") for n in range(3)))
        opened.write(opened.open.viewed("something"))
        yield opened


def pairs_of(ledger: TestLedger, *cases: str) -> list[tuple[str, str]]:
    return [(e.event_id, "note") for case in cases for e in ledger.book.entries_of_case(case)]


def destroy(ledger: TestLedger, *cases: str) -> None:
    """Destroy the keys of these cases, as an erasure does or somebody with a database."""
    for case in cases:
        rewrite(
            ledger.engine,
            f"DELETE FROM ledger_payload WHERE dek_id IN (SELECT dek_id FROM data_key"
            f" WHERE subject_ref = 'party-of-{case}');"
            f"DELETE FROM data_key WHERE subject_ref = 'party-of-{case}'",
        )


@pytest.fixture
def verified(ledger: TestLedger, tmp_path: Path) -> Callable[[], Findings]:
    """What both verifiers find: the same of everything that is about erasures."""
    folders = iter(range(99))

    def verify() -> Findings:
        sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
        trust = Trust(keys=[ledger.signer.key], keys_from=SAME_HOST, vault=ledger.vault)
        here = verify_engine(ledger.engine, log=LOG, trust=trust)
        folder = tmp_path / f"export-{next(folders)}"
        export(ledger.book, folder, ledger.signer, ledger.clock, disclose=["note"])
        there = check_export(folder, Memory(keys=(Key.read(ledger.signer.key.vkey),)))
        assert there.verdict == here.verdict, (here.sentences(), there.sentences())
        for one, other in ((here, there), (there, here)):
            assert {str(f) for f in one.found if " ERA" in f.text or "ERASED" in f.text} <= {
                str(f) for f in other.found
            }
        return here

    return verify


def test_an_erasure_that_was_asked_for_and_approved_is_clean(
    ledger: TestLedger, verified: Callable[[], Findings]
) -> None:
    ledger.write(*erasing(ledger.open.new_id, pairs_of(ledger, "case-1")))
    destroy(ledger, "case-1")
    found = verified()
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())
    assert "1 erasure was compared with who asked for it and who approved it" in str(
        found.sentences()
    )


def test_an_erasure_made_again_after_a_restore_is_clean_and_said(
    ledger: TestLedger, verified: Callable[[], Findings]
) -> None:
    ledger.write(*erased_again(ledger.open.new_id, pairs_of(ledger, "case-1")))
    destroy(ledger, "case-1")
    found = verified()
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())
    assert "1 of these made again what had been erased before a backup" in str(found.sentences())


def bare(ledger: TestLedger) -> Sequence[Draft]:
    whole = erasing(ledger.open.new_id, pairs_of(ledger, "case-1"))[2]
    return (replace(whole, data={"ground": "person_asked", "slots": whole.data["slots"]}),)


def unasked(ledger: TestLedger) -> Sequence[Draft]:
    return erasing(ledger.open.new_id, pairs_of(ledger, "case-1"))[1:]


def unapproved(ledger: TestLedger) -> Sequence[Draft]:
    return erasing(ledger.open.new_id, pairs_of(ledger, "case-1"))[::2]


def alone(ledger: TestLedger) -> Sequence[Draft]:
    pairs = pairs_of(ledger, "case-1")
    return erasing(ledger.open.new_id, pairs, asked_by="carla", approved_by="carla")


def more(ledger: TestLedger) -> Sequence[Draft]:
    asked = erasing(ledger.open.new_id, pairs_of(ledger, "case-2"))
    took = erasing(ledger.open.new_id, pairs_of(ledger, "case-1"))[2]
    of = {"of": asked[0].event_id, "approval": asked[1].event_id}
    return (*asked[:2], replace(took, data={**took.data, **of}))


def other_approval(ledger: TestLedger) -> Sequence[Draft]:
    new_id, pairs = ledger.open.new_id, pairs_of(ledger, "case-1")
    one, two = erasing(new_id, pairs), erasing(new_id, pairs)
    took = replace(one[2], data={**one[2].data, "approval": two[1].event_id})
    return (*one[:2], *two[:2], took)


def early(ledger: TestLedger) -> Sequence[Draft]:
    pairs = pairs_of(ledger, "case-1")
    return erasing(ledger.open.new_id, pairs, as_of="2060-01-01T00:00:00.000000Z")


def no_restore(ledger: TestLedger) -> Sequence[Draft]:
    return erased_again(ledger.open.new_id, pairs_of(ledger, "case-1"))[:1]


def refused(ledger: TestLedger) -> Sequence[Draft]:
    asked, approved, took = erasing(ledger.open.new_id, pairs_of(ledger, "case-1"))
    data = {"ground": "person_asked", "of": asked.event_id, "why": "declined"}
    no = replace(approved, event_id=ledger.open.new_id(), type="erasure_refused", data=data)
    return (asked, no, approved, took)


FORGED: dict[str, tuple[Callable[[TestLedger], Sequence[Draft]], str]] = {
    "only a ground and names": (bare, "no entry before it asks for it"),
    "without a request": (unasked, "no entry before it asks for it"),
    "without an approval": (unapproved, "no entry before it approves it"),
    "approved by who asked": (alone, "carla asked for it and approved it, and that takes two"),
    "of something else": (more, "it is not what was asked for and approved"),
    "with another's approval": (other_approval, "no entry before it approves it"),
    "as of a day to come": (early, "would be due on 2060-01-01T00:00:00.000000Z"),
    "made again after no restore": (no_restore, "no entry says that a backup was put back"),
    "that was refused": (refused, "no entry before it asks for it"),
}


@pytest.mark.parametrize("how", FORGED)
def test_an_erasure_that_rests_on_nothing_is_told(
    ledger: TestLedger, verified: Callable[[], Findings], how: str
) -> None:
    forge, words = FORGED[how]
    ledger.write(*forge(ledger))
    destroy(ledger, "case-1")
    found = verified()
    assert found.verdict == Verdict.INCOMPLETE
    (finding,) = found.found
    assert finding.text.startswith("UNAPPROVED ERASURE: ")
    assert words in finding.text
    assert finding.seq is not None
    assert json.loads(ledger.book.entries(finding.seq, 1)[0].body)["type"] == "record_erased"


def test_one_approval_is_good_for_one_erasure(
    ledger: TestLedger, verified: Callable[[], Findings]
) -> None:
    once = erasing(ledger.open.new_id, pairs_of(ledger, "case-1"))
    last = once[2]
    again = replace(last, event_id=ledger.open.new_id())
    ledger.write(*once, again)
    destroy(ledger, "case-1")
    assert verified().verdict == Verdict.INCOMPLETE


@pytest.mark.parametrize("how", ["as they were", "locked by another key"])
def test_parts_that_were_erased_and_put_back_are_told(
    ledger: TestLedger, verified: Callable[[], Findings], how: str
) -> None:
    """From a copy of before: readable again, or not, once the key above was replaced."""
    ledger.write(*erasing(ledger.open.new_id, pairs_of(ledger, "case-1")))
    if how == "locked by another key":
        rewrite(
            ledger.engine,
            "UPDATE data_key SET kek_epoch = 99 WHERE subject_ref = 'party-of-case-1'",
        )
        sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
        trust = Trust(keys=[ledger.signer.key], keys_from=SAME_HOST, vault=ledger.vault)
        found = verify_engine(ledger.engine, log=LOG, trust=trust)
    else:
        found = verified()
    assert found.verdict == Verdict.ALTERED
    (finding,) = found.found
    assert finding.seq == 2
    assert "its personal part note lies here with its key, and entry 7 says" in finding.text


# Holds.


@pytest.mark.parametrize("again", [False, True], ids=["once", "again after a restore"])
def test_an_erasure_of_what_a_hold_on_its_case_kept_is_told(
    ledger: TestLedger, verified: Callable[[], Findings], *, again: bool
) -> None:
    make = erased_again if again else erasing
    ledger.write(hold_set(ledger.open.new_id, case="case-1"))
    ledger.write(*make(ledger.open.new_id, pairs_of(ledger, "case-0", "case-1")))
    destroy(ledger, "case-0", "case-1")
    found = verified()
    assert found.verdict == Verdict.INCOMPLETE
    (finding,) = found.found
    assert HELD.format(5) in finding.text


def test_an_erasure_of_what_a_hold_did_not_keep_is_clean(
    ledger: TestLedger, verified: Callable[[], Findings]
) -> None:
    """Of another case, before it was set, and after it was lifted."""
    new_id = ledger.open.new_id
    hold = hold_set(new_id, case="case-1")
    ledger.write(*erasing(new_id, pairs_of(ledger, "case-0")), hold)
    ledger.write(*erasing(new_id, pairs_of(ledger, "case-2")))
    ledger.write(hold_lifted(new_id, hold), *erasing(new_id, pairs_of(ledger, "case-1")))
    destroy(ledger, "case-0", "case-1", "case-2")
    found = verified()
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())


def test_a_hold_that_was_lifted_after_the_erasure_stood(
    ledger: TestLedger, verified: Callable[[], Findings]
) -> None:
    new_id = ledger.open.new_id
    hold = hold_set(new_id, case="case-1")
    ledger.write(hold, *erasing(new_id, pairs_of(ledger, "case-1")), hold_lifted(new_id, hold))
    destroy(ledger, "case-1")
    assert HELD.format(5) in str(verified().found)


def test_an_erasure_that_names_a_party_whose_records_are_held_is_told(
    ledger: TestLedger, verified: Callable[[], Findings]
) -> None:
    new_id = ledger.open.new_id
    ledger.write(hold_set(new_id, subject=PARTY))
    ledger.write(*erasing(new_id, pairs_of(ledger, "case-1"), subject=PARTY))
    destroy(ledger, "case-1")
    assert HELD.format(5) in str(verified().found)


@pytest.mark.parametrize("held", [PARTY, "another"])
def test_a_hold_on_a_party_keeps_the_parts_of_its_cases(
    ledger: TestLedger, verified: Callable[[], Findings], held: str
) -> None:
    """The party of a case stands in its decision; a co-applicant's own part may be another's."""
    (shape,) = (draft for draft, _ in drafts() if draft.type == "decision_made")
    of_party = {**shape.data, "subject": PARTY}
    made = replace(
        shape, event_id=ledger.open.new_id(), case="case-0", slots=(), cause=(), data=of_party
    )
    new_id = ledger.open.new_id
    ledger.write(made, ledger.open.withdrawn("case-0", "later"))
    ledger.write(hold_set(new_id, subject=held))
    later = [(ledger.book.entries(6, 1)[0].event_id, "note")]
    ledger.write(*erasing(new_id, later))
    rewrite(ledger.engine, "DELETE FROM ledger_payload WHERE seq = 6")
    found = verified()
    if held == PARTY:
        assert HELD.format(7) in str(found.found)
    else:
        assert (found.verdict, found.found) == (Verdict.CLEAN, ())


@pytest.mark.parametrize("taken", ["case-0", "case-1"])
def test_a_hold_on_a_party_in_one_case_keeps_that_case_and_no_other(
    ledger: TestLedger, verified: Callable[[], Findings], taken: str
) -> None:
    new_id = ledger.open.new_id
    ledger.write(hold_set(new_id, subject=PARTY, case="case-1"))
    ledger.write(*erasing(new_id, pairs_of(ledger, taken), subject=PARTY))
    destroy(ledger, taken)
    found = verified()
    if taken == "case-1":
        assert HELD.format(5) in str(found.found)
    else:
        assert (found.verdict, found.found) == (Verdict.CLEAN, ())
